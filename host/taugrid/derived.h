// What joint draws are for, as a library: which school has the largest effect, ranks, pairs, the
// largest effect itself, and predictive checks under the posterior and under the priors.
// docs/derived.md has the definitions and an example.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace taugrid {

// What to derive from draws, besides their summary.
struct DeriveRequest {
  bool best = false;
  bool rank = false;      // of at most kMostRankedSchools
  bool pairwise = false;  // likewise
  bool max = false;
  std::vector<std::string> checks;  // of max, min, mean and sd (of two schools at least), each once
  // The same with y_rep from the priors, which must be proper.
  std::vector<std::string> prior_checks = {};

  // Of the posterior's draws.
  bool any() const { return best || rank || pairwise || max || !checks.empty(); }
};

// Ranks and pairs are J x J counts in every thread.
inline constexpr int64_t kMostRankedSchools = 2000;

// From lists as on the command line, "best,rank,pairwise,max" and twice "max,min,mean,sd", any of
// which may be empty. Throws std::invalid_argument that names what is unknown or there twice.
DeriveRequest parse_derive(const std::string& derive, const std::string& checks = "",
                           const std::string& prior_checks = "");

// Throws std::invalid_argument unless the request makes sense for so many schools.
void check_derive(const DeriveRequest& request, int64_t n_schools);

// Shares of N draws.
struct Shares {
  std::vector<uint64_t> counts;
  std::vector<double> p;   // counts/N
  std::vector<double> se;  // Monte Carlo standard error, sqrt(p (1 - p)/N)
};

// The sample of max_j theta_j, units of y.
struct LargestEffect {
  int64_t school;  // that is the largest most often, from 0; of several the first
  double mean;
  double se_mean;
  double sd;
  std::vector<double> quantiles;  // at DrawSummary::probabilities
  double rank_error;              // as SampleSummary's
};

// Rank 1 is the largest. Schools that tie share their ranks equally, over draws; of a pair that
// ties neither is above. What was not asked for is empty.
struct DerivedSummary {
  Shares best;                     // (J) P(theta_j is the largest); sums to N
  Shares rank;                     // (J, J) P(theta_j has rank r); rows and columns sum to N
  Shares pairwise;                 // (J, J) P(theta_i > theta_j)
  std::vector<LargestEffect> max;  // one, or none
  Shares shared;  // one: P(several schools are the largest); with best, rank or max
};

// T of data replicated from the posterior, or from the priors; units of y. Of the latter a moment
// that does not exist is NaN.
struct PredictiveCheck {
  std::string statistic;  // T: max, min, mean, sd
  double observed;        // T(y)
  double mean;            // of T(y_rep)
  double sd;              // of T(y_rep), divisor N - 1
  uint64_t count;         // draws with T(y_rep) >= T(y)
  double p_value;         // count/N
  double mcse;            // of the p-value
};

}  // namespace taugrid
