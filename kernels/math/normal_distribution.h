// The standard normal distribution over a lane set L: density, tails, log Phi, quantiles, erfcx.
//
// Everything hangs on Mills' ratio M(x) = Phi(-x) / phi(x), x >= 0: one rational function of
// degrees 10 and 11 on the whole half line (our own minimax fit, relative error 1e-17), so that a
// tail costs one exp and one division. All its coefficients are positive: nothing cancels.
//
// "ulp" as in elementary.h, measured by tests/normal_distribution_test.cpp.
#pragma once

#include "kernels/math/elementary.h"

namespace taugrid {

template <class L>
struct Fraction {
  typename L::Real numerator, denominator;
};

// Mills' ratio as a fraction, for x in [0, 1e25]. The first coefficient is off by an ulp on
// purpose: Phi(0) = 1/2 and erfcx(0) = 1 then come out exact.
template <class L>
TAUGRID_INLINE Fraction<L> mills_fraction(typename L::Real x) {
  return {even_odd<L>(x, 0x1.6f71a005606b6p+20, 0x1.3b34db36bbc83p+21, 0x1.0b2bc76d33bcdp+21,
                      0x1.21f82e068e73cp+20, 0x1.baaad7d7bc51bp+18, 0x1.eec4de79fce63p+16,
                      0x1.99cb3612c53e9p+14, 0x1.f1bf2314f313bp+11, 0x1.aa5ca56476ff4p+8,
                      0x1.d544edada69dbp+4, 1.0),
          even_odd<L>(x, 0x1.252d828c6d10cp+20, 0x1.70759a45acb8bp+21, 0x1.b1dd80295767bp+21,
                      0x1.3c9cddc626a81p+21, 0x1.3f0511e9a04bep+20, 0x1.d374dcd7974f3p+18,
                      0x1.fe182ef6525edp+16, 0x1.a06ca8a8409fap+14, 0x1.f569acf050199p+11,
                      0x1.ab5ca56476edcp+8, 0x1.d544edada69e4p+4, 1.0)};
}

// Phi(-x) / phi(x) for x >= 0: sqrt(pi/2) at 0, 1/x far out, 0 at +inf. 4.9 ulp.
template <class L>
TAUGRID_INLINE typename L::Real mills_ratio(typename L::Real x) {
  const auto m = mills_fraction<L>(x);
  const auto far = x > 0x1p28;
  return L::select(far, L::splat(1.0), m.numerator) / L::select(far, x, m.denominator);
}

// exp(-a^2 / 2) / sqrt(2 pi) for a in [0, 37.66]; 0 at 37.66.
template <class L>
TAUGRID_INLINE typename L::Real half_line_pdf(typename L::Real a) {
  const auto square = a * a;
  // What rounding took from the square: at a = 37, leaving it out would cost 60 ulp.
  const auto lost = L::fma(a, a, -square);
  const auto reduced = reduce_for_exp<L>(square * -0.5);
  const auto r = L::fma(lost, L::splat(-0.5), reduced.r);
  // 2^k, or 0 from k = -1023 down.
  const auto scale = L::real((reduced.k - (kExpBias - 1023u)) << 52);
  return exp_of_reduced<L>(r, 0x1.9884533d43651p-2) * scale;
}

// phi(x) for every x; 0 from |x| = 37.65 on, about where it would become subnormal. 1.35 ulp.
template <class L>
TAUGRID_INLINE typename L::Real normal_pdf(typename L::Real x) {
  const auto a = magnitude<L>(x);
  return half_line_pdf<L>(L::select(a < 37.66, a, L::splat(37.66)));
}

// phi(x), Phi(x) and Phi(-x) for every x, for one exp and one division. A tail is 0 from 37.65 on;
// infinities give 0 and 1. pdf has the bits of normal_pdf; lower and upper 4.6 ulp, for |x| <= 37.
template <class L>
struct NormalTails {
  typename L::Real pdf, lower, upper;
};

template <class L>
TAUGRID_INLINE NormalTails<L> normal_tails(typename L::Real x) {
  const auto magnitude_x = magnitude<L>(x);
  const auto a = L::select(magnitude_x < 37.66, magnitude_x, L::splat(37.66));
  const auto pdf = half_line_pdf<L>(a);
  const auto m = mills_fraction<L>(a);
  const auto tail = pdf * m.numerator / m.denominator;
  const auto body = 1.0 - tail;
  const auto negative = x < 0.0;
  return {pdf, L::select(negative, tail, body), L::select(negative, body, tail)};
}

// exp(x^2) erfc(x) for x >= 0; 1 at 0, 1/(x sqrt(pi)) far out, 0 at +inf. 5.3 ulp.
template <class L>
TAUGRID_INLINE typename L::Real erfcx(typename L::Real x) {
  return mills_ratio<L>(x * 0x1.6a09e667f3bcdp+0) * 0x1.9884533d43651p-1;
}

// log Phi(x) for every x, relatively accurate in both tails: -x^2/2 - log(-x sqrt(2 pi)) far down,
// -Phi(-x) far up, 0 from 37.65 up; -inf at -inf. 5.2 ulp, for x <= 37.
template <class L>
TAUGRID_INLINE typename L::Real log_normal_cdf(typename L::Real x) {
  const auto a = magnitude<L>(x);
  const auto mills = mills_ratio<L>(a);
  // Below 0, log(Phi(x) / exp(-x^2 / 2)); above, log(1 - Phi(-x)) with what 1 - Phi(-x) lost.
  const auto tail = half_line_pdf<L>(L::select(a < 37.66, a, L::splat(37.66))) * mills;
  const auto sum = 1.0 - tail;
  const auto lost = (1.0 - sum) - tail;
  const auto negative = x < 0.0;
  const auto logarithm = log_of_sum<L>(L::select(negative, mills * 0x1.9884533d43651p-2, sum),
                                       L::select(negative, L::splat(0.0), lost));
  return L::select(negative, L::fma(a * -0.5, a, logarithm), logarithm);
}

// (x - s) / s for the x with Phi(x) = 1/2 + q and s = q sqrt(2 pi), for |q| <= 0.425.
template <class L>
TAUGRID_INLINE Fraction<L> central_quantile(typename L::Real q) {
  const auto w = q * q;
  const auto z = 0.180625 - w;
  return {w * horner<L>(z, 0x1.f1db26dc5980fp+0, 0x1.2f7509fcf772cp+6, 0x1.15f5dbca67634p+10,
                        0x1.dc7990fee3e34p+12, 0x1.83c16475b5476p+14, 0x1.0ca1e54e0241dp+15,
                        0x1.c9732be210a50p+13, 0x1.c85fd0254fb6ep+7),
          horner<L>(z, 1.0, 0x1.6845d99f85641p+5, 0x1.8bc1c58ee7c8ap+9, 0x1.ae54c06d0003ep+12,
                    0x1.e58b10aad59e6p+14, 0x1.10952e8b670c6p+16, 0x1.09134568fa108p+16,
                    0x1.376ceb0ed7816p+14)};
}

// The x with Phi(-x) = exp(-r^2 / 2), for r in [2.27, 38.7].
template <class L>
TAUGRID_INLINE Fraction<L> tail_quantile(typename L::Real r) {
  return {even_odd<L>(r, -0x1.cb7d0778d6fe0p+1, -0x1.ccfbeb317cff3p+4, -0x1.26e649a34a832p+5,
                      0x1.240f698c38e31p+2, 0x1.5d1e2a6655eb7p+4, 0x1.8a3091e7c76bdp+3,
                      0x1.c8b8d9790cde5p+1, 0x1.158f402347e9ap-1, 0x1.4501af25f9c18p-5,
                      0x1.5149ebfc2ebf5p-10, 0x1.1002252d48d82p-16, 0x1.ed9508b3ccc95p-25),
          even_odd<L>(r, 1.0, 0x1.9f5d30f97f630p+3, 0x1.0fca39e8f1bfbp+5, 0x1.f6109b50c1edcp+4,
                      0x1.c22094f7a68b5p+3, 0x1.dcbf77b7e04cap+1, 0x1.18b79f5402981p-1,
                      0x1.45c852505563cp-5, 0x1.5166a5a0199bdp-10, 0x1.100298156f4c3p-16,
                      0x1.ed94de98bf6e7p-25)};
}

// The x with Phi(x) = p; exactly 0 at 1/2, -inf at 0, +inf at 1. Far up, p itself is coarse:
// callers take the upper tail from the lower. 4.3 ulp, for p >= 1e-300.
template <class L>
TAUGRID_INLINE typename L::Real normal_quantile(typename L::Real p) {
  constexpr double kInfinity = __builtin_huge_val();
  const auto q = p - 0.5;
  const auto lower = q < 0.0;
  const auto in_tail = magnitude<L>(q) > 0.425;
  const auto tail_mass = L::select(lower, p, 1.0 - p);
  const auto tail = tail_quantile<L>(L::sqrt(log<L>(tail_mass) * -2.0));
  const auto centre = central_quantile<L>(q);
  const auto s = q * 0x1.40d931ff62706p+1;
  const auto signed_tail = L::select(lower, -tail.numerator, tail.numerator);
  const auto quotient = L::select(in_tail, signed_tail, centre.numerator) /
                        L::select(in_tail, tail.denominator, centre.denominator);
  const auto x = L::select(in_tail, quotient, L::fma(s, quotient, s));
  return L::select(p > 0.0, L::select(p < 1.0, x, L::splat(kInfinity)), L::splat(-kInfinity));
}

// The x with log Phi(x) = log_p, for log_p < 0 down to -1e300; +inf at 0. 4.4 ulp.
template <class L>
TAUGRID_INLINE typename L::Real normal_quantile_of_log(typename L::Real log_p) {
  constexpr double kInfinity = __builtin_huge_val();
  const auto upper = log_p > -0.0779;                    // p > 0.925
  const auto in_tail = L::either(upper, log_p < -2.59);  // p < 0.075
  const auto far = log_p < -745.0;
  const auto y = log_p * -2.0;

  // 2 p - 1 = expm1(log_p + log 2), and 1 - p = -expm1(log_p).
  const auto log_2p = (log_p + 0x1.62e42fefa39efp-1) + 0x1.abc9e3b39803fp-56;
  const auto difference = expm1<L>(L::select(upper, log_p, log_2p));
  const auto logarithm = log<L>(L::select(upper, -difference, y * 0x1.921fb54442d18p+2));

  // Far down, s = x^2 solves s + log(2 pi s) - 2 log(1 - 1/s + 3/s^2 - ..) = y. With s = y - c,
  // c = log(2 pi y) + log(1 - c/y) + 2/s - 5/s^2 + .. is nearly explicit: one step, then Newton's.
  const auto w = 1.0 / y;
  const auto c0 = logarithm + 2.0 * w;
  const auto c1 = L::fma(-w, c0, c0);
  const auto u = c1 * w;
  const auto v = 1.0 / (y - c1);
  const auto rest =
      L::fma(v, horner<L>(v, 2.0, -5.0, 0x1.8aaaaaaaaaaabp+4, -176.5, 1632.4),
             u * horner<L>(u, -1.0, -1.0 / 2, -1.0 / 3, -1.0 / 4, -1.0 / 5, -1.0 / 6, -1.0 / 7));
  const auto residual = (c1 - logarithm) - rest;
  const auto square = y - (c1 - residual * L::fma(v, v * 3.0 - 1.0, L::splat(1.0)));

  const auto root = L::sqrt(
      L::select(far, L::select(y < kInfinity, square, y), L::select(upper, logarithm * -2.0, y)));
  const auto tail = tail_quantile<L>(root);
  const auto q = difference * 0.5;
  const auto centre = central_quantile<L>(q);
  const auto s = q * 0x1.40d931ff62706p+1;
  const auto signed_tail = L::select(upper, tail.numerator, -tail.numerator);
  const auto quotient = L::select(in_tail, signed_tail, centre.numerator) /
                        L::select(in_tail, tail.denominator, centre.denominator);
  const auto x = L::select(in_tail, quotient, L::fma(s, quotient, s));
  return L::select(far, -root, L::select(log_p < 0.0, x, L::splat(kInfinity)));
}

}  // namespace taugrid
