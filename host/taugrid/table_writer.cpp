// The table for people, as text and as HTML, in the manner of Stan's print. `draw` has two lines a
// parameter: the sample, and below it the exact posterior, so that both can be compared by eye.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/taugrid/device.h"
#include "host/taugrid/number_text.h"
#include "host/taugrid/request_sections.h"
#include "host/taugrid/text_table.h"
#include "host/taugrid/writer_functions.h"
#include "kernels/math/philox.h"

namespace taugrid {
namespace {

constexpr double kShownProbabilities[] = {0.025, 0.25, 0.5, 0.75, 0.975};

using Cells = TextTable::Cells;

void add_quantile_heads(Cells& row) {
  for (const double p : kShownProbabilities) row.push_back(percent_text(p) + "%");
}

// A quantile that the result lacks is a dash.
void add_quantiles(Cells& row, const std::vector<double>& probabilities,
                   const std::vector<double>& quantiles, const NumberStyle& style) {
  for (const double p : kShownProbabilities) {
    const auto found = std::ranges::find(probabilities, p);
    row.push_back(found == probabilities.end()
                      ? "-"
                      : style.text(quantiles[static_cast<size_t>(found - probabilities.begin())]));
  }
}

// What a parameter's digits are measured by: its sd, or where that does not exist the width of its
// middle.
double scale_of(const ParameterSummary& parameter) {
  if (parameter.sd > 0 && std::isfinite(parameter.sd)) return parameter.sd;
  return parameter.quantiles.empty()
             ? 0
             : (parameter.quantiles.back() - parameter.quantiles.front()) / 4;
}

std::string interval_text(const Interval& interval, const NumberStyle& style) {
  if (std::isnan(interval.lower)) return "-";
  return fmt::format("[{}, {}]", style.text(interval.lower), style.text(interval.upper));
}

std::string model_text(const FitSummary& fit) {
  return fmt::format("{} school{}, tau ~ {}, mu ~ {}", fit.n_schools, fit.n_schools == 1 ? "" : "s",
                     fit.tau_prior, fit.mu_prior);
}

std::vector<NumberStyle> exact_styles(const FitSummary& fit) {
  std::vector<NumberStyle> styles;
  for (const ParameterSummary& p : fit.parameters) {
    std::vector<double> values = p.quantiles;
    values.push_back(p.mean);
    styles.push_back(style_for(scale_of(p), values));
  }
  align_styles(styles);
  return styles;
}

TextTable exact_table(const FitSummary& fit, const std::vector<NumberStyle>& styles) {
  TextTable table;
  Cells head = {"", "mean", "sd"};
  add_quantile_heads(head);
  head.insert(head.end(), {"mode", "shortest " + percent_text(fit.level) + "%", ""});
  table.add(head);
  for (size_t k = 0; k < fit.parameters.size(); ++k) {
    const ParameterSummary& p = fit.parameters[k];
    const NumberStyle& style = styles[k];
    Cells row = {p.name, style.text(p.mean), style.text(p.sd)};
    add_quantiles(row, fit.probabilities, p.quantiles, style);
    row.insert(row.end(), {style.text(p.mode), interval_text(p.shortest, style), p.label});
    table.add(row);
  }
  return table;
}

std::vector<NumberStyle> sample_styles(const FitSummary& fit, const DrawSummary& draw) {
  std::vector<NumberStyle> styles;
  for (size_t k = 0; k < fit.parameters.size(); ++k) {
    // Two digits of the standard error of the mean, if that is more than a table shows anyway: what
    // the sample and the exact posterior agree to.
    double scale = scale_of(fit.parameters[k]);
    const double se = draw.parameters[k].se_mean;
    if (se > 0) scale = std::min(scale, 100 * se);
    styles.push_back(style_for(scale, draw.parameters[k].quantiles));
  }
  align_styles(styles);
  return styles;
}

TextTable sample_table(const FitSummary& fit, const DrawSummary& draw) {
  const std::vector<NumberStyle> styles = sample_styles(fit, draw);
  TextTable table;
  Cells head = {"", "mean", "se_mean", "sd"};
  add_quantile_heads(head);
  head.insert(head.end(), {"n_eff", "Rhat", ""});
  table.add(head);
  for (size_t k = 0; k < fit.parameters.size(); ++k) {
    const ParameterSummary& exact = fit.parameters[k];
    const SampleSummary& sample = draw.parameters[k];
    const NumberStyle& style = styles[k];
    const bool exists = !sample.quantiles.empty() && !std::isnan(sample.quantiles.front());
    Cells row = {exact.name, style.text(sample.mean), style.text(sample.se_mean),
                 style.text(sample.sd)};
    add_quantiles(row, draw.probabilities, sample.quantiles, style);
    row.insert(row.end(),
               {exists ? fmt::format("{}", draw.draws) : "-", exists ? "1" : "-", exact.label});
    table.add(row);

    Cells below = {"  exact", style.text(exact.mean), "", style.text(exact.sd)};
    add_quantiles(below, fit.probabilities, exact.quantiles, style);
    table.add(below);
  }
  return table;
}

// `styles` are those of the parameters: a mode is shown as precisely as its mean.
std::string joint_text(const FitSummary& fit, const std::vector<NumberStyle>& styles) {
  const NumberStyle five_digits = {false, 5};
  const NumberStyle four_decimals = {true, 4};  // of a log, absolute precision matters
  return fmt::format(
      "joint mode: tau {}, mu {}; cov(mu, tau) {}, corr(mu, tau) {}\n"
      "log marginal likelihood: {}\n",
      styles[0].text(fit.joint_mode_tau), styles[1].text(fit.joint_mode_mu),
      five_digits.text(fit.cov_mu_tau), five_digits.text(fit.corr_mu_tau),
      four_decimals.text(fit.log_marginal_likelihood));
}

std::string rank_error_text(const DrawSummary& draw) {
  double rank_error = 0;
  for (const SampleSummary& sample : draw.parameters)
    rank_error = std::fmax(rank_error, sample.rank_error);
  if (rank_error == 0) return "Quantiles of the sample are its order statistics.\n";
  return fmt::format(
      "Quantiles of the sample are within {:g} of {} ranks of its order statistics.\n",
      std::ceil(rank_error), draw.draws);
}

// With an empty line before it, if it is any.
std::string separated(const std::string& sections) {
  return sections.empty() ? "" : "\n" + sections;
}

std::string notes_text(const FitSummary& fit) {
  std::string text;
  for (const std::string& note : fit.notes) text += "note: " + note + "\n";
  return text;
}

// A result as a table with text above it and, after an empty line, below it.
struct Parts {
  std::string above;
  TextTable table;
  std::string below;
};

Parts parts_of(const Result& result) {
  const FitSummary& fit = result.fit;
  const std::string versions = fmt::format("taugrid {}, stream {}", version(), kStreamVersion);
  if (result.draw == nullptr) {
    const std::vector<NumberStyle> styles = exact_styles(fit);
    return {fmt::format("Exact posterior: {}\n", model_text(fit)), exact_table(fit, styles),
            "\n" + joint_text(fit, styles) + separated(request_sections(fit)) +
                fmt::format("{}, {}\n", fit.backend, versions) + notes_text(fit)};
  }
  const DrawSummary& draw = *result.draw;
  return {fmt::format("{} draws from the exact posterior: {}\n", draw.draws, model_text(fit)) +
              fmt::format("seed {}, {} precision; {}, {}\n", draw.seed, draw.precision,
                          draw.backend, versions),
          sample_table(fit, draw),
          derived_text(fit, draw) +
              "\nDraws are independent: n_eff is their number and Rhat is 1 by construction.\n" +
              rank_error_text(draw) + notes_text(fit)};
}

// 37.1 M, 812 k: a rate needs no more.
std::string rate_text(double rate) {
  if (rate >= 1e9) return fmt::format("{:.3g} G", rate / 1e9);
  if (rate >= 1e6) return fmt::format("{:.3g} M", rate / 1e6);
  if (rate >= 1e3) return fmt::format("{:.3g} k", rate / 1e3);
  return fmt::format("{:.3g}", rate);
}

}  // namespace

std::string time_text(const Result& result) {
  if (result.draw == nullptr) return fmt::format("took {:.3g} s", result.fit.seconds);
  const DrawSummary& draw = *result.draw;
  return fmt::format("drew {} in {:.3g} s, {} draws/s", draw.draws,
                     static_cast<double>(draw.draws) / draw.draws_per_second,
                     rate_text(draw.draws_per_second));
}

void write_table(const Result& result, const TextSink& sink) {
  const Parts parts = parts_of(result);
  sink(parts.above + "\n");
  parts.table.write(sink);
  sink(parts.below);
}

void write_html(const Result& result, const TextSink& sink) {
  const Parts parts = parts_of(result);
  sink("<p>" + html_escaped(parts.above) + "</p>\n");
  parts.table.write_html(sink);
  sink("<pre>" + html_escaped(parts.below) + "</pre>\n");
}

}  // namespace taugrid
