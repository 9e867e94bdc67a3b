// What a fit is asked for, what it answers, and what it works in. Plain data, internal units.
#pragma once

#include "kernels/math/legendre_panels.h"
#include "kernels/math/mixture.h"

namespace taugrid {

struct FitRequest {
  const double* probabilities;  // (n_probabilities), in (0, 1), ascending
  int n_probabilities;
  double level;  // of the shortest interval
  // Which parameters are wanted; the results of others are left as they were.
  bool tau, mu, theta_new;
  bool theta;  // every theta_j
  bool joint;  // cov_mu_tau and, with mode_and_shortest, the joint mode
  bool mode_and_shortest;
  int tau_moments;  // highest k <= 2 for which E[tau^k | y] exists
  int mu_moments;   // highest k <= 2 for which E[mu^k | y] exists
  // With theta, those from theta_begin to theta_end - 1 only; the others' results stay as they
  // were.
  int64_t theta_begin = 0, theta_end = INT64_MAX;
  // The workspace holds the posterior of tau already, as a fit of the same problem that asked for
  // the same moments has left it.
  bool tau_known = false;
};

// What does not exist is NaN.
struct ParameterResult {
  double mean, sd;
  double mode;
  double shortest_lower, shortest_upper;
  double* quantile;  // (n_probabilities)
};

struct FitResult {
  double log_evidence;  // log of the integral of p(tau) p(y | tau), as log_likelihood normalises it
  double cov_mu_tau;
  double joint_mode_tau, joint_mode_mu;
  ParameterResult tau, mu, theta_new;
  ParameterResult* theta;  // (J), if asked for
  int nodes;               // grid points in the posterior of tau
  bool unresolved;         // the panels ran out of room: digits are lost
  int tau_moments;         // those asked for, less those whose integrals leave a double's range
};

inline constexpr int kMaxScan = 512;       // points between the seeds
inline constexpr int kMaxExtension = 384;  // points beyond them, on either side
inline constexpr int kMaxModes = 16;
inline constexpr int kMaxMixtureNodes = 256;
// What a prior's lists may hold (priors.h).
inline constexpr int kMostPriorScan = 256;
inline constexpr int kMostPriorCuts = 160;
inline constexpr int kMostPriorJumps = 32;
inline constexpr int kMaxAtoms = 16;  // as many as nodes in a panel
inline constexpr int kMaxCuts = 192 + kMostPriorCuts + 8 * kMostPriorJumps;

// One problem's memory: the size does not depend on J.
struct FitWorkspace {
  PanelRule rule;
  Panels tau;    // the posterior of x = log tau
  Panels other;  // one parameter under a uniform prior of mu
  PanelScratch scratch;

  // log p(x | y) on a coarse grid, [scan_begin, scan_end) of the arrays.
  double scan_x[kMaxScan + 2 * kMaxExtension];
  double scan_log_density[kMaxScan + 2 * kMaxExtension];
  int scan_begin, scan_end;
  double peak;           // the largest log p(x | y)
  double scan_mode;      // where it is, of the scan's points
  double log_sd_pooled;  // log of the sd of mu | tau = 0, y; not under a uniform prior of mu
  double moment_peak;    // the largest log p(x | y) + k x
  // What is taken off log p(y | tau), 0 but for many schools, and the rounding in what is left.
  double reference, noise;
  // GivenTau at the nodes of all panels tried.
  double tried_tau[kMaxTried * kPanelNodes];
  double tried_mu_hat[kMaxTried * kPanelNodes], tried_v_mu[kMaxTried * kPanelNodes];
  double cuts[kMaxCuts];
  int n_cuts;

  // Probabilities of the atoms of tau, ascending, and of the rest, which `tau` is the law of; what
  // the rest has below and above each atom.
  int n_atoms;
  double smooth_mass;
  double atom[kMaxAtoms], atom_mass[kMaxAtoms], atom_below[kMaxAtoms], atom_above[kMaxAtoms];

  double log_evidence;
  int tau_moments;  // those asked for, less those whose integrals leave a double's range

  // At the nodes of `tau` and its atoms (or at the one value of a fixed tau, padded with weights of
  // 0).
  int n_nodes;
  bool unresolved;           // of `tau`, or of any `other` so far
  int first_node, end_node;  // those that a mixture notices
  int middle_node;           // one in the panel that holds the median, atoms apart
  double tau_value[kMaxNodes];
  double tau2[kMaxNodes];
  double mu_hat[kMaxNodes];  // of mu | tau, y before truncation
  double v_mu[kMaxNodes];
  double log_mu_mass[kMaxNodes];  // uniform prior of mu
  double mu_mean[kMaxNodes];      // E[mu | tau, y]
  // Of the parameter at hand.
  double mean[kMaxNodes];
  double inverse_sd[kMaxNodes];
  double log_weight[kMaxNodes];

  // Of mixture_nodes.h.
  double mixture_weight[kMaxMixtureNodes], mixture_tau2[kMaxMixtureNodes];
  double mixture_mu_hat[kMaxMixtureNodes], mixture_v_mu[kMaxMixtureNodes];

  QuantileSearch search;
  double lane_a[64], lane_b[64], lane_c[64], lane_d[64];  // a few values per lane
  double node_value[kPanelNodes], coefficient[kPanelNodes];
};

}  // namespace taugrid
