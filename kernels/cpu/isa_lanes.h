// The lanes of the instruction set that a source is compiled for, with
//   TAUGRID_ISA_NAME  what it is called: generic, v2, v3, v4
//   TAUGRID_WIDTH     double lanes, and half the float lanes; 1 is Scalar in both
// and what each of its kernels begins with.
#pragma once

#include "kernels/math/lanes.h"

#define TAUGRID_TEXT(x) #x
#define TAUGRID_TEXT_OF(x) TAUGRID_TEXT(x)
#define TAUGRID_JOIN(a, b) a##b
#define TAUGRID_JOIN_OF(a, b) TAUGRID_JOIN(a, b)

namespace taugrid {
namespace {

struct IsaTag {};

template <int W>
struct LanesOfWidth {
  using Double = Pack<W, double, IsaTag>;
  using Single = Pack<2 * W, float, IsaTag>;
};
template <>
struct LanesOfWidth<1> {
  using Double = Scalar<double, IsaTag>;
  using Single = Scalar<float, IsaTag>;
};
using L = LanesOfWidth<TAUGRID_WIDTH>::Double;
using S = LanesOfWidth<TAUGRID_WIDTH>::Single;

// Foreign code (Python libraries, graphics drivers) changes the floating-point environment.
class IeeeEnvironment {
 public:
#if defined(__SSE2__)
  IeeeEnvironment() : saved_(_mm_getcsr()) { _mm_setcsr(0x1F80); }
  ~IeeeEnvironment() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#endif
};

}  // namespace
}  // namespace taugrid
