// The model's equations, each once.
//
// clang-format off
//   y_j | theta_j ~ N(theta_j, sigma_j^2),  theta_j | mu, tau ~ N(mu, tau^2),
//   v_j = sigma_j^2 + tau^2,  w_j = 1/v_j
//   mu | tau, y          ~ N(mu_hat, v_mu),  v_mu = 1/sum w_j,  mu_hat = v_mu sum w_j y_j
//   log p(y | tau)       = (log v_mu - sum log v_j - sum w_j (y_j - mu_hat)^2) / 2
//                          (BDA3, eqs. 5.20, 5.21)
//   theta_j | mu, tau, y ~ N(mu + B_j (y_j - mu), sigma_j^2 B_j),  B_j = tau^2 w_j
//                          (BDA3, eq. 5.17)
// clang-format on
//
// A normal prior of mu enters as one more observation of mu with variance s0^2; a uniform one
// truncates mu | tau, y and multiplies p(y | tau) by the mass between its bounds.
//
// x = log tau is the variable. y is centred and everything is in units of a power of two near the
// smallest sigma, so sigma_j >= 1. Beyond kFarX (priors.h) the equations go on by their power law
// in tau.
#pragma once

#include "kernels/math/elementary.h"
#include "kernels/math/priors.h"
#include "kernels/math/truncated_normal.h"

namespace taugrid {

enum class MuForm : int32_t { kFlat, kNormal, kUniform };

struct MuRecord {
  MuForm form;
  double a;                 // kNormal: mean; kUniform: lower bound
  double b;                 // kNormal: sd; kUniform: upper bound
  double log_width;         // log of the sd, or of the distance between the bounds
  double inverse_variance;  // kNormal
};

TAUGRID_INLINE MuRecord mu_record(MuForm form, double a, double b) {
  using S = Scalar<>;
  if (form == MuForm::kNormal) return {form, a, b, log<S>(b), 1.0 / (b * b)};
  if (form == MuForm::kUniform) return {form, a, b, log<S>(b - a), 0.0};
  return {form, 0.0, 0.0, 0.0, 0.0};
}

// One posterior, in internal units. In single (draws only) y and sigma are rounded once.
template <class T>
struct ProblemOf {
  const T* y;         // (J)
  const T* sigma;     // (J), >= 1
  int64_t n_schools;  // J >= 1
  MuRecord mu;
  PriorRecord tau_prior;
};
using Problem = ProblemOf<double>;

inline constexpr int64_t kSchoolTile = 256;

// A sum over schools, and what rounding took from it where there is more than one tile of them.
template <class L>
struct SchoolTotal {
  typename L::Real high, low;

  TAUGRID_INLINE typename L::Real value() const { return high + low; }

  // Adds x. What the rounding of high + x loses is known exactly (Knuth's two-sum).
  TAUGRID_INLINE void add(typename L::Real x) {
    const auto sum = high + x;
    const auto added = sum - high;
    low = low + ((high - (sum - added)) + (x - added));
    high = sum;
  }
  TAUGRID_INLINE void add(const SchoolTotal& other) {
    add(other.high);
    low = low + other.low;
  }
};

// Sums K quantities over schools: tile(begin, end, sums) adds those of schools [begin, end), at
// most 256 of them, one after the other. Tiles fall into 32 stripes, which are halved, so the order
// is the same on every device. Of many tiles the rounding is kept: where they are alike, a million
// equal sigmas, they would all be rounded the same way. (A structure, because a device where many
// lanes share one sum puts its own in place: kernels/cuda/grid.cuh.)
template <class L>
struct SchoolSum {
  template <int K, class Tile>
  static TAUGRID_INLINE void over(int64_t n_schools, SchoolTotal<L> (&total)[K], const Tile& tile) {
    if (n_schools > kSchoolTile) {
      over_tiles(n_schools, total, tile);
      return;
    }
    typename L::Real sums[K];
    for (int k = 0; k < K; ++k) sums[k] = L::splat(0);
    tile(int64_t{0}, n_schools, sums);
    for (int k = 0; k < K; ++k) total[k] = {sums[k], L::splat(0)};
  }

