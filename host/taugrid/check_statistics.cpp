#include "host/taugrid/check_statistics.h"

#include <algorithm>
#include <cmath>

#include "host/taugrid/sample_quantiles.h"

namespace taugrid {

double statistic_of(const std::string& name, const std::vector<double>& values) {
  if (name == "max") return *std::max_element(values.begin(), values.end());
  if (name == "min") return *std::min_element(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  double sum = 0.0;
  for (const double x : values) sum += x;
  const double mean = sum / n;
  if (name == "mean") return mean;
  double first = 0.0, second = 0.0;
  for (const double x : values) {
    first += x - mean;
    second += (x - mean) * (x - mean);
  }
  return standard_deviation(first, second, n);
}

PredictiveCheck predictive_check(const std::string& name, const std::vector<double>& y,
                                 double centre, double observed, const double* sums, uint64_t count,
                                 int64_t n) {
  const double size = static_cast<double>(n);
  const double place = name == "sd" ? 0.0 : centre;
  const bool of_data = name == "max" || name == "min";
  const double p = static_cast<double>(count) / size;
  return {name,
          of_data ? statistic_of(name, y) : place + observed,
          place + (observed + sums[0] / size),
          standard_deviation(sums[0], sums[1], size),
          count,
          p,
          std::sqrt(p * (1.0 - p) / size)};
}

}  // namespace taugrid
