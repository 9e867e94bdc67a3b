// Sums and counts of draws on the device (streamed_counts.h): a warp takes one column of one block of 8192
// draws, lane s its stripe s. Counts are integers and go by atomics; sums have their fixed shape, so no
// float atomic appears.
#pragma once

#include "kernels/cuda/warp.h"
#include "kernels/math/streamed_counts.h"

namespace taugrid {

// columns (n_columns, stride): n draws from the start of a block; grid (blocks of draws, groups of columns),
// warps of a CUDA block take columns in turn. sums (blocks, n_columns, 2).
template <class T>
__global__ void summarise_kernel(CountPlan plan, const T* columns, int64_t stride, int64_t n,
                                 int64_t block_draws, double* sums, uint64_t* counts) {
  const int64_t block = blockIdx.x;
  const int64_t warps = blockDim.x / kWarp;
  const int64_t c = static_cast<int64_t>(blockIdx.y) * warps + threadIdx.x / kWarp;
  if (c >= plan.n_columns) return;
  const int64_t begin = block * block_draws;
  const int64_t left = n - begin;
  WarpTeam team{static_cast<int>(threadIdx.x % kWarp)};
  summarise_column(team, plan, c, columns + c * stride + begin, static_cast<int>(left < block_draws ? left : block_draws),
                   sums + 2 * (block * plan.n_columns + c), counts + c * plan.n_windows * counts_per_window());
}

}  // namespace taugrid
