// Results, finished: what the library hands to writers, which compute nothing. A value that does
// not exist (a moment, a mode) is NaN here, null in JSON and `-` in tables, with a note that says
// why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "taugrid/derived.h"
#include "taugrid/on_request.h"

namespace taugrid {

struct Interval {
  double lower;
  double upper;
};

// The exact posterior of one parameter, units of y.
struct ParameterSummary {
  std::string name;   // tau, mu, theta[1] .. theta[J], theta_new
  std::string label;  // of a school; empty without
  double mean;
  double sd;
  double mode;
  std::vector<double> quantiles;             // at FitSummary::probabilities
  Interval central;                          // of FitSummary::level
  Interval shortest;                         // of FitSummary::level
  std::vector<Interval> more_central = {};   // of FitSummary::more_levels
  std::vector<Interval> more_shortest = {};  // of FitSummary::more_levels
};

// The exact posterior of one data set.
struct FitSummary {
  int64_t n_schools;
  std::string tau_prior;  // as on the command line
  std::string mu_prior;
  std::string backend;                // "cpu (v4)", ..
  double seconds;                     // spent computing this summary
  std::vector<double> probabilities;  // ascending
  double level;                       // of the intervals
  double log_marginal_likelihood;     // NaN where the prior of tau is improper
  std::vector<ParameterSummary> parameters;
  double joint_mode_tau;
  double joint_mode_mu;
  double cov_mu_tau;
  double corr_mu_tau;
  std::vector<std::string> notes;
  // On request, else empty.
  std::vector<double> more_levels = {};  // ascending
  std::vector<Exceedance> exceed = {};
  std::vector<DensityCurve> density = {};
  std::optional<ConditionalMoments> given_tau = {};
  std::optional<Weights> weights = {};
  std::optional<BayesFactors> bayes_factors = {};
  std::optional<LeaveOneOut> loo = {};
};

// The sample of one parameter, units of y. Draws are independent: n_eff is the number of draws and
// Rhat is 1 by construction.
struct SampleSummary {
  double mean;
  double se_mean;                 // sd/sqrt(N)
  double sd;                      // divisor N - 1
  std::vector<double> quantiles;  // at DrawSummary::probabilities
  // The largest distance, in ranks, between a quantile above and the order statistic that it stands
  // for; 0 where the draws were sorted.
  double rank_error;
};

struct DrawSummary {
  int64_t draws;
  uint64_t seed;
  std::string precision;  // "double", "single"
  std::string backend;    // what drew; empty where that is not known
  double draws_per_second;
  std::vector<double> probabilities;               // 0.025, 0.25, 0.5, 0.75, 0.975
  std::vector<SampleSummary> parameters;           // in the order of FitSummary::parameters
  DerivedSummary derived;                          // of a DeriveRequest
  std::vector<PredictiveCheck> checks;             // likewise
  std::vector<PredictiveCheck> prior_checks = {};  // likewise
};

}  // namespace taugrid
