#include "host/taugrid/prior_ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "host/taugrid/csv_fields.h"
#include "host/taugrid/prior_mixture.h"
#include "host/taugrid/priors.h"
#include "host/taugrid/readers.h"
#include "kernels/math/elementary.h"

namespace taugrid {
namespace {

constexpr const char* kForm = "LO..HI:N, such as 0.1..10:50";
constexpr const char* kDots = "..";

// A range as it stands in a prior's text.
struct Found {
  size_t begin, end;  // of the whole text
  std::string lower, upper, n;
  std::string row;   // the prior, or the mixture's row, that it is in
  size_t parameter;  // its place among the parameters, from 0
};

class Parser {
 public:
  Parser(const std::string& text, PriorOf of)
      : text_(text), of_(of), what_((of == PriorOf::kTau ? "tau prior " : "mu prior ") + text) {}

  PriorFamily family() const {
    PriorFamily family{text_, {}};
    const std::optional<Found> found = find();
    if (!found) {
      check(text_);
      family.priors = {text_};
      return family;
    }
    const PriorParameter parameter = parameter_of(*found);
    family.parameter = parameter.name;
    family.logarithmic = parameter.positive;
    family.before = text_.substr(0, found->begin);
    family.after = text_.substr(found->end);
    const std::string what = fmt::format("{}: {}", what_, parameter.name);
    const double lower = end_of_range(found->lower, what), upper = end_of_range(found->upper, what);
    if (family.logarithmic && !(lower > 0.0))
      throw std::invalid_argument(
          fmt::format("{} is from {}, must be positive", what, found->lower));
    if (!(lower < upper))
      throw std::invalid_argument(fmt::format("{} is from {}, must be below its other end, {}",
                                              what, found->lower, found->upper));
    const double n = parse_number(found->n, what + ": number of values");
    if (!(n >= 2.0 && n <= static_cast<double>(kMostValuesOfRange) && std::floor(n) == n))
      throw std::invalid_argument(
          fmt::format("{}: the number of values is {}, must be a whole number from 2 to {}", what,
                      found->n, kMostValuesOfRange));
    family.values = range_values(lower, upper, static_cast<int64_t>(n), family.logarithmic, what);
    for (const double value : family.values) {
      family.priors.push_back(family.at(value));
      check(family.priors.back());
    }
    return family;
  }

 private:
  void check(const std::string& prior) const {
    if (of_ == PriorOf::kTau)
      parse_tau_prior(prior);
    else
      parse_mu_prior(prior);
  }

  PriorParameter parameter_of(const Found& found) const {
    const std::string name = found.row.substr(0, found.row.find(':'));
    const std::vector<PriorParameter> parameters =
        of_ == PriorOf::kTau ? tau_prior_parameters(name) : mu_prior_parameters(name);
    if (found.parameter >= parameters.size())
      throw std::invalid_argument(
          parameters.empty()
              ? fmt::format("{}: {} has no parameters, and no range", what_, name)
              : fmt::format("{}: {} has {} parameters, and a range where there is none", what_,
                            name, parameters.size()));
    return parameters[found.parameter];
  }

  double end_of_range(const std::string& end, const std::string& what) const {
    const double value = parse_number(end, what + ": an end of its range");
    if (!std::isfinite(value))
      throw std::invalid_argument(
          fmt::format("{}: an end of its range is {}, must be finite", what, end));
    return value;
  }

  std::optional<Found> find() const {
    const std::string name = text_.substr(0, text_.find(':'));
    if (of_ == PriorOf::kMu || name != "mixture") return find_in(text_, 0);
    std::optional<Found> found;
    for (const MixtureRowPlace& row : mixture_row_places(text_)) {
      const std::optional<Found> in_row =
          find_in(text_.substr(row.begin, row.end - row.begin), row.begin);
      if (in_row && found) throw std::invalid_argument(what_ + two_ranges());
      if (in_row) found = in_row;
    }
    return found;
  }

