// Simulation-based calibration: where parameters and data come from the model, the posterior's CDF
// at the true parameter (its PIT value) is uniform, for every parameter (Dawid 1984, J. R. Stat.
// Soc. A 147; Talts et al. 2018, arXiv:1804.06788, whose ranks our exact CDFs replace; the design
// is Roever's, J. Stat. Softw. 93(6) (2020), appendix E). Internal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/taugrid/batch_fitter.h"
#include "host/taugrid/measures.h"
#include "host/taugrid/study.h"
#include "host/taugrid/synthetic_data.h"

namespace taugrid {

// PIT values of one parameter, as counts in kFineCells equal cells of (0, 1).
struct PitCounts {
  int64_t failures = 0;
  std::vector<uint64_t> cells;

  PitCounts();
  void add(double pit);  // NaN is a failure
  // chi_square, chi_square_p, ks, ks_p, then count[1] .. count[bins].
  std::vector<MeasureRow> rows(int64_t bins) const;
};

// P(X > x), X chi-square with df degrees of freedom.
double chi_square_p_value(double df, double x);
// Of n values a largest distance of the two distribution functions above d: Kolmogorov's limit with
// Stephens's correction (1970, J. R. Stat. Soc. B 32).
double kolmogorov_p_value_of(double d, double n);

// tau (unless it is fixed), mu, theta[1] .. theta[k], theta_new.
std::vector<std::string> calibrated_parameters(const Study& study, int64_t k);

// PIT values of each replicate of a block. One worker of one scenario.
class Calibrator {
 public:
  Calibrator(const Study& study, const Scenario& scenario, const CpuKernels& kernels);

  // pits (parameter, n) of the first n replicates.
  void evaluate(const SyntheticBlock& block, int64_t n, std::vector<double>& pits);
  const std::string& failure() const { return failure_; }

 private:
  double tau_pit(double tau, double place);

  bool tau_known_;
  int64_t k_;
  BatchFitter fitter_;
  std::vector<double> y_, sigma_, values_;
  std::string failure_;
};

}  // namespace taugrid
