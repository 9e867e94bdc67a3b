#include "kernels/cuda/grid.cuh"

#include "kernels/cuda/cuda_check.h"
#include "kernels/cuda/launch.h"

namespace taugrid {

void launch_log_posterior(const Problem& problem, int64_t n, const double* x, double* log_density,
                          cudaStream_t stream) {
  const int block = 128;
  int device = 0, processors = 1;
  TAUGRID_CUDA_CHECK(cudaGetDevice(&device));
  TAUGRID_CUDA_CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device));
  if (takes_a_warp_a_point(problem.n_schools, n, int64_t{4} * processors)) {
    const unsigned grid = grid_size(n, block / kWarp);
    log_posterior_many_schools_kernel<<<grid, block, 0, stream>>>(problem, n, x, log_density);
  } else {
    const unsigned grid = grid_size(n, block);
    log_posterior_kernel<<<grid, block, 0, stream>>>(problem, n, x, log_density);
  }
  TAUGRID_CUDA_CHECK(cudaGetLastError());
}

}  // namespace taugrid
