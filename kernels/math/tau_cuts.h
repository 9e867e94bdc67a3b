// Where the range of x = log tau that the scan found is cut into panels, before any of them is
// evaluated: at what is not smooth, about modes too narrow for the scan, and elsewhere at distances
// that the slopes and bends between the scan's points suggest. Whether a panel resolves the density
// is judged afterwards (legendre_panels.h); a good guess here only saves panels that fail.
#pragma once

#include "kernels/math/tau_scan.h"

namespace taugrid {

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

// How far the density falls from the scan's point i, a local maximum, to its neighbours, at most.
TAUGRID_INLINE double fall_beside(const FitWorkspace& w, int i) {
  const double here = w.scan_log_density[i];
  return max_of(here - w.scan_log_density[i - 1], here - w.scan_log_density[i + 1]);
}

// Puts points about a mode among those of the scan, for it to show there however narrow it is.
template <class Team, class F>
TAUGRID_OUTLINE void scan_about_mode(Team& team, const F& log_density, const Maximum& mode,
                                     FitWorkspace& w) {
  using L = typename Team::Lanes;
  constexpr int kPoints = 16;
  // In units of the width: 0.5, 1.5, .. 4.5, then further apart, to 9.75.
  team.once([&] {
    for (int i = 0; i < kPoints; ++i) {
      const int from = i < kPoints / 2 ? kPoints / 2 - 1 - i : i - kPoints / 2;
      const int past = from > 4 ? from - 4 : 0;
      const double distance = from + 0.5 + 0.25 * (past * past);
      w.lane_a[i] = mode.x + mode.width * (i < kPoints / 2 ? -distance : distance);
    }
  });
  team.for_points(kPoints,
                  [&](int i) { L::store(w.lane_b + i, log_density(L::load(w.lane_a + i))); });
  team.once([&] {
    const double left = w.scan_x[w.scan_begin], right = w.scan_x[w.scan_end - 1];
    if (w.scan_end + kPoints > kMaxScan + 2 * kMaxExtension) return;
    int at = w.scan_begin;
    for (int k = 0; k < kPoints; ++k) {
      const double x = w.lane_a[k];
      if (!(x > left && x < right)) continue;
      while (w.scan_x[at] < x) ++at;
      if (w.scan_x[at] == x) continue;
      for (int i = w.scan_end; i > at; --i) {
        w.scan_x[i] = w.scan_x[i - 1];
        w.scan_log_density[i] = w.scan_log_density[i - 1];
      }
      w.scan_x[at] = x;
      w.scan_log_density[at] = w.lane_b[k];
      ++w.scan_end;
    }
  });
}

// Suggests cuts of a smooth density into w.scratch.lower: returns how many panels they leave, 0
// where there is nothing to suggest. The relative size of a series' last coefficients, of 16, grows
// as the width to the power 15. kExponential, kNormal and kSingular are about the widths at which
// they are 1e-11 (of log -25.3), in units of what makes them large: an exponential's 1/slope, a
// normal density's sd, and the distance to the singularities at x = log sigma_j +- i pi/2. They,
// and how far below its largest density a panel is taken to reach (1.5), were chosen for the fewest
// panels evaluated over ten priors and J from 3 to 100. The other numbers are logs of what
// panel_resolved asks for.
template <class Team>
TAUGRID_OUTLINE int suggest_cuts(Team& team, const PanelTolerance& tolerance, FitWorkspace& w) {
  using L = typename Team::Lanes;
  using Real = typename L::Real;
  constexpr int kMost = 1000;
  constexpr double kExponential = 4.5, kNormal = 3.5, kSingular = 0.88;
  const int n = w.scan_end - w.scan_begin;
  if (n > kMost) return 0;
  const double k = tolerance.moment, moment_shift = w.peak - w.moment_peak;
  // Points with one more on either side, and what is beyond negligible left out.
  double *const x = w.scratch.value, *const f = w.scratch.coefficient;
  const int padded = (n + 2 + 16 + 15) / 16 * 16;
  team.once([&] {
    for (int i = 0; i < padded; ++i) {
      const int from = i == 0 ? 0 : i > n ? n - 1 : i - 1;
      const double at = w.scan_x[w.scan_begin + from];
      const double least = -45.0 - max_of(0.0, k * at + moment_shift);
      x[i] = i == 0 ? at - 1.0 : at + (i > n ? i - n : 0);
      f[i] = max_of(w.scan_log_density[w.scan_begin + from] - w.peak, least);
    }
  });
  // Panels per interval between point i + 1 and i + 2.
  double* const panels = w.scratch.value + kMaxNodes;
  // Where rounding shows in the density, many nodes average it.
  const bool noisy = tolerance.absolute > 1e-9;
  const double log_tolerance = log<Scalar<double, L>>(noisy ? 1e-10 : tolerance.absolute);
  const double crowd = tolerance.absolute > 3e-8 ? 16.0 : noisy ? 4.0 : 1.0;
  team.for_points(padded - 16, [&](int i) {
    const Real x0 = L::load(x + i), x1 = L::load(x + i + 1), x2 = L::load(x + i + 2),
               x3 = L::load(x + i + 3);
    const Real f0 = L::load(f + i), f1 = L::load(f + i + 1), f2 = L::load(f + i + 2),
               f3 = L::load(f + i + 3);
    const auto larger = [](Real a, Real b) { return L::select(a > b, a, b); };
    const auto smaller = [](Real a, Real b) { return L::select(a < b, a, b); };
    const auto size = [](Real a) { return L::select(a < 0.0, -a, a); };
    const Real slope = size((f2 - f1) / (x2 - x1));
    const Real bend =
        size((f3 - f2) / (x3 - x2) - (f1 - f0) / (x1 - x0)) * 2.0 / ((x3 - x0) + (x2 - x1));
    const Real top = larger(f1, f2);
    const Real moment_top = larger(L::fma(L::splat(k), x1, f1), L::fma(L::splat(k), x2, f2));
    // What the last coefficients may be, relative to the panel's largest (panel_resolved), which is
    // some e-folds above this interval where the density is steep.
    const Real shape = L::select(top > -25.0, L::splat(-16.0),
                                 L::select(top > -46.0, L::splat(-7.0), L::splat(-2.0)));
    Real allowed = smaller(log_tolerance - top, shape);
    if (k > 0.0) allowed = smaller(allowed, (log_tolerance + 7.0) - (moment_top + moment_shift));
    allowed =
        larger(allowed - 1.5 * exp<L>((allowed + 25.3) * (1.0 / 15.0)), L::splat(log_tolerance));
    const Real wider = exp<L>((allowed + 25.3) * (1.0 / 15.0));
    Real per_x = slope / (kExponential * wider) + L::sqrt(bend) / (kNormal * wider);
    const Real beside_singularities = 1.0 / (kSingular * wider);
    const Real for_mixtures = L::select(top > -15.0, L::splat(1.0 / 1.95),
                                        L::select(top > -24.0, L::splat(1.0 / 3.9), L::splat(0.0)));
    const Real least = larger(beside_singularities, for_mixtures);
    per_x = larger(per_x, L::select(x2 > tolerance.plain_below, least, L::splat(0.0)));
    L::store(panels + i,
             per_x * (x2 - x1) * L::select(top > -20.0, L::splat(crowd), L::splat(1.0)));
  });
  double total = 0.0;
  for (int i = 0; i + 1 < n; ++i) total = total + panels[i];
  // A tail over very many e-folds, as of log_t, is for halving alone.
  const int most = tolerance.most / 4;
  if (!(total > 0.0 && total < crowd * most)) return 0;
  const int n_panels = total < most ? 1 + static_cast<int>(total) : most;
  team.once([&] {
    double passed = 0.0;
    int cut = 1;
    for (int i = 0; i + 1 < n && cut < n_panels; ++i) {
      while (cut < n_panels && passed + panels[i] >= total * cut / n_panels) {
        w.scratch.lower[cut - 1] =
            x[i + 1] + (x[i + 2] - x[i + 1]) * ((total * cut / n_panels - passed) / panels[i]);
        ++cut;
      }
      passed = passed + panels[i];
    }
    for (; cut < n_panels; ++cut) w.scratch.lower[cut - 1] = x[n];
  });
  return n_panels;
}

// Cuts, ascending, ends included, into w.cuts; the scan's peaks are raised to those of the modes
// and ends that are looked at.
template <class Team, class F>
TAUGRID_OUTLINE void cut_panels(Team& team, const Problem& problem, const PanelTolerance& tolerance,
                                const F& log_density, FitWorkspace& w) {
  using L = typename Team::Lanes;
  const PriorRecord& prior = problem.tau_prior;
  const double k = tolerance.moment;
  const int begin = w.scan_begin, end = w.scan_end;
  double peak = w.peak, moment_peak = w.moment_peak;
  const bool smooth = prior.numbers == nullptr;

  // Modes of the density in x, refined: all of them, or those narrow beside the scan's steps.
  int n_modes = 0;
  Maximum mode[kMaxModes];
  for (int i = begin + 1; i + 1 < end && n_modes < kMaxModes; ++i) {
    const double here = w.scan_log_density[i];
    if (here > w.scan_log_density[i - 1] && here >= w.scan_log_density[i + 1] &&
        here > peak - kLogDrop && !(smooth && fall_beside(w, i) < 3.0)) {
      mode[n_modes] = find_maximum(team, w.rule, log_density, w.scan_x[i - 1], w.scan_x[i + 1],
                                   0.25 * w.noise, w.node_value, w.coefficient);
      peak = max_of(peak, mode[n_modes].value);
      moment_peak = max_of(moment_peak, mode[n_modes].value + k * mode[n_modes].x);
      ++n_modes;
    }
  }
  const double left = w.scan_x[begin], right = w.scan_x[end - 1];
  const double h = 1e-7;
  double left_layer[12], right_layer[12];
  int n_left = 0, n_right = 0;
  if (left == prior.lower_x || right == prior.upper_x) {
    team.once([&] {
      for (int i = 0; i < 16; ++i)
        w.lane_a[i] = i == 0 ? left : i == 1 ? left + h : i == 2 ? right - h : right;
    });
    team.for_points(16, [&](int i) { L::store(w.lane_b + i, log_density(L::load(w.lane_a + i))); });
    const double fall_left = (w.lane_b[0] - w.lane_b[1]) / h,
                 rise_right = (w.lane_b[3] - w.lane_b[2]) / h;
    const double widest = 0.25 * (right - left);
    if (left == prior.lower_x) n_left = layer_cuts(left, 1.0, fall_left, widest, 12, left_layer);
    if (right == prior.upper_x)
      n_right = layer_cuts(right, -1.0, rise_right, widest, 12, right_layer);
    peak = max_of(peak, max_of(w.lane_b[0], w.lane_b[3]));
    moment_peak = max_of(moment_peak, max_of(w.lane_b[0] + k * left, w.lane_b[3] + k * right));
  }
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
    w.peak = peak;
    w.moment_peak = moment_peak;
  });
  int n_panels = 0;
  if (smooth) {
    for (int i = 0; i < n_modes; ++i) scan_about_mode(team, log_density, mode[i], w);
    n_panels = suggest_cuts(team, tolerance, w);
  }
  const int end_of_scan = w.scan_end;
  team.once([&] {
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
    for (int i = 0; i + 1 < n_panels; ++i) add(w.scratch.lower[i]);
    // Without suggestions.
    const int n_cut_modes = n_panels == 0 ? n_modes : 0;
    for (int i = 0; i < n_cut_modes; ++i) add(mode[i].x);
    // A mode far narrower than its panel lies between the panel's end and its first node.
    for (int i = 0; i < n_cut_modes; ++i)
      if (200.0 * mode[i].width < right - left)
        // At a jump the "mode" is as narrow as the spacing of doubles, or has no width.
        for (double d = max_of(8.0 * mode[i].width, 1e-12 * max_of(1.0, abs_of(mode[i].x)));
             d < right - left; d = 8.0 * d) {
          add(mode[i].x - d);
          add(mode[i].x + d);
        }
    // A moment that barely exists reaches far beyond the density itself, whose nodes a panel of
    // that width would all place where there is nothing.
    int fallen = end_of_scan - 1;
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

}  // namespace taugrid
