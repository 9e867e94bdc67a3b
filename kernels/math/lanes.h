// Lane sets: the value types that the arithmetic is written over, and their primitives.
//
// A lane set L = {Real, Bits, Word, Mask, N}. N independent lanes run the same straight line; on
// CUDA N is 1 and the hardware supplies the width. Bits is the unsigned type as wide as a Real; a
// Word occupies one lane and holds 32 random bits (Scalar keeps it in 32 bits, so that nvcc emits
// mul.wide; Pack keeps it in a 64-bit lane whose upper half is of no meaning until wide() clears it,
// so that SSE/AVX's mul_epu32, which ignores it, applies without shuffles or masks).
//
// Every primitive is one IEEE 754 operation, or moves bits: that is what makes results equal bit for
// bit on every device. Operators (+ - * / < ^ >> ..) come with the types themselves.
//
// The Tag is how one source compiled for several instruction sets stays apart: a type with internal
// linkage as the tag gives internal linkage to every template used with it, so that the linker cannot
// hand a machine without AVX-512 a function compiled with it. This is the only file of kernels/math
// with conditional compilation.
#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__CUDACC__)
#define TAUGRID_INLINE __host__ __device__ __forceinline__
#define TAUGRID_TEMPLATE __host__ __device__
// Large, called often, and better compiled once than at every call.
#define TAUGRID_OUTLINE __host__ __device__ __noinline__
#else
#define TAUGRID_INLINE inline __attribute__((always_inline))
#define TAUGRID_TEMPLATE
#define TAUGRID_OUTLINE inline
#if defined(__SSE2__)
#include <immintrin.h>
#endif
#endif

