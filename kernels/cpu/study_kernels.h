// What simulation studies and prior predictive checks need of the CPU beside fits, compiled for one
// instruction set: synthetic data, the classical estimators, draws from the priors, a score. No C++
// library header may be included here.
#pragma once

#include "kernels/math/comparators.h"
#include "kernels/math/fit_types.h"
#include "kernels/math/posterior.h"
#include "kernels/math/prior_draw.h"
#include "kernels/math/synthetic.h"

namespace taugrid {

// Scratch of `compare` per school.
inline constexpr int64_t kComparatorScratch = 3 * 16;

struct StudyKernels {
  // Replicates first .. first + n - 1 (multiples of kDrawAlignment) of the scenario that `at`
  // names (synthetic.h).
  void (*synthesize)(const SyntheticPlan& plan, const StreamPosition& at, uint64_t first, int64_t n,
                     const SyntheticColumns& columns);

  // The classical estimators of n data sets (comparators.h), n a multiple of kDrawAlignment; y and
  // sigma (k, stride), estimates (estimator, estimate, stride), scratch (k, kComparatorScratch).
  void (*compare)(const ComparatorPlan& plan, int64_t n, const double* y, const double* sigma,
                  int64_t stride, double* scratch, double* estimates);

  // CRPS of the predictive law of theta_new at x, in a workspace that fit has left (crps.h).
  double (*crps)(const Problem& problem, double x, FitWorkspace& workspace);

  // Effects of draws first .. first + n - 1 (multiples of kDrawAlignment) from the priors
  // (prior_draw.h): theta (J, n) in columns `stride` apart.
  void (*draw_from_priors)(const PriorDrawPlan& plan, const StreamPosition& at, uint64_t first,
                           int64_t n, double* theta, int64_t stride);
};

}  // namespace taugrid
