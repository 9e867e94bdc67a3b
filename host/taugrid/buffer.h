// Uninitialised memory for many doubles, or floats. First touch of fresh 4 KiB pages, not
// arithmetic, bounds large outputs, so big buffers ask for huge pages.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace taugrid {

template <class T>
class BufferOf {
 public:
  BufferOf() = default;
  explicit BufferOf(size_t size) : size_(size) {
    constexpr size_t kHugePage = size_t{2} << 20;
    const size_t bytes = size * sizeof(T);
    const size_t alignment = bytes >= kHugePage ? kHugePage : 64;
    data_.reset(static_cast<T*>(
        std::aligned_alloc(alignment, (bytes + alignment) / alignment * alignment)));
    if (!data_) throw std::bad_alloc();
#if defined(__linux__)
    if (alignment == kHugePage) madvise(data_.get(), bytes, MADV_HUGEPAGE);
#endif
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T[], Free> data_;
  size_t size_ = 0;
};

using Buffer = BufferOf<double>;

}  // namespace taugrid
