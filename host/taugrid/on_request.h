// What a fit gives on request beside its table, finished: exact, never from draws.
// docs/summaries.md has the formulas. What does not exist is NaN (null in JSON), with a note in
// FitSummary::notes that says why.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace taugrid {

// ---- what is asked for. A parameter is tau, mu, theta[j] (j from 1), theta_new, or the label of a
// school.

struct ExceedRequest {
  std::string parameter;
  double value;  // units of y, finite
};

// n points equally spaced from lower to upper, both included: lower < upper and n >= 2, or one
// point.
struct DensityRequest {
  std::string parameter;
  double lower;  // units of y, finite
  double upper;
  int64_t n;  // 1 to 10^6
};

// n points from lower to upper, both included: lower + (upper - lower) i/(n - 1), 1 <= n <= 10^6.
// Throws std::invalid_argument, beginning with `what`, for other n, and unless lower < upper, or
// lower = upper and n = 1, and both and their difference are finite.
std::vector<double> equally_spaced(double lower, double upper, int64_t n, const std::string& what);

// ---- what is answered

struct Exceedance {
  std::string parameter;
  double value;
  double probability;  // P(parameter > value | y), accurate relative to itself where it is small
};

struct DensityCurve {
  std::string parameter;
  std::vector<double> x;    // units of y
  std::vector<double> pdf;  // per unit of y; infinite where the density is
  std::vector<double> cdf;  // P(parameter <= x | y)
};

// Given tau, as if it were known.
struct ConditionalMoments {
  std::vector<double> tau;                      // (n), units of y
  std::vector<double> log_density;              // (n), log p(tau | y) per unit of tau
  std::vector<double> mu_mean, mu_sd;           // (n)
  std::vector<std::vector<double>> theta_mean;  // (n, J)
  std::vector<std::vector<double>> theta_sd;    // (n, J)
  std::vector<double> i2;                       // (n), tau^2/(tau^2 + s^2)
};

// Averages over p(tau | y) of B_j = tau^2/(sigma_j^2 + tau^2) and of the weights w of
//   E[mu | y] = sum_k w_k y_k + w_prior m0,  E[theta_j | y] likewise,
// where m0 is the mean of a normal prior of mu. Each row of weights, its prior's included, sums
// to 1.
struct Weights {
  std::vector<double> shrinkage;  // (J), E[B_j | y]: the weight of y_j, 1 - B_j is that of mu
  bool linear;                    // false under mu ~ U(a, b): what follows is then empty
  std::vector<double> mu;         // (J)
  double mu_prior;                // 0 under a flat prior
  std::vector<std::vector<double>> theta;  // (J, J): of theta_j on y_k
  std::vector<double> theta_prior;         // (J)
};

// p(y | tau = 0)/p(y) and p(y | mu = 0)/p(y); the values may leave the range of a double, the logs
// do not.
struct BayesFactors {
  double tau_zero, mu_zero;
  double log_tau_zero, log_mu_zero;
};

// Leave-one-out cross-validation by refits without each study. All but elpd, se and p_loo are (J),
// and empty where a refit would be improper.
struct LeaveOneOut {
  double elpd;                    // sum of pointwise
  double se;                      // sqrt(J Var(pointwise))
  double p_loo;                   // sum of lpd - pointwise
  std::vector<double> pointwise;  // log p(y_j | y_-j)
  std::vector<double> lpd;        // log p(y~_j = y_j | y), y~_j ~ N(theta_j, sigma_j^2)
  std::vector<double> pit;        // P(Y_j < y_j | y_-j)
};

}  // namespace taugrid
