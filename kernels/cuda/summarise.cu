#include "kernels/cuda/summarise.cuh"

#include "kernels/cuda/cuda_check.h"
#include "kernels/cuda/launch.h"

namespace taugrid {

template <class T>
void launch_summarise(const CountPlan& plan, const T* columns, int64_t stride, int64_t n, int64_t block_draws,
                      double* sums, uint64_t* counts, cudaStream_t stream) {
  const int warps = 4;
  const dim3 grid(static_cast<unsigned>((n + block_draws - 1) / block_draws),
                  static_cast<unsigned>((plan.n_columns + warps - 1) / warps));
  summarise_kernel<<<grid, warps * kWarp, 0, stream>>>(plan, columns, stride, n, block_draws, sums, counts);
  TAUGRID_CUDA_CHECK(cudaGetLastError());
}
template void launch_summarise(const CountPlan&, const double*, int64_t, int64_t, int64_t, double*, uint64_t*,
                               cudaStream_t);
template void launch_summarise(const CountPlan&, const float*, int64_t, int64_t, int64_t, double*, uint64_t*,
                               cudaStream_t);

}  // namespace taugrid
