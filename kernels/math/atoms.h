// The posterior of tau where its prior has atoms (rows fixed:v of a mixture): a probability at each
// of them and, with what is left, the law of the panels. Its distribution function jumps, so that
//   quantile(p) = inf {x: F(x) >= p},
// a closed interval [a, b] has the mass F(b) - F(a-), and the density is infinite at every atom.
// Everything is one number at a time: atoms are few.
#pragma once

#include "kernels/math/fit_types.h"
#include "kernels/math/posterior.h"

namespace taugrid {

// Turns the nodes of the part without atoms, of which log_mass is the evidence (weight included),
// into those of the whole: a block of 16 nodes is added, one an atom, the rest without weight.
// Returns the evidence's logarithm, less the reference as log_mass is.
template <class Team>
TAUGRID_OUTLINE double add_atoms(Team& team, const Problem& problem, double log_mass,
                                 FitWorkspace& w) {
  using S = Scalar<double, typename Team::Lanes>;
  const PriorRecord& prior = problem.tau_prior;
  const double* atoms = prior.numbers + prior.atoms.first;  // (n, 2): tau, log weight; ascending
  const int n = prior.atoms.n / 2;
  double log_of_atom[kMaxAtoms];
  double largest = log_mass;
  for (int k = 0; k < n; ++k) {
    const double tau = atoms[2 * k];
    GivenTau<S> at;
    log_of_atom[k] =
        atoms[2 * k + 1] + log_likelihood_at_tau2<S>(problem, tau * tau, at, w.reference);
    largest = max_of(largest, log_of_atom[k]);
  }
  const double smooth = prior.n_rows > 0 ? exp<S>(log_mass - largest) : 0.0;
  double total = smooth;
  for (int k = 0; k < n; ++k) total = total + exp<S>(log_of_atom[k] - largest);
  team.once([&] {
    w.n_atoms = n;
    w.smooth_mass = smooth / total;
    for (int i = 0; i < w.n_nodes; ++i) w.tau.weight[i] = w.smooth_mass * w.tau.weight[i];
    for (int k = 0; k < kPanelNodes; ++k) {
      const double tau = atoms[2 * (k < n ? k : 0)];
      const int node = w.n_nodes + k;
      w.tau.x[node] = 0.0;
      w.tau.weight[node] = k < n ? exp<S>(log_of_atom[k] - largest) / total : 0.0;
      w.tau_value[node] = tau;
      w.tau2[node] = tau * tau;
    }
    for (int k = 0; k < n; ++k) {
      w.atom[k] = atoms[2 * k];
      w.atom_mass[k] = w.tau.weight[w.n_nodes + k];
      // What the other part has below and above.
      double below = 0.0, above = 1.0;
      if (w.tau.n > 0 && w.atom[k] > 0.0) {
        const double x = log<S>(w.atom[k]);
        below = x <= w.tau.lower[0] ? 0.0 : panel_cdf<S>(w.tau, x, false).mass;
        above = x >= w.tau.upper[w.tau.n - 1] ? 0.0 : panel_cdf<S>(w.tau, x, true).mass;
      }
      w.atom_below[k] = w.smooth_mass * below;
      w.atom_above[k] = w.smooth_mass * above;
    }
    w.end_node = w.n_nodes + kPanelNodes;
    if (w.n_nodes == 0) w.first_node = 0;
    w.n_nodes = w.end_node;
  });
  return largest + log<S>(total);
}

struct AtomQuantile {
  double tau;
  bool at_atom;
  double x;  // log tau, where it is no atom
};

// The quantile of p, or, from the right, of 1 - p.
template <class S>
TAUGRID_OUTLINE AtomQuantile atom_quantile(const FitWorkspace& w, double p, bool from_right) {
  double passed = 0.0, last = w.atom[from_right ? 0 : w.n_atoms - 1];
  const auto smooth = [&] {
    if (!(w.smooth_mass > 0.0)) return AtomQuantile{last, true, 0.0};
    const double mass = min_of(max_of((p - passed) / w.smooth_mass, 1e-300), 1.0);
    const double x = panel_quantile<S>(w.tau, mass, from_right).x;
    return AtomQuantile{exp<S>(x), false, x};
  };
  for (int i = 0; i < w.n_atoms; ++i) {
    const int k = from_right ? w.n_atoms - 1 - i : i;
    const double before = passed + (from_right ? w.atom_above[k] : w.atom_below[k]);
    const double after = before + w.atom_mass[k];
    // From the right p is what lies above the quantile at most.
    if (from_right ? p < before : p <= before) return smooth();
    if (from_right ? p < after : p <= after) return {w.atom[k], true, 0.0};
    passed = passed + w.atom_mass[k];
  }
  return smooth();
}

struct TauTails {
  double lower, upper;  // P(<= tau), P(> tau), each accurate where it is small
};

// With or without atoms; tau in internal units.
template <class S>
TAUGRID_OUTLINE TauTails tau_tails(const FitWorkspace& w, double tau) {
  TauTails tails{0.0, 1.0};
  if (w.tau.n > 0 && tau > 0.0) {
    const double x = log<S>(tau);
    tails.lower = x < w.tau.lower[0] ? 0.0 : panel_cdf<S>(w.tau, x, false).mass;
    tails.upper = x > w.tau.upper[w.tau.n - 1] ? 0.0 : panel_cdf<S>(w.tau, x, true).mass;
  }
  tails.lower = w.smooth_mass * tails.lower;
  tails.upper = w.smooth_mass * tails.upper;
  for (int k = 0; k < w.n_atoms; ++k) {
    const bool passed = w.atom[k] <= tau;
    tails.lower = tails.lower + (passed ? w.atom_mass[k] : 0.0);
    tails.upper = tails.upper + (passed ? 0.0 : w.atom_mass[k]);
  }
  return tails;
}

// The shortest interval of mass `level` at least. Its ends are an atom, or where the density
// (log_density of one x, per unit of tau) is as large at the one as at the other, or the support's.
template <class S, class LogDensity>
TAUGRID_OUTLINE void atom_shortest(const FitWorkspace& w, double level,
                                   const LogDensity& log_density, double support_lower,
                                   double support_upper, double& lower, double& upper) {
  const double outside = 1.0 - level;
  // Lower tails p of the interval at which either end meets or leaves an atom.
  double event[4 * kMaxAtoms + 2];
  int n_events = 0;
  const auto add = [&](double p) {
    if (!(p > 0.0 && p < outside)) return;
    int at = n_events++;
    for (; at > 0 && event[at - 1] > p; --at) event[at] = event[at - 1];
    event[at] = p;
  };
  event[n_events++] = 0.0;
  bool found = false;
  const auto offer = [&](double a, double b) {
    // Ties take the leftmost, rounding apart.
    if (!(b >= a)) return;
    const double width = b - a, best = upper - lower;
    const bool tie = found && abs_of(width - best) <= 1e-10 * best;
    if (!found || (tie ? a < lower : width < best)) {
      lower = a;
      upper = b;
      found = true;
    }
  };
  const auto high_end = [&](double p) { return atom_quantile<S>(w, outside - p, true); };
  const auto low_end = [&](double p) { return atom_quantile<S>(w, p, false); };
  double atoms_below = 0.0;
  for (int k = 0; k < w.n_atoms; ++k) {
    const double before = atoms_below + w.atom_below[k], after = before + w.atom_mass[k];
    atoms_below = atoms_below + w.atom_mass[k];
    add(before);
    add(after);
    add(before - level);
    add(after - level);
    // From this atom on, and up to it.
    if (before <= outside)
      offer(w.atom[k], before < outside ? high_end(before).tau : support_upper);
    if (after > level)
      offer(low_end(after - level).tau, w.atom[k]);
    else if (after == level)
      offer(support_lower, w.atom[k]);
  }
  event[n_events++] = outside;
  if (w.smooth_mass > 0.0) {
    offer(support_lower, high_end(0.0).tau);
    offer(low_end(outside).tau, support_upper);
  }
  const int kGrid = 32;
  for (int e = 0; e + 1 < n_events; ++e) {
    double p0 = event[e], p1 = event[e + 1];
    if (!(p1 - p0 > 1e-13)) continue;
    if (low_end(0.5 * (p0 + p1)).at_atom || high_end(0.5 * (p0 + p1)).at_atom) continue;
    const double step = (p1 - p0) / kGrid;
    int best = 1;
    double best_width = 0.0;
    for (int i = 1; i < kGrid; ++i) {
      const double width = high_end(p0 + i * step).tau - low_end(p0 + i * step).tau;
      if (i == 1 || width < best_width * (1.0 - 1e-10)) {
        best = i;
        best_width = width;
      }
    }
    const double from = p0 + (best - 1) * step;
    p1 = p0 + (best + 1) * step;
    p0 = from;
    for (int i = 0; i < 50; ++i) {
      const double p = 0.5 * (p0 + p1);
      if (!(p > p0 && p < p1)) break;
      const AtomQuantile a = low_end(p), b = high_end(p);
      if (!b.at_atom && (a.at_atom || log_density(a.x) >= log_density(b.x)))
        p1 = p;
      else
        p0 = p;
    }
    const double p = 0.5 * (p0 + p1);
    offer(low_end(p).tau, high_end(p).tau);
  }
}

}  // namespace taugrid
