// The posterior of x = log tau as panels, and the quantities given tau at their nodes.
//
// 1. Scan log p(x|y) until all that is integrated is inside (tau_scan.h).
// 2. Cut into panels (tau_cuts.h), and halve those that do not resolve it (legendre_panels.h).
// 3. Evaluate mu | tau, y at every node.
#pragma once

#include "kernels/math/atoms.h"
#include "kernels/math/tau_cuts.h"

namespace taugrid {

// log p(x | y) at nodes i, i + 1, .. of the panels, up to a constant.
template <class L>
TAUGRID_INLINE typename L::Real log_posterior_at_node(const FitWorkspace& w, int i) {
  const int p = i / kPanelNodes;
  const auto width = L::load(w.rule.weight + i % kPanelNodes) * (w.tau.upper[p] - w.tau.lower[p]);
  return log<L>(L::load(w.tau.weight + i) / width);
}

// exp(x) for an x in the support, which it may otherwise leave by an ulp.
template <class S>
TAUGRID_INLINE double within_support(const PriorRecord& prior, double x) {
  return min_of(max_of(exp<S>(x), prior.lower_tau), prior.upper_tau);
}

// The value of tau at which a density per unit of tau is largest, given its logarithm at lanes of
// x and, up to a constant, at lanes of nodes; the lower end of the support (mostly 0) where the
// density does not fall towards it.
template <class Team, class F, class AtNode>
TAUGRID_OUTLINE double tau_mode(Team& team, const F& log_density, const AtNode& log_density_at_node,
                                const PriorRecord& prior, FitWorkspace& w) {
  using L = typename Team::Lanes;
  team.for_points(w.n_nodes, [&](int i) { L::store(w.scratch.value + i, log_density_at_node(i)); });
  const double left = w.tau.lower[0], right = w.tau.upper[w.tau.n - 1];
  int best = 0;
  for (int i = 1; i < w.n_nodes; ++i)
    if (w.scratch.value[i] > w.scratch.value[best]) best = i;
  // Towards tau = 0 the density is flat but for rounding, or unbounded.
  if (!(w.scratch.value[best] > w.scratch.value[0] + max_of(1e-12, 2.0 * w.noise)))
    return prior.lower_tau;
  const double a = best > 0 ? w.tau.x[best - 1] : left;
  const double b = best + 1 < w.n_nodes ? w.tau.x[best + 1] : right;
  const Maximum mode =
      find_maximum(team, w.rule, log_density, a, b, 0.25 * w.noise, w.node_value, w.coefficient);
  return within_support<Scalar<double, L>>(prior, mode.x);
}

// mu | tau, y at the nodes, of which the first n_known have had it from their panels.
template <class Team>
TAUGRID_OUTLINE void conditionals_at_nodes(Team& team, const Problem& problem, int n_known,
                                           FitWorkspace& w) {
  using L = typename Team::Lanes;
  team.for_points(w.n_nodes - n_known, [&](int i) {
    const GivenTau<L> at = given_tau<L>(problem, L::load(w.tau2 + n_known + i));
    L::store(w.mu_hat + n_known + i, at.mu_hat);
    L::store(w.v_mu + n_known + i, at.v_mu);
  });
  team.for_points(w.n_nodes, [&](int i) {
    const GivenTau<L> at{L::load(w.tau2 + i), L::load(w.mu_hat + i), L::load(w.v_mu + i)};
    auto mean = at.mu_hat;
    if (problem.mu.form == MuForm::kUniform) {
      L::store(w.log_mu_mass + i, log_mu_mass<L>(problem, at));
      mean = truncated_mean<L>(problem.mu.a, problem.mu.b, at.mu_hat, 1.0 / L::sqrt(at.v_mu));
    }
    L::store(w.mu_mean + i, mean);
  });
}

// How far rounding moves log_density about x, at most: some 20 times the typical size, from what a
// line through 16 values next to one another leaves. (No formula has it: terms of the prior and of
// the likelihood may cancel, or one school be nearly all of a sum over a million.)
template <class Team, class F>
TAUGRID_OUTLINE double rounding_about(Team& team, const F& log_density, double x, double upper_x,
                                      FitWorkspace& w) {
  using L = typename Team::Lanes;
  constexpr int kPoints = 16;
  // Many spacings of doubles, few of anything else; x itself may be where the density jumps.
  const double size = 0x1p-44 * max_of(1.0, abs_of(x));
  const double step = x + (kPoints + 1) * size < upper_x ? size : -size;
  team.for_points(kPoints, [&](int i) {
    L::store(w.lane_a + i, log_density(L::fma(L::ramp(i + 1.0), L::splat(step), L::splat(x))));
  });
  constexpr double kMiddle = 0.5 * (kPoints - 1);
  double mean = 0.0, slope = 0.0, largest = 0.0;
  for (int i = 0; i < kPoints; ++i) mean = mean + (w.lane_a[i] - w.lane_a[0]) * (1.0 / kPoints);
  for (int i = 0; i < kPoints; ++i)
    slope = slope + (i - kMiddle) * (w.lane_a[i] - w.lane_a[0]) * (1.0 / 340.0);  // sum of squares
  for (int i = 0; i < kPoints; ++i)
    largest = max_of(largest, abs_of((w.lane_a[i] - w.lane_a[0]) - mean - slope * (i - kMiddle)));
  return max_of(8.0 * largest, 0x1p-51 * max_of(1.0, abs_of(w.lane_a[0])));
}

// Fills the workspace's posterior of tau, whatever its prior (but tau = infinity, which is no
// node).
template <class Team>
TAUGRID_OUTLINE double integrate_tau(Team& team, const Problem& problem, int moments,
                                     FitWorkspace& w) {
  using L = typename Team::Lanes;
  make_panel_rule(team, w.rule);
  team.once([&] {
    w.unresolved = false;
    w.tau.unresolved = false;
    w.n_atoms = 0;
    w.smooth_mass = 1.0;
    w.reference = w.noise = 0.0;
  });
  if (problem.tau_prior.form == PriorForm::kPoint) {
    const double tau = problem.tau_prior.value;
    team.once([&] {
      w.n_nodes = kPanelNodes;
      w.first_node = w.middle_node = 0;
      w.end_node = kPanelNodes;
      w.tau.n = 0;
      for (int i = 0; i < kPanelNodes; ++i) {
        w.tau.weight[i] = i == 0 ? 1.0 : 0.0;
        w.tau_value[i] = tau;
        w.tau2[i] = tau * tau;
      }
    });
    conditionals_at_nodes(team, problem, 0, w);
    GivenTau<Scalar<double, L>> at;
    return log_likelihood_at_tau2<Scalar<double, L>>(problem, tau * tau, at);
  }

  const PriorRecord& prior = problem.tau_prior;
  if (prior.form == PriorForm::kMixture && prior.n_rows == 0) {  // atoms alone
    team.once([&] { w.n_nodes = w.tau.n = w.middle_node = 0; });
    const double log_evidence = add_atoms(team, problem, kLogNothing, w);
    conditionals_at_nodes(team, problem, 0, w);
    return log_evidence;
  }
  const auto log_density = [&](typename L::Real x) {
    GivenTau<L> at;
    return log_posterior<L>(problem, x, at, w.reference);
  };
  scan_tau(team, problem, moments, log_density, w);
  if (problem.n_schools > kSchoolTile) {
    GivenTau<Scalar<double, L>> at;
    const double log_p = log_likelihood<Scalar<double, L>>(problem, w.scan_mode, at);
    team.once([&] {
      w.reference = log_p;
      w.peak = w.peak - log_p;
      w.moment_peak = w.moment_peak - log_p;
      for (int i = w.scan_begin; i < w.scan_end; ++i)
        w.scan_log_density[i] = w.scan_log_density[i] - log_p;
    });
  }
  // Rounding shows in the density as noise that no halving resolves.
  const double noise = rounding_about(team, log_density, w.scan_mode, prior.upper_x, w);
  team.once([&] { w.noise = noise; });
  PanelTolerance tolerance;
  tolerance.absolute = max_of(1e-10, noise);
  tolerance.least_width = 1.0;
  tolerance.shape = max_of(1e-7, 16.0 * noise);
  tolerance.negligible = 1e-19;  // the table inverts down to 2^-53
  tolerance.moment = static_cast<double>(moments);
  tolerance.plain_below = prior.lower_x;
  if (problem.mu.form != MuForm::kUniform) {
    using S = Scalar<double, L>;
    const double log_sd_pooled = 0.5 * log<S>(given_tau<S>(problem, 0.0).v_mu);
    team.once([&] { w.log_sd_pooled = log_sd_pooled; });
    // Where tau^2 is e^-6 of the smallest variance that a mixture's component has.
    tolerance.plain_below = log_sd_pooled - 3.0;
  }
  if (prior.numbers != nullptr) tolerance.most = kMaxPanels - 1;  // one for atoms
  cut_panels(team, problem, tolerance, log_density, w);
  tolerance.moment_peak = w.moment_peak;
  const AtKink split{prior.numbers + prior.kinks.first, prior.kinks.n};
  const auto log_density_at = [&](typename L::Real x, int i) {
    GivenTau<L> given;
    const auto log_p_x = log_posterior<L>(problem, x, given, w.reference);
    L::store(w.tried_tau + i, given.tau);
    L::store(w.tried_mu_hat + i, given.mu_hat);
    L::store(w.tried_v_mu + i, given.v_mu);
    return log_p_x;
  };
  build_panels(team, w.rule, log_density_at, w.peak, w.cuts, w.n_cuts, tolerance, w.scratch, w.tau,
               split);
  if (w.tau.n > tolerance.most - 2) {
    // A tail over thousands of e-folds: there is no room for panels of width 2, nor need.
    tolerance.plain_below = real_of(0x7FF0000000000000u);
    build_panels(team, w.rule, log_density_at, w.peak, w.cuts, w.n_cuts, tolerance, w.scratch,
                 w.tau, split);
  }
  const int n_nodes = w.tau.n * kPanelNodes;
  team.for_points(n_nodes, [&](int i) {
    const int at_tried = w.scratch.order[i / kPanelNodes] * kPanelNodes + i % kPanelNodes;
    auto tau = L::load(w.tried_tau + at_tried);
    L::store(w.tau2 + i, tau * tau);
    L::store(w.mu_hat + i, L::load(w.tried_mu_hat + at_tried));
    L::store(w.v_mu + i, L::load(w.tried_v_mu + at_tried));
    const auto x = L::load(w.tau.x + i);
    const auto far = L::either(x > kFarX, x < -kFarX);
    if (L::any(far)) tau = L::select(far, exp<L>(x), tau);
    L::store(w.tau_value + i, tau);
  });
  team.once([&] {
    w.n_nodes = n_nodes;
    w.unresolved = w.tau.unresolved;
    int first = 0, last = w.tau.n - 1;
    while (first < last && w.tau.below[first] < 1e-17) ++first;
    while (last > first && w.tau.above[last] < 1e-17) --last;
    w.first_node = first * kPanelNodes;
    w.end_node = (last + 1) * kPanelNodes;
    int middle = 0;
    while (middle + 1 < w.tau.n && w.tau.below[middle] < 0.5) ++middle;
    w.middle_node = middle * kPanelNodes + kPanelNodes / 2;
  });
  double log_evidence = w.tau.log_mass;
  if (prior.atoms.n > 0) log_evidence = add_atoms(team, problem, log_evidence, w);
  conditionals_at_nodes(team, problem, n_nodes, w);
  return log_evidence + w.reference;
}

}  // namespace taugrid
