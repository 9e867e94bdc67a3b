// Host memory that copies from the device can overlap with kernels. Pinning 128 MiB takes tens of
// milliseconds, more than a million draws do, so what one run gives back is kept for the next.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/cuda_check.h"

namespace taugrid {

// Every method may be called by any thread.
class PinnedPool {
 public:
  struct Block {
    void* data = nullptr;
    size_t bytes = 0;
  };

  // Never destroyed: at the end of the program CUDA may be gone before it.
  static PinnedPool& instance() {
    static PinnedPool* const pool = new PinnedPool;
    return *pool;
  }

  // At least this many bytes, more than 0. A block much too large stays for who needs it.
  Block take(size_t bytes) {
    const std::lock_guard lock(mutex_);
    size_t best = kept_.size();
    for (size_t i = 0; i < kept_.size(); ++i)
      if (kept_[i].bytes >= bytes && kept_[i].bytes / 4 <= bytes &&
          (best == kept_.size() || kept_[i].bytes < kept_[best].bytes))
        best = i;
    if (best < kept_.size()) {
      const Block block = kept_[best];
      kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(best));
      kept_bytes_ -= block.bytes;
      return block;
    }
    Block block{nullptr, bytes};
    cudaError_t error = cudaHostAlloc(&block.data, bytes, cudaHostAllocPortable);
    if (error == cudaErrorMemoryAllocation && !kept_.empty()) {
      cudaGetLastError();
      for (const Block& kept : kept_) cudaFreeHost(kept.data);
      kept_.clear();
      kept_bytes_ = 0;
      error = cudaHostAlloc(&block.data, bytes, cudaHostAllocPortable);
    }
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      throw std::runtime_error("out of host memory that can be pinned for the GPU: " +
                               std::to_string(bytes >> 20) + " MiB asked for");
    }
    TAUGRID_CUDA_CHECK(error);
    return block;
  }

  // Nothing may be copying into it any more.
  void give_back(Block block) noexcept {
    if (block.data == nullptr) return;
    const std::lock_guard lock(mutex_);
    if (kept_bytes_ + block.bytes <= kMostKept) {
      try {
        kept_.push_back(block);
        kept_bytes_ += block.bytes;
        return;
      } catch (...) {  // no memory to remember it in
      }
    }
    cudaFreeHost(block.data);
  }

 private:
  static constexpr size_t kMostKept = size_t{512} << 20;
  std::mutex mutex_;
  std::vector<Block> kept_;
  size_t kept_bytes_ = 0;
};

// n values of T from the pool.
template <class T>
class PinnedBuffer {
 public:
  PinnedBuffer() = default;
  explicit PinnedBuffer(size_t n) {
    if (n > 0) block_ = PinnedPool::instance().take(n * sizeof(T));
  }
  PinnedBuffer(PinnedBuffer&& other) noexcept : block_(std::exchange(other.block_, {})) {}
  PinnedBuffer& operator=(PinnedBuffer&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~PinnedBuffer() { PinnedPool::instance().give_back(block_); }
  T* data() const { return static_cast<T*>(block_.data); }

 private:
  PinnedPool::Block block_;
};

}  // namespace taugrid
