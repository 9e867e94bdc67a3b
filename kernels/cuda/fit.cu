#include "kernels/cuda/fit.cuh"

#include "kernels/cuda/cuda_check.h"
#include "kernels/cuda/launch.h"

namespace taugrid {

void launch_fit(const Problem* problems, int64_t n, const FitRequest& request,
                FitWorkspace* workspaces, int64_t n_workspaces, FitResult* results,
                cudaStream_t stream) {
  // One warp a block: n_workspaces warps, and a warp that ends early frees its place at once.
  fit_kernel<<<static_cast<unsigned>(n_workspaces), kWarp, 0, stream>>>(problems, n, request,
                                                                        workspaces, results);
  TAUGRID_CUDA_CHECK(cudaGetLastError());
}

}  // namespace taugrid
