// The checks of a data set, all before anything is computed. Every message names the row, the
// quantity, its value and what is allowed.
#include "host/taugrid/data.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace taugrid {
namespace {

// The widest span, in units of the smallest sigma, of what one problem holds: squares of it (1e48)
// and their products over the few schools between two renormalisations stay within double
// precision.
constexpr double kLargestSpan = 1e24;

}  // namespace

void validate(const Data& data) {
  const size_t n = data.y.size();
  if (!data.labels.empty() && data.labels.size() != n && data.sigma.size() == n && n > 0) {
    throw std::invalid_argument(
        fmt::format("there are {} labels and {} schools; give one label a school, or none",
                    data.labels.size(), n));
  }
  validate(data.y, data.sigma);
}

void validate(std::span<const double> y, std::span<const double> sigma) {
  const size_t n = y.size();
  if (sigma.size() != n) {
    throw std::invalid_argument(fmt::format(
        "y has {} values and sigma has {}; their numbers must be equal", n, sigma.size()));
  }
  if (n == 0) throw std::invalid_argument("there are no schools; at least one row is needed");

  size_t smallest = 0;  // row of the smallest sigma
  size_t lowest = 0;    // row of the smallest y
  for (size_t j = 0; j < n; ++j) {
    if (!std::isfinite(y[j])) {
      throw std::invalid_argument(fmt::format("row {}: y is {}, must be finite", j + 1, y[j]));
    }
    if (!(sigma[j] > 0) || !std::isfinite(sigma[j])) {
      throw std::invalid_argument(
          fmt::format("row {}: sigma is {}, must be positive and finite", j + 1, sigma[j]));
    }
    if (sigma[j] < sigma[smallest]) smallest = j;
    if (y[j] < y[lowest]) lowest = j;
  }

  // Written with quotients: a product could overflow, and with it the check. (A difference of two
  // y, and a quotient, may overflow too, to infinity, which fails the check as it should.)
  const double unit = sigma[smallest];
  for (size_t j = 0; j < n; ++j) {
    if (sigma[j] / unit > kLargestSpan) {
      throw std::invalid_argument(
          fmt::format("row {}: sigma is {}, must be at most {:g} times the smallest ({} in row {})",
                      j + 1, sigma[j], kLargestSpan, unit, smallest + 1));
    }
    if ((y[j] - y[lowest]) / unit > kLargestSpan) {
      throw std::invalid_argument(fmt::format(
          "row {}: y is {}, must be within {:g} times the smallest sigma ({} in row {}) of every "
          "other y "
          "({} in row {})",
          j + 1, y[j], kLargestSpan, unit, smallest + 1, y[lowest], lowest + 1));
    }
  }
}

size_t most_precise_school(std::span<const double> y, std::span<const double> sigma) {
  size_t best = 0;
  for (size_t j = 1; j < y.size(); ++j)
    if (sigma[j] < sigma[best] || (sigma[j] == sigma[best] && y[j] < y[best])) best = j;
  return best;
}

}  // namespace taugrid
