// The classical estimators of a random-effects meta-analysis, which simulation studies set beside
// the posterior. Given tau^2, with w_j = 1/(sigma_j^2 + tau^2), r_j = y_j - mu_hat:
//   mu_hat = sum w y / sum w,   se^2 = 1 / sum w                     (Wald)
//   se_hk^2 = sum w r^2 / ((k - 1) sum w)      (Hartung & Knapp 2001, Stat. Med. 20; not truncated)
// and tau^2, by
//   common effect             0
//   DerSimonian-Laird         (Q - (k - 1)) / (sum w - sum w^2 / sum w) at tau = 0, or 0
//   Paule-Mandel              sum w r^2 = k - 1, or 0
//   maximum likelihood        sum w^2 r^2 = sum w
//   restricted (REML)         sum w^2 r^2 = sum w - sum w^2 / sum w
// A lane is a replicate; its results do not depend on its neighbours.
//
// The last three lie in [0, R^2], R the range of the y: |r_j| <= (1 - w_j / sum w) R, so that from
// tau = R on every left side is below its right one. Within, the root is bracketed and Newton's
// method falls back on bisection, so that nothing can diverge. ML and REML may have several maxima:
// the likelihood is scanned first, at values of tau^2 equally spaced in the log of the smallest
// variance, and the highest point's neighbours are the bracket.
#pragma once

#include "kernels/math/elementary.h"

