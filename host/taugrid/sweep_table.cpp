// The table of a sweep for people: a line a prior, below it where the conclusion flips. A sweep of
// hundreds of priors is shown by some of them, evenly taken from each range.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "host/taugrid/device.h"
#include "host/taugrid/interval_plot.h"
#include "host/taugrid/number_text.h"
#include "host/taugrid/sweep_writers.h"
#include "host/taugrid/text_table.h"
#include "kernels/math/philox.h"

namespace taugrid {
namespace {

using Cells = TextTable::Cells;

constexpr size_t kMostFlips = 24;
constexpr size_t kMostErrors = 5;
constexpr size_t kLongestPrior = 44;
constexpr int kPlotWidth = 110;  // about that of the table
constexpr size_t kLongestPlotLabel = 60;

// Of the default columns, those that answer most in one line.
constexpr const char* kFewColumns[] = {"tau.q50",  "mu.mean",        "mu.q2.5",
                                       "mu.q97.5", "theta_new.q2.5", "theta_new.q97.5"};

std::vector<size_t> shown_columns(const SweepSummary& sweep, bool all) {
  std::vector<size_t> shown;
  for (size_t i = 0; i < sweep.columns.size(); ++i)
    if (all || std::ranges::find(kFewColumns, sweep.columns[i]) != std::end(kFewColumns))
      shown.push_back(i);
  return shown;
}

std::string parameter_of(const std::string& column) { return column.substr(0, column.find('.')); }

// "mu.q2.5" -> "2.5%"
std::string head_of(const std::string& column) {
  const std::string statistic = column.substr(column.find('.') + 1);
  return statistic[0] == 'q' ? statistic.substr(1) + "%" : statistic;
}

// Rows that are shown: of every group its ends and as many between them as its share of `most`.
std::vector<std::vector<size_t>> shown_rows(const SweepSummary& sweep, size_t most) {
  const size_t n = sweep.rows.size();
  std::vector<std::vector<size_t>> groups;
  const auto take = [](size_t first, size_t size, size_t wanted, std::vector<size_t>& rows) {
    wanted = std::clamp<size_t>(wanted, std::min<size_t>(size, 2), size);
    for (size_t k = 0; k < wanted; ++k)
      rows.push_back(first + (wanted == 1 ? 0 : k * (size - 1) / (wanted - 1)));
  };
  const bool all = most == 0 || n <= most;
  if (!all && sweep.groups.size() > most / 2) {  // more groups than can have their two ends
    take(0, n, most, groups.emplace_back());
    return groups;
  }
  bool single = false;  // several priors without a range stand together
  for (const SweepSummary::Group& group : sweep.groups) {
    const size_t share = all ? group.n : most * group.n / n;
    if (!(group.n == 1 && single && !groups.empty())) groups.emplace_back();
    take(group.first, group.n, share, groups.back());
    single = group.n == 1;
  }
  return groups;
}

std::string shortened(const std::string& text) {
  if (display_width(text) <= kLongestPrior) return text;
  // What differs may stand at either end.
  return text.substr(0, kLongestPrior / 2) + ".." +
         text.substr(text.size() - (kLongestPrior / 2 - 2));
}

// Digits by the typical spread of a parameter over the rows, of one style each.
NumberStyle style_of(const SweepSummary& sweep, const std::string& parameter) {
  std::vector<double> spreads, values;
  for (size_t i = 0; i < sweep.columns.size(); ++i) {
    if (parameter_of(sweep.columns[i]) != parameter) continue;
    for (const SweepRow& row : sweep.rows) {
      if (!std::isfinite(row.values[i])) continue;
      values.push_back(row.values[i]);
      if (sweep.columns[i].ends_with(".sd") && row.values[i] > 0) spreads.push_back(row.values[i]);
    }
  }
  if (values.empty()) return {true, 3};
  if (spreads.empty()) {
    const auto [least, most] = std::ranges::minmax(values);
    return style_for((most - least) / 4, values);
  }
  const auto middle = spreads.begin() + static_cast<std::ptrdiff_t>(spreads.size() / 2);
  std::ranges::nth_element(spreads, middle);
  return style_for(*middle, values);
}

// What a row is called: its priors, but for what all rows have in common.
class Labels {
 public:
  explicit Labels(const SweepSummary& sweep) {
    for (const SweepRow& row : sweep.rows) {
      many_tau_ = many_tau_ || row.tau_prior != sweep.rows[0].tau_prior;
      many_mu_ = many_mu_ || row.mu_prior != sweep.rows[0].mu_prior;
      tau_width_ = std::max(tau_width_, display_width(shortened(row.tau_prior)));
    }
  }
  std::string of(const SweepRow& row) const {
    if (!many_mu_) return shortened(row.tau_prior);
    if (!many_tau_) return shortened(row.mu_prior);
    return left_aligned(shortened(row.tau_prior), tau_width_) + "  " + shortened(row.mu_prior);
  }
  std::string common(const SweepRow& row) const {
    return (many_tau_ ? "" : ", tau ~ " + row.tau_prior) +
           (many_mu_ ? "" : ", mu ~ " + row.mu_prior);
  }