 private:
  template <int K, class Tile>
  static TAUGRID_OUTLINE void over_tiles(int64_t n_schools, SchoolTotal<L> (&total)[K],
                                         const Tile& tile) {
    SchoolTotal<L> stripe[32][K];
    TAUGRID_ROLLED
    for (int s = 0; s < 32; ++s)
      for (int k = 0; k < K; ++k) stripe[s][k] = {L::splat(0), L::splat(0)};
    int s = 0;
    for (int64_t begin = 0; begin < n_schools; begin += kSchoolTile) {
      const int64_t end = begin + kSchoolTile < n_schools ? begin + kSchoolTile : n_schools;
      typename L::Real of_tile[K];
      for (int k = 0; k < K; ++k) of_tile[k] = L::splat(0);
      tile(begin, end, of_tile);
      for (int k = 0; k < K; ++k) stripe[s][k].add(of_tile[k]);
      s = (s + 1) % 32;
    }
    TAUGRID_ROLLED
    for (int half = 16; half > 0; half /= 2) {
      TAUGRID_ROLLED
      for (int i = 0; i < half; ++i)
        for (int k = 0; k < K; ++k) stripe[i][k].add(stripe[i + half][k]);
    }
    for (int k = 0; k < K; ++k) total[k] = stripe[0][k];
  }
};

// The inverses of v_j = sigma_j^2 + tau^2 of four schools, for one division, and the product of
// those v_j.
template <class L>
struct FourSchools {
  typename L::Real w[4];
  typename L::Real product;
};

template <class L, class T>
TAUGRID_INLINE FourSchools<L> four_schools(const ProblemOf<T>& problem, int64_t j,
                                           typename L::Real tau2) {
  using Real = typename L::Real;
  const auto v = [&](int64_t k) {
    const typename L::Element sigma = problem.sigma[k];
    return sigma * sigma + tau2;
  };
  const Real v0 = v(j), v1 = v(j + 1), v2 = v(j + 2), v3 = v(j + 3);
  const Real v01 = v0 * v1, v23 = v2 * v3, product = v01 * v23;
  const Real inverse = typename L::Element(1.0) / product;
  const Real w01 = inverse * v23, w23 = inverse * v01;
  return {{w01 * v1, w01 * v0, w23 * v3, w23 * v2}, product};
}

// Where packs of lanes keep what one sum over schools leaves for the next, of the first schools, so
// that it need not be computed again. A single lane computes it again: same bits.
template <class L>
struct SchoolCache {
  static constexpr int64_t kGroups = L::N > 1 ? 4 : 0;  // of four schools
  FourSchools<L> four[kGroups > 0 ? kGroups : 1];
  typename L::Real precision;  // 1/v_mu
};

// What p(. | tau, y) needs of tau.
template <class L>
struct GivenTau {
  typename L::Real tau2;
  typename L::Real mu_hat;  // of the normal, before any truncation
  typename L::Real v_mu;
  // Set by log_likelihood alone: tau, within +-kFarX as x is; and, where the prior of tau has
  // school sums.
  typename L::Real tau = {};
  typename L::Real sum_log_v = {};
};

// Mean and variance of mu | tau, y (flat or normal prior; of the untruncated normal for a uniform
// one).
template <class L, class T>
TAUGRID_INLINE GivenTau<L> given_tau(const ProblemOf<T>& problem, typename L::Real tau2,
                                     SchoolCache<L>& cache) {
  using Real = typename L::Real;
  using Element = typename L::Element;
  SchoolTotal<L> totals[2];
  SchoolSum<L>::over(problem.n_schools, totals, [&](int64_t begin, int64_t end, Real(&s)[2]) {
    int64_t j = begin;
    const auto y = [&](int64_t k) { return static_cast<Element>(problem.y[k]); };
    // A float has no room for the product of four.
    const int64_t end_of_fours = kSingle<L> ? begin : end;
    for (; j + 4 <= end_of_fours; j += 4) {
      const FourSchools<L> four = four_schools<L>(problem, j, tau2);
      if (j / 4 < cache.kGroups) cache.four[j / 4] = four;
      s[0] = s[0] + ((four.w[0] + four.w[1]) + (four.w[2] + four.w[3]));
      s[1] = s[1] + (L::fma(four.w[0], L::splat(y(j)), four.w[1] * y(j + 1)) +
                     L::fma(four.w[2], L::splat(y(j + 2)), four.w[3] * y(j + 3)));
    }
    for (; j < end; ++j) {
      const Element sigma = problem.sigma[j];
      const Real w = Element(1.0) / (sigma * sigma + tau2);
      s[0] = s[0] + w;
      s[1] = L::fma(w, L::splat(y(j)), s[1]);
    }
  });
  Real sums[2] = {totals[0].value(), totals[1].value()};
  if (problem.mu.form == MuForm::kNormal) {
    const double w0 = problem.mu.inverse_variance;
    sums[0] = sums[0] + Element(w0);
    sums[1] = sums[1] + Element(w0 * problem.mu.a);
  }
  cache.precision = sums[0];
  const Real v_mu = Element(1.0) / sums[0];
  return {tau2, v_mu * sums[1], v_mu};
}

template <class L, class T>
TAUGRID_INLINE GivenTau<L> given_tau(const ProblemOf<T>& problem, typename L::Real tau2) {
  SchoolCache<L> unused;
  return given_tau<L>(problem, tau2, unused);
}

// log of the mass that N(mu_hat, v_mu) has between the bounds of a uniform prior of mu.
template <class L, class T>
TAUGRID_INLINE typename L::Real log_mu_mass(const ProblemOf<T>& problem, const GivenTau<L>& at) {
  const auto inverse_sd = 1.0 / L::sqrt(at.v_mu);
  return log_truncated_mass<L>(problem.mu.a, problem.mu.b, at.mu_hat, inverse_sd);
}

// log p(y | tau) - reference, a flat mu counting as density 1 and without the (2 pi)^(-1/2) of each
// degree of freedom; `at` receives the moments of mu | tau, y. Of many schools log p(y | tau) is
// large, and the difference from a reference of its size has less rounding.
template <class L, class T>
TAUGRID_OUTLINE typename L::Real log_likelihood_at_tau2(const ProblemOf<T>& problem,
                                                        typename L::Real tau2, GivenTau<L>& at,
                                                        double reference = 0.0) {
  using Real = typename L::Real;
  SchoolCache<L> cache;
  at = given_tau<L>(problem, tau2, cache);
  constexpr double kLog2 = 0.6931471805599453;
  const bool one_tile = problem.n_schools <= kSchoolTile;
  // sum log v_j by products, renormalised by their exponent bits: one logarithm a tile, and where
  // there is one tile none until v_mu has its part in the product.
  Real product = L::splat(1.0);

  SchoolTotal<L> totals[2];  // log v, w r^2
  SchoolSum<L>::over(problem.n_schools, totals, [&](int64_t begin, int64_t end, Real(&s)[2]) {
    Real exponents = L::splat(0.0);
    product = L::splat(1.0);
    const auto renormalise = [&] {
      const auto u = L::bits(product);
      // The exponent field as a real, by the bits of 2^52 + field.
      exponents =
          exponents + (L::real((u >> 52) | L::splat_bits(0x4330000000000000u)) - (0x1p52 + 1023.0));
      product =
          L::real((u & L::splat_bits(0x000FFFFFFFFFFFFFu)) | L::splat_bits(0x3FF0000000000000u));
    };
    const auto square = [&](int64_t j) {
      const Real r = static_cast<double>(problem.y[j]) - at.mu_hat;
      return r * r;
    };
    int64_t j = begin;
    for (; j + 4 <= end; j += 4) {
      const FourSchools<L> four =
          j / 4 < cache.kGroups ? cache.four[j / 4] : four_schools<L>(problem, j, at.tau2);
      product = product * four.product;
      renormalise();
      s[1] = s[1] + (L::fma(four.w[0], square(j), four.w[1] * square(j + 1)) +
                     L::fma(four.w[2], square(j + 2), four.w[3] * square(j + 3)));
    }
    for (; j < end; ++j) {
      const double sigma = problem.sigma[j];
      const Real v = sigma * sigma + at.tau2;
      product = product * v;
      s[1] = s[1] + square(j) / v;
    }
    renormalise();
    s[0] = s[0] + (one_tile ? exponents : L::fma(exponents, L::splat(kLog2), log<L>(product)));
  });

  Real twice;
  if (one_tile) {
    const Real log_2s = totals[0].high * kLog2;
    twice = -(log_2s + log<L>(product * cache.precision)) - (totals[1].high + 2.0 * reference);
    if (has_school_sums(problem.tau_prior)) at.sum_log_v = log_2s + log<L>(product);
  } else {
    at.sum_log_v = totals[0].value();
    totals[0].add(totals[1]);
    totals[0].add(L::splat(2.0 * reference));
    twice = log<L>(at.v_mu) - totals[0].value();
  }
  if (problem.mu.form == MuForm::kNormal) {
    const Real r = (problem.mu.a - at.mu_hat) / problem.mu.b;
    twice = twice - 2.0 * problem.mu.log_width - r * r;
  }
  Real log_p = 0.5 * twice;
  if (problem.mu.form == MuForm::kUniform)
    log_p = log_p + log_mu_mass<L>(problem, at) - problem.mu.log_width;
  return log_p;
}

// The same at x = log tau, any x.
template <class L, class T>
TAUGRID_INLINE typename L::Real log_likelihood(const ProblemOf<T>& problem, typename L::Real x,
                                               GivenTau<L>& at, double reference = 0.0) {
  const auto tau = exp<L>(near_x<L>(x));
  const auto log_p = log_likelihood_at_tau2<L>(problem, tau * tau, at, reference);
  at.tau = tau;
  const double tail = static_cast<double>(problem.mu.form == MuForm::kFlat ? problem.n_schools - 1
                                                                           : problem.n_schools);
  return log_p - tail * L::select(x > kFarX, x - kFarX, L::splat(0.0));
}

// log of the prior's density per unit of x = log tau, inside the support; `at` as log_likelihood
// left it.
template <class L, class T>
TAUGRID_INLINE typename L::Real log_prior_at(const ProblemOf<T>& problem, typename L::Real x,
                                             const GivenTau<L>& at) {
  using Real = typename L::Real;
  const PriorRecord& prior = problem.tau_prior;
  SchoolSums<L> sums{at.tau,
                     at.tau2,
                     L::splat(0.0),
                     L::splat(0.0),
                     at.sum_log_v,
                     L::select(x > kFarX, x - kFarX, L::splat(0.0)),
                     static_cast<double>(problem.n_schools)};
  if (!has_school_sums(prior)) return log_prior<L>(prior, x, sums);
  SchoolTotal<L> weights[2];
  SchoolSum<L>::over(problem.n_schools, weights, [&](int64_t begin, int64_t end, Real(&s)[2]) {
    for (int64_t j = begin; j < end; ++j) {
      const double sigma = problem.sigma[j];
      const Real w = 1.0 / (sigma * sigma + at.tau2);
      s[0] = s[0] + w;
      s[1] = L::fma(w, w, s[1]);
    }
  });
  sums.sum_w = weights[0].value();
  sums.sum_w2 = weights[1].value();
  return log_prior<L>(prior, x, sums);
}

// log p(x | y) up to a constant, the density per unit of x = log tau.
template <class L>
TAUGRID_INLINE typename L::Real log_posterior(const Problem& problem, typename L::Real x,
                                              GivenTau<L>& at, double reference = 0.0) {
  const auto log_p = log_likelihood<L>(problem, x, at, reference);
  return log_p + log_prior_at<L>(problem, x, at);
}

// theta_j | tau, y with mu integrated out (flat or normal prior of mu): mean and variance.
template <class L>
TAUGRID_INLINE void theta_given_tau(const Problem& problem, int64_t j, const GivenTau<L>& at,
                                    typename L::Real& mean, typename L::Real& variance) {
  const double s2 = problem.sigma[j] * problem.sigma[j];
  const auto w = 1.0 / (s2 + at.tau2);
  const auto shrink = s2 * w;       // 1 - B_j
  const auto pulled = at.tau2 * w;  // B_j
  const auto gap = problem.y[j] - at.mu_hat;
  // From the nearer of the two: y_j may be many sd of theta_j away.
  mean = L::select(pulled < 0.5, L::fma(pulled, gap, at.mu_hat),
                   L::fma(-shrink, gap, L::splat(problem.y[j])));
  variance = L::fma(shrink * shrink, at.v_mu, s2 * pulled);
}

}  // namespace taugrid
