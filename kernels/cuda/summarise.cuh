// Sums and counts of draws on the device (streamed_counts.h): a warp takes one column of one block
// of 8192 draws, lane s its stripe s. Counts are integers and go by atomics; sums have their fixed
// shape, so no float atomic appears. The number of windows is a template's, so that their ends and
// counts live in registers.
#pragma once

#include "kernels/cuda/warp.h"
#include "kernels/math/streamed_counts.h"

namespace taugrid {

// A warp whose two sums may go on from where the block's part before left them.
struct SummaryTeam : WarpTeam {
  double* stripes;  // (2, 32), or null where the block is whole
  bool begins;

  template <int K, class F>
  __device__ __forceinline__ void sum(int n, double (&total)[K], const F& f) {
    double stripe[K];
    for (int k = 0; k < K; ++k)
      stripe[k] = stripes == nullptr || begins ? 0.0 : stripes[k * kWarp + lane];
    add(n, stripe, f);
    if (stripes != nullptr)
      for (int k = 0; k < K; ++k) stripes[k * kWarp + lane] = stripe[k];
    finish(stripe, total);
  }
};

// columns (n_columns, stride): n draws from the start of a block, or, with stripes (n_columns, 2,
// 32), of a part of one block, of which it is the first where it `begins`. Grid (groups of columns,
// blocks of draws); the warps of a CUDA block take neighbouring columns. sums (blocks, n_columns,
// 2).
template <int kWindows, class T>
__global__ void summarise_kernel(CountPlan plan, const T* columns, int64_t stride, int64_t n,
                                 int64_t block_draws, double* stripes, bool begins, double* sums,
                                 uint64_t* counts) {
  const int64_t warps = blockDim.x / kWarp;
  const int64_t c = static_cast<int64_t>(blockIdx.x) * warps + threadIdx.x / kWarp;
  if (c >= plan.n_columns) return;
  SummaryTeam team{{static_cast<int>(threadIdx.x % kWarp)},
                   stripes == nullptr ? nullptr : stripes + c * 2 * kWarp,
                   begins};
  for (int64_t block = blockIdx.y; block * block_draws < n; block += gridDim.y) {
    const int64_t begin = block * block_draws;
    const int64_t left = n - begin;
    summarise_column<kWindows>(team, plan, c, columns + c * stride + begin,
                               static_cast<int>(left < block_draws ? left : block_draws),
                               sums + 2 * (block * plan.n_columns + c),
                               counts + c * plan.n_windows * counts_per_window());
  }
}

}  // namespace taugrid
