// Elementary functions over a lane set L: log, log1p, exp, expm1, log(1 - exp), log Gamma, sin and
// cos of 2 pi u. Straight line code of IEEE operations: both sides of a case are computed, `select`
// takes one. Not libm, because libraries differ in the last bit; that is the reason for this file.
// Reductions follow fdlibm (Sun Microsystems 1993): log in 2^k (1 + f), exp in k ln 2 + r. Every
// polynomial is our own minimax fit (Remez exchange at 60 digits); none errs by more than 0.2 ulp.
//
// "ulp" at a function is its largest |result - exact| over the spacing of doubles there, measured
// against MPFR by tests/elementary_test.cpp, which fails above it. NaN is not provided for.
//
// log_unit, exp and sincos_2pi, which draws are made of, serve lanes of floats too, with
// coefficients of their own; "in single" is their error in spacings of floats, the largest over
// every float of the range (tests/single_test.cpp). The rest is for doubles only.
#pragma once

#include "kernels/math/lanes.h"

namespace taugrid {

inline constexpr double kLogRoot2Pi = 0.91893853320467274178;  // log sqrt(2 pi)

// c0 + c1 x + c2 x^2 + ..
template <class L>
TAUGRID_INLINE typename L::Real horner(typename L::Real, double c0) {
  return L::splat(c0);
}
template <class L, class... C>
TAUGRID_INLINE typename L::Real horner(typename L::Real x, double c0, double c1, C... rest) {
  return L::fma(x, horner<L>(x, c1, rest...), L::splat(c0));
}

// c0 + c2 x^2 + c4 x^4 + .., given x^2.
template <class L>
TAUGRID_INLINE typename L::Real horner_of_even(typename L::Real, double c0, double = 0.0) {
  return L::splat(c0);
}
template <class L, class... C>
TAUGRID_INLINE typename L::Real horner_of_even(typename L::Real x2, double c0, double, double c2,
                                               C... rest) {
  return L::fma(x2, horner_of_even<L>(x2, c2, rest...), L::splat(c0));
}

// c0 + c1 x + c2 x^2 + .. as two sums in x^2: one product more than Horner's, half the depth, and
// half the rounding error where |x| is not small.
template <class L, class... C>
TAUGRID_INLINE typename L::Real even_odd(typename L::Real x, double c0, C... rest) {
  const auto x2 = x * x;
  return L::fma(x, horner_of_even<L>(x2, rest...), horner_of_even<L>(x2, c0, rest...));
}

// |x|
template <class L>
TAUGRID_INLINE typename L::Real magnitude(typename L::Real x) {
  return L::real(L::bits(x) & 0x7FFFFFFFFFFFFFFFu);
}

// Logarithms.

// x = 2^k (1 + f) with 1 + f in [sqrt 1/2, sqrt 2), for x positive and normal. f is exact.
template <class L>
struct LogReduction {
  typename L::Real k, f;
};

template <class L>
TAUGRID_INLINE LogReduction<L> reduce_for_log(typename L::Real x) {
  using Element = typename L::Element;
  using Format = RealFormat<Element>;
  constexpr auto kSqrtHalf =
      static_cast<typename Format::Bits>(kSingle<L> ? 0x3F3504F3u : 0x3FE6A09E667F3BCDu);
  const auto b = L::bits(x) + (Format::kOne - kSqrtHalf);
  const auto k = L::real((b >> Format::kMantissaBits) | Format::kOnesBits) -
                 (Format::kOnes + Element(Format::kBias));
  const auto f = L::real((b & Format::kMantissa) + kSqrtHalf) - Element(1.0);
  return {k, f};
}

// k ln 2 + log(1 + f) + low, where low is small against the rest.
// log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)) with s = f / (2 + f).
template <class L>
TAUGRID_INLINE typename L::Real log_of_reduced(LogReduction<L> x, typename L::Real low) {
  const auto s = x.f / (x.f + 2.0);
  const auto z = s * s;
  const auto r = z * horner<L>(z, 0x1.5555555555592p-1, 0x1.999999997fda0p-2, 0x1.24924941f35b3p-2,
                               0x1.c71c5206ee7ccp-3, 0x1.74663f8402c99p-3, 0x1.39a1a8a6be7e5p-3,
                               0x1.2f062e64440bbp-3);
  const auto h = x.f * 0.5 * x.f;
  const auto rest = x.f - (h - L::fma(s, h + r, low));
  return L::fma(x.k, L::splat(0x1.62e42fefa39efp-1), rest);
}

// log(u) for u in [2^-53, 1), the range of a uniform variate; no other u is provided for. 1.2 ulp.
// In single 0.87 ulp, without the division: log(1 + f) = f - f^2/2 + f^3 P(f).
template <class L>
TAUGRID_INLINE typename L::Real log_unit(typename L::Real u) {
  const LogReduction<L> x = reduce_for_log<L>(u);
  if constexpr (kSingle<L>) {
    const auto p = horner<L>(x.f, 0x1.555554p-2, -0x1.000226p-2, 0x1.99a008p-3, -0x1.547244p-3,
                             0x1.22da1cp-3, -0x1.0d853ep-3, 0x1.055b6ep-3, -0x1.38b594p-4);
    const auto f2 = x.f * x.f;
    const auto rest = L::fma(f2, L::fma(x.f, p, L::splat(-0.5)), x.f);
    return L::fma(x.k, L::splat(0x1.62e430p-1), rest);
  } else {
    return log_of_reduced<L>(x, L::splat(0.0));
  }
}

// The same reduction, of subnormal x too.
template <class L>
TAUGRID_INLINE LogReduction<L> reduce_any_for_log(typename L::Real x) {
  const auto subnormal = x < 0x1p-1022;
  const auto reduced = reduce_for_log<L>(L::select(subnormal, x * 0x1p54, x));
  return {reduced.k - L::select(subnormal, L::splat(54.0), L::splat(0.0)), reduced.f};
}

// The logarithm of a reduced x, with the ends set right.
template <class L>
TAUGRID_INLINE typename L::Real log_with_ends(typename L::Real x, LogReduction<L> reduced) {
  constexpr double kInfinity = __builtin_huge_val();
  const auto r = log_of_reduced<L>(reduced, reduced.k * 0x1.abc9e3b39803fp-56);
  return L::select(x > 0.0, L::select(x < kInfinity, r, x), L::splat(-kInfinity));
}

// log(x) for x >= 0, subnormals included; log(0) = -inf, log(+inf) = +inf. 0.85 ulp.
template <class L>
TAUGRID_INLINE typename L::Real log(typename L::Real x) {
  return log_with_ends<L>(x, reduce_any_for_log<L>(x));
}

// log(u + c) for u >= 0, where u is a rounded sum and c what it lost, at most half an ulp of u; the
// ends are log's. As log1p.
template <class L>
TAUGRID_INLINE typename L::Real log_of_sum(typename L::Real u, typename L::Real c) {
  auto reduced = reduce_any_for_log<L>(u);
  // 1 + f takes c 2^-k on board: with k = 0, where log(1 + f) may be small, f + c is then right to
  // half an ulp of itself. From |k| = 60 on c does not show, and 2^-k might be out of range.
  const auto scale = L::real(L::bits((0x1.8p52 + 1023.0) - reduced.k) << 52);
  reduced.f = L::select(magnitude<L>(reduced.k) < 60.0, L::fma(c, scale, reduced.f), reduced.f);
  return log_with_ends<L>(u, reduced);
}

// log(1 + x) for x >= -1; log1p(-1) = -inf, log1p(+inf) = +inf, log1p(x) = x for tiny x. 1.35 ulp.
template <class L>
TAUGRID_INLINE typename L::Real log1p(typename L::Real x) {
  const auto u = x + 1.0;
  // What rounding took from u, exactly: the larger of 1 and |x| comes off first.
  return log_of_sum<L>(u, L::select(x < 1.0, x - (u - 1.0), 1.0 - (u - x)));
}

// Exponentials.

// x = k ln 2 + r with |r| <= ln 2 / 2, for |x| < 2^20 (in single, 2^10). The low bits of `k` hold
// k + kExpBiasOf<L>.
template <class L>
struct ExpReduction {
  typename L::Real r;
  typename L::Bits k;
};

template <class L>
inline constexpr unsigned kExpBiasOf = 2 * (RealFormat<typename L::Element>::kBias + 1);
inline constexpr unsigned kExpBias = 2048;  // in double

template <class L>
TAUGRID_INLINE ExpReduction<L> reduce_for_exp(typename L::Real x) {
  using Element = typename L::Element;
  constexpr Element kRounder = Element(1.5) * RealFormat<Element>::kOnes + Element(kExpBiasOf<L>);
  const auto shifted = L::fma(x, L::splat(Element(0x1.71547652b82fep+0)), L::splat(kRounder));
  const auto k = shifted - kRounder;
  const auto r = L::fma(k, L::splat(Element(-0x1.62e42fefa39efp-1)), x);
  // What the rounded ln 2 lacks.
  constexpr Element kRest = kSingle<L> ? Element(0x1.05c610p-29) : Element(-0x1.abc9e3b39803fp-56);
  return {L::fma(k, L::splat(kRest), r), L::bits(shifted)};
}

// c (exp(r) - 1 - r) / r^2 for |r| <= ln 2 / 2.
template <class L>
TAUGRID_INLINE typename L::Real exp_series(typename L::Real r, double c = 1.0) {
  if constexpr (kSingle<L>)
    return horner<L>(r, c * 0x1.fffffcp-2, c * 0x1.555492p-3, c * 0x1.5558f2p-5, c * 0x1.1239e2p-7,
                     c * 0x1.6a2432p-10);
  else
    return horner<L>(r, c * 0x1.0000000000005p-1, c * 0x1.5555555555555p-3,
                     c * 0x1.5555555551fa0p-5, c * 0x1.1111111110c89p-7, c * 0x1.6c16c17f8d817p-10,
                     c * 0x1.a01a01a5919fap-13, c * 0x1.a019a58165712p-16,
                     c * 0x1.71de162b4850fp-19, c * 0x1.28a3b1e9cc056p-22,
                     c * 0x1.af24938adcd22p-26);
}

// c exp(r) for |r| <= ln 2 / 2.
template <class L>
TAUGRID_INLINE typename L::Real exp_of_reduced(typename L::Real r, double c = 1.0) {
  return L::fma(r, L::fma(r, exp_series<L>(r, c), L::splat(c)), L::splat(c));
}

// value * 2^k for k in [-1076, 1025] (in single, [-151, 129]): two factors, so that it rounds once,
// to subnormals and to infinity too. The first product is exact.
template <class L>
TAUGRID_INLINE typename L::Real scale_by_power(typename L::Real value, typename L::Bits k) {
  constexpr int kShift = RealFormat<typename L::Element>::kMantissaBits;
  const auto half = (k & (2u * kExpBiasOf<L> - 1u)) >> 1;
  return value * L::real((half - 1u) << kShift) * L::real((k - half - 1u) << kShift);
}

// x reduced where exp is neither 0 nor infinite, and at a bound where it is.
template <class L>
TAUGRID_INLINE ExpReduction<L> reduce_any_for_exp(typename L::Real x) {
  using Element = typename L::Element;
  constexpr Element kLeast = kSingle<L> ? -104 : -746, kMost = kSingle<L> ? 89 : 710;
  const auto above = L::select(x > kLeast, x, L::splat(kLeast));
  return reduce_for_exp<L>(L::select(above < kMost, above, L::splat(kMost)));
}

// exp(x) for every x: +inf from 709.79 up, subnormal from -708.4 and 0 from -745.2 down. 0.9 ulp.
// In single +inf from 88.73 up, subnormal from -87.34 and 0 from -103.98 down, 0.9 ulp.
template <class L>
TAUGRID_INLINE typename L::Real exp(typename L::Real x) {
  const auto reduced = reduce_any_for_exp<L>(x);
  return scale_by_power<L>(exp_of_reduced<L>(reduced.r), reduced.k);
}

// 2^k (1 + e) - 1 for k >= -1022. At half size, because 2^1024 is out of range.
template <class L>
TAUGRID_INLINE typename L::Real expm1_of_scaled(typename L::Real e, typename L::Bits k) {
  const auto half_scale = L::real((k - (kExpBias - 1022u)) << 52);
  return 2.0 * L::fma(e, half_scale, half_scale - 0.5);
}

// exp(x) - 1 for every x: -1 from -40 down, +inf from 709.79 up, x for tiny x. 1.95 ulp.
template <class L>
TAUGRID_INLINE typename L::Real expm1(typename L::Real x) {
  const auto reduced = reduce_any_for_exp<L>(L::select(x > -40.0, x, L::splat(-40.0)));
  const auto r = reduced.r;
  const auto e = L::fma(r * r, exp_series<L>(r), r);
  const auto result = expm1_of_scaled<L>(e, reduced.k);
  return L::select(magnitude<L>(x) < 0x1p-54, x, result);
}

// log(1 - exp(-d)) for d >= 0; -inf at 0, -exp(-d) for large d, 0 from 745.2 up. 2.25 ulp.
template <class L>
TAUGRID_INLINE typename L::Real log1mexp(typename L::Real d) {
  const auto reduced = reduce_any_for_exp<L>(-d);
  const auto r = reduced.r;
  const auto e = L::fma(r * r, exp_series<L>(r), r);
  // 1 - exp(-d): from below 1 as -expm1(-d), from above as a rounded sum and what it lost.
  const auto power = scale_by_power<L>(e + 1.0, reduced.k);
  const auto sum = 1.0 - power;
  const auto lost = (1.0 - sum) - power;
  const auto small = d < 0.6931;
  const auto difference = L::select(d < 0x1p-54, d, -expm1_of_scaled<L>(e, reduced.k));
  return log_of_sum<L>(L::select(small, difference, sum), L::select(small, L::splat(0.0), lost));
}

// Sin and cos.

// sin(2 pi u) and cos(2 pi u) for u in [-1, 1]. The reduction to a quarter turn is exact, so
// relative accuracy holds next to every zero. Zeros carry either sign. 1 ulp each; in single 0.89
// ulp.
template <class L>
TAUGRID_INLINE void sincos_2pi(typename L::Real u, typename L::Real& sin, typename L::Real& cos) {
  using Element = typename L::Element;
  using Format = RealFormat<Element>;
  constexpr Element kRounder = Element(1.5) * Format::kOnes;
  const auto shifted = L::fma(u, L::splat(Element(4.0)), L::splat(kRounder));
  const auto quarter = L::bits(shifted);
  const auto r = L::fma(shifted - kRounder, L::splat(Element(-0.25)), u);
  const auto z = r * r;
  // The leading 2 pi in two parts: its rounding error alone would cost a third of an ulp.
  typename L::Real s, c;
  if constexpr (kSingle<L>) {
    const auto sin_low =
        horner<L>(z, -0x1.777a5cp-23, -0x1.4abbbep+5, 0x1.465facp+6, -0x1.2db5a6p+6);
    s = L::fma(r, L::splat(0x1.921fb6p+2), r * sin_low);
    c = horner<L>(z, 1.0, -0x1.3bd3ccp+4, 0x1.03c1aep+6, -0x1.55b132p+6, 0x1.d46d74p+5);
  } else {
    const auto sin_low = horner<L>(
        z, 0x1.1a62633145c07p-52, -0x1.4abbce625be46p+5, 0x1.466bc67758cb3p+6,
        -0x1.32d2cce3241d9p+6, 0x1.5078300c48f22p+5, -0x1.e300989b4dea9p+3, 0x1.e3ff2866791d5p+1);
    s = L::fma(r, L::splat(0x1.921fb54442d18p+2), r * sin_low);
    c = horner<L>(z, 1.0, -0x1.3bd3cc9be45dep+4, 0x1.03c1f081b5aaep+6, -0x1.55d3c7e3c9281p+6,
                  0x1.e1f5068367c2fp+5, -0x1.a6d1ec7e147f3p+4, 0x1.f9cc40b0fc151p+2,
                  -0x1.b263c3f34eac7p+0);
  }
  const auto swapped = (quarter & 1u) != 0u;
  constexpr int kToSign = 8 * sizeof(Element) - 2;
  sin = L::real(L::bits(L::select(swapped, c, s)) ^ ((quarter & 2u) << kToSign));
  cos = L::real(L::bits(L::select(swapped, s, c)) ^ (((quarter + 1u) & 2u) << kToSign));
}

// Gamma function.

// log Gamma(x) for x >= 0; +inf at 0 and from 2.56e305 up, exactly 0 at 1 and 2. 4.5 ulp, next to
// the zeros too.
template <class L>
TAUGRID_INLINE typename L::Real log_gamma(typename L::Real x) {
  const auto one = L::splat(1.0);
  const auto low = x < 0.75;
  const auto high = x > 8.0;
  // Into (1.75, 2.75] by Gamma(t + 1) = t Gamma(t); `factors` is what came off.
  auto t = L::select(low, x + 1.0, L::select(high, L::splat(1.5), x));
  auto factors = one;
  for (int step = 0; step < 6; ++step) {
    const auto above = t > 2.75;
    t = L::select(above, t - 1.0, t);
    factors = L::select(above, factors * t, factors);
  }
  // log Gamma(t) = v (v - 1) N(v) / D(v), v = t - 1, on [0.75, 2.75].
  const auto v = t - 1.0;
  const auto numerator =
      horner<L>(v, 0x1.2788cfc6fb619p-1, 0x1.cc500ed7f042ep+0, 0x1.16144f047ba54p+1,
                0x1.483a83c58285cp+0, 0x1.86db2c37e2ba0p-2, 0x1.b263acb549a0ep-5,
                0x1.5e9539d3373afp-9, 0x1.f147052f58ae9p-17, -0x1.0e7fdc9ec1240p-23);
  const auto denominator = horner<L>(
      v, 1.0, 0x1.c51ef9c19e06ep+1, 0x1.3fe88d78e1c9dp+2, 0x1.cbafd6f1c220ep+1,
      0x1.6334a24c6e93ap+0, 0x1.1e71e4c9d6a9ap-2, 0x1.ab29b9c4e700cp-6, 0x1.a7bd5e344acd9p-11);
  const auto quotient = L::select(high, one, numerator) / L::select(high, x, denominator);
  const auto base = v * (v - 1.0) * quotient;
  const auto logarithm = log<L>(L::select(low, x, L::select(high, x, factors)));
  // Stirling's series above 8: (x - 1/2) (log x - 1) + (log 2 pi - 1)/2 + 1/(12 x) - ..
  const auto z = quotient * quotient;
  const auto series =
      quotient * horner<L>(z, 0x1.5555555554690p-4, -0x1.6c16c10ea135ap-9, 0x1.a0187072500e1p-11,
                           -0x1.37522ae1d3f4cp-11, 0x1.8dbe1cd0e1661p-11);
  const auto stirling = L::fma(x - 0.5, logarithm - 1.0, series + 0x1.acfe390c97d69p-2);
  return L::select(high, stirling, L::select(low, base - logarithm, base + logarithm));
}

}  // namespace taugrid
