#include "host/cli/request_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "host/taugrid/readers.h"

namespace taugrid::cli {
namespace {

using Texts = std::vector<std::string>;

Texts split(const std::string& text, char separator) {
  Texts parts;
  size_t begin = 0;
  for (size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + 1)
    parts.push_back(text.substr(begin, end - begin));
  parts.push_back(text.substr(begin));
  return parts;
}

std::vector<double> parse_shares(const Texts& texts, const std::string& flag) {
  std::vector<double> shares;
  for (const std::string& text : texts) {
    for (const std::string& item : split(text, ',')) {
      const double share = parse_number(item, flag);
      if (!(share > 0 && share < 1))
        throw std::invalid_argument(fmt::format("{} is {}, must be between 0 and 1", flag, item));
      shares.push_back(share);
    }
  }
  return shares;
}

struct Range {
  double lower, upper;
  int64_t n;
};

// "lo:hi:n"; that the numbers make sense is the library's to say.
Range parse_range(const std::string& text, const std::string& flag, const std::string& whole) {
  const Texts parts = split(text, ':');
  if (parts.size() != 3)
    throw std::invalid_argument(fmt::format("{} is '{}', must be {}", flag, text, whole));
  const double n = parse_number(parts[2], flag + ": number of points");
  if (!(n >= 1 && n <= 1e9 && std::floor(n) == n))
    throw std::invalid_argument(
        fmt::format("{}: the number of points is {}, must be from 1 to 1000000", flag, parts[2]));
  return {parse_number(parts[0], flag), parse_number(parts[1], flag), static_cast<int64_t>(n)};
}

// "mu:0,theta[1]:28". What has no colon is the first part of a label that holds a comma.
std::vector<ExceedRequest> parse_exceed(const Texts& texts) {
  std::vector<ExceedRequest> requests;
  for (const std::string& text : texts) {
    std::string item;
    for (const std::string& part : split(text, ',')) {
      // A space after a comma is none of the next parameter's name.
      item += item.empty() ? part.substr(std::min(part.find_first_not_of(' '), part.size()))
                           : "," + part;
      const size_t colon = item.rfind(':');
      if (colon == std::string::npos) continue;
      requests.push_back(
          {item.substr(0, colon), parse_number(item.substr(colon + 1), "--exceed " + item)});
      item.clear();
    }
    if (!item.empty())
      throw std::invalid_argument(
          fmt::format("--exceed is '{}', must be PARAMETER:VALUE, such as mu:0", item));
  }
  return requests;
}

std::vector<DensityRequest> parse_density(const Texts& texts) {
  const std::string form = "PARAMETER,LO:HI:N, such as mu,-10:30:200";
  std::vector<DensityRequest> requests;
  for (const std::string& text : texts) {
    const size_t comma = text.rfind(',');
    if (comma == std::string::npos)
      throw std::invalid_argument(fmt::format("--density is '{}', must be {}", text, form));
    const Range range = parse_range(text.substr(comma + 1), "--density", form);
    requests.push_back({text.substr(0, comma), range.lower, range.upper, range.n});
  }
  return requests;
}

std::vector<double> parse_given_tau(const Texts& texts) {
  std::vector<double> tau;
  for (const std::string& text : texts) {
    for (const std::string& item : split(text, ',')) {
      if (item.find(':') == std::string::npos) {
        tau.push_back(parse_number(item, "--given-tau"));
        continue;
      }
      const Range range = parse_range(item, "--given-tau", "LO:HI:N, such as 0:30:61, or values");
      const std::vector<double> spaced =
          equally_spaced(range.lower, range.upper, range.n, "--given-tau");
      tau.insert(tau.end(), spaced.begin(), spaced.end());
    }
  }
  return tau;
}

}  // namespace

void add_request_options(CLI::App& app, RequestOptions& options) {
  const auto add = [&](const char* flag, Texts& texts, const char* type, const char* description) {
    app.add_option(flag, texts, description)
        ->type_name(type)
        ->allow_extra_args(false)
        ->group("On request");
  };
  const auto add_flag = [&](const char* flag, bool& wanted, const char* description) {
    app.add_flag(flag, wanted, description)->group("On request");
  };
  add("--probs", options.probabilities, "P,P,..", "Further quantiles, such as 0.01,0.99");
  add("--level", options.levels, "L,L,..",
      "Central and shortest intervals of further levels, such as 0.9,0.5");
  add("--exceed", options.exceed, "PARAMETER:VALUE,..",
      "P(parameter > value | y), such as mu:0,theta[1]:28; a school's label names its theta too");
  add("--density", options.density, "PARAMETER,LO:HI:N",
      "Density and CDF at N equally spaced points, such as mu,-10:30:200");
  add("--given-tau", options.given_tau, "LO:HI:N or TAU,..",
      "p(tau|y), I^2 and the moments of mu and every theta given tau, such as 0:30:61,inf");
  add_flag("--weights", options.weights,
           "Shrinkage factors E[B_j|y], B_j = tau^2/(sigma_j^2 + tau^2), and the weight of each "
           "y_k in each posterior mean");
  add_flag("--bayes-factors", options.bayes_factors,
           "Bayes factors p(y|tau=0)/p(y) and p(y|mu=0)/p(y)");
  add_flag("--loo", options.loo,
           "Leave-one-out cross-validation by refits: predictive densities, their sum elpd with "
           "its standard error, and PIT");
}

SummaryOptions parse_requests(const RequestOptions& options) {
  SummaryOptions summary;
  for (const double p : parse_shares(options.probabilities, "--probs"))
    summary.probabilities.push_back(p);
  summary.more_levels = parse_shares(options.levels, "--level");
  summary.exceed = parse_exceed(options.exceed);
  summary.density = parse_density(options.density);
  summary.given_tau = parse_given_tau(options.given_tau);
  summary.weights = options.weights;
  summary.bayes_factors = options.bayes_factors;
  summary.loo = options.loo;
  return summary;
}

}  // namespace taugrid::cli
