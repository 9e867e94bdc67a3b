#include "kernels/cuda/draw.cuh"

#include "kernels/cuda/cuda_check.h"
#include "kernels/cuda/launch.h"

namespace taugrid {

template <class T>
void launch_draw(const DrawModelOf<T>& model, const StreamPosition& at, uint64_t first, int64_t n,
                 bool with_lp, T* columns, int64_t stride, cudaStream_t stream) {
  const int block = 128;
  const unsigned grid = grid_size(n, block);
  if (with_lp)
    draw_kernel<true><<<grid, block, 0, stream>>>(model, at, first, n, columns, stride);
  else
    draw_kernel<false><<<grid, block, 0, stream>>>(model, at, first, n, columns, stride);
  TAUGRID_CUDA_CHECK(cudaGetLastError());
}
template void launch_draw(const DrawModel&, const StreamPosition&, uint64_t, int64_t, bool, double*,
                          int64_t, cudaStream_t);
template void launch_draw(const DrawModelOf<float>&, const StreamPosition&, uint64_t, int64_t, bool,
                          float*, int64_t, cudaStream_t);

}  // namespace taugrid