  // In one prior, at `offset` of the whole text.
  std::optional<Found> find_in(const std::string& prior, size_t offset) const {
    const size_t colon = prior.find(':');
    // A file's name may hold two dots.
    if (colon == std::string::npos || prior.substr(0, colon) == "table") return std::nullopt;
    std::optional<Found> found;
    size_t number = 0;
    for (size_t begin = colon + 1; begin <= prior.size(); ++number) {
      const size_t end = std::min(prior.find(',', begin), prior.size());
      const std::string item = prior.substr(begin, end - begin);
      const size_t dots = item.find(kDots);
      if (dots != std::string::npos) {
        if (found) throw std::invalid_argument(what_ + two_ranges());
        const size_t last = item.rfind(':');
        if (last == std::string::npos || last < dots)
          throw std::invalid_argument(fmt::format(
              "{}: the range '{}' lacks its number of values, must be {}", what_, item, kForm));
        found = {offset + begin,
                 offset + end,
                 trimmed(item.substr(0, dots)),
                 trimmed(item.substr(dots + 2, last - dots - 2)),
                 trimmed(item.substr(last + 1)),
                 prior,
                 number};
      }
      begin = end + 1;
    }
    return found;
  }

  static std::string two_ranges() { return ": has two ranges, must have at most one"; }

  static std::string trimmed(const std::string& text) {
    const size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? ""
                                      : text.substr(first, text.find_last_not_of(' ') - first + 1);
  }

  const std::string& text_;
  PriorOf of_;
  std::string what_;
};

// The decimal nearest to a value, with so many digits after the point.
double rounded(double value, int decimals) {
  return parse_number(fmt::format("{:.{}f}", value, decimals), "value");
}

}  // namespace

std::string PriorFamily::at(double value) const { return before + csv_number(value) + after; }

std::vector<double> range_values(double lower, double upper, int64_t n, bool logarithmic,
                                 const std::string& what) {
  using S = Scalar<>;
  constexpr int kBeyondStep = 3;  // digits, of which the last is below a thousandth of the step
  constexpr int kMostDecimals = 330;
  constexpr double kLog10 = 2.302585092994045684;
  // Neither upper / lower nor upper - lower need be a double.
  const double log_lower = logarithmic ? log<S>(lower) : 0.0;
  const double step = logarithmic
                          ? (log<S>(upper) - log_lower) / static_cast<double>(n - 1)
                          : upper / static_cast<double>(n - 1) - lower / static_cast<double>(n - 1);
  std::vector<double> values = {lower};
  for (int64_t i = 1; i + 1 < n; ++i) {
    const double at = static_cast<double>(i);
    const double value = logarithmic ? exp<S>(log_lower + step * at) : S::fma(step, at, lower);
    const double around = logarithmic ? std::min(step, 1.0) * value : step;
    const int decimals = kBeyondStep - static_cast<int>(std::floor(log<S>(around) / kLog10));
    values.push_back(rounded(value, std::clamp(decimals, 0, kMostDecimals)));
  }
  values.push_back(upper);
  if (std::ranges::adjacent_find(values, std::greater_equal()) != values.end())
    throw std::invalid_argument(fmt::format(
        "{}: there are no {} numbers from {} to {} in double precision", what, n, lower, upper));
  return values;
}

std::vector<PriorFamily> parse_prior_families(std::span<const std::string> texts, PriorOf of) {
  std::vector<PriorFamily> families;
  for (const std::string& list : texts) {
    size_t begin = 0;
    while (true) {
      const size_t end = std::min(list.find(';', begin), list.size());
      const std::string text = list.substr(begin, end - begin);
      const size_t first = text.find_first_not_of(' ');
      if (first == std::string::npos)
        throw std::invalid_argument(fmt::format("{} prior '{}': {}",
                                                of == PriorOf::kTau ? "tau" : "mu", list,
                                                list.empty() ? "is empty" : "a prior is missing"));
      const std::string trimmed = text.substr(first, text.find_last_not_of(' ') - first + 1);
      families.push_back(Parser(trimmed, of).family());
      if (end == list.size()) break;
      begin = end + 1;
    }
  }
  return families;
}

}  // namespace taugrid
