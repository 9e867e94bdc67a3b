// What the GPU benchmarks share: device time by CUDA events, and a visible skip where there is no
// device or too little of its memory.
#pragma once

#include <benchmark/benchmark.h>
#include <cuda_runtime.h>

#include <string>

#include "kernels/cuda/cuda_check.h"
#include "kernels/cuda/device_buffer.h"
#include "kernels/kernels.h"

namespace taugrid {

// Columns of a stored draw of the eight schools, and the normals that it consumes.
inline constexpr int64_t kColumns = 11;
inline constexpr int64_t kNormals = 10;

// The argument of what works on draws: how many.
inline void draw_sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->RangeMultiplier(10)
      ->Range(1'000'000, 1'000'000'000)
      ->ArgName("draws")
      ->Unit(benchmark::kMillisecond);
}

// Whether there is a device with this much memory free; if not, says so in the benchmark's place.
inline bool device_has(benchmark::State& state, int64_t bytes) {
  static const CudaDevices devices = cuda_devices();
  if (devices.names.empty()) {
    state.SkipWithError(devices.reason.c_str());
    return false;
  }
  size_t free = 0, total = 0;
  TAUGRID_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  if (static_cast<size_t>(bytes) <= free) return true;
  state.SkipWithError(("skipped: needs " + std::to_string(bytes >> 20) + " MiB of device memory, " +
                       std::to_string(free >> 20) + " MiB are free")
                          .c_str());
  return false;
}

class CudaEvent {
 public:
  CudaEvent() { TAUGRID_CUDA_CHECK(cudaEventCreate(&event_)); }
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;
  ~CudaEvent() { cudaEventDestroy(event_); }
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

// Runs the benchmark's loop: an iteration is what `launch` puts on the stream, timed by the device.
template <class F>
void time_on_device(benchmark::State& state, const CudaStream& stream, const F& launch) {
  const CudaEvent start, stop;
  launch();  // the first run pays for loading the module
  stream.wait();
  for (auto _ : state) {
    TAUGRID_CUDA_CHECK(cudaEventRecord(start, stream));
    launch();
    TAUGRID_CUDA_CHECK(cudaEventRecord(stop, stream));
    TAUGRID_CUDA_CHECK(cudaEventSynchronize(stop));
    float milliseconds = 0.0f;
    TAUGRID_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
    state.SetIterationTime(1e-3 * static_cast<double>(milliseconds));
  }
}

}  // namespace taugrid
