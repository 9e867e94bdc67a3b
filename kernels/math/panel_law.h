// Quantiles and the shortest interval of a law given as panels in a variable t, of which the
// parameter is an increasing function: tau = exp(t), or centre + scale sinh(t) under a uniform
// prior of mu. A lane is a probability.
#pragma once

#include "kernels/math/fit_types.h"

namespace taugrid {

// t at n <= 64 probabilities p[i], counted from the right where from_right[i] is 1 (else 0).
template <class Team>
TAUGRID_OUTLINE void panel_quantiles(Team& team, const Panels& panels, int n, const double* p,
                                     const double* from_right, double* t) {
  using L = typename Team::Lanes;
  team.for_points((n + 7) / 8 * 8, [&](int i) {
    // Lanes past the end, and probabilities of 0 (callers know those ends), compute something
    // harmless.
    auto mass = L::load(p + i);
    mass = L::select(mass > 0.0, mass, L::splat(0.5));
    L::store(t + i, panel_quantile<L>(panels, mass, L::load(from_right + i) > 0.5).x);
  });
}

// Quantiles at the request's probabilities, through `value`.
template <class Team, class Value>
TAUGRID_OUTLINE void panel_law_quantiles(Team& team, const Panels& panels,
                                         const FitRequest& request, const Value& value,
                                         FitWorkspace& w, double* quantile) {
  for (int begin = 0; begin < request.n_probabilities; begin += 64) {
    const int n = request.n_probabilities - begin < 64 ? request.n_probabilities - begin : 64;
    team.once([&] {
      for (int i = 0; i < 64; ++i) {
        const double p = i < n ? request.probabilities[begin + i] : 0.5;
        w.lane_a[i] = p > 0.5 ? 1.0 - p : p;
        w.lane_b[i] = p > 0.5 ? 1.0 : 0.0;
      }
    });
    panel_quantiles(team, panels, n, w.lane_a, w.lane_b, w.lane_c);
    team.once([&] {
      for (int i = 0; i < n; ++i) quantile[begin + i] = value(w.lane_c[i]);
    });
  }
}

// The shortest interval of mass `level` between support_lower and support_upper (either may be
// infinite). log_density maps lanes of t to the log density per unit of the parameter. The length
// as a function of the mass p below it falls where the density at its lower end is less than at its
// upper.
template <class Team, class Value, class LogDensity>
TAUGRID_OUTLINE void panel_law_shortest(Team& team, const Panels& panels, double level,
                                        const Value& value, const LogDensity& log_density,
                                        double support_lower, double support_upper, FitWorkspace& w,
                                        double& lower, double& upper) {
  using L = typename Team::Lanes;
  const int kGrid = 32;
  const double outside = 1.0 - level;
  const double left_end = panels.lower[0], right_end = panels.upper[panels.n - 1];
  // Ends t of the intervals with mass p0 + (p1 - p0) i/32 below them into lane_c and lane_d, and
  // the difference of the log densities at them into lane_a.
  const auto evaluate = [&](double p0, double p1) {
    team.once([&] {
      for (int i = 0; i < 64; ++i) {
        w.lane_a[i] = i <= kGrid ? p0 + (p1 - p0) * i / kGrid : 0.5;
        w.lane_b[i] = 0.0;
      }
    });
    panel_quantiles(team, panels, kGrid + 1, w.lane_a, w.lane_b, w.lane_c);
    team.once([&] {
      for (int i = 0; i < 64; ++i) {
        if (w.lane_a[i] <= 0.0) w.lane_c[i] = left_end;
        w.lane_a[i] = max_of(outside - w.lane_a[i], 0.0);
        w.lane_b[i] = 1.0;
      }
    });
    panel_quantiles(team, panels, kGrid + 1, w.lane_a, w.lane_b, w.lane_d);
    team.once([&] {
      for (int i = 0; i <= kGrid; ++i)
        if (w.lane_a[i] <= 0.0) w.lane_d[i] = right_end;
    });
    team.for_points(48, [&](int i) {
      L::store(w.lane_a + i,
               log_density(L::load(w.lane_c + i)) - log_density(L::load(w.lane_d + i)));
    });
  };
  const auto low_value = [&](double p, double t) { return p <= 0.0 ? support_lower : value(t); };
  const auto high_value = [&](double p, double t) {
    return p >= outside ? support_upper : value(t);
  };

  evaluate(0.0, outside);
  int best = 0;
  double best_width = 0.0;
  for (int k = 0; k <= kGrid; ++k) {
    const double p = k == kGrid ? outside : outside * k / kGrid;
    const double width = high_value(p, w.lane_d[k]) - low_value(p, w.lane_c[k]);
    // Ties take the leftmost, rounding apart: a flat density has nothing but ties.
    if (k == 0 || width < best_width * (1.0 - 1e-10)) {
      best = k;
      best_width = width;
    }
  }
  // The support's lower end, where the density falls from there on.
  if (best == 0 && !(w.lane_a[0] < -1e-12)) {
    lower = support_lower;
    upper = value(w.lane_d[0]);
    return;
  }
  double p0 = outside * (best > 0 ? best - 1 : 0) / kGrid;
  double p1 = best < kGrid ? outside * (best + 1) / kGrid : outside;
  double p = p0;
  double t_low = left_end, t_high = right_end;
  for (int pass = 0; pass < 9; ++pass) {
    evaluate(p0, p1);
    int first = 0;
    while (first <= kGrid && w.lane_a[first] < -1e-12) ++first;
    const int at = first <= kGrid ? first : kGrid;
    p = at == kGrid ? p1 : p0 + (p1 - p0) * at / kGrid;
    t_low = w.lane_c[at];
    t_high = w.lane_d[at];
    // At an end of the bracket: the length is monotone.
    if (first == 0 || first > kGrid) break;
    const double from = p0 + (p1 - p0) * (first - 1) / kGrid;
    p1 = p;
    p0 = from;
  }
  lower = low_value(p, t_low);
  upper = high_value(p, t_high);
}

}  // namespace taugrid