namespace taugrid {

TAUGRID_INLINE uint64_t bits_of(double x) {
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

TAUGRID_INLINE double real_of(uint64_t u) {
  double x;
  memcpy(&x, &u, sizeof x);
  return x;
}

// One double lane. The tag keeps instantiations of different instruction sets apart.
template <class Tag = void>
struct Scalar {
  static constexpr int N = 1;
  using Element = double;
  using Real = double;
  using Bits = uint64_t;
  using Word = uint32_t;
  using Mask = bool;

  static TAUGRID_INLINE Real splat(double x) { return x; }
  static TAUGRID_INLINE Bits splat_bits(uint64_t u) { return u; }
  static TAUGRID_INLINE Bits bits(Real x) { return bits_of(x); }
  static TAUGRID_INLINE Real real(Bits u) { return real_of(u); }
  static TAUGRID_INLINE Real fma(Real a, Real b, Real c) { return __builtin_fma(a, b, c); }
  static TAUGRID_INLINE Real sqrt(Real a) { return __builtin_sqrt(a); }
  static TAUGRID_INLINE Real select(Mask m, Real a, Real b) { return m ? a : b; }
  static TAUGRID_INLINE Bits select_bits(Mask m, Bits a, Bits b) { return m ? a : b; }
  static TAUGRID_INLINE bool any(Mask m) { return m; }
  static TAUGRID_INLINE Mask both(Mask a, Mask b) { return a && b; }
  static TAUGRID_INLINE Mask either(Mask a, Mask b) { return a || b; }

  static TAUGRID_INLINE Real load(const double* p) { return *p; }
  static TAUGRID_INLINE void store(double* p, Real x) { *p = x; }
  static TAUGRID_INLINE Real gather(const double* p, Bits i) { return p[i]; }
  // The value of one lane.
  static TAUGRID_INLINE double lane(Real x, int) { return x; }
  // first, first + 1, .. in consecutive lanes, as reals.
  static TAUGRID_INLINE Real ramp(double first) { return first; }

  // Words.
  static TAUGRID_INLINE Word word(uint32_t w) { return w; }
  // Low and high word of the 64-bit counters first, first + 1, ..; first is a multiple of N.
  static TAUGRID_INLINE void counter(uint64_t first, Word& low, Word& high) {
    low = static_cast<Word>(first);
    high = static_cast<Word>(first >> 32);
  }
  // The 64-bit product a * m, as two words.
  static TAUGRID_INLINE void mulhilo(Word a, uint32_t m, Word& high, Word& low) {
    const uint64_t product = static_cast<uint64_t>(a) * m;
    high = static_cast<Word>(product >> 32);
    low = static_cast<Word>(product);
  }
  static TAUGRID_INLINE Bits wide(Word w) { return w; }
};

#if !defined(__CUDACC__)

// GCC does not index a vector type whose size depends on a template parameter.
template <int W>
struct VectorOf;
#define TAUGRID_VECTOR_OF(W)                                \
  template <>                                               \
  struct VectorOf<W> {                                      \
    typedef double Real __attribute__((vector_size(8 * W)));   \
    typedef uint64_t Bits __attribute__((vector_size(8 * W))); \
    typedef int64_t Mask __attribute__((vector_size(8 * W)));  \
  };
TAUGRID_VECTOR_OF(2)
TAUGRID_VECTOR_OF(4)
TAUGRID_VECTOR_OF(8)
#undef TAUGRID_VECTOR_OF

// W double lanes in a GCC/Clang vector type. Any width compiles on any instruction set; the
// intrinsics serve the widths that the hardware has.
template <int W, class Tag = void>
struct Pack {
  static constexpr int N = W;
  using Element = double;
  using Real = typename VectorOf<W>::Real;
  using Bits = typename VectorOf<W>::Bits;
  using Mask = typename VectorOf<W>::Mask;
  using Word = Bits;

  static TAUGRID_INLINE Real splat(double x) { return x - Real{}; }  // + would lose the sign of -0
  static TAUGRID_INLINE Bits splat_bits(uint64_t u) { return Bits{} + u; }
  static TAUGRID_INLINE Bits bits(Real x) { return reinterpret_cast<Bits>(x); }
  static TAUGRID_INLINE Real real(Bits u) { return reinterpret_cast<Real>(u); }

  static TAUGRID_INLINE Real fma(Real a, Real b, Real c) {
#if defined(__AVX512F__)
    if constexpr (W == 8) return (Real)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#endif
#if defined(__FMA__)
    if constexpr (W == 4) return (Real)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
    if constexpr (W == 2) return (Real)_mm_fmadd_pd((__m128d)a, (__m128d)b, (__m128d)c);
#endif
    Real r = a;
    for (int i = 0; i < W; ++i) r[i] = __builtin_fma(a[i], b[i], c[i]);
    return r;
  }

  static TAUGRID_INLINE Real sqrt(Real a) {
#if defined(__AVX512F__)
    if constexpr (W == 8) return (Real)_mm512_sqrt_pd((__m512d)a);
#endif
#if defined(__AVX__)
    if constexpr (W == 4) return (Real)_mm256_sqrt_pd((__m256d)a);
#endif
#if defined(__SSE2__)
    if constexpr (W == 2) return (Real)_mm_sqrt_pd((__m128d)a);
#endif
    Real r = a;
    for (int i = 0; i < W; ++i) r[i] = __builtin_sqrt(a[i]);
    return r;
  }

  static TAUGRID_INLINE Real select(Mask m, Real a, Real b) { return m ? a : b; }
  static TAUGRID_INLINE Bits select_bits(Mask m, Bits a, Bits b) { return m ? a : b; }
  static TAUGRID_INLINE Mask both(Mask a, Mask b) { return a & b; }
  static TAUGRID_INLINE Mask either(Mask a, Mask b) { return a | b; }
  static TAUGRID_INLINE bool any(Mask m) {
#if defined(__AVX512DQ__)
    if constexpr (W == 8) return _mm512_movepi64_mask((__m512i)m) != 0;
#endif
#if defined(__AVX__)
    if constexpr (W == 4) return _mm256_movemask_pd((__m256d)m) != 0;
#endif
    int64_t seen = 0;
    for (int i = 0; i < W; ++i) seen |= m[i];
    return seen != 0;
  }

  static TAUGRID_INLINE Real load(const double* p) {
    Real r;
    memcpy(&r, p, sizeof r);
    return r;
  }
  static TAUGRID_INLINE void store(double* p, Real x) { memcpy(p, &x, sizeof x); }
  static TAUGRID_INLINE Real gather(const double* p, Bits i) {
#if defined(__AVX512F__)
    if constexpr (W == 8) return (Real)_mm512_i64gather_pd((__m512i)i, p, 8);
#endif
#if defined(__AVX2__)
    if constexpr (W == 4) return (Real)_mm256_i64gather_pd(p, (__m256i)i, 8);
#endif
    Real r = Real{};
    for (int k = 0; k < W; ++k) r[k] = p[i[k]];
    return r;
  }
  static TAUGRID_INLINE double lane(Real x, int i) { return x[i]; }
  static TAUGRID_INLINE Real ramp(double first) {
    Real r = Real{};
    for (int i = 0; i < W; ++i) r[i] = static_cast<double>(i);
    return r + first;
  }

  static TAUGRID_INLINE Word word(uint32_t w) { return Word{} + static_cast<uint64_t>(w); }
  static TAUGRID_INLINE void counter(uint64_t first, Word& low, Word& high) {
    Word lanes = Word{};
    for (int i = 0; i < W; ++i) lanes[i] = static_cast<uint64_t>(i);
    // A multiple of N never carries out of its low word within the pack.
    low = lanes + (first & 0xffffffffu);
    high = Word{} + (first >> 32);
  }
  static TAUGRID_INLINE void mulhilo(Word a, uint32_t m, Word& high, Word& low) {
    Word product;
    const Word factor = Word{} + static_cast<uint64_t>(m);
    if constexpr (false) {
    }
#if defined(__AVX512F__)
    else if constexpr (W == 8)
      product = (Word)_mm512_mul_epu32((__m512i)a, (__m512i)factor);
#endif
#if defined(__AVX2__)
    else if constexpr (W == 4)
      product = (Word)_mm256_mul_epu32((__m256i)a, (__m256i)factor);
#endif
#if defined(__SSE2__)
    else if constexpr (W == 2)
      product = (Word)_mm_mul_epu32((__m128i)a, (__m128i)factor);
#endif
    else
      product = (a & 0xffffffffu) * factor;
    high = product >> 32;
    low = product;
  }
  static TAUGRID_INLINE Bits wide(Word w) { return w & 0xffffffffu; }
};

#endif  // !__CUDACC__

}  // namespace taugrid
