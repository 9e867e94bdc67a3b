// The test of Kolmogorov and Smirnov of a sample against a continuous law.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace taugrid {

// Chance that a sample of that law is as far from it: Kolmogorov's limit, with Stephens' correction
// (J. R. Stat. Soc. B 32 (1970) 115), good to 1e-3 from n = 10 on.
inline double kolmogorov_p_value(double distance, double n) {
  const double root = std::sqrt(n);
  const double x = (root + 0.12 + 0.11 / root) * distance;
  double sum = 0.0;
  if (x < 1.0) {  // Jacobi's other series
    for (int k = 1; k <= 5; ++k)
      sum += std::exp(-std::pow((2 * k - 1) * std::acos(-1.0) / x, 2) / 8);
    return 1.0 - std::sqrt(2 * std::acos(-1.0)) / x * sum;
  }
  for (int k = 1; k <= 20; ++k) sum += (k % 2 == 1 ? 2 : -2) * std::exp(-2.0 * k * k * x * x);
  return sum;
}

// Of values F(x_i), F the law's CDF.
inline double kolmogorov_smirnov_p_value(std::vector<double> cdf_values) {
  std::sort(cdf_values.begin(), cdf_values.end());
  const double n = static_cast<double>(cdf_values.size());
  double distance = 0.0;
  for (size_t i = 0; i < cdf_values.size(); ++i) {
    const double below = static_cast<double>(i) / n, above = static_cast<double>(i + 1) / n;
    distance = std::max({distance, cdf_values[i] - below, above - cdf_values[i]});
  }
  return kolmogorov_p_value(distance, n);
}

}  // namespace taugrid
