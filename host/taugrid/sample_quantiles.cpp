#include "host/taugrid/sample_quantiles.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/math/streamed_counts.h"

namespace taugrid {

const std::vector<double>& sample_probabilities() {
  static const std::vector<double> kProbabilities = {0.025, 0.25, 0.5, 0.75, 0.975};
  return kProbabilities;
}

std::vector<std::pair<double, double>> probability_windows(int64_t n, int64_t pilot) {
  const double variance =
      1.0 / static_cast<double>(n) + (pilot > 0 ? 1.0 / static_cast<double>(pilot) : 0.0);
  std::vector<std::pair<double, double>> windows;
  for (const double p : sample_probabilities()) {
    const double reach = 6.0 * std::sqrt(p * (1.0 - p) * variance);
    const double lower = std::max(p - reach, 1e-12), upper = std::min(p + reach, 1.0 - 1e-12);
    if (!windows.empty() && lower <= windows.back().second)
      windows.back().second = upper;
    else
      windows.emplace_back(lower, upper);
  }
  return windows;
}

Located locate(const CountedWindows& windows, int64_t n, double rank) {
  for (int k = 0; k < windows.n_windows; ++k) {
    const double lower = windows.lower[k], upper = windows.upper[k];
    const uint64_t* of_window = windows.counts + k * counts_per_window(windows.bins);
    double below = static_cast<double>(n) - static_cast<double>(of_window[0]);
    const double below_upper = static_cast<double>(n) - static_cast<double>(of_window[1]);
    // Before this window, past the one before: the chance in 10^9.
    if (rank + 0.5 < below) return {lower, below - rank};
    if (rank + 0.5 >= below_upper) {
      if (k + 1 == windows.n_windows) return {upper, rank - below_upper + 1.0};
      continue;
    }
    if (windows.atom != nullptr && !std::isnan(windows.atom[k])) return {windows.atom[k], 0.0};
    const double width = (upper - lower) / windows.bins;
    for (int bin = 0; bin < windows.bins; ++bin) {
      const double in_bin = static_cast<double>(of_window[2 + bin]);
      if (rank + 0.5 < below + in_bin) {
        const double within = (rank + 0.5 - below) / in_bin;
        return {lower + (bin + within) * width, in_bin};
      }
      below += in_bin;
    }
  }
  return {std::numeric_limits<double>::quiet_NaN(), static_cast<double>(n)};
}

double standard_deviation(double sum, double sum_of_squares, double n) {
  return n > 1.0 ? std::sqrt(std::max(0.0, sum_of_squares - sum * sum / n) / (n - 1.0))
                 : std::numeric_limits<double>::quiet_NaN();
}

double sorted_quantile(const std::vector<double>& ascending, double probability) {
  const double rank = probability * static_cast<double>(ascending.size() - 1);
  const size_t low = static_cast<size_t>(rank);
  const size_t high = std::min(low + 1, ascending.size() - 1);
  const double part = rank - static_cast<double>(low);
  return ascending[low] + part * (ascending[high] - ascending[low]);
}

void sort_values(double* values, int64_t n) { std::sort(values, values + n); }

SampleSummary exact_sample(std::vector<double>& values, SortValues sort) {
  const size_t n = values.size();
  SampleSummary sample{};
  // Two passes, the second about the mean. The first about a value, so that equal ones have just
  // that mean.
  const double shift = values[0];
  double sum = 0.0;
  for (const double x : values) sum += x - shift;
  sample.mean = shift + sum / static_cast<double>(n);
  double first = 0.0, second = 0.0;
  for (const double x : values) {
    first += x - sample.mean;
    second += (x - sample.mean) * (x - sample.mean);
  }
  sample.sd = standard_deviation(first, second, static_cast<double>(n));
  sample.se_mean = sample.sd / std::sqrt(static_cast<double>(n));
  sort(values.data(), static_cast<int64_t>(values.size()));
  for (const double p : sample_probabilities())
    sample.quantiles.push_back(sorted_quantile(values, p));
  return sample;
}

}  // namespace taugrid
