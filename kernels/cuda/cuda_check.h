// Every CUDA call goes through this: a failure throws with the call, the place and CUDA's own
// words.
#pragma once

#include <cuda_runtime.h>

#include <stdexcept>
#include <string>

namespace taugrid {

inline void cuda_check(cudaError_t error, const char* call, const char* file, int line) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // not to be seen again by the next check
  throw std::runtime_error(std::string(call) + " failed at " + file + ":" + std::to_string(line) +
                           ": " + cudaGetErrorName(error) + " (" + cudaGetErrorString(error) + ")");
}

}  // namespace taugrid

#define TAUGRID_CUDA_CHECK(call) ::taugrid::cuda_check((call), #call, __FILE__, __LINE__)
