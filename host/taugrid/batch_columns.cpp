#include "host/taugrid/batch_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace taugrid {
namespace {

constexpr std::pair<const char*, ParameterKind> kQuantities[] = {
    {"tau", ParameterKind::kTau},
    {"mu", ParameterKind::kMu},
    {"theta_new", ParameterKind::kThetaNew},
    {"theta", ParameterKind::kTheta},
};

constexpr std::pair<const char*, StatisticKind> kPlain[] = {
    {"mean", StatisticKind::kMean},
    {"sd", StatisticKind::kSd},
    {"mode", StatisticKind::kMode},
};

// With a percentage behind them.
constexpr std::pair<const char*, StatisticKind> kOfShare[] = {
    {"q", StatisticKind::kQuantile},
    {"central", StatisticKind::kCentral},
    {"shortest", StatisticKind::kShortest},
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> items;
  size_t begin = 0;
  for (size_t end; (end = text.find(',', begin)) != std::string::npos; begin = end + 1)
    items.push_back(text.substr(begin, end - begin));
  items.push_back(text.substr(begin));
  return items;
}

// "2.5" -> 0.025, the double nearest to it: 33.3 / 100 is not that nearest to 0.333. 0 where the
// text is no percentage.
double share_of(std::string_view percent) {
  const auto plain = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  if (percent.empty() || !std::ranges::all_of(percent, plain)) return 0.0;
  const std::string text = std::string(percent) + "e-2";
  double share = 0.0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), share);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? share : 0.0;
}

Statistic parse_statistic(const std::string& text) {
  for (const auto& [name, kind] : kPlain)
    if (text == name) return {kind, 0.0, text};
  for (const auto& [name, kind] : kOfShare) {
    if (!text.starts_with(name)) continue;
    const double share = share_of(std::string_view(text).substr(std::string_view(name).size()));
    if (share > 0.0 && share < 1.0) return {kind, share, text};
  }
  throw std::invalid_argument(fmt::format(
      "statistic '{}' is unknown, must be mean, sd, mode, qP, centralP or shortestP, with a "
      "percentage P above 0 and below 100, such as q2.5 or central95",
      text));
}

ParameterKind parse_quantity(const std::string& text) {
  for (const auto& [name, kind] : kQuantities)
    if (text == name) return kind;
  throw std::invalid_argument(
      fmt::format("quantity '{}' is unknown, must be tau, mu, theta_new or theta", text));
}

}  // namespace

std::vector<std::string> BatchColumns::names() const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& parameter) {
    for (const Statistic& statistic : statistics) {
      const std::string name = parameter + "." + statistic.name;
      if (statistic.is_interval()) {
        names.push_back(name + ".lower");
        names.push_back(name + ".upper");
      } else {
        names.push_back(name);
      }
    }
  };
  for (const ParameterKind kind : quantities) {
    if (kind == ParameterKind::kTheta) {
      for (int64_t j = 1; j <= n_theta; ++j) add(fmt::format("theta[{}]", j));
    } else {
      for (const auto& [name, of] : kQuantities)
        if (of == kind) add(name);
    }
  }
  return names;
}

size_t BatchColumns::size() const {
  size_t n_parameters = 0, n_statistics = 0;
  for (const ParameterKind kind : quantities)
    n_parameters += kind == ParameterKind::kTheta ? static_cast<size_t>(n_theta) : 1;
  for (const Statistic& statistic : statistics) n_statistics += statistic.is_interval() ? 2 : 1;
  return n_parameters * n_statistics;
}

BatchColumns parse_batch_columns(const std::string& quantities, const std::string& statistics,
                                 int64_t n_theta) {
  const auto once = [](const std::vector<std::string>& items, const char* what) {
    for (size_t i = 0; i < items.size(); ++i)
      if (std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), items[i]) !=
          items.begin() + static_cast<std::ptrdiff_t>(i))
        throw std::invalid_argument(fmt::format("{} '{}' is listed twice", what, items[i]));
  };
  BatchColumns columns;
  columns.n_theta = n_theta;
  const std::vector<std::string> parameters = split(quantities), items = split(statistics);
  for (const std::string& text : parameters) columns.quantities.push_back(parse_quantity(text));
  once(parameters, "quantity");
  for (const std::string& text : items) columns.statistics.push_back(parse_statistic(text));
  once(items, "statistic");
  return columns;
}

}  // namespace taugrid
