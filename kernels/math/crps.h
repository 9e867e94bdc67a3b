// The continuous ranked probability score of the posterior predictive law of a new effect,
//   CRPS(F, x) = integral of (F(t) - 1{t >= x})^2 dt = E|X - x| - E|X - X'| / 2
// (Gneiting & Raftery 2007, J. Am. Stat. Assoc. 102). F is a mixture of normals over tau:
//   E|X - x|      = sum_i w_i (d_i (2 Phi(d_i / s_i) - 1) + 2 s_i phi(d_i / s_i)),  d_i = x - m_i
//   E|X - X'| / 2 = integral of F (1 - F)
// and the integral by the trapezoid rule in u, t = centre + spread sinh(u), which converges
// geometrically: F (1 - F) is smooth, and falls doubly exponentially in u under normal tails,
// exponentially under power tails. tests/crps_test.cpp holds it to 1e-7 of the spread.
#pragma once

#include "kernels/math/fit.h"

namespace taugrid {

inline constexpr double kCrpsStep = 0.16;
inline constexpr int kCrpsMost = 400;  // points on a side
inline constexpr double kCrpsDrop = 1e-10;

// In internal units, in a workspace that fit has left. NaN under a uniform prior of mu, for which
// theta_new is no mixture of normals, and without pooling.
template <class Team>
TAUGRID_TEMPLATE inline double predictive_crps(Team& team, const Problem& problem, double x,
                                               FitWorkspace& w) {
  using L = typename Team::Lanes;
  using S = Scalar<double, L>;
  const PriorRecord& prior = problem.tau_prior;
  if (problem.mu.form == MuForm::kUniform ||
      (prior.form == PriorForm::kPoint && prior.value > 0x1p1000))
    return quiet_nan();
  const MixtureNodes nodes = make_mixture_nodes(team, problem, w);
  prepare_mixture(team, problem, MixtureOf::kThetaNew, 0, nodes, w);
  const Mixture<Team> law{team, nodes.weight, w.mean, w.inverse_sd, nodes.n};
  double sums[3];
  team.template sum<3>(nodes.n, sums, [&](int i, typename L::Real(&s)[3]) {
    const auto weight = L::load(law.weight + i), inverse_sd = L::load(law.inverse_sd + i);
    const auto d = x - L::load(law.mean + i);
    const NormalTails<L> tails = normal_tails<L>(d * inverse_sd);
    s[0] = weight * L::fma(d, tails.lower - tails.upper, 2.0 * tails.pdf / inverse_sd);
    s[1] = weight * L::load(law.mean + i);
    s[2] = weight * inverse_sd;
  });
  const double centre = sums[1], spread = 1.0 / sums[2];
  const auto term = [&](double u) {
    const auto at = law.at(S::fma(spread, sinh_of<S>(u), centre));
    return at.lower * at.upper * 0.5 * (exp<S>(u) + exp<S>(-u));
  };
  double sum = term(0.0);
  for (int side = -1; side <= 1; side += 2)
    for (int i = 1; i <= kCrpsMost; ++i) {
      const double part = term(side * i * kCrpsStep);
      sum = sum + part;
      if (part < kCrpsDrop * sum) break;
    }
  return sums[0] - kCrpsStep * spread * sum;
}

}  // namespace taugrid
