// Device memory and streams that free themselves.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/cuda_check.h"

namespace taugrid {

[[noreturn]] inline void throw_out_of_device_memory(size_t bytes) {
  cudaGetLastError();  // not to be seen again by the next check
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  throw std::runtime_error("out of device memory: " + std::to_string(bytes >> 20) +
                           " MiB asked for, " + std::to_string(free >> 20) + " of " +
                           std::to_string(total >> 20) + " MiB free");
}

// n values of T on the device.
template <class T>
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  explicit DeviceBuffer(size_t n) : size_(n) {
    if (n == 0) return;
    const cudaError_t error = cudaMalloc(&data_, n * sizeof(T));
    if (error == cudaErrorMemoryAllocation) throw_out_of_device_memory(n * sizeof(T));
    TAUGRID_CUDA_CHECK(error);
  }
  DeviceBuffer(const T* host, size_t n, cudaStream_t stream) : DeviceBuffer(n) {
    upload(host, n, stream);
  }
  DeviceBuffer(DeviceBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~DeviceBuffer() { cudaFree(data_); }

  T* data() const { return data_; }
  size_t size() const { return size_; }
  void upload(const T* host, size_t n, cudaStream_t stream) const {
    if (n > 0)
      TAUGRID_CUDA_CHECK(
          cudaMemcpyAsync(data_, host, n * sizeof(T), cudaMemcpyHostToDevice, stream));
  }
  void download(T* host, size_t n, cudaStream_t stream) const {
    if (n > 0)
      TAUGRID_CUDA_CHECK(
          cudaMemcpyAsync(host, data_, n * sizeof(T), cudaMemcpyDeviceToHost, stream));
  }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

class CudaStream {
 public:
  CudaStream() { TAUGRID_CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;
  ~CudaStream() { cudaStreamDestroy(stream_); }
  operator cudaStream_t() const { return stream_; }
  void wait() const { TAUGRID_CUDA_CHECK(cudaStreamSynchronize(stream_)); }

 private:
  cudaStream_t stream_ = nullptr;
};

}  // namespace taugrid
