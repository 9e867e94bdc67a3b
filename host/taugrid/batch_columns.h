// What is wanted of each of many fits: quantities x statistics, as columns of numbers in one order
// everywhere. Names are the keys of a fit's JSON joined by a dot: tau.mean, mu.q2.5,
// theta_new.central95.lower, theta[1].sd.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace taugrid {

enum class ParameterKind { kTau, kMu, kTheta, kThetaNew };

enum class StatisticKind { kMean, kSd, kMode, kQuantile, kCentral, kShortest };

struct Statistic {
  StatisticKind kind;
  double share = 0.0;     // of a quantile: its probability; of an interval: its level
  std::string name = {};  // mean, sd, mode, q2.5, central95, shortest95

  bool is_interval() const {
    return kind == StatisticKind::kCentral || kind == StatisticKind::kShortest;
  }
};

struct BatchColumns {
  std::vector<ParameterKind> quantities;
  std::vector<Statistic> statistics;
  // With kTheta: how many of theta[1], theta[2], .. have columns. Those that a data set has not are
  // NaN; more than these are an error of the data set.
  int64_t n_theta = 0;

  // Quantity by quantity, as they are listed; of each its statistics, as they are listed; an
  // interval is two columns.
  std::vector<std::string> names() const;
  size_t size() const;
};

// "tau,mu,theta_new,theta" and "mean,sd,mode,q2.5,q50,central95,shortest90", each item once. A
// percentage is a number above 0 and below 100. Throws std::invalid_argument with what there is.
BatchColumns parse_batch_columns(const std::string& quantities, const std::string& statistics,
                                 int64_t n_theta = 0);

inline constexpr const char* kDefaultQuantities = "tau,mu,theta_new";
inline constexpr const char* kDefaultStatistics = "mean,sd,q2.5,q50,q97.5";

}  // namespace taugrid
