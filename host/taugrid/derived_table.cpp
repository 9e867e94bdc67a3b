// What was derived from draws, as tables for people.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/taugrid/number_text.h"
#include "host/taugrid/text_table.h"
#include "host/taugrid/writer_functions.h"

namespace taugrid {
namespace {

using Cells = TextTable::Cells;

// Wider tables are for programs: --format json has them.
constexpr size_t kMostShownSchools = 20;

// Probabilities to about their Monte Carlo error, at most 1/(2 sqrt N).
int decimals_of(int64_t draws) {
  return std::clamp(
      static_cast<int>(std::ceil(std::log10(2 * std::sqrt(static_cast<double>(draws))))), 2, 9);
}

std::string probability_text(double p, int decimals) { return fmt::format("{:.{}f}", p, decimals); }

std::string name_of(size_t school) { return fmt::format("theta[{}]", school + 1); }

const std::string& label_of(const FitSummary& fit, size_t school) {
  return fit.parameters[2 + school].label;
}

std::string best_text(const FitSummary& fit, const DrawSummary& draw) {
  const Shares& best = draw.derived.best;
  const int decimals = decimals_of(draw.draws);
  TextTable table;
  table.add({"", "P(best)", "se", ""});
  for (size_t j = 0; j < best.p.size(); ++j)
    table.add({name_of(j), probability_text(best.p[j], decimals),
               probability_text(best.se[j], decimals + 1), label_of(fit, j)});
  return "\nWhich school has the largest effect\n" + table.text();
}

// A row a school; of the diagonal nothing, if `pairs`.
std::string matrix_text(const FitSummary& fit, const DrawSummary& draw, const Shares& shares,
                        const std::string& title, bool pairs) {
  const size_t n = static_cast<size_t>(fit.n_schools);
  if (n > kMostShownSchools)
    return fmt::format("\n{}: {} schools are too many for a table, --format json has all\n", title,
                       n);
  const int decimals = decimals_of(draw.draws);
  TextTable table;
  Cells head = {""};
  for (size_t k = 0; k < n; ++k) head.push_back(fmt::format("{}{}", pairs ? "> " : "", k + 1));
  head.push_back("");
  table.add(head);
  for (size_t j = 0; j < n; ++j) {
    Cells row = {name_of(j)};
    for (size_t k = 0; k < n; ++k)
      row.push_back(pairs && j == k ? "-" : probability_text(shares.p[j * n + k], decimals));
    row.push_back(label_of(fit, j));
    table.add(row);
  }
  const double se = *std::max_element(shares.se.begin(), shares.se.end());
  return "\n" + title + "\n" + table.text() +
         fmt::format("Standard errors are at most {:.2g}.\n", se);
}

std::string largest_text(const FitSummary& fit, const DrawSummary& draw) {
  const LargestEffect& largest = draw.derived.max[0];
  NumberStyle style = style_for(std::min(largest.sd, 100 * largest.se_mean), largest.quantiles);
  if (!(largest.sd > 0)) style = {false, 6};
  TextTable table;
  Cells head = {"", "mean", "se_mean", "sd"},
        row = {"max", style.text(largest.mean), style.text(largest.se_mean),
               style.text(largest.sd)};
  for (size_t i = 0; i < draw.probabilities.size(); ++i) {
    head.push_back(percent_text(draw.probabilities[i]) + "%");
    row.push_back(style.text(largest.quantiles[i]));
  }
  head.push_back("");
  row.push_back("");
  table.add(head);
  table.add(row);
  const size_t school = static_cast<size_t>(largest.school);
  const std::string& label = label_of(fit, school);
  return "\nThe largest effect\n" + table.text() +
         fmt::format("Most often that of {}{}.", name_of(school),
                     label.empty() ? "" : " " + label) +
         (largest.rank_error > 0 ? fmt::format(" Quantiles are within {:g} of {} ranks.",
                                               std::ceil(largest.rank_error), draw.draws)
                                 : "") +
         "\n";
}

std::string checks_text(const std::string& title, const std::vector<PredictiveCheck>& checks,
                        int64_t draws) {
  const int decimals = decimals_of(draws);
  std::vector<NumberStyle> styles;
  for (const PredictiveCheck& check : checks)
    styles.push_back(check.sd > 0 ? style_for(check.sd, {check.observed, check.mean})
                                  : NumberStyle{false, 6});
  align_styles(styles);
  TextTable table;
  table.add({"T", "T(y)", "mean T(y_rep)", "sd T(y_rep)", "P(T(y_rep) >= T(y))", "se", ""});
  for (size_t k = 0; k < checks.size(); ++k) {
    const PredictiveCheck& check = checks[k];
    table.add({check.statistic, styles[k].text(check.observed), styles[k].text(check.mean),
               styles[k].text(check.sd), probability_text(check.p_value, decimals),
               probability_text(check.mcse, decimals + 1), ""});
  }
  return "\n" + title + "\n" + table.text();
}

}  // namespace

std::string derived_text(const FitSummary& fit, const DrawSummary& draw) {
  const DerivedSummary& derived = draw.derived;
  std::string text;
  if (!derived.best.p.empty()) text += best_text(fit, draw);
  if (!derived.rank.p.empty())
    text += matrix_text(fit, draw, derived.rank, "Probability of each rank, 1 the largest", false);
  if (!derived.pairwise.p.empty())
    text += matrix_text(fit, draw, derived.pairwise,
                        "Probability that a row's school has the larger effect", true);
  if (!derived.max.empty()) text += largest_text(fit, draw);
  if (!derived.shared.p.empty() && derived.shared.counts[0] > 0)
    text +=
        fmt::format("In {} of {} draws several schools have the largest effect, and share it.\n",
                    derived.shared.counts[0], draw.draws);
  if (!draw.checks.empty())
    text += checks_text("Posterior predictive checks", draw.checks, draw.draws);
  if (!draw.prior_checks.empty())
    text += checks_text("Prior predictive checks", draw.prior_checks, draw.draws);
  return text;
}

}  // namespace taugrid
