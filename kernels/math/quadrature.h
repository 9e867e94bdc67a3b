// The posterior of x = log tau as panels, and the quantities given tau at their nodes.
//
// 1. Scan log p(x|y) between the scales that the data and the prior know of, then outwards until
// what is
//    integrated (p itself, and tau^k p for the highest moment k that exists) has fallen by e^-38
//    from its own maximum: a range cut on the density alone loses the moments' tails, unseen.
// 2. Cut at every mode, and halve panels until each is resolved (legendre_panels.h).
// 3. Evaluate mu | tau, y at every node.
#pragma once

#include "kernels/math/atoms.h"
#include "kernels/math/fit_types.h"
#include "kernels/math/maximum.h"
#include "kernels/math/posterior.h"

namespace taugrid {

// Beyond the smallest uniform, 2^-53.
inline constexpr double kLogDrop = 38.0;

// The scales of the problem: the ends of the first scan, in x.
template <class L>
TAUGRID_TEMPLATE inline void scan_ends(const Problem& problem, double& lo, double& hi) {
  using S = Scalar<double, L>;
  double sigma_max = 0.0, y_min = problem.y[0], y_max = problem.y[0];
  for (int64_t j = 0; j < problem.n_schools; ++j) {
    sigma_max = max_of(sigma_max, problem.sigma[j]);
    y_min = min_of(y_min, problem.y[j]);
    y_max = max_of(y_max, problem.y[j]);
  }
  double widest = max_of(sigma_max, y_max - y_min);
  if (problem.mu.form == MuForm::kNormal)
    widest = max_of(widest, max_of(abs_of(problem.mu.a - y_min), abs_of(problem.mu.a - y_max)));
  if (problem.mu.form == MuForm::kUniform)
    widest = max_of(widest, max_of(problem.mu.a - y_max, y_min - problem.mu.b));
  // The smallest sigma is near 1. Many schools that agree bound tau by about sigma (2/J)^(1/4).
  lo = -0.25 * log<S>(static_cast<double>(problem.n_schools)) - 3.0;
  hi = log<S>(widest) + 3.0;
  const PriorRecord& prior = problem.tau_prior;
  if (prior.seed_width > 0.0) {
    lo = min_of(lo, prior.seed_x - 3.0);
    hi = max_of(hi, prior.seed_x + 3.0);
  }
  if (prior.scan.n > 0) {
    lo = min_of(lo, prior.numbers[prior.scan.first]);
    hi = max_of(hi, prior.numbers[prior.scan.first + prior.scan.n - 1]);
  }
  if (lo < prior.lower_x) lo = prior.lower_x;
  if (hi > prior.upper_x) hi = prior.upper_x;
  if (lo >= hi) lo = hi - 6.0;
}

// log density at the n points of the scan that begin at `begin`.
template <class Team, class F>
TAUGRID_OUTLINE void scan_points(Team& team, const F& log_density, FitWorkspace& w, int begin,
                                 int n) {
  using L = typename Team::Lanes;
  team.for_points((n + 15) / 16 * 16, [&](int i) {
    // Lanes past the end repeat the first point.
    double x[L::N], value[L::N];
    for (int k = 0; k < L::N; ++k) x[k] = w.scan_x[begin + (i + k < n ? i + k : 0)];
    L::store(value, log_density(L::load(x)));
    for (int k = 0; k < L::N; ++k)
      if (i + k < n) w.scan_log_density[begin + i + k] = value[k];
  });
}

// The first scan's points: equally spaced from lo to hi, those that the prior asks for, and closer
// together about the prior's own place where that is narrow. Returns how many.
TAUGRID_INLINE int first_scan_points(const PriorRecord& prior, double lo, double hi, double* x) {
  int n = 2;
  while (n < kMaxScan - 64 - prior.scan.n && (hi - lo) / (n - 1) > 0.35) ++n;
  for (int i = 0; i < n; ++i) x[i] = lo + (hi - lo) * i / (n - 1);
  x[n - 1] = hi;  // exactly: it may be the end of the support
  const auto add = [&](double seed) {
    if (!(seed > lo && seed < hi)) return;
    int at = n;
    while (at > 0 && x[at - 1] > seed) --at;
    if (at > 0 && x[at - 1] == seed) return;
    for (int i = n; i > at; --i) x[i] = x[i - 1];
    x[at] = seed;
    ++n;
  };
  for (int i = 0; i < prior.scan.n; ++i) add(prior.numbers[prior.scan.first + i]);
  if (!(prior.seed_width > 0.0 && prior.seed_width < 0.7)) return n;
  // From a half to 10 widths, on either side, in order.
  for (int k = -20; k <= 20; ++k) add(prior.seed_x + 0.5 * prior.seed_width * k);
  return n;
}

// Cuts panels at jumps of the density's second derivative, where there are any.
struct AtKink {
  const double* x;  // (n), ascending
  int n;
  // The one nearest to the middle, or the middle.
  TAUGRID_INLINE double operator()(double a, double b) const {
    const double middle = 0.5 * (a + b);
    int first = 0;
    for (int left = n; left > 0;) {
      const int half = left / 2;
      if (x[first + half] < middle) {
        first += half + 1;
        left -= half + 1;
      } else {
        left = half;
      }
    }
    const bool above = first < n && x[first] < b;
    const bool below = first > 0 && x[first - 1] > a;
    if (above && below) return x[first] - middle < middle - x[first - 1] ? x[first] : x[first - 1];
    return above ? x[first] : below ? x[first - 1] : middle;
  }
};

// Where mass lies in a layer beside a place at which the density ends or jumps, which the nodes of
// a wide panel would step over: cuts at the inverse of its slope and, n in all, at 8-fold distances
// below `widest`.
TAUGRID_INLINE int layer_cuts(double place, double direction, double slope, double widest, int n,
                              double* cuts) {
  int added = 0;
  for (double d = 4.0 / slope; slope > 8.0 && d < widest && added < n; d = 8.0 * d)
    cuts[added++] = place + direction * d;
  return added;
}

template <class Team, class F>
TAUGRID_OUTLINE void scan_tau(Team& team, const Problem& problem, int moments, const F& log_density,
                              FitWorkspace& w) {
  using L = typename Team::Lanes;
  const double k = static_cast<double>(moments);
  double lo, hi;
  scan_ends<L>(problem, lo, hi);
  int begin = kMaxExtension;
  team.once(
      [&] { w.scan_end = begin + first_scan_points(problem.tau_prior, lo, hi, w.scan_x + begin); });
  int end = w.scan_end;
  scan_points(team, log_density, w, begin, end - begin);
  double peak = w.scan_log_density[begin], moment_peak = peak + k * w.scan_x[begin];
  for (int i = begin; i < end; ++i) {
    peak = max_of(peak, w.scan_log_density[i]);
    moment_peak = max_of(moment_peak, w.scan_log_density[i] + k * w.scan_x[i]);
  }

  const PriorRecord& prior = problem.tau_prior;
  // Outwards by blocks of 32, sixteen times as far apart each time, until the mass beyond, about
  // the density times the distance, is negligible: log_t's tails reach e^38 widths.
  const auto beyond = [](double log_density, double distance) {
    return log_density + log<Scalar<double, L>>(1.0 + distance);
  };
  bool open = lo > prior.lower_x;
  double step = 1.0;
  for (int block = 0; open && begin >= 32; ++block, step = 16.0 * step) {
    team.once([&] {
      for (int i = 1; i <= 32; ++i) w.scan_x[begin - i] = w.scan_x[begin] - i * step;
    });
    scan_points(team, log_density, w, begin - 32, 32);
    int stop = begin - 1;
    for (; stop >= begin - 32; --stop) {
      open = w.scan_x[stop] > prior.lower_x &&
             !(beyond(w.scan_log_density[stop], lo - w.scan_x[stop]) < peak - kLogDrop);
      if (!open) break;
      peak = max_of(peak, w.scan_log_density[stop]);
      moment_peak = max_of(moment_peak, w.scan_log_density[stop] + k * w.scan_x[stop]);
    }
    begin = open ? begin - 32 : stop;
  }
  open = hi < prior.upper_x;
  step = 1.0;
  for (int block = 0; open && end + 32 <= kMaxScan + 2 * kMaxExtension;
       ++block, step = 16.0 * step) {
    team.once([&] {
      for (int i = 0; i < 32; ++i) w.scan_x[end + i] = w.scan_x[end - 1] + (i + 1) * step;
    });
    scan_points(team, log_density, w, end, 32);
    int stop = end;
    for (; stop < end + 32; ++stop) {
      const double moment = w.scan_log_density[stop] + k * w.scan_x[stop];
      open = w.scan_x[stop] < prior.upper_x &&
             !(beyond(moment, w.scan_x[stop] - hi) < moment_peak - kLogDrop);
      if (!open) break;
      peak = max_of(peak, w.scan_log_density[stop]);
      moment_peak = max_of(moment_peak, moment);
    }
    end = open ? end + 32 : stop + 1;
  }
  if (w.scan_x[begin] < prior.lower_x) team.once([&] { w.scan_x[begin] = prior.lower_x; });
  if (w.scan_x[end - 1] > prior.upper_x) team.once([&] { w.scan_x[end - 1] = prior.upper_x; });
  // Inside out: the scan may reach further than the threshold asks.
  while (begin + 2 < end && w.scan_x[begin + 1] >= lo &&
         w.scan_log_density[begin + 1] < peak - kLogDrop)
    ++begin;
  while (begin + 2 < end && w.scan_x[end - 2] <= hi &&
         w.scan_log_density[end - 2] + k * w.scan_x[end - 2] < moment_peak - kLogDrop)
    --end;

  // Modes of the density in x, refined.
  int n_modes = 0;
  double cut[kMaxModes], mode_width[kMaxModes];
  for (int i = begin + 1; i + 1 < end && n_modes < kMaxModes; ++i) {
    const double here = w.scan_log_density[i];
    if (here > w.scan_log_density[i - 1] && here >= w.scan_log_density[i + 1] &&
        here > peak - kLogDrop) {
      const Maximum mode = find_maximum(team, w.rule, log_density, w.scan_x[i - 1], w.scan_x[i + 1],
                                        0x1p-51 * abs_of(here), w.node_value, w.coefficient);
      mode_width[n_modes] = mode.width;
      cut[n_modes++] = mode.x;
      peak = max_of(peak, mode.value);
      moment_peak = max_of(moment_peak, mode.value + k * mode.x);
    }
  }
  const double left = w.scan_x[begin], right = w.scan_x[end - 1];
  const double h = 1e-7;
  team.once([&] {
    for (int i = 0; i < 16; ++i)
      w.lane_a[i] = i == 0 ? left : i == 1 ? left + h : i == 2 ? right - h : right;
  });
  team.for_points(16, [&](int i) { L::store(w.lane_b + i, log_density(L::load(w.lane_a + i))); });
  const double fall_left = (w.lane_b[0] - w.lane_b[1]) / h,
               rise_right = (w.lane_b[3] - w.lane_b[2]) / h;
  double left_layer[12], right_layer[12];
  const double widest_layer = 0.25 * (right - left);
  const int n_left =
      left == prior.lower_x ? layer_cuts(left, 1.0, fall_left, widest_layer, 12, left_layer) : 0;
  const int n_right = right == prior.upper_x
                          ? layer_cuts(right, -1.0, rise_right, widest_layer, 12, right_layer)
                          : 0;
  peak = max_of(peak, max_of(w.lane_b[0], w.lane_b[3]));
  moment_peak = max_of(moment_peak, max_of(w.lane_b[0] + k * left, w.lane_b[3] + k * right));
  // The same on both sides of where the density jumps.
  const double* jump = prior.numbers + prior.jumps.first;
  const int n_jumps = prior.jumps.n;
  double* const jump_x = w.scratch.value;
  double* const jump_value = w.scratch.coefficient;
  if (n_jumps > 0) {
    const int n_points = (4 * n_jumps + 15) / 16 * 16;
    team.once([&] {
      for (int i = 0; i < n_points; ++i) {
        const double x = jump[i / 4 < n_jumps ? i / 4 : 0];
        const double offset = i % 4 == 0 ? -2.0 * h : i % 4 == 1 ? -h : i % 4 == 2 ? h : 2.0 * h;
        jump_x[i] = min_of(max_of(x + offset, left), right);
      }
    });
    team.for_points(n_points,
                    [&](int i) { L::store(jump_value + i, log_density(L::load(jump_x + i))); });
    for (int i = 0; i < 4 * n_jumps; ++i) {
      peak = max_of(peak, jump_value[i]);
      moment_peak = max_of(moment_peak, jump_value[i] + k * jump_x[i]);
    }
  }
  team.once([&] {
    w.scan_begin = begin;
    w.scan_end = end;
    w.peak = peak;
    w.moment_peak = moment_peak;
    w.n_cuts = 0;
    w.cuts[w.n_cuts++] = left;
    const auto add = [&](double x) {
      int at = w.n_cuts;
      while (at > 1 && w.cuts[at - 1] > x) --at;
      if (!(x > w.cuts[at - 1]) || !(x < right) || w.n_cuts == kMaxCuts - 1) return;
      for (int i = w.n_cuts; i > at; --i) w.cuts[i] = w.cuts[i - 1];
      w.cuts[at] = x;
      ++w.n_cuts;
    };
    for (int i = 0; i < n_modes; ++i) add(cut[i]);
    // A mode far narrower than its panel lies between the panel's end and its first node.
    for (int i = 0; i < n_modes; ++i)
      if (200.0 * mode_width[i] < right - left)
        // At a jump the "mode" is as narrow as the spacing of doubles, or has no width.
        for (double d = max_of(8.0 * mode_width[i], 1e-12 * max_of(1.0, abs_of(cut[i])));
             d < right - left; d = 8.0 * d) {
          add(cut[i] - d);
          add(cut[i] + d);
        }
    // A moment that barely exists reaches far beyond the density itself, whose nodes a panel of
    // that width would all place where there is nothing.
    int fallen = end - 1;
    while (fallen > begin && w.scan_log_density[fallen - 1] < peak - kLogDrop) --fallen;
    if (right - w.scan_x[fallen] > 60.0) add(w.scan_x[fallen]);
    for (int i = 0; i < n_left; ++i) add(left_layer[i]);
    for (int i = 0; i < n_right; ++i) add(right_layer[i]);
    for (int i = 0; i < prior.cuts.n; ++i) add(prior.numbers[prior.cuts.first + i]);
    for (int i = 0; i < n_jumps; ++i) {
      double layer[3];
      const double* value = jump_value + 4 * i;
      add(jump[i]);
      int n = layer_cuts(jump[i], -1.0, (value[1] - value[0]) / h, 0.5, 3, layer);
      for (int m = 0; m < n; ++m) add(layer[m]);
      n = layer_cuts(jump[i], 1.0, (value[2] - value[3]) / h, 0.5, 3, layer);
      for (int m = 0; m < n; ++m) add(layer[m]);
    }
    w.cuts[w.n_cuts++] = right;
  });
}

// The value of tau at which a density per unit of tau is largest, given its logarithm at lanes of
// x; the lower end of the support (mostly 0) where the density does not fall towards it.
template <class Team, class F>
TAUGRID_OUTLINE double tau_mode(Team& team, const F& log_density, double lower_x, FitWorkspace& w) {
  using L = typename Team::Lanes;
  team.for_points(w.n_nodes,
                  [&](int i) { L::store(w.scratch.value + i, log_density(L::load(w.tau.x + i))); });
  const double left = w.tau.lower[0], right = w.tau.upper[w.tau.n - 1];
  int best = 0;
  for (int i = 1; i < w.n_nodes; ++i)
    if (w.scratch.value[i] > w.scratch.value[best]) best = i;
  // Towards tau = 0 the density is flat but for rounding, or unbounded.
  const double first = w.scratch.value[0];
  if (!(w.scratch.value[best] > first + 1e-12 * max_of(1.0, abs_of(first))))
    return exp<Scalar<double, L>>(lower_x);
  const double a = best > 0 ? w.tau.x[best - 1] : left;
  const double b = best + 1 < w.n_nodes ? w.tau.x[best + 1] : right;
  const double noise = 0x1p-51 * abs_of(first);
  return exp<Scalar<double, L>>(
      find_maximum(team, w.rule, log_density, a, b, noise, w.node_value, w.coefficient).x);
}

// mu | tau, y at the nodes.
template <class Team>
TAUGRID_OUTLINE void conditionals_at_nodes(Team& team, const Problem& problem, FitWorkspace& w) {
  using L = typename Team::Lanes;
  team.for_points(w.n_nodes, [&](int i) {
    const auto tau2 = L::load(w.tau2 + i);
    const GivenTau<L> at = given_tau<L>(problem, tau2);
    L::store(w.mu_hat + i, at.mu_hat);
    L::store(w.v_mu + i, at.v_mu);
    auto mean = at.mu_hat;
    if (problem.mu.form == MuForm::kUniform) {
      L::store(w.log_mu_mass + i, log_mu_mass<L>(problem, at));
      mean = truncated_mean<L>(problem.mu.a, problem.mu.b, at.mu_hat, 1.0 / L::sqrt(at.v_mu));
    }
    L::store(w.mu_mean + i, mean);
  });
}

// Fills the workspace's posterior of tau, whatever its prior (but tau = infinity, which is no
// node).
template <class Team>
TAUGRID_OUTLINE double integrate_tau(Team& team, const Problem& problem, int moments,
                                     FitWorkspace& w) {
  using L = typename Team::Lanes;
  team.once([&] {
    make_panel_rule(w.rule);
    w.unresolved = false;
    w.n_atoms = 0;
    w.smooth_mass = 1.0;
  });
  if (problem.tau_prior.form == PriorForm::kPoint) {
    const double tau = problem.tau_prior.value;
    team.once([&] {
      w.n_nodes = kPanelNodes;
      w.first_node = 0;
      w.end_node = kPanelNodes;
      w.tau.n = 0;
      for (int i = 0; i < kPanelNodes; ++i) {
        w.tau.weight[i] = i == 0 ? 1.0 : 0.0;
        w.tau_value[i] = tau;
        w.tau2[i] = tau * tau;
      }
    });
    conditionals_at_nodes(team, problem, w);
    GivenTau<Scalar<double, L>> at;
    return log_likelihood_at_tau2<Scalar<double, L>>(problem, tau * tau, at);
  }

  const PriorRecord& prior = problem.tau_prior;
  if (prior.form == PriorForm::kMixture && prior.n_rows == 0) {  // atoms alone
    team.once([&] { w.n_nodes = w.tau.n = 0; });
    const double log_evidence = add_atoms(team, problem, kLogNothing, w);
    conditionals_at_nodes(team, problem, w);
    return log_evidence;
  }
  const auto log_density = [&](typename L::Real x) {
    GivenTau<L> at;
    return log_posterior<L>(problem, x, at);
  };
  scan_tau(team, problem, moments, log_density, w);
  // Rounding in sums of J terms shows in the density as noise that no halving resolves.
  GivenTau<Scalar<double, L>> at;
  const double size = abs_of(log_likelihood<Scalar<double, L>>(problem, w.cuts[w.n_cuts / 2], at));
  PanelTolerance tolerance;
  const double noise = 0x1p-49 * size;
  tolerance.absolute = max_of(1e-11, noise);
  tolerance.least_width = 1.0;
  tolerance.shape = max_of(1e-7, 16.0 * noise);
  tolerance.negligible = 1e-19;  // the table inverts down to 2^-53
  tolerance.moment = static_cast<double>(moments);
  tolerance.moment_peak = w.moment_peak;
  // Where tau^2 is e^-6 of the smallest variance that a mixture's component has.
  tolerance.plain_below =
      problem.mu.form == MuForm::kUniform
          ? problem.tau_prior.lower_x
          : 0.5 * log<Scalar<double, L>>(given_tau<Scalar<double, L>>(problem, 0.0).v_mu) - 3.0;
  if (prior.numbers != nullptr) tolerance.most = kMaxPanels - 1;  // one for atoms
  const AtKink split{prior.numbers + prior.kinks.first, prior.kinks.n};
  build_panels(team, w.rule, log_density, w.peak, w.cuts, w.n_cuts, tolerance, w.scratch, w.tau,
               split);
  if (w.tau.n > tolerance.most - 2) {
    // A tail over thousands of e-folds: there is no room for panels of width 2, nor need.
    tolerance.plain_below = real_of(0x7FF0000000000000u);
    build_panels(team, w.rule, log_density, w.peak, w.cuts, w.n_cuts, tolerance, w.scratch, w.tau,
                 split);
  }
  const int n_nodes = w.tau.n * kPanelNodes;
  team.for_points(n_nodes, [&](int i) {
    const auto x = L::load(w.tau.x + i);
    L::store(w.tau_value + i, exp<L>(x));
    L::store(w.tau2 + i, exp<L>(2.0 * near_x<L>(x)));
  });
  team.once([&] {
    w.n_nodes = n_nodes;
    w.unresolved = w.tau.unresolved;
    int first = 0, last = w.tau.n - 1;
    while (first < last && w.tau.below[first] < 1e-17) ++first;
    while (last > first && w.tau.above[last] < 1e-17) --last;
    w.first_node = first * kPanelNodes;
    w.end_node = (last + 1) * kPanelNodes;
  });
  double log_evidence = w.tau.log_mass;
  if (prior.atoms.n > 0) log_evidence = add_atoms(team, problem, log_evidence, w);
  conditionals_at_nodes(team, problem, w);
  return log_evidence;
}

}  // namespace taugrid
