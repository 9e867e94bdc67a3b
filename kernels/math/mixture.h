// The law of mu, theta_j and theta_new under a flat or normal prior of mu: a mixture of normals
// over the nodes of tau,
//   F(x) = sum_i weight_i Phi((x - mean_i)/sd_i).
// Its quantiles, mode and shortest interval.
#pragma once

#include "kernels/math/maximum.h"
#include "kernels/math/normal_distribution.h"

namespace taugrid {

// A component of less weight has no part in where modes are, or in where they roughly are.
inline constexpr double kNegligible = 1e-13, kRoughlyNegligible = 1e-9;

template <class Team>
struct Mixture {
  using L = typename Team::Lanes;

  Team& team;
  const double* weight;      // (n)
  const double* mean;        // (n)
  const double* inverse_sd;  // (n)
  int n;                     // a multiple of 8, as is n_coarse
  // Where not 0, twice the sum over this many nodes, the first, is nearly that over all.
  int n_coarse = 0;

  struct Point {
    double lower, upper;    // F(x) and 1 - F(x), each accurate where it is small
    double density, slope;  // F'(x), F''(x)
  };

  TAUGRID_INLINE Point at(double x) const { return at(x, n, 1.0); }
  TAUGRID_INLINE Point coarsely_at(double x) const { return at(x, n_coarse, 2.0); }

  TAUGRID_OUTLINE Point at(double x, int n_used, double factor) const {
    double sums[4];
    team.template sum<4>(n_used, sums, [&](int i, typename L::Real(&s)[4]) {
      const auto w = L::load(weight + i);
      const auto scale = L::load(inverse_sd + i);
      const auto z = (x - L::load(mean + i)) * scale;
      const NormalTails<L> tails = normal_tails<L>(z);
      const auto f = w * scale * tails.pdf;
      s[0] = w * tails.lower;
      s[1] = w * tails.upper;
      s[2] = f;
      s[3] = -(f * scale * z);
    });
    // The weights sum to 1 but for rounding.
    return {min_of(factor * sums[0], 1.0), min_of(factor * sums[1], 1.0), factor * sums[2],
            factor * sums[3]};
  }

  // The density's slope, its derivative, and the sum of absolute values that the slope is of; all
  // times sqrt(2 pi).
  TAUGRID_OUTLINE void slope_at(double x, double (&sums)[3]) const {
    team.template sum<3>(n, sums, [&](int i, typename L::Real(&s)[3]) {
      const auto scale = L::load(inverse_sd + i);
      const auto z = (x - L::load(mean + i)) * scale;
      const auto f = L::load(weight + i) * (scale * scale) * exp<L>(-0.5 * (z * z));
      s[0] = -(f * z);
      s[1] = f * scale * (z * z - 1.0);
      s[2] = f * magnitude<L>(z);
    });
  }

  // log F'(x) at lanes of x.
  TAUGRID_INLINE typename L::Real log_density(typename L::Real x) const {
    return log_density(x, n, 1.0, kNegligible);
  }
  // To about 1e-7, of a law of ordinary shape.
  TAUGRID_INLINE typename L::Real coarse_log_density(typename L::Real x) const {
    return n_coarse > 0 ? log_density(x, n_coarse, 2.0, kRoughlyNegligible)
                        : log_density(x, n, 1.0, kRoughlyNegligible);
  }

  TAUGRID_OUTLINE typename L::Real log_density(typename L::Real x, int n_used, double factor,
                                               double negligible) const {
    auto f = L::splat(0.0);
    for (int i = 0; i < n_used; ++i) {
      if (!(weight[i] > negligible)) continue;
      const auto z = (x - mean[i]) * inverse_sd[i];
      f = f + (weight[i] * inverse_sd[i]) * exp<L>(-0.5 * (z * z));
    }
    return log<L>(factor * f);
  }
};

// Quantiles of one law that are sought together, a lane each.
struct QuantileSearch {
  static constexpr int kLanes = 16;
  double p[kLanes];     // in (0, 1/2], the mass left of the quantile,
  double sign[kLanes];  // or, where this is -1 and not 1, right of it
  double x[kLanes];     // a guess; then the quantile
  double scale;         // a width of the law

