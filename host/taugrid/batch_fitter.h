// One thread's worker for many small problems under one pair of priors: what Posterior::summary
// gives of each, bit for bit, as a row of chosen numbers, without allocating or starting over.
// Internal.
//
//   BatchFitter fitter(parse_tau_prior("half_normal:1"), parse_mu_prior("flat"),
//                      parse_batch_columns("mu", "mean,q2.5,q97.5"));
//   std::vector<double> row(fitter.columns().size());
//   fitter.fit(y, sigma, row.data());
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "host/taugrid/batch_columns.h"
#include "host/taugrid/internal_units.h"
#include "host/taugrid/model_checks.h"
#include "host/taugrid/prior_records.h"
#include "host/taugrid/priors.h"
#include "kernels/kernels.h"

namespace taugrid {

struct LawPoint;  // law.h

// The requests of a fit that columns need, and how columns are read off its results.
class FitPlan {
 public:
  explicit FitPlan(BatchColumns columns);
  FitPlan(const FitPlan&) = delete;  // the requests point into it
  FitPlan& operator=(const FitPlan&) = delete;

  const BatchColumns& columns() const { return columns_; }
  // One fit serves all, but that each further level of a shortest interval takes one of its own.
  int n_fits() const { return static_cast<int>(requests_.size()); }
  // Without the moments that exist (nodes_request). It points into this plan.
  const FitRequest& request(int fit) const { return requests_[static_cast<size_t>(fit)]; }

  // Throws std::invalid_argument where a data set has more thetas than there are columns.
  void check(int64_t n_schools) const;

  // results (n_fits), values (columns().size()) in units of y.
  void write(const FitResult* results, const Units& units, int64_t n_schools, double* values) const;

 private:
  // Where a statistic is: in which fit, and at which of its probabilities (of a central interval,
  // both).
  struct Place {
    int fit = 0, lower = 0, upper = 0;
  };
  BatchColumns columns_;
  std::vector<Place> places_;                       // of columns_.statistics
  std::vector<std::vector<double>> probabilities_;  // of each fit, ascending
  std::vector<FitRequest> requests_;
};

// Data under one pair of priors as problems in internal units, one after another.
class ProblemMaker {
 public:
  ProblemMaker(const TauPrior& tau, const MuPrior& mu)
      : tau_(tau), mu_(mu), checks_(tau, mu), records_(tau) {}

  // `internal` has room for y and sigma, 2 J, to which the problem points, as it may to `storage`.
  // Throws std::invalid_argument as make_model does.
  Problem make(std::span<const double> y, std::span<const double> sigma, Units& units,
               double* internal, PriorStorage& storage);
  // The request with the moments that exist of J schools.
  FitRequest with_moments(const FitRequest& request, int64_t n_schools) const;

  const TauPrior& tau_prior() const { return tau_; }
  const MuPrior& mu_prior() const { return mu_; }

 private:
  TauPrior tau_;
  MuPrior mu_;
  ModelChecks checks_;
  PriorRecords records_;
};

// Memory for the results of a plan's fits, for any number of schools.
class FitResults {
 public:
  explicit FitResults(const FitPlan& plan);
  FitResult* prepare(int64_t n_schools);  // (n_fits)

 private:
  const FitPlan* plan_;
  int64_t n_schools_ = -1;
  std::vector<FitResult> results_;
  std::vector<std::vector<ParameterResult>> theta_;
  std::vector<std::vector<double>> quantiles_;
};

// What is said of a data set that passes all checks and has no evidence.
inline constexpr const char* kNotIntegrated =
    "the posterior could not be integrated; please report this data set";

class BatchFitter {
 public:
  // mean, sd, .. of chosen parameters. `kernels` are those of the CPU that this runs on.
  BatchFitter(const TauPrior& tau_prior, const MuPrior& mu_prior, const BatchColumns& columns,
              const CpuKernels& kernels = cpu_kernels());

  const BatchColumns& columns() const { return plan_.columns(); }

  // Other priors from here on.
  void set_priors(const TauPrior& tau_prior, const MuPrior& mu_prior);

  // y and sigma (J); values (columns().size()), units of y, NaN where a thing does not exist.
  // Throws std::invalid_argument as make_model does, and std::runtime_error (kNotIntegrated).
  void fit(std::span<const double> y, std::span<const double> sigma, double* values);

  // ---- of the last fit

  struct Tails {
    double lower, upper;  // P(<= x), P(> x)
  };
  // The exact law of a parameter at x, units of y (law.h); theta_j counts from 0. With
  // `relative_tails` each tail is accurate relative to itself. NaN where the parameter does not
  // exist.
  Tails tails(ParameterKind parameter, int64_t j, double x, bool relative_tails = false);
  // That of mu with its density at x (n), units of y. Not where mu does not exist.
  void mu_law(std::span<const double> x, std::span<LawPoint> law);

  const Problem& problem() const { return problem_; }
  const Units& units() const { return units_; }
  // The posterior of tau at its nodes. Not filled at tau = infinity.
  FitWorkspace& workspace() { return *workspace_; }
  const FitResult& result() const { return *results_; }  // internal units

 private:
  FitPlan plan_;
  ProblemMaker maker_;
  PriorStorage prior_storage_;
  const CpuKernels& kernels_;
  std::unique_ptr<FitWorkspace> workspace_;
  FitResults memory_;
  FitResult* results_ = nullptr;
  Units units_{};
  Problem problem_{};
  std::vector<double> internal_;  // y, then sigma
  std::vector<double> unpooled_;  // likewise, units of y; at tau = infinity alone
  std::vector<double> law_;       // place, both tails and density at each point of mu_law
};

}  // namespace taugrid
