// Draws (tau, mu, theta, theta_new): a thread is a draw, straight line, no shared memory. Columns
// are stored one after the other, so that a warp writes 32 neighbouring numbers of each.
#pragma once

#include "kernels/cuda/warp.h"
#include "kernels/math/draw.h"

namespace taugrid {

// Draws first .. first + n - 1 into columns (see draw.h), `stride` apart, in the precision of T.
template <bool kLp, class T>
__global__ void draw_kernel(DrawModelOf<T> model, StreamPosition at, uint64_t first, int64_t n,
                            T* columns, int64_t stride) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n)
    draw<CudaLaneOf<T>, kLp>(model, at, first + static_cast<uint64_t>(i), columns + i, stride);
}

}  // namespace taugrid
