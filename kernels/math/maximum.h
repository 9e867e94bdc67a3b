// The largest value of a smooth function on an interval, to the accuracy of its derivative: the
// function is interpolated at 16 Gauss-Legendre nodes, on an interval narrowed until that
// converges, and the root of the polynomial's derivative is found. Comparing values alone would
// lose half the digits.
#pragma once

#include "kernels/math/legendre_panels.h"

namespace taugrid {

struct Maximum {
  double x;
  double value;
  double width;  // 1/sqrt(-f''), the sd of a normal density with this curvature; infinite where
                 // there is none
};

// A Legendre series of 16 coefficients at t, with its first and second derivative.
struct SeriesPoint {
  double value, slope, bend;
};

TAUGRID_INLINE SeriesPoint series_point(const double* coefficient, double t) {
  double p0 = 1.0, p1 = t, d0 = 0.0, d1 = 1.0, e0 = 0.0, e1 = 0.0;  // P_n, P_n', P_n''
  SeriesPoint at{coefficient[0], 0.0, 0.0};
  for (int n = 1; n < kPanelNodes; ++n) {
    at.value = at.value + coefficient[n] * p1;
    at.slope = at.slope + coefficient[n] * d1;
    at.bend = at.bend + coefficient[n] * e1;
    const double p2 = ((2 * n + 1) * (t * p1) - n * p0) * (1.0 / (n + 1));
    const double d2 = (2 * n + 1) * p1 + d0;
    const double e2 = (2 * n + 1) * d1 + e0;
    p0 = p1;
    p1 = p2;
    d0 = d1;
    d1 = d2;
    e0 = e1;
    e1 = e2;
  }
  return at;
}

// f maps lanes of x to lanes of values that carry rounding noise of the given size; node_value and
// coefficient are 16 doubles of scratch each.
template <class Team, class F>
TAUGRID_OUTLINE Maximum find_maximum(Team& team, const PanelRule& rule, const F& f, double lo,
                                     double hi, double noise, double* node_value,
                                     double* coefficient) {
  using L = typename Team::Lanes;
  for (int pass = 0;; ++pass) {
    const double half = 0.5 * (hi - lo), middle = lo + half;
    team.for_points(kPanelNodes, [&](int i) {
      L::store(node_value + i, f(L::fma(L::splat(half), L::load(rule.node + i), L::splat(middle))));
    });
    team.for_points(kPanelNodes, [&](int i) {
      auto c = L::splat(0.0);
      for (int k = 0; k < kPanelNodes; ++k)
        c = L::fma(L::splat(node_value[k]), L::load(rule.to_coefficient + k * kPanelNodes + i), c);
      L::store(coefficient + i, c);
    });
    int best = 0;
    double variation = 0.0;
    for (int i = 1; i < kPanelNodes; ++i) {
      if (node_value[i] > node_value[best]) best = i;
      variation = max_of(variation, abs_of(coefficient[i]));
    }
    double a = best > 0 ? rule.node[best - 1] : -1.0;
    double b = best + 1 < kPanelNodes ? rule.node[best + 1] : 1.0;
    const double tail = abs_of(coefficient[14]) + abs_of(coefficient[15]);
    const bool resolved = tail <= max_of(1e-10 * variation, 8.0 * noise);
    // 60 passes reach the spacing of doubles; a kink never resolves.
    if (!resolved && pass < 60) {
      const double from = middle + half * a;
      hi = middle + half * b;
      lo = from;
      continue;
    }
    // Newton on the derivative, within a bracket of its sign.
    double t = rule.node[best];
    SeriesPoint at = series_point(coefficient, t);
    for (int step = 0; step < 60 && a < b; ++step) {
      if (at.slope > 0.0)
        a = t;
      else
        b = t;
      const double newton = t - at.slope / at.bend;
      const bool inside = at.bend < 0.0 && newton >= a && newton <= b;
      const double next = inside ? newton : 0.5 * (a + b);
      const double change = abs_of(next - t);
      t = next;
      at = series_point(coefficient, t);
      if (inside && change < 1e-9) break;  // the next step would be below 1e-16
    }
    const double infinity = real_of(0x7FF0000000000000u);
    return {middle + half * t, at.value,
            at.bend < 0.0 ? half / Scalar<double, L>::sqrt(-at.bend) : infinity};
  }
}

}  // namespace taugrid
