// Uninitialised memory for many doubles. First touch of fresh 4 KiB pages, not arithmetic, bounds large
// outputs, so big buffers ask for huge pages.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace taugrid {

class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(size_t size) : size_(size) {
    constexpr size_t kHugePage = size_t{2} << 20;
    const size_t bytes = size * sizeof(double);
    const size_t alignment = bytes >= kHugePage ? kHugePage : 64;
    data_.reset(static_cast<double*>(std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment)));
    if (!data_) throw std::bad_alloc();
#if defined(__linux__)
    if (alignment == kHugePage) madvise(data_.get(), bytes, MADV_HUGEPAGE);
#endif
  }

  double* data() { return data_.get(); }
  const double* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(double* p) const { std::free(p); }
  };
  std::unique_ptr<double[], Free> data_;
  size_t size_ = 0;
};

}  // namespace taugrid
