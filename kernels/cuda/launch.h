// The launchers: a kernel's plain name, device pointers, sizes and a stream. Only .cu files include
// this.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/math/draw.h"
#include "kernels/math/fit_types.h"
#include "kernels/math/posterior.h"
#include "kernels/math/streamed_counts.h"

namespace taugrid {

// CUDA blocks that take `items` between them, `a_block` each: the first dimension of a grid.
inline unsigned grid_size(int64_t items, int64_t a_block) {
  const int64_t blocks = (items + a_block - 1) / a_block;
  if (blocks > INT32_MAX)
    throw std::runtime_error("a kernel's grid would have " + std::to_string(blocks) + " blocks");
  return static_cast<unsigned>(blocks);
}

// Draws first .. first + n - 1 into columns (see draw.h); the model's pointers are the device's. T
// is double or float.
template <class T>
void launch_draw(const DrawModelOf<T>& model, const StreamPosition& at, uint64_t first, int64_t n,
                 bool with_lp, T* columns, int64_t stride, cudaStream_t stream);

// Blocks of block_draws draws, n in all: sums (blocks, n_columns, 2) are set, counts are added to.
template <class T>
void launch_summarise(const CountPlan& plan, const T* columns, int64_t stride, int64_t n,
                      int64_t block_draws, double* sums, uint64_t* counts, cudaStream_t stream);

// The same of draws [0, n) of a part of one block, in double stripes (n_columns, 2, 32) that carry
// the block's unfinished sums: begun anew by the block's first part, and every part but its last is
// a multiple of 32 draws.
template <class T>
void launch_summarise_part(const CountPlan& plan, const T* columns, int64_t stride, int64_t n,
                           bool begins, double* stripes, double* sums, uint64_t* counts,
                           cudaStream_t stream);

// Numbers of `stripes` a column.
inline constexpr int64_t kStripeNumbers = 2 * kStripes;

// x (n) -> log_density (n).
void launch_log_posterior(const Problem& problem, int64_t n, const double* x, double* log_density,
                          cudaStream_t stream);

// How many workspaces n problems want: one for each warp that the current device can run at once,
// as far as half of its free memory goes, and at least one.
int64_t fit_workspaces(int64_t n);

// Problems (n), one warp each at a time; workspaces (n_workspaces), one a warp.
void launch_fit(const Problem* problems, int64_t n, const FitRequest& request,
                FitWorkspace* workspaces, int64_t n_workspaces, FitResult* results,
                cudaStream_t stream);

}  // namespace taugrid
