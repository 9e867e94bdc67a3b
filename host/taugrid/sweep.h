// One data set under many priors: what `fit` gives of each, how far each posterior of mu is from
// that under a base prior, and where along a range of priors the conclusion about mu flips.
//
//   ks_mu    = sup over x of |P(mu <= x | y) - P0(mu <= x | y)|, P0 of the base prior
//   shift_mu = (E[mu | y] - E0[mu | y]) / sd0[mu | y]
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/taugrid/batch_columns.h"
#include "host/taugrid/posterior.h"

namespace taugrid {

inline constexpr int64_t kMostSweepPriors = 100'000;

struct SweepRequest {
  // With lists and ranges (prior_ranges.h); all combinations of both are taken, for each prior of
  // mu all of tau. At most kMostSweepPriors of them.
  std::vector<std::string> tau_priors = {"uniform"};
  std::vector<std::string> mu_priors = {"flat"};
  // One prior each; empty is the first of its list.
  std::string base_tau_prior = {};
  std::string base_mu_prior = {};
  // As parse_batch_columns reads them.
  std::string quantities = kDefaultQuantities;
  std::string statistics = kDefaultStatistics;
  int threads = 0;  // 0: as many as the machine has
};

// The number of rows: all combinations. Throws std::invalid_argument as sweep() does for the texts.
int64_t sweep_size(const SweepRequest& request);

// What does not exist is NaN.
struct SweepRow {
  std::string tau_prior;
  std::string mu_prior;
  std::vector<double> values;  // of SweepSummary::columns, units of y
  double log_marginal_likelihood;
  double ks_mu;          // from 0 to 1
  double shift_mu;       // in sd of mu under the base prior
  double mu_above_zero;  // P(mu > 0 | y)
  std::string error;     // why there is no posterior; else empty
};

// Where P(mu > 0 | y), as one parameter of a prior runs through its range, crosses a probability:
// 0.95 and 0.05, and 0.975 and 0.025, where the central 95% interval of mu begins or ends at 0.
struct SweepFlip {
  bool of_tau;            // whether it is the prior of tau that varies, else that of mu
  std::string range;      // the prior with its range, as it was given
  std::string parameter;  // "scale"
  double value;           // of the parameter at the crossing, to about 1e-7 of itself
  std::string tau_prior;  // the priors there; one of them is the range's
  std::string mu_prior;
  double probability;
  bool rises;  // whether P(mu > 0 | y) rises with the parameter

  std::string event() const;  // "P(mu > 0) falls below 0.95"
};

struct SweepSummary {
  int64_t n_schools;
  std::string backend;  // "cpu (v4)"
  double seconds;
  std::string base_tau_prior;
  std::string base_mu_prior;
  std::vector<std::string> columns;  // of SweepRow::values: "tau.mean", ..
  std::vector<SweepRow> rows;        // for each prior of mu all of tau, as they were listed
  // Rows that belong together: those of one text of tau under one prior of mu, [first, first + n).
  struct Group {
    size_t first, n;
  };
  std::vector<Group> groups;
  bool has_ranges;
  std::vector<SweepFlip> flips;
  std::vector<std::string> notes;
};

// Control's progress counts rows. Bit-equal for any number of threads, and row by row to
// Posterior::summary. A crossing is looked for between any two neighbouring values of a range on
// either side of a probability; two crossings of one probability between neighbours are not seen.
// Throws std::invalid_argument for what is wrong with the data, the columns, the text of a prior,
// or an explicit base; Stopped where control says so.
SweepSummary sweep(const Data& data, const SweepRequest& request, const RunControl& control = {});

}  // namespace taugrid
