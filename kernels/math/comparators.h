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
// sum w - sum w^2 / sum w cancels where one study is far more precise than the others: it is taken
// as 2 sum_{i<j} w_i w_j / sum w, and its derivative likewise as a sum of positive terms. So do the
// residuals of such a study, which is why effects are counted from that of the most precise one.
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
inline constexpr double kComparatorNoise = 0x1p-50;      // of what a log likelihood is the sum of

// Sums over the schools at some tau^2.
template <class L>
struct ComparatorSums {
  typename L::Real w, w2;           // of powers of w
  typename L::Real pairs;           // of w_i w_j, i < j
  typename L::Real square_pairs;    // of w_i^2 w_j^2, i < j
  typename L::Real square_triples;  // of w_i^2 w_j w_l, all different, j < l
  typename L::Real wr2, w2r2;       // with residuals
  typename L::Real spread;          // sum w (w r - their mean under these weights)^2
  typename L::Real mu;
};

// y and sigma^2 of N replicates in columns `stride` apart, in a unit near the smallest sigma, and y
// from that of the study that has it; `weights` (k) is scratch, likewise.
template <class L>
struct ComparatorData {
  const double* y;
  const double* sigma2;
  typename L::Real smallest;  // sigma^2
  int64_t stride;
  int64_t n_schools;
  double* weights;
};

template <class L>
TAUGRID_OUTLINE ComparatorSums<L> comparator_sums(const ComparatorData<L>& data,
                                                  typename L::Real tau2) {
  using Real = typename L::Real;
  const Real zero = L::splat(0.0);
  ComparatorSums<L> s{zero, zero, zero, zero, zero, zero, zero, zero, zero};
  Real wy = zero, ordered = zero;  // ordered: of w_i^2 w_j, i and j different
  for (int64_t j = 0; j < data.n_schools; ++j) {
    const Real w = 1.0 / (L::load(data.sigma2 + j * data.stride) + tau2), w2 = w * w;
    L::store(data.weights + j * data.stride, w);
    s.square_triples = L::fma(w2, s.pairs, L::fma(w, ordered, s.square_triples));
    ordered = L::fma(w2, s.w, L::fma(w, s.w2, ordered));
    s.square_pairs = L::fma(w2, s.w2, s.square_pairs);
    s.pairs = L::fma(w, s.w, s.pairs);
    s.w = s.w + w;
    s.w2 = s.w2 + w2;
    wy = L::fma(w, L::load(data.y + j * data.stride), wy);
  }
  s.mu = wy / s.w;
  // Counted from the most precise study's w r, whose y is 0: the mean is near it where it matters.
  const Real origin = -s.mu / (data.smallest + tau2);
  Real gaps = zero;
  for (int64_t j = 0; j < data.n_schools; ++j) {
    const Real w = L::load(data.weights + j * data.stride);
    const Real r = L::load(data.y + j * data.stride) - s.mu;
    const Real wr = w * r, gap = wr - origin, w_gap = w * gap;
    s.wr2 = L::fma(wr, r, s.wr2);
    s.w2r2 = L::fma(wr, wr, s.w2r2);
    s.spread = L::fma(w_gap, gap, s.spread);
    gaps = gaps + w_gap;
  }
  s.spread = s.spread - gaps * gaps / s.w;
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
  if (estimator == Estimator::kMl) return {s.w2r2 - s.w, s.w2 - 2.0 * s.spread};
  const auto falls = (s.square_triples + 2.0 * s.square_pairs) / s.w / s.w;
  return {s.w2r2 - 2.0 * s.pairs / s.w, 2.0 * (falls - s.spread)};
}

template <class L>
struct ComparatorRoot {
  typename L::Real tau2, failed;
};

// The root of the equation within [lower, upper], from `start`.
template <class L>
TAUGRID_OUTLINE ComparatorRoot<L> comparator_root(const ComparatorData<L>& data,
                                                  Estimator estimator, typename L::Real lower,
                                                  typename L::Real upper, typename L::Real start) {
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
    // Newton's step where it stays inside and shrinks; else half way, in the log of the smallest
    // variance: the bracket may span many decades.
    const auto inside = L::both(L::both(newton > lower, newton < upper), at.slope < 0.0);
    const auto quick = 2.0 * magnitude<L>(at.value) <= magnitude<L>(last_step * at.slope);
    const Real half_way =
        L::sqrt((lower + data.smallest) * (upper + data.smallest)) - data.smallest;
    const Real next = L::select(L::both(inside, quick), newton, half_way);
    const Real moved = magnitude<L>(next - x);
    const auto converged =
        L::either(moved <= kComparatorTolerance * (next + data.smallest), at.value == 0.0);
    x = L::select(active, L::select(at.value == 0.0, x, next), x);
    last_step = L::select(active, moved, last_step);
    failed = L::select(L::both(active, converged), L::splat(0.0), failed);
  }
  return {L::select(x > 0.0, x, L::splat(0.0)), failed};
}

// The highest of the likelihoods at tau^2 = smallest (e^(i step) - 1), and the points around it.
template <class L>
struct ComparatorPeak {
  typename L::Real log_p, lower, tau2, upper;
};

