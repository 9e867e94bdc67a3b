// Many priors from one text: lists, and ranges of one parameter.
//
//   half_normal:1;half_cauchy:5                          a list
//   half_normal:0.1..10:50                               50 scales from 0.1 to 10
//   half_t:4,0.1..10:50    normal:0,1..100:20            a range in any one parameter
//   mixture:0.3*fixed:0+0.7*half_normal:0.1..10:50       in a row of a mixture too
//
// A range LO..HI:N has both its ends. Its values are equally spaced in the logarithm where the
// parameter must be positive, and equally spaced as they are where it may be 0 or negative (the
// value of fixed, meanlog of log_normal, location of log_t; mean, lower and upper of priors of mu).
// What is between the ends is rounded to less than a thousandth of a step, so that every prior of
// the range has a short text, and is what that text says.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace taugrid {

enum class PriorOf { kTau, kMu };

inline constexpr int64_t kMostValuesOfRange = 100'000;

// What one text without a semicolon stands for: one prior, or one for each value of its range.
struct PriorFamily {
  std::string text;                 // as given
  std::vector<std::string> priors;  // each a text of its own
  // Of a range; else empty.
  std::vector<double> values = {};  // ascending
  std::string parameter = {};       // "scale"
  bool logarithmic = false;
  std::string before = {}, after = {};  // of the text of every prior, around the value

  bool is_range() const { return !values.empty(); }
  // The prior of a value that need not be one of the range's.
  std::string at(double value) const;
};

// Every prior is parsed. Throws std::invalid_argument naming the prior, the piece of it that is
// wrong and what is allowed.
std::vector<PriorFamily> parse_prior_families(std::span<const std::string> texts, PriorOf of);

// The values of a range, ascending: n from lower to upper, both included, 2 <= n, lower < upper
// finite, and above 0 where logarithmic. Throws std::invalid_argument, beginning with `what`, where
// there are fewer doubles between the ends than values.
std::vector<double> range_values(double lower, double upper, int64_t n, bool logarithmic,
                                 const std::string& what);

}  // namespace taugrid
