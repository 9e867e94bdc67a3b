// Draws (tau, mu, theta, theta_new): a thread is a draw, straight line, no shared memory. Columns are stored
// one after the other, so that a warp writes 32 neighbouring doubles of each.
#pragma once

#include "kernels/cuda/warp.h"
#include "kernels/math/draw.h"

namespace taugrid {

// Draws first .. first + n - 1 into columns (see draw.h), `stride` apart.
template <bool kLp>
__global__ void draw_kernel(DrawModel model, StreamPosition at, uint64_t first, int64_t n, double* columns,
                            int64_t stride) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n) draw<CudaLane, kLp>(model, at, first + static_cast<uint64_t>(i), columns + i, stride);
}

}  // namespace taugrid
