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
  const int kGrid = 23;
  const double outside = 1.0 - level;
  const double left_end = panels.lower[0], right_end = panels.upper[panels.n - 1];
  // Ends t of the intervals with mass p(i) below them, i < n, into lane_c and lane_d, and the
  // difference of the log densities at them into lane_a.
  const auto evaluate = [&](int n, const auto& p) {
    const int padded = (n + 7) / 8 * 8;
    team.once([&] {
      for (int i = 0; i < padded; ++i) {
        w.lane_a[i] = i < n ? p(i) : 0.5;
        w.lane_b[i] = 0.0;
      }
    });
    panel_quantiles(team, panels, n, w.lane_a, w.lane_b, w.lane_c);
    team.once([&] {
      for (int i = 0; i < padded; ++i) {
        if (w.lane_a[i] <= 0.0) w.lane_c[i] = left_end;
        w.lane_a[i] = max_of(outside - w.lane_a[i], 0.0);
        w.lane_b[i] = 1.0;
      }
    });
    panel_quantiles(team, panels, n, w.lane_a, w.lane_b, w.lane_d);
    team.once([&] {
      for (int i = 0; i < n; ++i)
        if (w.lane_a[i] <= 0.0) w.lane_d[i] = right_end;
    });
    team.for_points(padded, [&](int i) {
      L::store(w.lane_a + i,
               log_density(L::load(w.lane_c + i)) - log_density(L::load(w.lane_d + i)));
    });
  };
  const auto low_value = [&](double p, double t) { return p <= 0.0 ? support_lower : value(t); };
  const auto high_value = [&](double p, double t) {
    return p >= outside ? support_upper : value(t);
  };

  const auto on_grid = [&](int i) { return i == kGrid ? outside : outside * i / kGrid; };
  evaluate(kGrid + 1, on_grid);
  int best = 0;
  double best_width = 0.0;
  for (int k = 0; k <= kGrid; ++k) {
    const double p = on_grid(k);
    const double width = high_value(p, w.lane_d[k]) - low_value(p, w.lane_c[k]);
    // Ties take the leftmost, rounding apart: a flat density has nothing but ties.
    if (k == 0 || width < best_width * (1.0 - 1e-10)) {
      best = k;
      best_width = width;
    }
  }
  const auto rises = [](double difference) { return !(difference < -1e-12); };
  // The support's lower end, where the density falls from there on.
  if (best == 0 && rises(w.lane_a[0])) {
    lower = support_lower;
    upper = value(w.lane_d[0]);
    return;
  }
  // The first p beside the shortest from which on the length rises: after p0, at most p1. Where it
  // rises at once, or nowhere, the length is monotone and an end of the bracket the answer.
  const int begin = best > 0 ? best - 1 : 0, end = best < kGrid ? best + 1 : kGrid;
  int first = begin;
  while (first < end && !rises(w.lane_a[first])) ++first;
  double p = on_grid(first), difference = w.lane_a[first];
  double t_low = w.lane_c[first], t_high = w.lane_d[first];
  if (first > begin && rises(difference)) {
    double p0 = on_grid(first - 1), difference0 = w.lane_a[first - 1];
    // Eight points a pass: about where the chord through the ends meets 0, or, where the last pass
    // gained little by that, equally spaced.
    constexpr int kPoints = 8;
    bool by_chord = true;
    for (int pass = 0; pass < 40 && p - p0 > 1e-14 * outside; ++pass) {
      const double width = p - p0;
      double root = p0 + width * (difference0 / (difference0 - difference));
      if (!(root > p0 && root < p)) root = p0 + 0.5 * width;
      double point[kPoints];
      double offset = 0.25 * width;  // to 2^-14 of the width
      for (int i = 0; i < kPoints / 2; ++i) {
        point[i] = max_of(root - offset, p0);
        point[kPoints - 1 - i] = min_of(root + offset, p);
        offset = 0.0625 * offset;
      }
      for (int i = 0; i < kPoints && !by_chord; ++i)
        point[i] = p0 + width * (i + 1) / (kPoints + 1);
      evaluate(kPoints, [&](int i) { return point[i]; });
      int at = 0;
      while (at < kPoints && !rises(w.lane_a[at])) ++at;
      if (at < kPoints) {
        p = point[at];
        difference = w.lane_a[at];
        t_low = w.lane_c[at];
        t_high = w.lane_d[at];
      }
      if (at > 0) {
        p0 = point[at - 1];
        difference0 = w.lane_a[at - 1];
      }
      by_chord = p - p0 < 0.0625 * width;
    }
  }
  lower = low_value(p, t_low);
  upper = high_value(p, t_high);
}

}  // namespace taugrid
