#include "kernels/cuda/summarise.cuh"

#include <algorithm>

#include "kernels/cuda/cuda_check.h"
#include "kernels/cuda/launch.h"

namespace taugrid {
namespace {

template <int kWindows, class T>
void launch(const CountPlan& plan, const T* columns, int64_t stride, int64_t n, int64_t block_draws,
            double* stripes, bool begins, double* sums, uint64_t* counts, cudaStream_t stream) {
  const int warps = 4;
  const int64_t blocks = (n + block_draws - 1) / block_draws;
  const dim3 grid(grid_size(plan.n_columns, warps),
                  static_cast<unsigned>(std::min<int64_t>(blocks, 65535)));
  summarise_kernel<kWindows><<<grid, warps * kWarp, 0, stream>>>(
      plan, columns, stride, n, block_draws, stripes, begins, sums, counts);
  TAUGRID_CUDA_CHECK(cudaGetLastError());
}

template <class T>
void dispatch(const CountPlan& plan, const T* columns, int64_t stride, int64_t n,
              int64_t block_draws, double* stripes, bool begins, double* sums, uint64_t* counts,
              cudaStream_t stream) {
  const auto run = [&](auto kernel) {
    kernel(plan, columns, stride, n, block_draws, stripes, begins, sums, counts, stream);
  };
  switch (plan.n_windows) {
    case 1:
      return run(launch<1, T>);
    case 2:
      return run(launch<2, T>);
    case 3:
      return run(launch<3, T>);
    case 4:
      return run(launch<4, T>);
    case 5:
      return run(launch<5, T>);
    default:
      return run(launch<0, T>);
  }
}

}  // namespace

template <class T>
void launch_summarise(const CountPlan& plan, const T* columns, int64_t stride, int64_t n,
                      int64_t block_draws, double* sums, uint64_t* counts, cudaStream_t stream) {
  dispatch(plan, columns, stride, n, block_draws, nullptr, true, sums, counts, stream);
}
template void launch_summarise(const CountPlan&, const double*, int64_t, int64_t, int64_t, double*,
                               uint64_t*, cudaStream_t);
template void launch_summarise(const CountPlan&, const float*, int64_t, int64_t, int64_t, double*,
                               uint64_t*, cudaStream_t);

template <class T>
void launch_summarise_part(const CountPlan& plan, const T* columns, int64_t stride, int64_t n,
                           bool begins, double* stripes, double* sums, uint64_t* counts,
                           cudaStream_t stream) {
  dispatch(plan, columns, stride, n, n, stripes, begins, sums, counts, stream);
}
template void launch_summarise_part(const CountPlan&, const double*, int64_t, int64_t, bool,
                                    double*, double*, uint64_t*, cudaStream_t);
template void launch_summarise_part(const CountPlan&, const float*, int64_t, int64_t, bool, double*,
                                    double*, uint64_t*, cudaStream_t);

}  // namespace taugrid
