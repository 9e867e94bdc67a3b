// Fewer nodes of tau for the mixtures whose quantiles, modes and intervals are sought. The panels'
// nodes are many, because they serve the law of tau itself; averages of smooth functions of tau
// converge geometrically under the trapezoid rule in u, where
//   x = log tau = s + u - e^-u,
// which makes the left tail of p(x | y), mostly e^x, fall doubly exponentially: 80 nodes do on the
// eight schools, of 320.
//
// The rule is taken where it is shown to hold: its mass is that of the panels to 1e-12, or to the
// rounding of log p where that is more, and with half its nodes to 1e-7. Its step is bounded,
// because the averaged functions are singular nearer to the real line than p(x | y) is: Phi(d /
// sqrt(sigma^2 + tau^2)) is unbounded in part of the strip from |Im x| = pi/4 on. Over the priors
// and data sets of tests/mixture_nodes_test.cpp the CDFs of mu, theta_j and theta_new then differ
// by less than 1e-11 from those over the panels' nodes.
#pragma once

#include "kernels/math/fit_types.h"
#include "kernels/math/posterior.h"

namespace taugrid {

inline constexpr double kMixtureStep = 0.18;
// Of a posterior narrower than these at that step, the rule with half of them seldom holds.
inline constexpr int kFewestMixtureNodes = 64;

// What mixtures are taken over: a multiple of 16 nodes, in any order. Twice the sum over the first
// n_coarse of them, if there are any, is nearly that over all.
struct MixtureNodes {
  const double* weight;
  const double* tau2;
  const double* mu_hat;
  const double* v_mu;
  int n;
  int n_coarse;
};

// The panels' nodes, all of them.
TAUGRID_INLINE MixtureNodes panel_nodes(const FitWorkspace& w) {
  return {w.tau.weight, w.tau2, w.mu_hat, w.v_mu, w.n_nodes, 0};
}

// Those of them that a quantile notices.
TAUGRID_INLINE MixtureNodes noticed_panel_nodes(const FitWorkspace& w) {
  return {w.tau.weight + w.first_node, w.tau2 + w.first_node,     w.mu_hat + w.first_node,
          w.v_mu + w.first_node,       w.end_node - w.first_node, 0};
}

// u with u - e^-u = z, nearly: it is where the nodes end.
template <class S>
TAUGRID_INLINE double mixture_u(double z) {
  double u = z > 0.0 ? z : -log<S>(1.0 - z);
  for (int i = 0; i < 2; ++i) {
    const double e = exp<S>(-u);
    u = u - (u - e - z) / (1.0 + e);
  }
  return u;
}

// Where on one side all but about 1e-16 of the mass is passed, in the panel that holds that place.
// Two steps of Newton's method on the logarithm of the mass beyond, which is mostly concave: then
// none of them falls short of it.
template <class S>
TAUGRID_OUTLINE double mixture_end(const Panels& tau, int panel, bool right) {
  constexpr double kBeyond = 1e-16;
  const double outer = right ? tau.upper[panel] : tau.lower[panel];
  double x = right ? tau.lower[panel] : tau.upper[panel];
  for (int i = 0; i < 2; ++i) {
    const PanelPoint<S> at = panel_cdf<S>(tau, x, right);
    const double step = log<S>(at.mass / kBeyond) * at.mass / at.density;
    x = right ? x + step : x - step;
    if (!(right ? x < outer : x > outer)) return outer;
  }
  return x;
}

// Evaluates the rule at n nodes, a multiple of 16, from u_left on in steps of h, and says whether
// it holds.
template <class Team>
TAUGRID_OUTLINE bool trapezoid_holds(Team& team, const Problem& problem, double start,
                                     double u_left, double h, int n, FitWorkspace& w) {
  using L = typename Team::Lanes;
  // Every other node comes first.
  const int n_coarse = n / 2;
  team.for_points(n, [&](int i) {
    const int place = i < n_coarse ? 2 * i : 2 * (i - n_coarse) + 1;
    const auto u = L::fma(place + 2.0 * L::ramp(0.0), L::splat(h), L::splat(u_left));
    const auto e = exp<L>(-u);
    const auto x = start + (u - e);
    GivenTau<L> at;
    const auto log_p = log_posterior<L>(problem, x, at, w.reference);
    L::store(w.mixture_weight + i, h * (1.0 + e) * exp<L>(log_p - w.tau.log_mass));
    L::store(w.mixture_tau2 + i, at.tau2);
    L::store(w.mixture_mu_hat + i, at.mu_hat);
    L::store(w.mixture_v_mu + i, at.v_mu);
  });
  double mass[1], half[1];
  team.template sum<1>(
      n, mass, [&](int i, typename L::Real(&s)[1]) { s[0] = L::load(w.mixture_weight + i); });
  team.template sum<1>(n_coarse, half, [&](int i, typename L::Real(&s)[1]) {
    s[0] = 2.0 * L::load(w.mixture_weight + i);
  });
  // Of many schools log p(tau | y) has so much rounding that two sums over it differ; mixtures
  // hardly notice, because what they average varies little over so narrow a law.
  const double tolerance = max_of(1e-12, min_of(0.5 * w.noise, 1e-9));
  const bool holds = abs_of(mass[0] - 1.0) < tolerance && abs_of(half[0] - 1.0) < 1e-7;
  if (!holds) return false;
  const double scale = 1.0 / mass[0];
  team.for_points(
      n, [&](int i) { L::store(w.mixture_weight + i, L::load(w.mixture_weight + i) * scale); });
  return true;
}

// The fewest nodes that will do, from the posterior of tau in the workspace.
template <class Team>
TAUGRID_OUTLINE MixtureNodes make_mixture_nodes(Team& team, const Problem& problem,
                                                FitWorkspace& w) {
  using L = typename Team::Lanes;
  using S = Scalar<double, L>;
  const PriorRecord& prior = problem.tau_prior;
  const double infinity = real_of(0x7FF0000000000000u);
  const MixtureNodes all = noticed_panel_nodes(w);
  // Kinks, jumps, atoms and ends of the support are no matter for the trapezoid rule.
  if (prior.form == PriorForm::kPoint || prior.numbers != nullptr || prior.lower_x > -infinity ||
      prior.upper_x < infinity)
    return all;
  // Where tau no longer matters beside the sd that mu has at tau = 0: the map widens the steps from
  // there on.
  const double start = min_of(w.scan_mode, w.log_sd_pooled) - 1.0;
  const Panels& tau = w.tau;
  int first = 0, last = tau.n - 1;
  while (first < last && tau.below[first] < 1e-16) ++first;
  while (last > first && tau.above[last] < 1e-16) --last;
  const double left = mixture_end<S>(tau, first, false), right = mixture_end<S>(tau, last, true);
  const double u_left = mixture_u<S>(left - start), u_right = mixture_u<S>(right - start);
  const double range = u_right - u_left;
  if (!(range < kMixtureStep * (kMaxMixtureNodes - 1))) return all;
  int n = kFewestMixtureNodes;
  while ((n - 1) * kMixtureStep < range) n += 16;
  // Where the rule does not hold yet it may with more nodes: its error falls geometrically.
  for (int attempt = 0; attempt < 3 && n <= kMaxMixtureNodes && 3 * n <= 2 * all.n; ++attempt) {
    if (trapezoid_holds(team, problem, start, u_left, range / (n - 1), n, w))
      return {w.mixture_weight, w.mixture_tau2, w.mixture_mu_hat, w.mixture_v_mu, n, n / 2};
    n += 16;
  }
  return all;
}

}  // namespace taugrid
