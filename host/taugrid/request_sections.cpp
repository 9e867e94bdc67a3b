#include "host/taugrid/request_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/taugrid/number_text.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/text_table.h"
#include "host/taugrid/writers.h"

namespace taugrid {
namespace {

using Cells = TextTable::Cells;

constexpr NumberStyle kFive = {false, 5};  // significant digits
constexpr NumberStyle kShare = {true, 4};  // of what lies between 0 and 1
constexpr NumberStyle kLog = {true, 4};    // of a log, absolute precision matters
constexpr size_t kMostColumns = 12;        // of schools; more are for JSON and CSV

std::string section(const std::string& head, const TextTable& table) {
  return head + "\n" + table.text() + "\n";
}

const ParameterSummary& school(const FitSummary& fit, size_t j) { return fit.parameters[2 + j]; }

std::vector<NumberStyle> styles_of(const FitSummary& fit) {
  std::vector<NumberStyle> styles;
  for (const ParameterSummary& p : fit.parameters) {
    std::vector<double> values = p.quantiles;
    values.insert(values.end(), {p.central.lower, p.central.upper});
    const bool spread = p.sd > 0 && std::isfinite(p.sd);
    styles.push_back(style_for(spread ? p.sd : (p.central.upper - p.central.lower) / 4, values));
  }
  align_styles(styles);
  return styles;
}

// Those that the table above has no column for.
std::string quantile_section(const FitSummary& fit) {
  const std::vector<double> usual = SummaryOptions{}.probabilities;
  std::vector<size_t> further;
  for (size_t i = 0; i < fit.probabilities.size(); ++i)
    if (std::ranges::find(usual, fit.probabilities[i]) == usual.end()) further.push_back(i);
  if (further.empty()) return "";
  TextTable table;
  Cells head = {""};
  for (const size_t i : further) head.push_back(percent_text(fit.probabilities[i]) + "%");
  head.emplace_back();
  table.add(head);
  const std::vector<NumberStyle> styles = styles_of(fit);
  for (size_t k = 0; k < fit.parameters.size(); ++k) {
    const ParameterSummary& p = fit.parameters[k];
    Cells row = {p.name};
    for (const size_t i : further) row.push_back(styles[k].text(p.quantiles[i]));
    row.push_back(p.label);
    table.add(row);
  }
  return section("Quantiles", table);
}

std::string interval_section(const FitSummary& fit) {
  if (fit.more_levels.empty()) return "";
  TextTable table;
  Cells head = {""};
  for (const double level : fit.more_levels) {
    head.push_back("central " + percent_text(level) + "%");
    head.push_back("shortest " + percent_text(level) + "%");
  }
  head.emplace_back();
  table.add(head);
  const std::vector<NumberStyle> styles = styles_of(fit);
  for (size_t k = 0; k < fit.parameters.size(); ++k) {
    const ParameterSummary& p = fit.parameters[k];
    const NumberStyle& style = styles[k];
    const auto text = [&](const Interval& interval) {
      if (std::isnan(interval.lower)) return std::string("-");
      return fmt::format("[{}, {}]", style.text(interval.lower), style.text(interval.upper));
    };
    Cells row = {p.name};
    for (size_t i = 0; i < fit.more_levels.size(); ++i) {
      row.push_back(text(p.more_central[i]));
      row.push_back(text(p.more_shortest[i]));
    }
    row.push_back(p.label);
    table.add(row);
  }
  return section("Intervals", table);
}

std::string exceed_section(const FitSummary& fit) {
  if (fit.exceed.empty()) return "";
  TextTable table;
  for (const Exceedance& e : fit.exceed)
    table.add({fmt::format("{} > {}", e.parameter, e.value), kFive.text(e.probability), ""});
  return section("Probabilities", table);
}

std::string density_sections(const FitSummary& fit) {
  std::string text;
  for (const DensityCurve& curve : fit.density) {
    TextTable table;
    table.add({curve.parameter, "pdf", "cdf", ""});
    for (size_t i = 0; i < curve.x.size(); ++i)
      table.add({fmt::format("{:.6g}", curve.x[i]), kFive.text(curve.pdf[i]),
                 kFive.text(curve.cdf[i]), ""});
    text += section("Density of " + curve.parameter, table);
  }
  return text;
}

std::string given_tau_section(const FitSummary& fit) {
  if (!fit.given_tau) return "";
  const ConditionalMoments& given = *fit.given_tau;
  const size_t n_schools = fit.parameters.size() - 3;
  const bool all = n_schools <= kMostColumns;
  const std::vector<NumberStyle> styles = styles_of(fit);
  const auto moments = [&](const char* which, const std::vector<double>& mu,
                           const std::vector<std::vector<double>>& theta) {
    TextTable table;
    Cells head = {"tau", "log p(tau|y)", "I^2", "mu"};
    for (size_t j = 0; all && j < n_schools; ++j) head.push_back(school(fit, j).name);
    head.emplace_back();
    table.add(head);
    for (size_t i = 0; i < given.tau.size(); ++i) {
      Cells row = {fmt::format("{:.6g}", given.tau[i]), kLog.text(given.log_density[i]),
                   kShare.text(given.i2[i]), styles[1].text(mu[i])};
      for (size_t j = 0; all && j < n_schools; ++j) row.push_back(styles[2 + j].text(theta[i][j]));
      row.emplace_back();
      table.add(row);
    }
    return section(which, table);
  };
  return moments("Means given tau", given.mu_mean, given.theta_mean) +
         moments("Standard deviations given tau", given.mu_sd, given.theta_sd);
}

std::string weight_section(const FitSummary& fit) {
  if (!fit.weights) return "";
  const Weights& weights = *fit.weights;
  const size_t n = weights.shrinkage.size();
  const bool all = weights.linear && n <= kMostColumns;
  TextTable table;
  Cells head = {"", "E[B|y]"};
  if (weights.linear) head.push_back("in mu");
  for (size_t j = 0; all && j < n; ++j) head.push_back("in " + school(fit, j).name);
  head.emplace_back();
  table.add(head);
  for (size_t k = 0; k < n; ++k) {
    Cells row = {fmt::format("y[{}]", k + 1), kShare.text(weights.shrinkage[k])};
    if (weights.linear) row.push_back(kShare.text(weights.mu[k]));
    for (size_t j = 0; all && j < n; ++j) row.push_back(kShare.text(weights.theta[j][k]));
    row.push_back(school(fit, k).label);
    table.add(row);
  }
  if (weights.linear && weights.mu_prior > 0) {
    Cells row = {"mu's prior", "", kShare.text(weights.mu_prior)};
    for (size_t j = 0; all && j < n; ++j) row.push_back(kShare.text(weights.theta_prior[j]));
    row.emplace_back();
    table.add(row);
  }
  return section(weights.linear ? "Shrinkage factors, and weights in the posterior means"
                                : "Shrinkage factors",
                 table);
}

std::string bayes_factor_section(const FitSummary& fit) {
  if (!fit.bayes_factors) return "";
  const BayesFactors& factors = *fit.bayes_factors;
  TextTable table;
  table.add({"", "factor", "log", ""});
  table.add({"tau = 0", kFive.text(factors.tau_zero), kLog.text(factors.log_tau_zero), ""});
  table.add({"mu = 0", kFive.text(factors.mu_zero), kLog.text(factors.log_mu_zero), ""});
  return section("Bayes factors p(y|..)/p(y)", table);
}

std::string loo_section(const FitSummary& fit) {
  if (!fit.loo || fit.loo->pointwise.empty()) return "";
  const LeaveOneOut& loo = *fit.loo;
  TextTable table;
  table.add({"", "log p(y_j|y_-j)", "lpd", "PIT", ""});
  for (size_t j = 0; j < loo.pointwise.size(); ++j)
    table.add({fmt::format("y[{}]", j + 1), kLog.text(loo.pointwise[j]), kLog.text(loo.lpd[j]),
               kShare.text(loo.pit[j]), school(fit, j).label});
  return section(fmt::format("Leave-one-out: elpd {}, se {}, p_loo {}", kLog.text(loo.elpd),
                             kLog.text(loo.se), kLog.text(loo.p_loo)),
                 table);
}

}  // namespace

std::string request_sections(const FitSummary& fit) {
  return quantile_section(fit) + interval_section(fit) + exceed_section(fit) +
         density_sections(fit) + given_tau_section(fit) + weight_section(fit) +
         bayes_factor_section(fit) + loo_section(fit);
}

}  // namespace taugrid