  // What the search keeps.
  double nodes[kLanes];  // which it has come to: kCoarse, kAll, or kNone where it has ended
  double lo[kLanes], hi[kLanes], reach[kLanes];
  double width[kLanes];     // of the bracket when it had last been halved,
  double rounds[kLanes];    // how many rounds ago that was,
  double patience[kLanes];  // and how many may pass before it is
  double mass[kLanes], density[kLanes], slope[kLanes];
  static constexpr double kNone = 0.0, kCoarse = 1.0, kAll = 2.0;
};

// The first n quantiles of a search. Halley's method on log F (cubic, and monotone where F is
// log-concave) within a bracket, over the coarse nodes until their quantile is near, where there
// are any; then over all. A quantile's path does not depend on which others are sought.
template <class Law>
TAUGRID_OUTLINE void mixture_quantiles(const Law& law, int n, QuantileSearch& search) {
  using L = typename Law::L;
  using Real = typename L::Real;
  using Search = QuantileSearch;
  const double infinity = real_of(0x7FF0000000000000u);
  // A law of ordinary shape is never as slow.
  constexpr double kPatience = 8.0;
  const int padded = (n + 7) / 8 * 8;
  law.team.once([&] {
    for (int i = 0; i < padded; ++i) {
      search.nodes[i] = i >= n ? Search::kNone : law.n_coarse > 0 ? Search::kCoarse : Search::kAll;
      search.lo[i] = -infinity;
      search.hi[i] = infinity;
      search.reach[i] = 4.0 * search.scale;
      search.width[i] = infinity;
      search.rounds[i] = 0.0;
      search.patience[i] = kPatience;
      if (i < n) continue;
      search.p[i] = 0.5;
      search.sign[i] = 1.0;
      search.x[i] = search.mass[i] = search.density[i] = search.slope[i] = 1.0;
    }
  });
  bool active = n > 0;
  for (int round = 0; active && round < 1000; ++round) {
    for (int i = 0; i < n; ++i) {
      if (search.nodes[i] == Search::kNone) continue;
      const auto at =
          search.nodes[i] == Search::kCoarse ? law.coarsely_at(search.x[i]) : law.at(search.x[i]);
      if (!law.team.leads()) continue;
      search.mass[i] = search.sign[i] > 0.0 ? at.lower : at.upper;
      search.density[i] = at.density;
      search.slope[i] = at.slope;
    }
    law.team.for_points(padded, [&](int i) {
      const Real nodes = L::load(search.nodes + i);
      const auto alive = nodes > 0.0, coarse = nodes == Search::kCoarse;
      const Real x = L::load(search.x + i), sign = L::load(search.sign + i);
      const Real mass = L::load(search.mass + i);
      // log(mass/p), which rises in the direction of the sign.
      const Real h = log<L>(mass / L::load(search.p + i));
      const auto found = h == 0.0, below = sign * h < 0.0;
      Real lo = L::select(below, x, L::load(search.lo + i));
      Real hi = L::select(below, L::load(search.hi + i), x);
      Real reach = L::load(search.reach + i);
      const Real h1 = sign * L::load(search.density + i) / mass;
      const Real h2 = sign * L::load(search.slope + i) / mass - h1 * h1;
      const Real newton = -h / h1;
      const Real halley = -h / (h1 - 0.5 * h * h2 / h1);
      // Halley's denominator can vanish far away: Newton's does not.
      const Real step = L::select(halley * newton > 0.0, halley, newton);
      const Real stepped = x + step;
      const Real size = L::select(step < 0.0, -step, step);
      // Beside a spike the steps may go from one of its sides to the other and back and hardly
      // narrow the bracket: then it is halved, and from there on every third round.
      const Real width = L::load(search.width + i), patience = L::load(search.patience + i);
      const auto halved = hi - lo <= 0.5 * width;
      const auto unbounded = hi - lo == infinity;
      const Real rounds =
          L::select(L::either(halved, unbounded), L::splat(0.0), L::load(search.rounds + i) + 1.0);
      const auto stalled = rounds > patience;
      // A comparison with a NaN is false.
      const auto ordinary =
          L::both(L::both(size <= reach, rounds <= patience), L::both(stepped > lo, stepped < hi));
      const auto bracketed = L::both(lo > -infinity, hi < infinity);
      const Real middle = 0.5 * (lo + hi);
      const auto collapsed =
          L::both(bracketed, L::either(L::either(middle <= lo, middle >= hi), middle != middle));
      Real next = L::select(bracketed, middle, L::select(below, x + reach, x - reach));
      next = L::select(ordinary, stepped, L::select(found, x, next));
      reach = L::select(L::either(ordinary, bracketed), reach, 2.0 * reach);
      const Real distance = L::select(h < 0.0, -h, h);
      // Where the two steps differ the law is no place for either (beside a gap between its parts),
      // and the next error is not this one's cube.
      const Real difference = halley - newton;
      const auto regular = L::select(difference < 0.0, -difference, difference) <= 1e-3 * size;
      const auto near =
          L::either(L::both(distance < 5e-5, regular), L::both(coarse, distance < 0.02));
      const auto arrived = L::either(L::either(found, collapsed), L::both(ordinary, near));
      const auto refine = L::both(arrived, coarse);
      L::store(search.x + i, L::select(alive, next, x));
      L::store(search.lo + i, L::select(refine, L::splat(-infinity), lo));
      L::store(search.hi + i, L::select(refine, L::splat(infinity), hi));
      L::store(search.reach + i, reach);
      L::store(search.width + i,
               L::select(refine, L::splat(infinity), L::select(halved, hi - lo, width)));
      L::store(search.rounds + i, L::select(refine, L::splat(0.0), rounds));
      L::store(search.patience + i,
               L::select(refine, L::splat(kPatience), L::select(stalled, L::splat(1.0), patience)));
      L::store(search.nodes + i, L::select(refine, L::splat(Search::kAll),
                                           L::select(arrived, L::splat(Search::kNone), nodes)));
    });
    active = false;
    for (int i = 0; i < n; ++i) active = active || search.nodes[i] != Search::kNone;
  }
}

// One of them: x with F(x) = p, or 1 - F(x) = p where p is a tail on the right.
template <class Law>
TAUGRID_OUTLINE double mixture_quantile(const Law& law, double p, bool from_right, double start,
                                        QuantileSearch& search) {
  law.team.once([&] {
    search.p[0] = p;
    search.sign[0] = from_right ? -1.0 : 1.0;
    search.x[0] = start;
  });
  mixture_quantiles(law, 1, search);
  return search.x[0];
}

struct MixtureMode {
  double x;
  bool unimodal;
};

// The one mode between a and b, by Newton's method on the slope within a bracket of its sign.
template <class Law>
TAUGRID_OUTLINE double mixture_mode_between(const Law& law, double x, double a, double b) {
  const double width = b - a;
  for (int i = 0; i < 200; ++i) {
    double slope[3];
    law.slope_at(x, slope);
    // Nothing but rounding is left.
    if (abs_of(slope[0]) <= 0x1p-52 * slope[2]) break;
    if (slope[0] > 0.0)
      a = x;
    else
      b = x;
    const double newton = x - slope[0] / slope[1];
    // An end of the bracket is x itself, which is where Newton stays once it has arrived.
    const bool inside = slope[1] < 0.0 && newton >= a && newton <= b;
    const double next = inside ? newton : a + 0.5 * (b - a);
    const double change = abs_of(next - x);
    x = next;
    // The next step would be below 1e-16 of the width.
    if (inside ? change < 1e-9 * width : !(x > a && x < b)) break;
  }
  return x;
}

// Every mode lies between the smallest and the largest mean of a component: left of all means every
// component rises, right of all it falls.
template <class Law>
TAUGRID_OUTLINE MixtureMode mixture_mode(const Law& law, const PanelRule& rule, double* lane_x,
                                         double* lane_value, double* node_value,
                                         double* coefficient) {
  using L = typename Law::L;
  double lo = law.mean[0], hi = law.mean[0], narrowest = 0.0;
  for (int i = 0; i < law.n; ++i) {
    if (!(law.weight[i] > kNegligible)) continue;
    lo = min_of(lo, law.mean[i]);
    hi = max_of(hi, law.mean[i]);
    narrowest = max_of(narrowest, law.inverse_sd[i]);
  }
  if (!((hi - lo) * narrowest > 1e-13)) return {lo, true};
  // A component is concave within one sd of its mean: if no mean is further than that from another,
  // all are concave between them, and there is one mode.
  if ((hi - lo) * narrowest < 1.0)
    return {mixture_mode_between(law, lo + 0.5 * (hi - lo), lo, hi), true};

  const int kPoints = 32;
  law.team.for_points(kPoints, [&](int i) {
    const auto x =
        L::fma(L::ramp(static_cast<double>(i)), L::splat((hi - lo) / (kPoints - 1)), L::splat(lo));
    L::store(lane_x + i, x);
    L::store(lane_value + i, law.coarse_log_density(x));
  });
  int best = 0, peaks = 0;
  for (int i = 0; i < kPoints; ++i) {
    if (lane_value[i] > lane_value[best]) best = i;
    const bool rises = i == 0 || lane_value[i] > lane_value[i - 1];
    const bool falls = i == kPoints - 1 || lane_value[i] >= lane_value[i + 1];
    if (rises && falls) ++peaks;
  }
  double a = lane_x[best > 0 ? best - 1 : 0];
  double b = lane_x[best < kPoints - 1 ? best + 1 : best];
  // A component too narrow for that grid, as of an atom of tau at 0: what stands out most by
  // itself.
  int tallest = 0;
  for (int i = 1; i < law.n; ++i)
    if (law.weight[i] * law.inverse_sd[i] > law.weight[tallest] * law.inverse_sd[tallest])
      tallest = i;
  const double sd = 1.0 / law.inverse_sd[tallest], at = law.mean[tallest];
  if (6.0 * sd < (hi - lo) / (kPoints - 1) &&
      L::lane(law.coarse_log_density(L::splat(at)), 0) > lane_value[best]) {
    a = max_of(at - 3.0 * sd, lo);
    b = min_of(at + 3.0 * sd, hi);
    peaks = 2;
  }
  if (peaks == 1) return {mixture_mode_between(law, lane_x[best], a, b), true};
  const auto log_density = [&](typename L::Real x) { return law.log_density(x); };
  constexpr double kNoise = 0x1p-51;  // of the log density, a few units in size
  return {find_maximum(law.team, rule, log_density, a, b, kNoise, node_value, coefficient).x,
          false};
}

// The shortest interval of mass `level`. Of a unimodal law, by Newton's method on
//   F(b) - F(a) = level,  F'(a) = F'(b);
// otherwise, or where that fails, by its lower tail mass p: the length falls where F'(a) < F'(b). a
// and b are guesses, best the ends of the central interval.
template <class Law>
TAUGRID_OUTLINE void mixture_shortest(const Law& law, double level, bool unimodal, double a,
                                      double b, QuantileSearch& search, double& lower,
                                      double& upper) {
  const double outside = 1.0 - level;
  if (unimodal) {
    double x0 = a, x1 = b;
    bool coarse = law.n_coarse > 0;
    for (int i = 0; i < 30; ++i) {
      const auto at0 = coarse ? law.coarsely_at(x0) : law.at(x0);
      const auto at1 = coarse ? law.coarsely_at(x1) : law.at(x1);
      const double r1 = outside - at0.lower - at1.upper;  // F(b) - F(a) - level
      const double r2 = at1.density - at0.density;
      // Unknown steps d0, d1:  -f0 d0 + f1 d1 = -r1,  -f0' d0 + f1' d1 = -r2.
      const double det = -at0.density * at1.slope + at1.density * at0.slope;
      double d0 = (-r1 * at1.slope + r2 * at1.density) / det;
      double d1 = (r2 * at0.density - r1 * at0.slope) / det;
      const double width = x1 - x0;
      if (!(abs_of(d0) < 0.25 * width) || !(abs_of(d1) < 0.25 * width)) {
        const double largest = max_of(abs_of(d0), abs_of(d1));
        if (!(largest > 0.0 && largest < 1e300 * width)) break;
        d0 = d0 * (0.25 * width / largest);
        d1 = d1 * (0.25 * width / largest);
      }
      x0 = x0 + d0;
      x1 = x1 + d1;
      const bool near = abs_of(d0) + abs_of(d1) < (coarse ? 1e-4 : 1e-7) * width;
      if (near && coarse) {
        coarse = false;
      } else if (near) {
        // Quadratic convergence: what is left is below 1e-13 of the width. A saddle or a maximum of
        // the length is no answer: the density must rise at a and fall at b.
        if (at0.slope > 0.0 && at1.slope < 0.0) {
          lower = x0;
          upper = x1;
          return;
        }
        break;
      }
    }
  }
  // Lengths on a grid of p, then bisection on the sign of F'(a) - F'(b) beside the shortest.
  const int kGrid = 32;
  int best = 1;
  double best_width = 0.0;
  for (int k = 1; k < kGrid; ++k) {
    const double p = outside * k / kGrid;
    a = mixture_quantile(law, p, false, a, search);
    b = mixture_quantile(law, outside - p, true, b, search);
    if (k == 1 || b - a < best_width) {
      best = k;
      best_width = b - a;
    }
  }
  double p0 = outside * (best - 1) / kGrid, p1 = outside * (best + 1) / kGrid;
  for (int i = 0; i < 50; ++i) {
    const double p = 0.5 * (p0 + p1);
    if (!(p > p0 && p < p1)) break;
    a = mixture_quantile(law, p, false, a, search);
    b = mixture_quantile(law, outside - p, true, b, search);
    if (law.at(a).density < law.at(b).density)
      p0 = p;
    else
      p1 = p;
  }
  lower = a;
  upper = b;
}

}  // namespace taugrid
