// The exact summary of many posteriors: a warp is a team and takes problems in turn (fit.h). Its
// workspace lies in global memory, 3.4 MB a warp, of which a smooth prior uses some hundred
// kilobytes.
#pragma once

#include "kernels/cuda/warp.h"
#include "kernels/math/fit.h"

namespace taugrid {

// problems (n); workspaces (warps of the grid); results (n), whose pointers lead to device memory.
static __global__ void fit_kernel(const Problem* problems, int64_t n, FitRequest request,
                                  FitWorkspace* workspaces, FitResult* results) {
  const int64_t warp = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
  const int64_t warps = static_cast<int64_t>(gridDim.x) * blockDim.x / kWarp;
  for (int64_t p = warp; p < n; p += warps) {
    WarpTeam team{static_cast<int>(threadIdx.x % kWarp)};
    FitResult result = results[p];
    fit(team, problems[p], request, workspaces[warp], result);
    if (team.leads()) results[p] = result;
  }
}

}  // namespace taugrid