// `noise` is what log_p may be wrong by: where less than that sets points apart, the lowest is the
// peak, and the bracket holds them all.
template <class L>
TAUGRID_INLINE void offer_peak(ComparatorPeak<L>& best, typename L::Real log_p,
                               typename L::Real noise, typename L::Real before,
                               typename L::Real tau2, typename L::Real after) {
  const auto higher = log_p > best.log_p + noise, as_high = log_p >= best.log_p - noise;
  best.log_p = L::select(higher, log_p, best.log_p);
  best.lower = L::select(higher, before, best.lower);
  best.tau2 = L::select(higher, tau2, best.tau2);
  best.upper = L::select(L::either(higher, as_high), after, best.upper);
}

template <class L>
TAUGRID_OUTLINE void scan_likelihoods(const ComparatorData<L>& data, typename L::Real most,
                                      ComparatorPeak<L>& ml, ComparatorPeak<L>& reml) {
  using Real = typename L::Real;
  const Real low = L::splat(-__builtin_huge_val()), zero = L::splat(0.0);
  ml = reml = {low, zero, zero, zero};
  const Real step = log1p<L>(most / data.smallest) * (1.0 / kComparatorScan);
  const auto point = [&](int i) {
    if (i <= 0) return zero;
    const Real tau2 = data.smallest * expm1<L>(step * static_cast<double>(i));
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
      L::store(data.weights + j * data.stride, w);
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
      wr2 = L::fma(L::load(data.weights + j * data.stride) * r, r, wr2);
    }
    const Real log_v = L::fma(exponents, L::splat(0.6931471805599453), log<L>(product));
    const Real log_w = log<L>(w_sum), log_p = -0.5 * (log_v + wr2);
    const Real noise = kComparatorNoise * (magnitude<L>(log_v) + wr2 + magnitude<L>(log_w) +
                                           static_cast<double>(data.n_schools));
    offer_peak(ml, log_p, noise, before, tau2, after);
    offer_peak(reml, log_p - 0.5 * log_w, noise, before, tau2, after);
    before = tau2;
    tau2 = after;
  }
}

// Replicates 0 .. N - 1 of the columns y and sigma (k, stride). `estimates` receives
// (estimator, estimate) columns `stride` apart, those of the estimators that are wanted; `scratch`
// is 3 k columns of N, `scratch_stride` apart.
template <class L>
TAUGRID_TEMPLATE inline void compare(const ComparatorPlan& plan, const double* y,
                                     const double* sigma, int64_t stride, double* scratch,
                                     int64_t scratch_stride, double* estimates) {
  using Real = typename L::Real;
  const int64_t n_schools = plan.n_schools;
  Real y_low = L::load(y), y_high = y_low, origin = y_low, least = L::load(sigma);
  for (int64_t j = 1; j < n_schools; ++j) {
    const Real value = L::load(y + j * stride), s = L::load(sigma + j * stride);
    y_low = L::select(value < y_low, value, y_low);
    y_high = L::select(value > y_high, value, y_high);
    origin = L::select(s < least, value, origin);
    least = L::select(s < least, s, least);
  }
  // A power of two: it changes no digit, and no power of a weight leaves the range of a double.
  const auto exponent = L::bits(least) & L::splat_bits(0x7FF0000000000000u);
  const Real unit = L::real(exponent),
             per_unit = L::real(L::splat_bits(0x7FE0000000000000u) - exponent);
  double *const centred = scratch, *const sigma2 = scratch + n_schools * scratch_stride;
  for (int64_t j = 0; j < n_schools; ++j) {
    const Real s = L::load(sigma + j * stride) * per_unit;
    L::store(centred + j * scratch_stride, (L::load(y + j * stride) - origin) * per_unit);
    L::store(sigma2 + j * scratch_stride, s * s);
  }
  const Real least_in_units = least * per_unit;
  const ComparatorData<L> data{centred,        sigma2,    least_in_units * least_in_units,
                               scratch_stride, n_schools, scratch + 2 * n_schools * scratch_stride};
  const Real range = (y_high - y_low) * per_unit, zero = L::splat(0.0);
  const Real most = range * range;

  ComparatorPeak<L> ml{zero, zero, zero, zero}, reml{zero, zero, zero, zero};
  if (plan.wanted[static_cast<int>(Estimator::kMl)] ||
      plan.wanted[static_cast<int>(Estimator::kReml)])
    scan_likelihoods(data, most, ml, reml);
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
            (pooled.wr2 - static_cast<double>(n_schools - 1)) * pooled.w / (2.0 * pooled.pairs);
        root.tau2 = L::select(moment > 0.0, moment, zero);
        break;
      }
      case Estimator::kPauleMandel:
        root = comparator_root(data, estimator, zero, most, zero);
        break;
      case Estimator::kMl:
        root = comparator_root(data, estimator, ml.lower, ml.upper, ml.tau2);
        break;
      case Estimator::kReml:
        root = comparator_root(data, estimator, reml.lower, reml.upper, reml.tau2);
        break;
    }
    const ComparatorSums<L> at = comparator_sums(data, root.tau2);
    double* const out = estimates + e * kEstimates * stride;
    L::store(out, root.tau2 * unit * unit);
    L::store(out + stride, L::fma(at.mu, unit, origin));
    L::store(out + 2 * stride, unit / L::sqrt(at.w));
    L::store(out + 3 * stride,
             unit * L::sqrt(at.wr2 / (at.w * static_cast<double>(n_schools - 1))));
    L::store(out + 4 * stride, root.failed);
  }
}

}  // namespace taugrid
