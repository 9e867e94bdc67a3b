// A finished sweep as text, one function a format of --format.
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/sweep.h"

namespace taugrid {

// For people: at most about `most_rows` of the rows (0 is all), evenly taken from every range, and
// where the conclusion flips. Unless `all_columns`, of the default columns those that fit a line.
std::string sweep_table(const SweepSummary& sweep, size_t most_rows, bool all_columns);

// The central 95% interval of mu and its median, a line for each row that the table shows. Throws
// std::invalid_argument where the columns lack mu.q2.5, mu.q50 or mu.q97.5; with mu.q25 and mu.q75
// the quartiles are drawn too.
std::string sweep_plot(const SweepSummary& sweep, size_t most_rows);
// The same of the names alone, before there is a sweep.
void check_plot_columns(const std::vector<std::string>& columns);

// One object: "rows" with the columns of CSV as nested keys, and "flips".
std::string sweep_json(const SweepSummary& sweep);

// tau_prior, mu_prior, SweepSummary::columns, log_marginal_likelihood, ks_mu, shift_mu, error.
std::string sweep_csv(const SweepSummary& sweep);

// "tau ~ half_normal:0.1..10:50, mu ~ flat: at scale 3.21 P(mu > 0) falls below 0.95"
std::string flip_text(const SweepFlip& flip);

}  // namespace taugrid
