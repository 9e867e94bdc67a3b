// One exact draw (tau, mu, theta_1..J, theta_new | y), a pure function of (seed, problem, index):
//   tau        = exp(inverse_cdf(u))                      u: block 0
//   mu         = mu_hat(tau) + sqrt(v_mu(tau)) z_0        or the truncated quantile of block 0's second u
//   theta_j    = mu + B_j (y_j - mu) + sigma_j sqrt(B_j) z_(2+j)
//   theta_new  = mu + tau z_1
// A lane is a draw. theta_j is formed from whichever of mu and y_j it lies nearer to: exact at both
// ends, tau = 0 (theta_j = mu) and tau = infinity (theta_j = y_j + sigma_j z).
#pragma once

#include "kernels/math/inverse_cdf.h"
#include "kernels/math/normal.h"
#include "kernels/math/posterior.h"

namespace taugrid {

// What a draw needs: the problem in internal units, and the way back from them.
struct DrawModel {
  Problem problem;
  const double* table;  // (kTableSize), unless tau is fixed
  double centre;        // units of y: y = centre + unit * internal
  double unit;          // a power of two
  double log_unit;
};

// Columns of n draws, `stride` apart, in this order; lp last and optional.
//   tau, mu, theta_1 .. theta_J, theta_new, lp
TAUGRID_INLINE int64_t column_tau() { return 0; }
TAUGRID_INLINE int64_t column_mu() { return 1; }
TAUGRID_INLINE int64_t column_theta(int64_t j) { return 2 + j; }
TAUGRID_INLINE int64_t column_theta_new(int64_t n_schools) { return 2 + n_schools; }
TAUGRID_INLINE int64_t column_lp(int64_t n_schools) { return 3 + n_schools; }

// The largest tau that enters the arithmetic; its square times four sigmas' does not overflow.
inline constexpr double kFarTau = 0x1p126;

// Draws index .. index + N - 1 (index a multiple of N) into columns + 0 .. N - 1. With kLp also
//   lp = sum log of the density's terms as Stan's ~ statements count them (constants and data-only
//        terms dropped, plus the log Jacobian log tau of the bound tau > 0; nothing of theta_new).
template <class L, bool kLp>
TAUGRID_TEMPLATE inline void draw(const DrawModel& model, const StreamPosition& at, uint64_t index,
                                  double* columns, int64_t stride) {
  using Real = typename L::Real;
  const Problem& problem = model.problem;
  const int64_t n_schools = problem.n_schools;
  const bool fixed = problem.tau_prior.form == PriorForm::kPoint;
  const bool no_pooling = fixed && problem.tau_prior.value > kFarTau;
  const bool complete_pooling = fixed && problem.tau_prior.value == 0.0;

  const Block<L> block0 = draw_block<L>(at, index, 0);
  const NormalPair<L> z01 = normal_pair<L>(at, index, 0);

  Real x = L::splat(0.0);
  Real tau = L::splat(problem.tau_prior.value);
  if (!fixed) {
    x = inverse_cdf<L>(model.table, uniform_53<L>(block0.w[0], block0.w[1]));
    tau = exp<L>(x);
  }
  L::store(columns + column_tau() * stride, model.unit * tau);
  tau = L::select(tau > kFarTau, L::splat(kFarTau), tau);

  const GivenTau<L> given = given_tau<L>(problem, tau * tau);
  Real mu;
  if (problem.mu.form == MuForm::kUniform) {
    const Real u = uniform_53<L>(block0.w[2], block0.w[3]);
    mu = no_pooling ? L::fma(u, L::splat(problem.mu.b - problem.mu.a), L::splat(problem.mu.a))
                    : truncated_normal_quantile<L>(problem.mu.a, problem.mu.b, given.mu_hat,
                                                   L::sqrt(given.v_mu), u);
  } else if (no_pooling && problem.mu.form == MuForm::kNormal) {
    mu = L::fma(L::splat(problem.mu.b), z01.z0, L::splat(problem.mu.a));
  } else {
    mu = L::fma(L::sqrt(given.v_mu), z01.z0, given.mu_hat);
  }
  const bool mu_exists = !(no_pooling && problem.mu.form == MuForm::kFlat);
  const Real nan = L::real(L::splat_bits(0x7FF8000000000000u));
  const Real centre = L::splat(model.centre);
  const Real unit = L::splat(model.unit);
  L::store(columns + column_mu() * stride, mu_exists ? L::fma(unit, mu, centre) : nan);
  L::store(columns + column_theta_new(n_schools) * stride,
           no_pooling ? nan : L::fma(unit, L::fma(tau, z01.z1, mu), centre));

  Real squares = L::splat(0.0);  // sum ((theta_j - mu)/tau)^2 + ((y_j - theta_j)/sigma_j)^2
  const auto school = [&](int64_t j, Real z) {
    const double sigma = problem.sigma[j];
    const double s2 = sigma * sigma;
    const Real tau2 = tau * tau;
    const Real w = 1.0 / (s2 + tau2);
    const Real root_w = L::sqrt(w);
    const Real gap = problem.y[j] - mu;
    const Real noise = sigma * (tau * root_w) * z;
    const Real pulled = tau2 * w;   // B_j
    const Real shrunk = s2 * w;     // 1 - B_j
    Real theta = L::select(pulled < 0.5, L::fma(pulled, gap, mu), L::fma(-shrunk, gap, L::splat(problem.y[j])));
    theta = theta + noise;
    if (no_pooling) theta = L::fma(L::splat(sigma), z, L::splat(problem.y[j]));
    L::store(columns + column_theta(j) * stride, L::fma(unit, theta, centre));
    if constexpr (kLp) {
      // (theta - mu)/tau = sqrt(w) (tau sqrt(w) gap + sigma z), with no difference of near equals.
      // At tau = 0 and infinity theta given mu is no term of the model.
      const Real from_mu = no_pooling || complete_pooling
                               ? L::splat(0.0)
                               : root_w * L::fma(tau * root_w, gap, sigma * z);
      const Real from_y = no_pooling ? z : root_w * L::fma(sigma * root_w, gap, -(tau * z));
      squares = squares + (L::fma(from_mu, from_mu, from_y * from_y));
    }
  };
  int64_t j = 0;
  // Four blocks at a time: their Philox chains are independent and hide each other's latency.
  for (; j + 8 <= n_schools; j += 8) {
    NormalPair<L> z[4];
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) z[k] = normal_pair<L>(at, index, 2 + j + 2 * k);
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      school(j + 2 * k, z[k].z0);
      school(j + 2 * k + 1, z[k].z1);
    }
  }
  for (; j < n_schools; j += 2) {
    const NormalPair<L> z = normal_pair<L>(at, index, 2 + j);
    school(j, z.z0);
    if (j + 1 < n_schools) school(j + 1, z.z1);
  }

  if constexpr (kLp) {
    Real lp = -0.5 * squares;
    if (!fixed) {
      const Real log_tau = x + model.log_unit;
      GivenTau<L> at_tau = given;
      if (problem.tau_prior.form == PriorForm::kSchoolSums) log_likelihood<L>(problem, x, at_tau);  // sum log v_j
// The prior per unit of x holds the Jacobian log tau already.
      lp = lp - static_cast<double>(n_schools) * log_tau + log_prior_at<L>(problem, x, at_tau) -
           problem.tau_prior.log_constant + (problem.tau_prior.slope + 1.0) * model.log_unit;
    }
    if (problem.mu.form == MuForm::kNormal) {
      const Real r = (mu - problem.mu.a) / problem.mu.b;
      lp = lp - 0.5 * (r * r);
    }
    L::store(columns + column_lp(n_schools) * stride, lp);
  }
}

}  // namespace taugrid
