// The summary of draws that are not stored: sums, and integer counts from which quantiles are read.
//
// The exact posterior is known before the first draw, so each wanted sample quantile lies, but for
// one chance in 10^9, within 6 standard errors of a known place: a window there, cut into equal
// bins, holds it. Outside the windows only the number of draws below each window matters. A
// quantile is then known to within the draws that share its bin, which is the rank error that the
// output states.
#pragma once

#include "kernels/math/tree_sum.h"

namespace taugrid {

inline constexpr int kBinsPerWindow = 256;

// Of windows whose places are known from a pilot sample only, and so are wide.
inline constexpr int kBinsPerPilotWindow = 4096;

// For each of n_columns columns: sums of x - shift, and windows [lower, upper) in ascending order
// that do not overlap; unused ones are at +infinity.
struct CountPlan {
  int64_t n_columns;
  int n_windows;
  const double* shift;  // (n_columns)
  const double* lower;  // (n_columns, n_windows)
  const double* upper;  // (n_columns, n_windows)
  const double* scale;  // (n_columns, n_windows): bins / (upper - lower)
};

// Counts of one column: at or past each window's lower and upper end, then its bins, window by
// window.
TAUGRID_INLINE int64_t counts_per_window(int bins = kBinsPerWindow) { return 2 + bins; }

// The bin of x in a window. Every operation is monotone in x, so bins are intervals.
template <int kBins = kBinsPerWindow>
TAUGRID_INLINE int window_bin(double x, double lower, double scale) {
  double r = (x - lower) * scale - 0.5;
  if (!(r > 0.0)) r = 0.0;
  if (r > kBins - 1.0) r = kBins - 1.0;
  // The nearest integer, by the bits of 2^52 + r.
  return static_cast<int>(bits_of(r + 0x1p52) & 0xFFFFFFFFu);
}

// One column over draws [0, n) of a block, n <= 8192, by a team. column is readable up to the next
// multiple of 16; sums[0], sums[1] are of x - shift and of its square; count (n_windows *
// counts_per_window(kBins)) is added to. Floats are converted, exactly. kWindows is plan.n_windows
// where the compiler is to know it, or 0.
template <int kWindows = 0, int kBins = kBinsPerWindow, class Team, class T>
TAUGRID_TEMPLATE inline void summarise_column(Team& team, const CountPlan& plan, int64_t c,
                                              const T* column, int n, double* sums,
                                              uint64_t* count) {
  using L = typename Team::Lanes;
  using Real = typename L::Real;
  constexpr int kMaxWindows = kWindows > 0 ? kWindows : 16;
  const int n_windows = kWindows > 0 ? kWindows : plan.n_windows;
  double lower[kMaxWindows], upper[kMaxWindows];
  Real past_lower[kMaxWindows], past_upper[kMaxWindows];
  for (int k = 0; k < n_windows; ++k) {
    lower[k] = plan.lower[c * n_windows + k];
    upper[k] = plan.upper[c * n_windows + k];
    past_lower[k] = past_upper[k] = L::splat(0.0);
  }
  const double shift = plan.shift[c];
  double total[2];
  team.template sum<2>(n, total, [&](int i, Real(&s)[2]) {
    // Lanes past the end count nowhere and add nothing.
    const auto outside = L::ramp(static_cast<double>(i)) >= static_cast<double>(n);
    const Real x = L::select(outside, L::splat(-real_of(0x7FF0000000000000u)), L::load(column + i));
    const Real d = L::select(outside, L::splat(0.0), x - shift);
    s[0] = d;
    s[1] = d * d;
    auto inside = x < x;
    for (int k = 0; k < n_windows; ++k) {
      const auto from = x >= lower[k];
      const auto beyond = x >= upper[k];
      past_lower[k] = past_lower[k] + L::select(from, L::splat(1.0), L::splat(0.0));
      past_upper[k] = past_upper[k] + L::select(beyond, L::splat(1.0), L::splat(0.0));
      inside = L::either(inside, L::both(from, x < upper[k]));
    }
    if (!L::any(inside)) return;
    for (int lane = 0; lane < L::N; ++lane) {
      const double value = L::lane(x, lane);
      for (int k = 0; k < n_windows; ++k)
        if (value >= lower[k] && value < upper[k])
          team.count(count + k * counts_per_window(kBins) + 2 +
                         window_bin<kBins>(value, lower[k], plan.scale[c * n_windows + k]),
                     1);
    }
  });
  if (team.leads()) {
    sums[0] = total[0];
    sums[1] = total[1];
  }
  for (int k = 0; k < n_windows; ++k) {
    team.count_lanes(count + k * counts_per_window(kBins), past_lower[k]);
    team.count_lanes(count + k * counts_per_window(kBins) + 1, past_upper[k]);
  }
}

}  // namespace taugrid