namespace taugrid {

enum class Estimator : int32_t { kCommon, kDerSimonianLaird, kPauleMandel, kMl, kReml };
inline constexpr int kEstimators = 5;

// What is stored of an estimator, in this order: tau^2, mu, its se, its se by Hartung and Knapp,
// and 1 where the iteration found no root (else 0).
enum class Estimate : int32_t { kTau2, kMu, kSe, kSeHk, kFailed };
inline constexpr int kEstimates = 5;

struct ComparatorPlan {
  int64_t n_schools;         // k >= 2
  bool wanted[kEstimators];  // by Estimator
};

inline constexpr int kComparatorScan = 16;  // intervals
inline constexpr int kComparatorSteps = 120;
inline constexpr double kComparatorTolerance = 0x1p-46;  // of tau^2 + the smallest sigma^2

// Sums over the schools at some tau^2.
template <class L>
struct ComparatorSums {
  typename L::Real w, w2, w3;       // of powers of w
  typename L::Real wr2, w2r, w2r2;  // with residuals
  typename L::Real w3r2;
  typename L::Real mu;
};

// y and sigma^2 of N replicates in columns `stride` apart; `weights` (k, N) is scratch.
template <class L>
struct ComparatorData {
  const double* y;
  const double* sigma2;
  int64_t stride;
  int64_t n_schools;
  double* weights;
};

template <class L>
TAUGRID_OUTLINE ComparatorSums<L> comparator_sums(const ComparatorData<L>& data,
                                                  typename L::Real tau2) {
  using Real = typename L::Real;
  const Real zero = L::splat(0.0);
  ComparatorSums<L> s{zero, zero, zero, zero, zero, zero, zero, zero};
  Real wy = zero;
  for (int64_t j = 0; j < data.n_schools; ++j) {
    const Real w = 1.0 / (L::load(data.sigma2 + j * data.stride) + tau2);
    L::store(data.weights + j * L::N, w);
    s.w = s.w + w;
    wy = L::fma(w, L::load(data.y + j * data.stride), wy);
  }
  s.mu = wy / s.w;
  for (int64_t j = 0; j < data.n_schools; ++j) {
    const Real w = L::load(data.weights + j * L::N);
    const Real r = L::load(data.y + j * data.stride) - s.mu;
    const Real w2 = w * w, wr = w * r;
    s.w2 = s.w2 + w2;
    s.w3 = L::fma(w2, w, s.w3);
    s.wr2 = L::fma(wr, r, s.wr2);
    s.w2r = L::fma(w, wr, s.w2r);
    s.w2r2 = L::fma(wr, wr, s.w2r2);
    s.w3r2 = L::fma(wr * w, wr, s.w3r2);
  }
  return s;
}

// What is to vanish, falling through 0 at the estimate, and its derivative in tau^2.
template <class L>
struct ComparatorEquation {
  typename L::Real value, slope;
};

template <class L>
TAUGRID_INLINE ComparatorEquation<L> comparator_equation(Estimator estimator,
                                                         const ComparatorSums<L>& s,
                                                         int64_t n_schools) {
  if (estimator == Estimator::kPauleMandel)
    return {s.wr2 - static_cast<double>(n_schools - 1), -s.w2r2};
  // d mu_hat / d tau^2 = -sum w^2 r / sum w.
  const auto value = s.w2r2 - s.w;
  const auto slope = 2.0 * (s.w2r * s.w2r / s.w - s.w3r2) + s.w2;
  if (estimator == Estimator::kMl) return {value, slope};
  const auto ratio = s.w2 / s.w;
  return {value + ratio, slope + ratio * ratio - 2.0 * s.w3 / s.w};
}

template <class L>
struct ComparatorRoot {
  typename L::Real tau2, failed;
};

// The root of the equation within [lower, upper], from `start`.
template <class L>
TAUGRID_OUTLINE ComparatorRoot<L> comparator_root(const ComparatorData<L>& data,
                                                  Estimator estimator, typename L::Real lower,
                                                  typename L::Real upper, typename L::Real start,
                                                  typename L::Real smallest) {
  using Real = typename L::Real;
  Real x = start, failed = L::splat(1.0);
  Real last_step = upper - lower;
  for (int step = 0; step < kComparatorSteps && L::any(failed > 0.5); ++step) {
    const ComparatorSums<L> sums = comparator_sums(data, x);
    const ComparatorEquation<L> at = comparator_equation<L>(estimator, sums, data.n_schools);
    const auto active = failed > 0.5;
    const auto rising = at.value > 0.0;  // the root is above x
    lower = L::select(L::both(active, rising), x, lower);
    upper = L::select(L::both(active, at.value <= 0.0), x, upper);
    const Real newton = x - at.value / at.slope;
    // Newton's step where it stays inside and shrinks; else half way.
    const auto inside = L::both(L::both(newton > lower, newton < upper), at.slope < 0.0);
    const auto quick = 2.0 * magnitude<L>(at.value) <= magnitude<L>(last_step * at.slope);
    const Real next = L::select(L::both(inside, quick), newton, 0.5 * (lower + upper));
    const Real moved = magnitude<L>(next - x);
    const auto converged =
        L::either(moved <= kComparatorTolerance * (next + smallest), at.value == 0.0);
    x = L::select(active, L::select(at.value == 0.0, x, next), x);
    last_step = L::select(active, moved, last_step);
    failed = L::select(L::both(active, converged), L::splat(0.0), failed);
  }
  return {x, failed};
}

// The highest of the likelihoods at tau^2 = smallest (e^(i step) - 1), and the points around it.
template <class L>
struct ComparatorPeak {
  typename L::Real log_p, lower, tau2, upper;
};

template <class L>
TAUGRID_INLINE void offer_peak(ComparatorPeak<L>& best, typename L::Real log_p,
                               typename L::Real before, typename L::Real tau2,
                               typename L::Real after) {
  const auto higher = log_p > best.log_p;
  best.log_p = L::select(higher, log_p, best.log_p);
  best.lower = L::select(higher, before, best.lower);
  best.tau2 = L::select(higher, tau2, best.tau2);
  best.upper = L::select(higher, after, best.upper);
}

template <class L>
TAUGRID_OUTLINE void scan_likelihoods(const ComparatorData<L>& data, typename L::Real smallest,
                                      typename L::Real most, ComparatorPeak<L>& ml,
                                      ComparatorPeak<L>& reml) {
  using Real = typename L::Real;
  const Real low = L::splat(-__builtin_huge_val()), zero = L::splat(0.0);
  ml = reml = {low, zero, zero, zero};
  const Real step = log1p<L>(most / smallest) * (1.0 / kComparatorScan);
  const auto point = [&](int i) {
    if (i <= 0) return zero;
    const Real tau2 = smallest * expm1<L>(step * static_cast<double>(i));
    return L::select(tau2 < most, tau2, most);
  };
  Real before = zero, tau2 = zero;
  for (int i = 0; i <= kComparatorScan; ++i) {
    const Real after = i == kComparatorScan ? tau2 : point(i + 1);
    // The product of the variances with its exponent kept apart, as kernels/math/posterior.h does.
    Real product = L::splat(1.0), exponents = zero, w_sum = zero, wy = zero, wr2 = zero;
    for (int64_t j = 0; j < data.n_schools; ++j) {
      const Real v = L::load(data.sigma2 + j * data.stride) + tau2;
      const Real w = 1.0 / v;
      L::store(data.weights + j * L::N, w);
      w_sum = w_sum + w;
      wy = L::fma(w, L::load(data.y + j * data.stride), wy);
      const auto bits = L::bits(product * v);
      exponents = exponents +
                  (L::real((bits >> 52) | L::splat_bits(0x4330000000000000u)) - (0x1p52 + 1023.0));
      product =
          L::real((bits & L::splat_bits(0x000FFFFFFFFFFFFFu)) | L::splat_bits(0x3FF0000000000000u));
    }
    const Real mu = wy / w_sum;
    for (int64_t j = 0; j < data.n_schools; ++j) {
      const Real r = L::load(data.y + j * data.stride) - mu;
      wr2 = L::fma(L::load(data.weights + j * L::N) * r, r, wr2);
    }
    const Real log_v = L::fma(exponents, L::splat(0.6931471805599453), log<L>(product));
    const Real log_p = -0.5 * (log_v + wr2);
    offer_peak(ml, log_p, before, tau2, after);
    offer_peak(reml, log_p - 0.5 * log<L>(w_sum), before, tau2, after);
    before = tau2;
    tau2 = after;
  }
}

// Replicates 0 .. N - 1 of the columns y and sigma (k, stride). `estimates` receives
// (estimator, estimate) columns `stride` apart, those of the estimators that are wanted; `scratch`
// has room for 3 k N.
template <class L>
TAUGRID_TEMPLATE inline void compare(const ComparatorPlan& plan, const double* y,
                                     const double* sigma, int64_t stride, double* scratch,
                                     double* estimates) {
  using Real = typename L::Real;
  const int64_t n_schools = plan.n_schools;
  double* const sigma2 = scratch;
  Real y_low = L::load(y), y_high = y_low, smallest = L::splat(0.0);
  for (int64_t j = 0; j < n_schools; ++j) {
    const Real value = L::load(y + j * stride), s = L::load(sigma + j * stride);
    const Real s2 = s * s;
    L::store(sigma2 + j * L::N, s2);
    y_low = L::select(value < y_low, value, y_low);
    y_high = L::select(value > y_high, value, y_high);
    smallest = j == 0 ? s2 : L::select(s2 < smallest, s2, smallest);
  }
  // Centred: residuals of data far from 0 keep their digits.
  double* const centred = scratch + n_schools * L::N;
  for (int64_t j = 0; j < n_schools; ++j)
    L::store(centred + j * L::N, L::load(y + j * stride) - y_low);
  double* const weights = scratch + 2 * n_schools * L::N;
  const ComparatorData<L> data{centred, sigma2, L::N, n_schools, weights};
  const Real range = y_high - y_low, zero = L::splat(0.0);
  const Real most = range * range;

  ComparatorPeak<L> ml{zero, zero, zero, zero}, reml{zero, zero, zero, zero};
  if (plan.wanted[static_cast<int>(Estimator::kMl)] ||
      plan.wanted[static_cast<int>(Estimator::kReml)])
    scan_likelihoods(data, smallest, most, ml, reml);
  const ComparatorSums<L> pooled = comparator_sums(data, zero);

  for (int e = 0; e < kEstimators; ++e) {
    if (!plan.wanted[e]) continue;
    const Estimator estimator = static_cast<Estimator>(e);
    ComparatorRoot<L> root{zero, zero};
    switch (estimator) {
      case Estimator::kCommon:
        break;
      case Estimator::kDerSimonianLaird: {
        const Real moment =
            (pooled.wr2 - static_cast<double>(n_schools - 1)) / (pooled.w - pooled.w2 / pooled.w);
        root.tau2 = L::select(moment > 0.0, moment, zero);
        break;
      }
      case Estimator::kPauleMandel:
        root = comparator_root(data, estimator, zero, most, zero, smallest);
        break;
      case Estimator::kMl:
        root = comparator_root(data, estimator, ml.lower, ml.upper, ml.tau2, smallest);
        break;
      case Estimator::kReml:
        root = comparator_root(data, estimator, reml.lower, reml.upper, reml.tau2, smallest);
        break;
    }
    const ComparatorSums<L> at = comparator_sums(data, root.tau2);
    double* const out = estimates + e * kEstimates * stride;
    L::store(out, root.tau2);
    L::store(out + stride, at.mu + y_low);
    L::store(out + 2 * stride, 1.0 / L::sqrt(at.w));
    L::store(out + 3 * stride, L::sqrt(at.wr2 / (at.w * static_cast<double>(n_schools - 1))));
    L::store(out + 4 * stride, root.failed);
  }
}

}  // namespace taugrid
