// The normal distribution between two bounds, as a uniform prior of mu makes it.
//
// With A < B the standardised bounds, C their middle, d = B - A: differences of Phi underflow in a
// tail and cancel on a narrow interval, so
//   d max(|C|, 1) < 4   phi(C) times the integral over |t| < d/2 of exp(-C t - t^2/2), by 16-point
//   Gauss else, B <= 0        phi(B) sqrt(pi/2) [erfcx(-B/sqrt 2) - exp(-|C| d) erfcx(-A/sqrt 2)]
//   else                Phi(B) - Phi(A)
// after a reflection that makes C <= 0. (A^2 - B^2)/2 = |C| d is used as a product, not as a
// difference.
#pragma once

#include "kernels/math/elementary.h"
#include "kernels/math/gauss_legendre.h"
#include "kernels/math/lanes.h"
#include "kernels/math/normal_distribution.h"

namespace taugrid {

// The bounds about the mean, in sd, reflected so that the middle is not above the mean.
template <class L>
struct StandardBounds {
  typename L::Mask reflected;
  typename L::Mask narrow;
  typename L::Real middle, half, lower, upper;
};

// For N(mu, 1/inverse_sd^2) between a < b.
template <class L>
TAUGRID_INLINE StandardBounds<L> standard_bounds(double a, double b, typename L::Real mu,
                                                 typename L::Real inverse_sd) {
  StandardBounds<L> s;
  s.middle = ((0.5 * a + 0.5 * b) - mu) * inverse_sd;
  s.reflected = s.middle > 0.0;
  s.middle = L::select(s.reflected, -s.middle, s.middle);
  s.half = (0.5 * (b - a)) * inverse_sd;
  // Not middle -+ half: a bound near the mean would lose its digits to one far away.
  const auto from_a = (a - mu) * inverse_sd;
  const auto from_b = (b - mu) * inverse_sd;
  s.lower = L::select(s.reflected, -from_b, from_a);
  s.upper = L::select(s.reflected, -from_a, from_b);
  s.narrow = L::both(s.half < 2.0, s.half * -s.middle < 2.0);
  return s;
}

// Integrals over |t| < half of t^k exp(-middle t - t^2/2), k = 0, 1.
template <class L>
struct NarrowIntegrals {
  typename L::Real i0, i1;
};

template <class L>
TAUGRID_TEMPLATE inline NarrowIntegrals<L> narrow_integrals(const StandardBounds<L>& s) {
  auto i0 = L::splat(0.0), i1 = L::splat(0.0);
  for (int i = 0; i < kPanelNodes; ++i) {
    const auto t = s.half * gauss_node(i);
    const auto f = gauss_weight(i) * exp<L>(-(s.middle * t + 0.5 * (t * t)));
    i0 = i0 + f;
    i1 = L::fma(f, t, i1);
  }
  return {i0 * s.half, i1 * s.half};
}

// The wide case: phi(A)/phi(B), phi(B), and the mass, over phi(B) where B <= 0.
template <class L>
struct WideMass {
  typename L::Mask past;  // B > 0
  typename L::Real decay, phi_upper, mass;
};

template <class L>
TAUGRID_INLINE WideMass<L> wide_mass(const StandardBounds<L>& s) {
  const double kInverseRoot2 = 0.70710678118654752440;
  const double kRootHalfPi = 1.25331413731550025121;
  const double kInverseRoot2Pi = 0.39894228040143267794;
  WideMass<L> w;
  w.past = s.upper > 0.0;
  w.decay = exp<L>(2.0 * (s.middle * s.half));
  const auto tail_upper = erfcx<L>(L::select(w.past, s.upper, -s.upper) * kInverseRoot2);
  const auto tail_lower = erfcx<L>(-s.lower * kInverseRoot2);
  w.phi_upper = kInverseRoot2Pi * exp<L>(-0.5 * (s.upper * s.upper));
  w.mass =
      L::select(w.past, 1.0 - w.phi_upper * (kRootHalfPi * (tail_upper + w.decay * tail_lower)),
                kRootHalfPi * (tail_upper - w.decay * tail_lower));
  return w;
}

// log of a mass, from its factor beside phi(z) where there is one.
template <class L>
TAUGRID_INLINE typename L::Real log_with_pdf(typename L::Real factor, typename L::Real z) {
  return log<L>(factor) - 0.5 * (z * z) - kLogRoot2Pi;
}

// log P(a < mu < b). The narrow integral, and everything where no more than 10^-19 is outside, is
// left out where no lane needs it: the selected values are the same.
template <class L>
TAUGRID_OUTLINE typename L::Real log_truncated_mass(double a, double b, typename L::Real mu,
                                                    typename L::Real inverse_sd) {
  const StandardBounds<L> s = standard_bounds<L>(a, b, mu, inverse_sd);
  const auto all = L::splat(0.0);
  // The middle is not above 0, so the upper bound is the nearer one. log(1) is 0 exactly.
  if (!L::any(s.upper < 9.0)) return all;
  const WideMass<L> wide = wide_mass<L>(s);
  auto log_mass = L::select(wide.past, log<L>(wide.mass), log_with_pdf<L>(wide.mass, s.upper));
  if (L::any(s.narrow))
    log_mass = L::select(s.narrow, log_with_pdf<L>(narrow_integrals<L>(s).i0, s.middle), log_mass);
  return log_mass;
}

// E[mu | a < mu < b].
template <class L>
TAUGRID_OUTLINE typename L::Real truncated_mean(double a, double b, typename L::Real mu,
                                                typename L::Real inverse_sd) {
  const StandardBounds<L> s = standard_bounds<L>(a, b, mu, inverse_sd);
  const WideMass<L> wide = wide_mass<L>(s);
  const NarrowIntegrals<L> narrow = narrow_integrals<L>(s);
  const auto fall = wide.decay - 1.0;
  auto offset = L::select(wide.past, wide.phi_upper * fall, fall) / wide.mass;
  offset = L::select(s.narrow, s.middle + narrow.i1 / narrow.i0, offset);
  return mu + L::select(s.reflected, -offset, offset) / inverse_sd;
}

// Var[mu | a < mu < b], to about 1e-12 of itself however narrow or far out the bounds. Written as a
// difference of moments it cancels: beyond the upper bound, where that is below the mean, u = upper
// - z has the density exp(-|upper| u - u^2/2), integrated by Gauss over the e^-40 of it that
// matter.
template <class L>
TAUGRID_OUTLINE typename L::Real truncated_variance(double a, double b, typename L::Real mu,
                                                    typename L::Real inverse_sd) {
  using Real = typename L::Real;
  const StandardBounds<L> s = standard_bounds<L>(a, b, mu, inverse_sd);
  // Moments about the point where the density is largest within the bounds, in a range of its own.
  const auto past = s.upper > 0.0;
  const Real rate = L::select(past, L::splat(0.0), -s.upper);
  const Real fall = 80.0 / (rate + L::sqrt(rate * rate + 80.0));  // rate u + u^2/2 = 40
  // u runs from the nearer bound, or from that far above the mean, to the further one.
  Real begin = L::select(past, -s.upper, L::splat(0.0));
  begin = L::select(begin < -fall, -fall, begin);
  Real end = L::select(past, -s.lower, 2.0 * s.half);
  end = L::select(end > fall, fall, end);
  constexpr int kParts = 4;
  const Real half = (end - begin) * (0.5 / kParts);
  Real i0 = L::splat(0.0), i1 = L::splat(0.0), i2 = L::splat(0.0);
  for (int part = 0; part < kParts; ++part)
    for (int i = 0; i < kPanelNodes; ++i) {
      // v in (-1, 1) over the whole range: moments in its scale neither overflow nor vanish.
      const Real v = L::splat((2 * part + 1 + gauss_node(i)) / kParts - 1.0);
      const Real u = begin + (kParts * half) * (v + 1.0);
      const Real f = gauss_weight(i) * exp<L>(begin * (rate + 0.5 * begin) - u * (rate + 0.5 * u));
      i0 = i0 + f;
      i1 = L::fma(f, v, i1);
      i2 = L::fma(f * v, v, i2);
    }
  const Real mean = i1 / i0;
  const Real sd = (kParts * half) / inverse_sd;
  return (i2 / i0 - mean * mean) * (sd * sd);
}

// The quantile u of N(mu, sd^2) between a < b: log Phi is interpolated and inverted on the side
// where it is small, so that bounds far in one tail do no harm.
template <class L>
TAUGRID_OUTLINE typename L::Real truncated_normal_quantile(double a, double b, typename L::Real mu,
                                                           typename L::Real sd,
                                                           typename L::Real u) {
  using Real = typename L::Real;
  const Real inverse_sd = 1.0 / sd;
  const Real za = (a - mu) * inverse_sd;
  const Real zb = (b - mu) * inverse_sd;
  const auto reflect = za + zb > 0.0;
  const Real lower = L::select(reflect, -zb, za);
  const Real upper = L::select(reflect, -za, zb);
  const Real p = L::select(reflect, 1.0 - u, u);
  const Real log_upper = log_normal_cdf<L>(upper);
  const Real decay = exp<L>(log_normal_cdf<L>(lower) - log_upper);
  const Real z = normal_quantile_of_log<L>(log_upper + log<L>(p + (1.0 - p) * decay));
  Real x = L::fma(sd, L::select(reflect, -z, z), mu);
  x = L::select(x < a, L::splat(a), x);
  return L::select(x > b, L::splat(b), x);
}

}  // namespace taugrid
