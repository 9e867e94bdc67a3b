// A density on a line as piecewise polynomials: panels, each with the values at 16 Gauss-Legendre
// nodes and the Legendre series through them, so that integrals, CDF, density and quantiles all
// come from one set of evaluations. Panels are halved until the series has converged.
//
//   within a panel, t in (-1, 1):  f = sum c_n P_n(t),
//   integral from -1 to t of f = c_0 (1 + t) + sum c_n (P_{n+1}(t) - P_{n-1}(t)) / (2 n + 1)
//
// Everything is a template on a Team: who shares the points of one problem (32 stripes on the CPU,
// a warp on CUDA). Control flow depends only on values that are the same over the team.
#pragma once

#include "kernels/math/elementary.h"
#include "kernels/math/gauss_legendre.h"
#include "kernels/math/lanes.h"

namespace taugrid {

// Room for panels, and how many of them a density without kinks may take. (What is not used costs
// nothing but address space.)
inline constexpr int kMaxPanels = 1024;
inline constexpr int kSmoothPanels = 192;
inline constexpr int kMaxNodes = kMaxPanels * kPanelNodes;

// The rule, and the matrix from node values to coefficients: made once, by make_panel_rule.
struct PanelRule {
  double node[kPanelNodes];
  double weight[kPanelNodes];
  double to_coefficient[kPanelNodes * kPanelNodes];  // [i * 16 + n] = (n + 1/2) w_i P_n(t_i)
};

template <class Team>
TAUGRID_OUTLINE void make_panel_rule(Team& team, PanelRule& rule) {
  using L = typename Team::Lanes;
  team.once([&] {
    for (int i = 0; i < kPanelNodes; ++i) {
      rule.node[i] = gauss_node(i);
      rule.weight[i] = gauss_weight(i);
    }
  });
  team.for_points(kPanelNodes, [&](int i) {
    const auto t = L::load(rule.node + i), weight = L::load(rule.weight + i);
    auto before = L::splat(0.0), p = L::splat(1.0);
    for (int n = 0; n < kPanelNodes; ++n) {
      const auto c = (n + 0.5) * weight * p;
      for (int k = 0; k < L::N; ++k) rule.to_coefficient[(i + k) * kPanelNodes + n] = L::lane(c, k);
      const auto next = ((2 * n + 1) * t * p - static_cast<double>(n) * before) / (n + 1.0);
      before = p;
      p = next;
    }
  });
}

// The panels of one density, in order, normalised to mass 1.
struct Panels {
  int n;
  bool unresolved;           // there was no room to halve every panel that asked for it
  double log_mass;           // log of the integral of exp(log density)
  double lower[kMaxPanels];  // ends
  double upper[kMaxPanels];
  double below[kMaxPanels];       // mass left of the panel's right end
  double above[kMaxPanels];       // mass right of the panel's left end
  double coefficient[kMaxNodes];  // of the mass: times (width/2)/total
  double x[kMaxNodes];            // nodes
  double weight[kMaxNodes];       // their quadrature weights; they sum to 1
};

// What panels are built in: all that have been tried, those that were halved before their halves.
// They are at most twice those that are kept.
inline constexpr int kMaxTried = 2 * kMaxPanels;
struct PanelScratch {
  double lower[kMaxTried], upper[kMaxTried];
  double value[kMaxTried * kPanelNodes], coefficient[kMaxTried * kPanelNodes];
  int order[kMaxPanels];  // the panels kept, by number, in order
};

// What resolves a density. All are relative to exp(peak), the largest density.
struct PanelTolerance {
  double absolute;     // on the last coefficients times the width: an error of the CDF
  double least_width;  // or times this, where the density itself is wanted too
  double shape;        // on the last coefficients, relative to the panel's own largest,
  double negligible;   // unless its mass is below this
  double moment;       // power k of exp(x) in the highest moment wanted, 0 for none
  double moment_peak;  // the largest log density + k x
  double plain_below;  // x below which what mixtures integrate hardly varies; +inf for no mixtures
  int most = kSmoothPanels;  // panels, at most kMaxPanels
};

// Where a panel is cut that must be halved.
struct AtMiddle {
  TAUGRID_INLINE double operator()(double a, double b) const { return 0.5 * (a + b); }
};

TAUGRID_INLINE double abs_of(double x) { return x < 0.0 ? -x : x; }
TAUGRID_INLINE double max_of(double a, double b) { return a > b ? a : b; }
TAUGRID_INLINE double min_of(double a, double b) { return a < b ? a : b; }

// Of a panel's 16 coefficients.
template <class L>
TAUGRID_INLINE double largest_magnitude(const double* c) {
  auto largest = magnitude<L>(L::load(c));
  for (int n = L::N; n < kPanelNodes; n += L::N) {
    const auto next = magnitude<L>(L::load(c + n));
    largest = L::select(next > largest, next, largest);
  }
  double lane[L::N];
  L::store(lane, largest);
  for (int half = L::N / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lane[i] = max_of(lane[i], lane[i + half]);
  return lane[0];
}

// Whether a panel of the given width is resolved by coefficients c (16), density in units of
// exp(peak).
template <class L>
TAUGRID_TEMPLATE inline bool panel_resolved(const double* c, double lower, double upper,
                                            double peak, const PanelTolerance& tolerance) {
  const double largest = largest_magnitude<L>(c);
  const double tail = abs_of(c[14]) + abs_of(c[15]);
  const double width = upper - lower;
  const double mass = abs_of(c[0]) * width;
  // The shape of every panel that the table can reach, however little it holds.
  if (mass > tolerance.negligible && tail > (mass > 1e-10 ? tolerance.shape : 1e-3) * largest)
    return false;
  if (tail * max_of(width, tolerance.least_width) > tolerance.absolute) return false;
  // The rule is exact to degree 31, so the moment asks less of the series than the CDF does.
  const double moment_rise = tolerance.moment * upper - tolerance.moment_peak + peak;
  if (tolerance.moment > 0.0 && moment_rise > 0.0 &&
      tail * exp<Scalar<double, L>>(moment_rise) > 1e3 * tolerance.absolute)
    return false;
  // Mixtures integrate functions of x that this density knows nothing of, smooth on the scale of 1
  // in x = log tau (singular no nearer than i pi/4); 16 nodes on a width of 2 take them to 1e-10 of
  // the panel's mass, so wider panels must hold little.
  return upper < tolerance.plain_below || width <= 2.0 || (width <= 4.0 && mass < 1e-7) ||
         mass < 1e-11;
}

// Builds the panels of exp(log_density(x, i) - peak) between cuts[0] < .. < cuts[n_cuts - 1], where
// x are lanes from node i on of all panels tried; afterwards nodes 16 p + k of the panels are nodes
// 16 scratch.order[p] + k of those. split(a, b) is where the panel from a to b is cut, strictly
// between them.
template <class Team, class LogDensity, class Split = AtMiddle>
TAUGRID_OUTLINE void build_panels(Team& team, const PanelRule& rule, const LogDensity& log_density,
                                  double peak, const double* cuts, int n_cuts,
                                  const PanelTolerance& tolerance, PanelScratch& scratch,
                                  Panels& panels, const Split& split = {}) {
  using L = typename Team::Lanes;
  // Those from `first` on wait to be tried.
  int first = 0, tried = n_cuts - 1, kept = 0;
  bool unresolved = false;
  team.once([&] {
    for (int p = 0; p < tried; ++p) {
      scratch.lower[p] = cuts[p];
      scratch.upper[p] = cuts[p + 1];
    }
  });
  while (first < tried) {
    const int first_node = first * kPanelNodes, n_nodes = (tried - first) * kPanelNodes;
    team.for_points(n_nodes, [&](int at) {
      const int i = first_node + at, p = i / kPanelNodes;
      const double half = 0.5 * (scratch.upper[p] - scratch.lower[p]);
      const auto x = L::fma(L::splat(half), L::load(rule.node + i % kPanelNodes),
                            L::splat(scratch.lower[p] + half));
      L::store(scratch.value + i, exp<L>(log_density(x, i) - peak));
    });
    team.for_points(n_nodes, [&](int at) {
      const int i = first_node + at;
      const double* value = scratch.value + i / kPanelNodes * kPanelNodes;
      const double* matrix = rule.to_coefficient + i % kPanelNodes;
      auto c = L::splat(0.0);
      for (int k = 0; k < kPanelNodes; ++k)
        c = L::fma(L::splat(value[k]), L::load(matrix + k * kPanelNodes), c);
      L::store(scratch.coefficient + i, c);
    });
    const int end = tried;
    for (int p = first; p < end; ++p) {
      const double a = scratch.lower[p], b = scratch.upper[p];
      const bool room = kept + (end - p) + (tried - end) + 2 <= tolerance.most;
      const bool resolved =
          panel_resolved<L>(scratch.coefficient + p * kPanelNodes, a, b, peak, tolerance);
      // Where halving has reached the spacing of doubles there is nothing to gain.
      const bool narrow = b - a < 1e-14 * max_of(1.0, abs_of(a));
      unresolved = unresolved || (!resolved && !room);
      const bool keep = resolved || narrow || !room;
      team.once([&] {
        if (keep) {
          // Nearly in order, level by level.
          int at = kept;
          for (; at > 0 && scratch.lower[scratch.order[at - 1]] > a; --at)
            scratch.order[at] = scratch.order[at - 1];
          scratch.order[at] = p;
        } else {
          const double middle = split(a, b);
          scratch.lower[tried] = a;
          scratch.upper[tried] = scratch.lower[tried + 1] = middle;
          scratch.upper[tried + 1] = b;
        }
      });
      if (keep)
        kept += 1;
      else
        tried += 2;
    }
    first = end;
  }

  double total = 0.0;
  for (int p = 0; p < kept; ++p) {
    const int from = scratch.order[p];
    const double half = 0.5 * (scratch.upper[from] - scratch.lower[from]);
    total = total + 2.0 * half * scratch.coefficient[from * kPanelNodes];
  }
  team.for_points(kept * kPanelNodes, [&](int i) {
    const int p = i / kPanelNodes, k = i % kPanelNodes;
    const int from = scratch.order[p];
    const double a = scratch.lower[from], b = scratch.upper[from];
    const double half = 0.5 * (b - a), share = half / total;
    L::store(panels.x + i, L::fma(L::splat(half), L::load(rule.node + k), L::splat(a + half)));
    const int at = from * kPanelNodes + k;
    L::store(panels.weight + i, L::load(rule.weight + k) * L::load(scratch.value + at) * share);
    L::store(panels.coefficient + i, L::load(scratch.coefficient + at) * share);
  });
  team.once([&] {
    panels.n = kept;
    panels.unresolved = unresolved || !(total > 0.0 && total < real_of(0x7FF0000000000000u));
    panels.log_mass = peak + log<Scalar<double, L>>(total);
    double below = 0.0;
    for (int p = 0; p < kept; ++p) {
      panels.lower[p] = scratch.lower[scratch.order[p]];
      panels.upper[p] = scratch.upper[scratch.order[p]];
      below = below + 2.0 * panels.coefficient[p * kPanelNodes];
      panels.below[p] = below;
    }
    double above = 0.0;
    for (int p = kept - 1; p >= 0; --p) {
      above = above + 2.0 * panels.coefficient[p * kPanelNodes];
      panels.above[p] = above;
    }
  });
}

// Mass of a panel left (or, from the right, right) of t, and the density in t with its derivative.
template <class L>
struct PanelPoint {
  typename L::Real mass;
  typename L::Real density;
  typename L::Real slope;
};

// The coefficients of one panel, whose number `panel` is, in each lane. Gathered once for the
// points that a search looks at; a single lane looks them up.
template <class L, bool kGathered = (L::N > 1)>
struct PanelSeries {
  typename L::Real c[kPanelNodes];

  TAUGRID_INLINE PanelSeries(const Panels& panels, typename L::Bits panel) {
    for (int n = 0; n < kPanelNodes; ++n) c[n] = L::gather(panels.coefficient + n, panel << 4);
  }
  TAUGRID_INLINE typename L::Real operator[](int n) const { return c[n]; }
};
template <class L>
struct PanelSeries<L, false> {
  const double* c;

  TAUGRID_INLINE PanelSeries(const Panels& panels, typename L::Bits panel)
      : c(panels.coefficient + panel * kPanelNodes) {}
  TAUGRID_INLINE typename L::Real operator[](int n) const { return c[n]; }
};

// -1 <= t <= 1.
template <class L>
TAUGRID_OUTLINE PanelPoint<L> panel_point(const PanelSeries<L>& coefficient,
                                          typename L::Mask from_right, typename L::Real t) {
  using Real = typename L::Real;
  // P_{n-1}, P_n and their derivatives P'_{n-1}, P'_n.
  Real p0 = L::splat(1.0), p1 = t;
  Real d0 = L::splat(0.0), d1 = L::splat(1.0);
  const Real c0 = coefficient[0];
  Real density = c0, slope = L::splat(0.0), series = L::splat(0.0);
  for (int n = 1; n < kPanelNodes; ++n) {
    const Real c = coefficient[n];
    const Real p2 = ((2 * n + 1) * (t * p1) - n * p0) * (1.0 / (n + 1));
    const Real d2 = L::fma(L::splat(2 * n + 1.0), p1, d0);
    density = L::fma(c, p1, density);
    slope = L::fma(c, d1, slope);
    series = series + c * (p2 - p0) * (1.0 / (2 * n + 1));
    p0 = p1;
    p1 = p2;
    d0 = d1;
    d1 = d2;
  }
  const Real left = c0 * (1.0 + t) + series;
  const Real right = c0 * (1.0 - t) - series;
  return {L::select(from_right, right, left), density, slope};
}

// x with mass p below it (from_right: above it), 0 < p <= 1, and the density per unit of x there
// with its derivative. Newton within a bracket, which a step below 1e-9 ends (the next would be
// below 1e-16); lanes that have converged stand still.
template <class L>
struct PanelQuantile {
  typename L::Real x;
  typename L::Real density;
  typename L::Real slope;
};

template <class L>
TAUGRID_OUTLINE PanelQuantile<L> panel_quantile(const Panels& panels, typename L::Real p,
                                                typename L::Mask from_right) {
  using Real = typename L::Real;
  const Real zero = L::splat(0.0);
  const Real last = L::splat(static_cast<double>(panels.n - 1));
  Real passed = zero, target = p;
  for (int k = 0; k + 1 < panels.n; ++k) {
    const Real mass =
        L::select(from_right, L::splat(panels.above[panels.n - 1 - k]), L::splat(panels.below[k]));
    const auto beyond = mass <= p;
    passed = L::select(beyond, passed + 1.0, passed);
    target = L::select(beyond, p - mass, target);
  }
  const Real panel_real = L::select(from_right, last - passed, passed);
  // The integer below 2^52 in a real, by its bits.
  const auto panel = L::bits(panel_real + 0x1p52) & L::splat_bits(0xFFFFFFFFu);

  const PanelSeries<L> coefficient(panels, panel);
  // As if the panel's mass were spread evenly.
  const Real share = target / (2.0 * coefficient[0]);
  Real lo = L::splat(-1.0), hi = L::splat(1.0);
  Real t = L::select(from_right, 1.0 - 2.0 * share, 2.0 * share - 1.0);
  t = L::select(L::both(t > -1.0, t < 1.0), t, zero);
  Real step = L::splat(2.0);
  PanelPoint<L> at = panel_point<L>(coefficient, from_right, t);
  for (int i = 0; i < 80; ++i) {
    const auto active = step > 1e-9;
    if (!L::any(active)) break;
    const Real excess = at.mass - target;
    // Mass from the right falls with t.
    const auto move_right = L::select(from_right, -excess, excess) < 0.0;
    lo = L::select(move_right, t, lo);
    hi = L::select(move_right, hi, t);
    const Real newton = t - L::select(from_right, -excess, excess) / at.density;
    const Real bisected = 0.5 * (lo + hi);
    // A comparison that is false for a NaN sends it to the middle.
    // An end of the bracket is t itself, which is where Newton stays once it has arrived.
    const auto inside = L::both(newton >= lo, newton <= hi);
    const Real next = L::select(inside, newton, bisected);
    const Real change = next - t;
    const Real moved = L::select(inside, L::select(change < 0.0, -change, change), 1e6 * (hi - lo));
    step = L::select(active, moved, step);
    t = L::select(active, next, t);
    at = panel_point<L>(coefficient, from_right, t);
  }
  const Real lower = L::gather(panels.lower, panel);
  const Real upper = L::gather(panels.upper, panel);
  const Real half = 0.5 * (upper - lower);
  return {L::fma(half, t, lower + half), at.density / half, at.slope / (half * half)};
}

// Mass below (or above) x, and the density.
template <class L>
TAUGRID_TEMPLATE inline PanelPoint<L> panel_cdf(const Panels& panels, typename L::Real x,
                                                typename L::Mask from_right) {
  using Real = typename L::Real;
  Real passed = L::splat(0.0), outside_left = L::splat(0.0);
  for (int k = 0; k + 1 < panels.n; ++k) {
    const auto beyond = x > panels.upper[k];
    passed = L::select(beyond, passed + 1.0, passed);
    outside_left = L::select(beyond, L::splat(panels.below[k]), outside_left);
  }
  const auto panel = L::bits(passed + 0x1p52) & L::splat_bits(0xFFFFFFFFu);
  const Real lower = L::gather(panels.lower, panel);
  const Real upper = L::gather(panels.upper, panel);
  const Real half = 0.5 * (upper - lower);
  Real t = (x - (lower + half)) / half;
  t = L::select(t < -1.0, L::splat(-1.0), t);
  t = L::select(t > 1.0, L::splat(1.0), t);
  const PanelSeries<L> coefficient(panels, panel);
  PanelPoint<L> at = panel_point<L>(coefficient, from_right, t);
  const Real outside_right = L::gather(panels.above, panel) - 2.0 * coefficient[0];
  at.mass = at.mass + L::select(from_right, outside_right, outside_left);
  at.density = at.density / half;
  at.slope = at.slope / (half * half);
  return at;
}

}  // namespace taugrid
