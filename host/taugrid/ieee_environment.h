// Round-to-nearest with subnormals, as long as it lives: foreign code in the same process (Python
// libraries, graphics drivers) changes the floating-point environment, and host arithmetic reaches
// results too.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace taugrid {

class IeeeEnvironment {
 public:
#if defined(__SSE2__)
  IeeeEnvironment() : saved_(_mm_getcsr()) { _mm_setcsr(0x1F80); }
  ~IeeeEnvironment() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#else
  IeeeEnvironment() {}
  ~IeeeEnvironment() {}
#endif
};

}  // namespace taugrid
