#include "kernels/cuda/fit.cuh"

#include <algorithm>

#include "kernels/cuda/cuda_check.h"
#include "kernels/cuda/launch.h"

namespace taugrid {

int64_t fit_workspaces(int64_t n) {
  int device = 0, processors = 1, resident = 1;
  size_t free = 0, total = 0;
  TAUGRID_CUDA_CHECK(cudaGetDevice(&device));
  TAUGRID_CUDA_CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device));
  TAUGRID_CUDA_CHECK(
      cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, fit_kernel, kWarp, 0));
  TAUGRID_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  const auto room = static_cast<int64_t>(free / 2 / sizeof(FitWorkspace));
  return std::max<int64_t>(1, std::min({n, room, static_cast<int64_t>(resident) * processors}));
}

void launch_fit(const Problem* problems, int64_t n, const FitRequest& request,
                FitWorkspace* workspaces, int64_t n_workspaces, FitResult* results,
                cudaStream_t stream) {
  // One warp a block: n_workspaces warps, and a warp that ends early frees its place at once.
  fit_kernel<<<static_cast<unsigned>(n_workspaces), kWarp, 0, stream>>>(problems, n, request,
                                                                        workspaces, results);
  TAUGRID_CUDA_CHECK(cudaGetLastError());
}

}  // namespace taugrid