 private:
  bool many_tau_ = false, many_mu_ = false;
  size_t tau_width_ = 0;
};

class Table {
 public:
  Table(const SweepSummary& sweep, bool all_columns)
      : sweep_(sweep), labels_(sweep), columns_(shown_columns(sweep, all_columns)) {
    for (const size_t i : columns_) styles_.push_back(style_of(sweep, parameter_of(column(i))));
  }

  // What all rows have in common is said above the table.
  std::string title() const {
    std::string text = fmt::format("Sweep of {} prior{}: {} school{}", sweep_.rows.size(),
                                   sweep_.rows.size() == 1 ? "" : "s", sweep_.n_schools,
                                   sweep_.n_schools == 1 ? "" : "s");
    return text + labels_.common(sweep_.rows[0]) +
           fmt::format("\nks_mu, shift_mu: from the posterior under tau ~ {}, mu ~ {}\n",
                       sweep_.base_tau_prior, sweep_.base_mu_prior);
  }

  std::string text(const std::vector<std::vector<size_t>>& groups) const {
    TextTable table;
    add_heads(table);
    for (size_t g = 0; g < groups.size(); ++g) {
      if (g > 0) table.add({});
      for (const size_t i : groups[g]) add_row(table, sweep_.rows[i]);
    }
    return table.text();
  }

 private:
  const std::string& column(size_t i) const { return sweep_.columns[i]; }

  void add_heads(TextTable& table) const {
    Cells above = {""}, head = {""};
    const auto add_mu_above_zero = [&] {
      above.push_back("");
      head.push_back("P(mu>0)");
    };
    bool told = false;
    for (size_t k = 0; k < columns_.size(); ++k) {
      const std::string parameter = parameter_of(column(columns_[k]));
      const bool first = k == 0 || parameter_of(column(columns_[k - 1])) != parameter;
      above.push_back(first ? parameter : "");
      head.push_back(head_of(column(columns_[k])));
      const bool last =
          k + 1 == columns_.size() || parameter_of(column(columns_[k + 1])) != parameter;
      if (parameter == "mu" && last) {
        add_mu_above_zero();
        told = true;
      }
    }
    if (!told) add_mu_above_zero();
    above.insert(above.end(), {"log", "", "", ""});
    head.insert(head.end(), {"p(y)", "ks_mu", "shift_mu", ""});
    table.add(above);
    table.add(head);
  }

  void add_row(TextTable& table, const SweepRow& row) const {
    const NumberStyle four = {true, 4}, three = {true, 3};
    Cells cells = {labels_.of(row)};
    bool told = false;
    for (size_t k = 0; k < columns_.size(); ++k) {
      cells.push_back(styles_[k].text(row.values[columns_[k]]));
      const bool last = k + 1 == columns_.size() || parameter_of(column(columns_[k + 1])) != "mu";
      if (parameter_of(column(columns_[k])) == "mu" && last) {
        cells.push_back(four.text(row.mu_above_zero));
        told = true;
      }
    }
    if (!told) cells.push_back(four.text(row.mu_above_zero));
    const bool base =
        row.tau_prior == sweep_.base_tau_prior && row.mu_prior == sweep_.base_mu_prior;
    cells.insert(cells.end(), {three.text(row.log_marginal_likelihood), four.text(row.ks_mu),
                               four.text(row.shift_mu),
                               !row.error.empty() ? "error"
                               : base             ? "base"
                                                  : ""});
    table.add(cells);
  }

