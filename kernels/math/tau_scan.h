// log p(x | y), x = log tau, on a coarse grid that holds all of the mass and of the moments: where
// the quadrature begins.
#pragma once

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
  // A support that ends before the scales of the problem, or begins beyond them.
  if (lo >= hi) {
    if (lo == prior.lower_x)
      hi = min_of(lo + 6.0, prior.upper_x);
    else
      lo = max_of(hi - 6.0, prior.lower_x);
  }
}

// log density at the n points of the scan that begin at `begin`.
template <class Team, class F>
TAUGRID_OUTLINE void scan_points(Team& team, const F& log_density, FitWorkspace& w, int begin,
                                 int n) {
  using L = typename Team::Lanes;
  team.for_points((n + 7) / 8 * 8, [&](int i) {
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

// The k-th of the distances, in steps, at which the scan goes on outwards: 1, 2.5, 4.5, .. 76.
TAUGRID_INLINE double outward(int k) { return 0.25 * k * (k + 3); }

// Scans log_density between the scales that the data and the prior know of, then outwards until
// what is integrated (p itself, and tau^k p for k = moments) has fallen by e^-38 from its own
// maximum: a range cut on the density alone loses the moments' tails, unseen.
template <class Team, class F>
TAUGRID_OUTLINE void scan_tau(Team& team, const Problem& problem, int moments, const F& log_density,
                              FitWorkspace& w) {
  using L = typename Team::Lanes;
  constexpr int kBlock = 16;
  const double k = static_cast<double>(moments);
  const PriorRecord& prior = problem.tau_prior;
  double lo, hi;
  scan_ends<L>(problem, lo, hi);
  int begin = kMaxExtension;
  team.once([&] { w.scan_end = begin + first_scan_points(prior, lo, hi, w.scan_x + begin); });
  int end = w.scan_end;
  scan_points(team, log_density, w, begin, end - begin);
  double peak = w.scan_log_density[begin], moment_peak = peak + k * w.scan_x[begin];
  for (int i = begin; i < end; ++i) {
    peak = max_of(peak, w.scan_log_density[i]);
    moment_peak = max_of(moment_peak, w.scan_log_density[i] + k * w.scan_x[i]);
  }

  // Outwards by blocks, each some ten times as wide as the last, until the mass beyond, about the
  // density times the distance, is negligible: log_t's tails reach e^38 widths.
  const auto beyond = [](double log_density, double distance) {
    return log_density + log<Scalar<double, L>>(1.0 + distance);
  };
  bool open = lo > prior.lower_x;
  double step = 1.0;
  while (open && begin >= kBlock) {
    team.once([&] {
      for (int i = 1; i <= kBlock; ++i)
        w.scan_x[begin - i] = max_of(w.scan_x[begin] - outward(i) * step, prior.lower_x);
    });
    scan_points(team, log_density, w, begin - kBlock, kBlock);
    int stop = begin - 1;
    for (; stop >= begin - kBlock; --stop) {
      open = w.scan_x[stop] > prior.lower_x &&
             !(beyond(w.scan_log_density[stop], lo - w.scan_x[stop]) < peak - kLogDrop);
      if (!open) break;
      peak = max_of(peak, w.scan_log_density[stop]);
      moment_peak = max_of(moment_peak, w.scan_log_density[stop] + k * w.scan_x[stop]);
    }
    begin = open ? begin - kBlock : stop;
    step = 10.0 * step;
  }
  open = hi < prior.upper_x;
  step = 0.5;
  while (open && end + kBlock <= kMaxScan + 2 * kMaxExtension) {
    team.once([&] {
      for (int i = 0; i < kBlock; ++i)
        w.scan_x[end + i] = min_of(w.scan_x[end - 1] + outward(i + 1) * step, prior.upper_x);
    });
    scan_points(team, log_density, w, end, kBlock);
    int stop = end;
    for (; stop < end + kBlock; ++stop) {
      const double moment = w.scan_log_density[stop] + k * w.scan_x[stop];
      open = w.scan_x[stop] < prior.upper_x &&
             !(beyond(moment, w.scan_x[stop] - hi) < moment_peak - kLogDrop);
      if (!open) break;
      peak = max_of(peak, w.scan_log_density[stop]);
      moment_peak = max_of(moment_peak, moment);
    }
    end = open ? end + kBlock : stop + 1;
    step = 10.0 * step;
  }
  // Inside out: the scan may reach further than the threshold asks.
  while (begin + 2 < end && w.scan_x[begin + 1] >= lo &&
         w.scan_log_density[begin + 1] < peak - kLogDrop)
    ++begin;
  while (begin + 2 < end && w.scan_x[end - 2] <= hi &&
         w.scan_log_density[end - 2] + k * w.scan_x[end - 2] < moment_peak - kLogDrop)
    --end;
  int best = begin;
  for (int i = begin + 1; i < end; ++i)
    if (w.scan_log_density[i] > w.scan_log_density[best]) best = i;
  team.once([&] {
    w.scan_mode = w.scan_x[best];
    w.scan_begin = begin;
    w.scan_end = end;
    w.peak = peak;
    w.moment_peak = moment_peak;
  });
}

}  // namespace taugrid
