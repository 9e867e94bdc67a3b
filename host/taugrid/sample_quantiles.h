// Quantiles of samples: of values in memory by sorting, of streams from counts in windows
// (kernels/math/streamed_counts.h). Internal.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "host/taugrid/summary.h"

namespace taugrid {

// Of which every sample summary has the quantiles: 0.025, 0.25, 0.5, 0.75, 0.975.
const std::vector<double>& sample_probabilities();

// Windows of probability that hold those quantiles of n values, but for one chance in 10^9 each;
// merged where they overlap, as those of few values do. Their places are known from the exact
// distribution or, if `pilot` is not 0, from a sample of that many.
std::vector<std::pair<double, double>> probability_windows(int64_t n, int64_t pilot = 0);

// The windows of one column in ascending order, and what was counted there.
struct CountedWindows {
  int n_windows;
  int bins;                // of each
  const double* lower;     // (n_windows)
  const double* upper;     // (n_windows)
  const uint64_t* counts;  // (n_windows, counts_per_window(bins))
  const double* atom =
      nullptr;  // (n_windows), where there are any: the one value of a window, or NaN
};

// Where order statistic `rank` of n (0 .. n - 1, fractional between two) lies, and how many values
// share its bin.
struct Located {
  double value;
  double rank_error;
};
Located locate(const CountedWindows& windows, int64_t n, double rank);

// From sums of n values' distances to a number near their mean; divisor n - 1.
double standard_deviation(double sum, double sum_of_squares, double n);

// The quantile of ascending values, as R's type 7.
double sorted_quantile(const std::vector<double>& ascending, double probability);

// Sorts n values, ascending: std::sort, or a device's.
using SortValues = void (*)(double* values, int64_t n);
void sort_values(double* values, int64_t n);

// Mean, sd and quantiles of values, which it sorts.
SampleSummary exact_sample(std::vector<double>& values, SortValues sort = sort_values);

}  // namespace taugrid
