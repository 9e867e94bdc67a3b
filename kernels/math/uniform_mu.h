// The laws of mu, theta_j and theta_new when mu ~ U(a, b). Given tau, mu is a truncated normal and
//   p(theta_j = x | tau, y) = N(x; E, S^2) P(a < mu < b | theta_j = x, tau, y) / P(a < mu < b |
//   tau, y),
// with E, S those of the untruncated model: closed form. Averaged over the nodes of tau they are
// densities that panels integrate. The panels' variable is t, x = centre + scale sinh(t): algebraic
// tails become exponential ones.
#pragma once

#include "kernels/math/panel_law.h"
#include "kernels/math/posterior.h"
#include "kernels/math/truncated_normal.h"

namespace taugrid {

enum class UniformMuLaw { kMu, kTheta, kThetaNew };

// Writes to the workspace, per node, what the density below needs: mean, inverse_sd of the
// untruncated normal, and log_weight = log(weight inverse_sd / (sqrt(2 pi) mass)).
template <class Team>
TAUGRID_OUTLINE void prepare_uniform_mu_law(Team& team, const Problem& problem, UniformMuLaw law,
                                            int64_t j, FitWorkspace& w) {
  using L = typename Team::Lanes;
  team.for_points(w.n_nodes, [&](int i) {
    const auto tau2 = L::load(w.tau2 + i);
    const GivenTau<L> at{tau2, L::load(w.mu_hat + i), L::load(w.v_mu + i)};
    auto mean = at.mu_hat, variance = at.v_mu;
    if (law == UniformMuLaw::kTheta) theta_given_tau<L>(problem, j, at, mean, variance);
    if (law == UniformMuLaw::kThetaNew) variance = variance + tau2;
    const auto inverse_sd = 1.0 / L::sqrt(variance);
    L::store(w.mean + i, mean);
    L::store(w.inverse_sd + i, inverse_sd);
    L::store(w.log_weight + i, log<L>(L::load(w.tau.weight + i)) + log<L>(inverse_sd) -
                                   kLogRoot2Pi - L::load(w.log_mu_mass + i));
  });
}

// log of the density at lanes of x.
template <class L>
TAUGRID_OUTLINE typename L::Real uniform_mu_log_density(const Problem& problem, UniformMuLaw law,
                                                        int64_t j, const FitWorkspace& w,
                                                        typename L::Real x) {
  using Real = typename L::Real;
  Real sum = L::splat(0.0);
  // A node counts by its part in second moments: where tau is large, by more than its weight.
  const double per_variance = 1.0 / w.v_mu[0];
  for (int i = 0; i < w.n_nodes; ++i) {
    if (!(w.tau.weight[i] * (1.0 + per_variance * w.tau2[i]) > 1e-15)) continue;
    const Real z = (x - w.mean[i]) * w.inverse_sd[i];
    Real log_f = w.log_weight[i] - 0.5 * (z * z);
    if (law != UniformMuLaw::kMu && w.tau2[i] == 0.0) {  // an atom at tau = 0, where theta = mu
      const auto inside = L::both(x >= problem.mu.a, x <= problem.mu.b);
      sum = sum + L::select(inside, exp<L>(log_f), L::splat(0.0));
      continue;
    }
    if (law != UniformMuLaw::kMu) {
      // mu | theta, tau, y: the other schools and the one observation theta with variance tau^2.
      const double precision_all = 1.0 / w.v_mu[i];
      double precision = precision_all, weighted = precision_all * w.mu_hat[i];
      if (law == UniformMuLaw::kTheta) {
        const double own = 1.0 / (problem.sigma[j] * problem.sigma[j] + w.tau2[i]);
        precision = max_of(precision - own, 0.0);
        weighted = weighted - own * problem.y[j];
      }
      const double of_theta = 1.0 / w.tau2[i];
      const double total = precision + of_theta;
      const Real mean = (weighted + of_theta * x) / total;
      log_f =
          log_f + log_truncated_mass<L>(problem.mu.a, problem.mu.b, mean, L::sqrt(L::splat(total)));
    }
    sum = sum + exp<L>(log_f);
  }
  return log<L>(sum);
}

template <class L>
TAUGRID_INLINE typename L::Real sinh_of(typename L::Real t) {
  const auto negative = t < 0.0;
  const auto e = expm1<L>(L::select(negative, -t, t));
  const auto s = 0.5 * (e + e / (1.0 + e));
  return L::select(negative, -s, s);
}

// log cosh(t)
template <class L>
TAUGRID_INLINE typename L::Real log_cosh(typename L::Real t) {
  const auto m = L::select(t < 0.0, -t, t);
  return m - 0.69314718055994530942 + log1p<L>(exp<L>(-2.0 * m));
}

// t with sinh(t) = s
template <class S>
TAUGRID_INLINE double asinh_of(double s) {
  const double m = abs_of(s);
  const double t = m > 1e8 ? log<S>(m) + 0.69314718055994530942
                           : log1p<S>(m + m * m / (1.0 + S::sqrt(1.0 + m * m)));
  return s < 0.0 ? -t : t;
}

// Roughly where a parameter lies: its centre and width, and a typical sd of it given mu.
struct UniformMuPlace {
  double centre, scale, layer;
};

template <class Team>
TAUGRID_OUTLINE UniformMuPlace uniform_mu_place(const Problem& problem, UniformMuLaw law, int64_t j,
                                                const FitWorkspace& w) {
  using S = Scalar<double, typename Team::Lanes>;
  // The node that holds the median of tau. (A mean over nodes would be its tail's, where that is
  // heavy, and far from the mass.)
  int middle = w.first_node;
  double mass = 0.0;
  for (int i = w.first_node; i < w.end_node && mass < 0.5; ++i) {
    middle = i;
    mass = mass + w.tau.weight[i];
  }
  const double mean_mu = w.mu_mean[middle];
  const double sd_mu = min_of(S::sqrt(w.v_mu[middle]), 0.3 * (problem.mu.b - problem.mu.a));
  const double tau2 = w.tau2[middle];
  if (law == UniformMuLaw::kMu) return {mean_mu, sd_mu, 0.0};
  if (law == UniformMuLaw::kThetaNew)
    return {mean_mu, S::sqrt(sd_mu * sd_mu + tau2), S::sqrt(tau2)};
  const double s2 = problem.sigma[j] * problem.sigma[j];
  const double shrink = s2 / (s2 + tau2);
  return {problem.y[j] + shrink * (mean_mu - problem.y[j]),
          S::sqrt(shrink * (tau2 + shrink * (sd_mu * sd_mu))), S::sqrt(tau2 * shrink)};
}

// Everything about one parameter. centre and scale say roughly where it lies; layer is a typical sd
// of it given mu.
template <class Team>
TAUGRID_OUTLINE void uniform_mu_parameter(Team& team, const Problem& problem,
                                          const FitRequest& request, UniformMuLaw law, int64_t j,
                                          double centre, double scale, double layer,
                                          FitWorkspace& w, ParameterResult& result) {
  using L = typename Team::Lanes;
  using S = Scalar<double, L>;
  prepare_uniform_mu_law(team, problem, law, j, w);
  const auto log_density = [&](typename L::Real t) {
    const auto x = L::fma(L::splat(scale), sinh_of<L>(t), L::splat(centre));
    return uniform_mu_log_density<L>(problem, law, j, w, x);
  };
  const auto log_density_t = [&](typename L::Real t) { return log_density(t) + log_cosh<L>(t); };
  // What the range is cut by: the density, or, where a second moment is taken from it, x^2 times
  // that.
  const double moment = law == UniformMuLaw::kThetaNew ? 0.0 : 2.0;
  const auto log_moment_t = [&](typename L::Real t) {
    return log_density_t(t) + moment * log_cosh<L>(t);
  };
  const auto value = [&](double t) { return S::fma(scale, sinh_of<S>(t), centre); };

  const double t_a = asinh_of<S>((problem.mu.a - centre) / scale);
  const double t_b = asinh_of<S>((problem.mu.b - centre) / scale);
  const double infinity = real_of(0x7FF0000000000000u);
  const double support_lower = law == UniformMuLaw::kMu ? problem.mu.a : -infinity;
  const double support_upper = law == UniformMuLaw::kMu ? problem.mu.b : infinity;
  double left = -4.0, right = 4.0;
  if (law == UniformMuLaw::kMu) {
    left = max_of(t_a, -64.0);
    right = min_of(t_b, 64.0);
  }
  // The largest density on a grid, and from there to where it has fallen, inwards of the grid's
  // ends or outwards.
  const int kPoints = 64;
  const auto best_on_grid = [&](double from, double to) {
    team.for_points(kPoints, [&](int i) {
      auto t = L::fma(L::ramp(static_cast<double>(i)), L::splat((to - from) / (kPoints - 1)),
                      L::splat(from));
      t = L::select(t < left, L::splat(left), t);
      t = L::select(t > right, L::splat(right), t);
      L::store(w.lane_a + i, t);
      const auto log_f = log_density_t(t);
      L::store(w.lane_b + i, log_f);
      L::store(w.lane_c + i, log_f + moment * log_cosh<L>(t));
    });
    int best = 0;
    for (int i = 1; i < kPoints; ++i)
      if (w.lane_b[i] > w.lane_b[best]) best = i;
    return best;
  };
  const double grid_left = max_of(left, -4.0), grid_right = min_of(right, 4.0);
  int best = best_on_grid(grid_left, grid_right);
  double peak = w.lane_b[best];
  const double best_t = w.lane_a[best];
  int first = 0, last = kPoints - 1;
  while (first + 1 < best && w.lane_c[first + 1] < peak - kLogDrop) ++first;
  while (last - 1 > best && w.lane_c[last - 1] < peak - kLogDrop) --last;
  const bool left_fell = w.lane_c[first] < peak - kLogDrop,
             right_fell = w.lane_c[last] < peak - kLogDrop;
  const double first_t = w.lane_a[first], last_t = w.lane_a[last];
  best = best_on_grid(best_t - 0.125, best_t + 0.125);
  peak = max_of(peak, w.lane_b[best]);
  // Outwards by a quarter at a time, 16 points at once; mu stops at its bounds.
  const auto fall_off = [&](double from, double bound) {
    for (double end = from; abs_of(end) < abs_of(bound);) {
      team.once([&] {
        double t = end;
        for (int i = 0; i < 16; ++i, t = 1.25 * t)
          w.lane_a[i] = abs_of(t) < abs_of(bound) ? t : bound;
      });
      team.for_points(16,
                      [&](int i) { L::store(w.lane_b + i, log_moment_t(L::load(w.lane_a + i))); });
      for (int i = 0; i < 16; ++i) {
        end = w.lane_a[i];
        if (w.lane_b[i] < peak - kLogDrop) return end;
      }
    }
    return bound;
  };
  const double left_bound = law == UniformMuLaw::kMu ? left : -700.0;
  const double right_bound = law == UniformMuLaw::kMu ? right : 700.0;
  left =
      left_fell ? first_t : (grid_left > left_bound ? fall_off(grid_left, left_bound) : left_bound);
  right = right_fell ? last_t
                     : (grid_right < right_bound ? fall_off(grid_right, right_bound) : right_bound);
  team.once([&] {
    // As tau goes to 0 the density has kinks at the bounds, and beside each a layer about as wide
    // as the sd of theta given mu, which the nodes of a wide panel would step over: cuts at 8-fold
    // distances.
    double cut[kMaxModes + 32];
    int n = 0;
    const auto add = [&](double t) {
      if (t > left && t < right && n < kMaxModes + 30) cut[n++] = t;
    };
    cut[n++] = left;
    cut[n++] = right;
    for (int bound = 0; bound < 2; ++bound) {
      const double t = bound == 0 ? t_a : t_b;
      add(t);
      if (law == UniformMuLaw::kMu) continue;
      double distance = 0.25 * layer / (scale * exp<S>(log_cosh<S>(t)));
      for (int k = 0; k < 5 && distance < 2.0; ++k, distance = 8.0 * distance) {
        add(t - distance);
        add(t + distance);
      }
    }
    for (double t = 0.5; t <= 4.0; t = t == 0.5 ? 2.0 : 2.0 * t) {
      add(-t);
      add(t);
    }
    for (int i = 1; i < n; ++i)
      for (int k = i; k > 0 && cut[k - 1] > cut[k]; --k) {
        const double swap = cut[k];
        cut[k] = cut[k - 1];
        cut[k - 1] = swap;
      }
    w.n_cuts = 0;
    for (int i = 0; i < n; ++i)
      if (i == 0 || cut[i] > w.cuts[w.n_cuts - 1]) w.cuts[w.n_cuts++] = cut[i];
  });
  // A CDF is all that is wanted: at the kinks narrow panels may be coarse.
  const PanelTolerance tolerance{1e-11, 0.0, 1e-3, 1e-40, 0.0, 0.0, infinity};
  build_panels(
      team, w.rule, [&](typename L::Real t, int) { return log_density_t(t); }, peak, w.cuts,
      w.n_cuts, tolerance, w.scratch, w.other);
  team.once([&] { w.unresolved = w.unresolved || w.other.unresolved; });

  // Moments about the centre, by the same nodes.
  const int n_nodes = w.other.n * kPanelNodes;
  double mean_offset[1], second[1];
  team.template sum<1>(n_nodes, mean_offset, [&](int i, typename L::Real(&s)[1]) {
    s[0] = L::load(w.other.weight + i) * (scale * sinh_of<L>(L::load(w.other.x + i)));
  });
  const double offset = mean_offset[0];
  team.template sum<1>(n_nodes, second, [&](int i, typename L::Real(&s)[1]) {
    const auto d = scale * sinh_of<L>(L::load(w.other.x + i)) - offset;
    s[0] = L::load(w.other.weight + i) * (d * d);
  });
  result.mean = centre + offset;
  result.sd = S::sqrt(second[0]);
  panel_law_quantiles(team, w.other, request, value, w, result.quantile);
  if (request.mode_and_shortest) {
    // Terms of this size cancel in the log density, and leave their rounding.
    double size = 0.0;
    for (int i = w.first_node; i < w.end_node; ++i)
      if (w.tau.weight[i] > 1e-14) size = max_of(size, abs_of(w.log_weight[i]));
    // The mode of x: the best node of the density per unit of x, refined between its neighbours.
    const auto log_panel_density = [&](typename L::Real t) {
      return log<L>(panel_cdf<L>(w.other, t, t > infinity).density) - log_cosh<L>(t);
    };
    team.for_points(n_nodes, [&](int i) {
      L::store(w.scratch.value + i, log_panel_density(L::load(w.other.x + i)));
    });
    best = 0;
    for (int i = 1; i < n_nodes; ++i)
      if (w.scratch.value[i] > w.scratch.value[best]) best = i;
    const double a = best > 0 ? w.other.x[best - 1] : left;
    const double b = best + 1 < n_nodes ? w.other.x[best + 1] : right;
    result.mode = value(
        find_maximum(team, w.rule, log_density, a, b, 0x1p-51 * size, w.node_value, w.coefficient)
            .x);
    panel_law_shortest(team, w.other, request.level, value, log_panel_density, support_lower,
                       support_upper, w, result.shortest_lower, result.shortest_upper);
  }
}

}  // namespace taugrid