  const SweepSummary& sweep_;
  Labels labels_;
  std::vector<size_t> columns_;
  std::vector<NumberStyle> styles_;  // of columns_
};

std::string flips_text(const SweepSummary& sweep) {
  if (!sweep.has_ranges) return "";
  if (sweep.flips.empty())
    return "\nThe conclusion does not flip: along no range does P(mu > 0) cross 0.95 or 0.05, nor "
           "an end of\nthe central 95% interval of mu cross 0.\n";
  std::string text = "\nWhere the conclusion flips:\n";
  for (size_t i = 0; i < std::min(sweep.flips.size(), kMostFlips); ++i)
    text += "  " + flip_text(sweep.flips[i]) + "\n";
  if (sweep.flips.size() > kMostFlips)
    text += fmt::format("  and {} more: --format json has all\n", sweep.flips.size() - kMostFlips);
  return text;
}

std::string errors_text(const SweepSummary& sweep) {
  std::string text;
  size_t n = 0;
  for (const SweepRow& row : sweep.rows) {
    if (row.error.empty() || ++n > kMostErrors) continue;
    text += fmt::format("error: tau ~ {}, mu ~ {}: {}\n", row.tau_prior, row.mu_prior, row.error);
  }
  if (n > kMostErrors)
    text += fmt::format("error: and {} more: --format csv has all\n", n - kMostErrors);
  return text;
}

}  // namespace

std::string flip_text(const SweepFlip& flip) {
  return fmt::format(
      "tau ~ {}, mu ~ {}: at {} {:.6g} {}", flip.of_tau ? flip.range : flip.tau_prior,
      flip.of_tau ? flip.mu_prior : flip.range, flip.parameter, flip.value, flip.event());
}

void check_plot_columns(const std::vector<std::string>& columns) {
  for (const char* name : {"mu.q2.5", "mu.q50", "mu.q97.5"})
    if (std::ranges::find(columns, name) == columns.end())
      throw std::invalid_argument("the plot needs the columns mu.q2.5, mu.q50 and mu.q97.5");
}

std::string sweep_plot(const SweepSummary& sweep, size_t most_rows) {
  check_plot_columns(sweep.columns);
  const auto place = [&](const char* name) {
    return static_cast<size_t>(std::ranges::find(sweep.columns, name) - sweep.columns.begin());
  };
  const auto value = [&](const SweepRow& row, size_t at) {
    return at < row.values.size() ? row.values[at] : std::numeric_limits<double>::quiet_NaN();
  };
  const size_t lower = place("mu.q2.5"), median = place("mu.q50"), upper = place("mu.q97.5");
  const size_t q25 = place("mu.q25"), q75 = place("mu.q75");
  const Labels labels(sweep);
  std::vector<const SweepRow*> shown;
  for (const std::vector<size_t>& group : shown_rows(sweep, most_rows))
    for (const size_t i : group) shown.push_back(&sweep.rows[i]);
  // 0 is marked where any interval is near it.
  const bool near_zero = std::ranges::any_of(shown, [&](const SweepRow* row) {
    const double width = row->values[upper] - row->values[lower];
    return row->values[lower] - width < 0 && row->values[upper] + width > 0;
  });
  const double absent = std::numeric_limits<double>::quiet_NaN();
  std::vector<PlotLine> lines;
  for (const SweepRow* row : shown)
    lines.push_back({labels.of(*row),
                     {value(*row, lower), value(*row, upper)},
                     {value(*row, q25), value(*row, q75)},
                     value(*row, median),
                     near_zero ? 0.0 : absent});
  const bool quartiles = q25 < sweep.columns.size() && q75 < sweep.columns.size();
  return interval_plot(std::move(lines)) +
         fmt::format("\nmu:  ● median   {}─ 95%{}\n", quartiles ? "━ 50%   " : "",
                     near_zero ? "   × 0   ⊗ 0 at the median" : "");
}

std::string sweep_table(const SweepSummary& sweep, size_t most_rows, bool all_columns) {
  const Table table(sweep, all_columns);
  const std::vector<std::vector<size_t>> groups = shown_rows(sweep, most_rows);
  size_t n_shown = 0;
  for (const std::vector<size_t>& group : groups) n_shown += group.size();
  std::string text = table.title() + "\n" + table.text(groups);
  if (n_shown < sweep.rows.size())
    text += fmt::format("{} of {} rows; --rows 0 shows all, --format csv all columns\n", n_shown,
                        sweep.rows.size());
  text += flips_text(sweep);
  text += fmt::format("\n{}, taugrid {}, stream {}\n", sweep.backend, version(), kStreamVersion);
  text += errors_text(sweep);
  for (const std::string& note : sweep.notes) text += "note: " + note + "\n";
  return text;
}

}  // namespace taugrid
