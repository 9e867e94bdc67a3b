// Synthetic data sets and the classical estimators of a simulation study: a thread is a replicate,
// and columns are stored one after the other, so that a warp reads and writes 32 neighbouring
// numbers of each. The iterations of an estimator end when the thread's own replicate has
// converged: a warp takes as many as its slowest.
#pragma once

#include "kernels/cuda/warp.h"
#include "kernels/math/comparators.h"
#include "kernels/math/synthetic.h"

namespace taugrid {

// Replicates first .. first + n - 1 into columns (synthetic.h).
static __global__ void synthesize_kernel(SyntheticPlan plan, StreamPosition at, uint64_t first,
                                         int64_t n, SyntheticColumns columns) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) synthesize<CudaLane>(plan, at, first + static_cast<uint64_t>(i), columns, i);
}

// y, sigma (k, stride); scratch (3 k, stride); estimates (estimator, estimate, stride).
static __global__ void compare_kernel(ComparatorPlan plan, int64_t n, const double* y,
                                      const double* sigma, int64_t stride, double* scratch,
                                      double* estimates) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) compare<CudaLane>(plan, y + i, sigma + i, stride, scratch + i, stride, estimates + i);
}

}  // namespace taugrid
