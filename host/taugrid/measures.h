// What a simulation study measures of a method, accumulated replicate by replicate, with Monte
// Carlo standard errors (Morris, White & Crowther 2019, Stat. Med. 38). Nothing is stored per
// replicate: running moments, merged block by block in a fixed order. Internal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace taugrid {

// Running mean and sum of squares about it (Welford 1962; Chan, Golub & LeVeque 1983).
struct RunningMoments {
  int64_t n = 0;
  double mean = 0.0, squares = 0.0;

  void add(double x);
  void merge(const RunningMoments& other);
  double standard_error() const;  // NaN below two
};

// The same of shares, as sums: those of 0 and 1 are exact.
struct RunningShare {
  int64_t n = 0;
  double sum = 0.0, squares = 0.0;

  void add(double x);
  void merge(const RunningShare& other);
  double mean() const;
  double standard_error() const;  // NaN below two
};

// The same of a pair.
struct RunningPair {
  int64_t n = 0;
  double mean_a = 0.0, mean_b = 0.0, aa = 0.0, ab = 0.0, bb = 0.0;

  void add(double a, double b);
  void merge(const RunningPair& other);
};

// The errors of estimates: the mean of each replicate and the mean of its squares, both about a
// reference, the first error. Of errors far from 0 the squares themselves would leave no digit of
// the spread.
struct RunningErrors {
  double reference = 0.0;
  RunningPair about;  // error - reference, squares of that

  // `spread`: the mean square of a replicate's errors about their mean.
  void add(double error, double spread);
  void merge(const RunningErrors& other);
};

// What one method says of a parameter in one replicate. A parameter of several values (theta) is
// their average: its replicate counts once.
struct Score {
  bool failed = false;
  double error = 0.0, squared_error = 0.0;            // estimate - truth; NaN where there is none
  double spread = 0.0;                                // mean of (its errors - error)^2
  double covered = 0.0, width = 0.0, excludes = 0.0;  // of the interval; NaN likewise
  double crps = 0.0;
};

struct MeasureRow {
  std::string measure;
  double value, mcse;  // NaN: does not exist
  int64_t replicates, failures;
};

// One parameter under one method.
struct ParameterMeasures {
  int64_t n = 0;  // replicates seen
  RunningErrors error;
  RunningMoments squared_error, width, crps;
  RunningShare covered, excludes;

  void add(const Score& score);
  void merge(const ParameterMeasures& other);
  // bias, empirical_sd, mse; with an interval coverage, width, excludes_zero; with a score crps.
  std::vector<MeasureRow> rows(bool interval, bool score) const;

  // As plain words, for checkpoints.
  static constexpr size_t kWords = 1 + 7 + 5 * 3;
  void save(std::vector<uint64_t>& words) const;
  const uint64_t* load(const uint64_t* words);
};

}  // namespace taugrid
