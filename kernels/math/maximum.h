// The largest value of a smooth function on an interval, to the accuracy of its derivative: the function
// is interpolated at 16 Gauss-Legendre nodes, on an interval narrowed until that converges, and the
// root of the polynomial's derivative is found. Comparing values alone would lose half the digits.
#pragma once

#include "kernels/math/legendre_panels.h"

namespace taugrid {

struct Maximum {
  double x;
  double value;
  double width;  // 1/sqrt(-f''), the sd of a normal density with this curvature; infinite where there is none
};

// f maps lanes of x to lanes of values that carry rounding noise of the given size; node_value and
// coefficient are 16 doubles of scratch each.
template <class Team, class F>
TAUGRID_OUTLINE Maximum find_maximum(Team& team, const PanelRule& rule, const F& f, double lo, double hi, double noise,
                             double* node_value, double* coefficient) {
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
    // Bisection on the derivative's sign: at most 55 steps of 15 terms, once a mode.
    const auto derivative = [&](double t) {
      double p0 = 1.0, p1 = t, d0 = 0.0, d1 = 1.0, sum = 0.0;
      for (int n = 1; n < kPanelNodes; ++n) {
        sum = sum + coefficient[n] * d1;
        const double p2 = ((2 * n + 1) * (t * p1) - n * p0) / (n + 1);
        const double d2 = (2 * n + 1) * p1 + d0;
        p0 = p1;
        p1 = p2;
        d0 = d1;
        d1 = d2;
      }
      return sum;
    };
    if (derivative(a) <= 0.0) b = a;
    else if (derivative(b) >= 0.0) a = b;
    for (int step = 0; step < 55 && a < b; ++step) {
      const double t = 0.5 * (a + b);
      if (derivative(t) > 0.0) a = t;
      else b = t;
    }
    const double t = 0.5 * (a + b);
    double p0 = 1.0, p1 = t, d0 = 0.0, d1 = 1.0, e0 = 0.0, e1 = 0.0;  // P_n, P_n', P_n''
    double value = coefficient[0], bend = 0.0;
    for (int n = 1; n < kPanelNodes; ++n) {
      value = value + coefficient[n] * p1;
      bend = bend + coefficient[n] * e1;
      const double p2 = ((2 * n + 1) * (t * p1) - n * p0) / (n + 1);
      const double d2 = (2 * n + 1) * p1 + d0;
      const double e2 = (2 * n + 1) * d1 + e0;
      p0 = p1;
      p1 = p2;
      d0 = d1;
      d1 = d2;
      e0 = e1;
      e1 = e2;
    }
    const double width = bend < 0.0 ? half / Scalar<double, L>::sqrt(-bend) : real_of(0x7FF0000000000000u);
    return {middle + half * t, value, width};
  }
}

}  // namespace taugrid
