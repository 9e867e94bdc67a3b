// Lane sets: the value types that the arithmetic is written over, and their primitives.
//
// A lane set L = {Real, Bits, Word, Mask, N}. N independent lanes run the same straight line; on
// CUDA N is 1 and the hardware supplies the width. A lane of a Real is an Element, double or float;
// Bits is the unsigned type as wide. A Word occupies one lane and holds 32 random bits (Scalar
// keeps it in 32 bits, so that nvcc emits mul.wide; a Pack of doubles keeps it in a 64-bit lane
// whose upper half is of no meaning until wide() clears it, so that SSE/AVX's mul_epu32, which
// ignores it, applies without shuffles or masks; a Pack of floats multiplies its even and its odd
// lanes in turn).
//
// What both precisions compile writes its literals as Element(0.5): a bare 0.5 beside a float would
// be arithmetic in double on one lane, and an error or a silent conversion in a pack.
//
// Every primitive is one IEEE 754 operation, or moves bits: that is what makes results equal bit
// for bit on every device. Operators (+ - * / < ^ >> ..) come with the types themselves.
//
// The Tag is how one source compiled for several instruction sets stays apart: a type with internal
// linkage as the tag gives internal linkage to every template used with it, so that the linker
// cannot hand a machine without AVX-512 a function compiled with it. This is the only file of
// kernels/math with conditional compilation.
#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__CUDACC__)
#define TAUGRID_INLINE __host__ __device__ __forceinline__
#define TAUGRID_TEMPLATE __host__ __device__
// Large, called often, and better compiled once than at every call.
#define TAUGRID_OUTLINE __host__ __device__ __noinline__
// Before a loop over a large local array: unrolled, it would be held in registers, and spill.
#define TAUGRID_ROLLED _Pragma("unroll 1")
#else
#define TAUGRID_INLINE inline __attribute__((always_inline))
#define TAUGRID_TEMPLATE
#define TAUGRID_OUTLINE inline
#define TAUGRID_ROLLED
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

TAUGRID_INLINE uint32_t bits_of(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

TAUGRID_INLINE float real_of(uint32_t u) {
  float x;
  memcpy(&x, &u, sizeof x);
  return x;
}

// The layout of a Real's bits. kOnes is 2^kMantissaBits: the low bits of kOnes + n are the integer
// n, and of 3/2 kOnes + x those of the integer nearest to x.
template <class T>
struct RealFormat;
template <>
struct RealFormat<double> {
  using Bits = uint64_t;
  static constexpr int kMantissaBits = 52;
  static constexpr int kBias = 1023;
  static constexpr Bits kOne = 0x3FF0000000000000u;
  static constexpr Bits kMantissa = 0x000FFFFFFFFFFFFFu;
  static constexpr Bits kOnesBits = 0x4330000000000000u;
  static constexpr Bits kNan = 0x7FF8000000000000u;
  static constexpr double kOnes = 0x1p52;
};
template <>
struct RealFormat<float> {
  using Bits = uint32_t;
  static constexpr int kMantissaBits = 23;
  static constexpr int kBias = 127;
  static constexpr Bits kOne = 0x3F800000u;
  static constexpr Bits kMantissa = 0x007FFFFFu;
  static constexpr Bits kOnesBits = 0x4B000000u;
  static constexpr Bits kNan = 0x7FC00000u;
  static constexpr float kOnes = 0x1p23f;
};

// Whether L's lanes are floats.
template <class L>
inline constexpr bool kSingle = sizeof(typename L::Element) == sizeof(float);

// One lane of T, double or float. The tag keeps instantiations of different instruction sets apart.
template <class T = double, class Tag = void>
struct Scalar {
  static constexpr int N = 1;
  using Element = T;
  using Real = T;
  using Bits = typename RealFormat<T>::Bits;
  using Word = uint32_t;
  using Mask = bool;

  static TAUGRID_INLINE Real splat(T x) { return x; }
  static TAUGRID_INLINE Bits splat_bits(Bits u) { return u; }
  static TAUGRID_INLINE Bits bits(Real x) { return bits_of(x); }
  static TAUGRID_INLINE Real real(Bits u) { return real_of(u); }
  static TAUGRID_INLINE Real fma(Real a, Real b, Real c) {
    if constexpr (sizeof(T) == 4)
      return __builtin_fmaf(a, b, c);
    else
      return __builtin_fma(a, b, c);
  }
  static TAUGRID_INLINE Real sqrt(Real a) {
    if constexpr (sizeof(T) == 4)
      return __builtin_sqrtf(a);
    else
      return __builtin_sqrt(a);
  }
  static TAUGRID_INLINE Real select(Mask m, Real a, Real b) { return m ? a : b; }
  static TAUGRID_INLINE Bits select_bits(Mask m, Bits a, Bits b) { return m ? a : b; }
  static TAUGRID_INLINE bool any(Mask m) { return m; }
  static TAUGRID_INLINE Mask both(Mask a, Mask b) { return a && b; }
  static TAUGRID_INLINE Mask either(Mask a, Mask b) { return a || b; }

  // From U, converted where that is not T.
  template <class U>
  static TAUGRID_INLINE Real load(const U* p) {
    return static_cast<T>(*p);
  }
  static TAUGRID_INLINE void store(T* p, Real x) { *p = x; }
  static TAUGRID_INLINE Real gather(const T* p, Bits i) { return p[i]; }
  // The value of one lane.
  static TAUGRID_INLINE T lane(Real x, int) { return x; }

  // Counts, a lane each: n, and one more where the mask holds.
  static TAUGRID_INLINE Bits tally(Bits n, Mask m) { return n + (m ? 1u : 0u); }
  static TAUGRID_INLINE Bits load_bits(const Bits* p) { return *p; }
  static TAUGRID_INLINE void store_bits(Bits* p, Bits u) { *p = u; }
  // first, first + 1, .. in consecutive lanes, as reals.
  static TAUGRID_INLINE Real ramp(T first) { return first; }

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
  // A word as a signed integer, rounded to a Real. (In double it is exact.)
  static TAUGRID_INLINE Real from_signed(Word w) { return static_cast<T>(static_cast<int32_t>(w)); }
};

// f(lanes, x..) with every lane converted to double, exactly, and its result rounded to L's
// precision. lanes only carries the type of the lane set that f computes in; in double it is L
// itself.
template <class Tag, class F, class... X>
TAUGRID_INLINE double in_double(Scalar<double, Tag> lanes, const F& f, X... x) {
  return f(lanes, x...);
}
template <class Tag, class F, class... X>
TAUGRID_INLINE float in_double(Scalar<float, Tag>, const F& f, X... x) {
  return static_cast<float>(f(Scalar<double, Tag>{}, static_cast<double>(x)...));
}

#if !defined(__CUDACC__)

// GCC does not index a vector type whose size depends on a template parameter.
template <int W, class T>
struct VectorOf;
#define TAUGRID_VECTOR_OF(W)                                   \
  template <>                                                  \
  struct VectorOf<W, double> {                                 \
    typedef double Real __attribute__((vector_size(8 * W)));   \
    typedef uint64_t Bits __attribute__((vector_size(8 * W))); \
    typedef int64_t Mask __attribute__((vector_size(8 * W)));  \
  };                                                           \
  template <>                                                  \
  struct VectorOf<2 * W, float> {                              \
    typedef float Real __attribute__((vector_size(8 * W)));    \
    typedef uint32_t Bits __attribute__((vector_size(8 * W))); \
    typedef int32_t Mask __attribute__((vector_size(8 * W)));  \
  };
TAUGRID_VECTOR_OF(2)
TAUGRID_VECTOR_OF(4)
TAUGRID_VECTOR_OF(8)
#undef TAUGRID_VECTOR_OF

// W lanes of T in a GCC/Clang vector type. Any width compiles on any instruction set; the
// intrinsics serve the widths that the hardware has.
template <int W, class T = double, class Tag = void>
struct Pack {
  static constexpr int N = W;
  using Element = T;
  using Real = typename VectorOf<W, T>::Real;
  using Bits = typename VectorOf<W, T>::Bits;
  using Mask = typename VectorOf<W, T>::Mask;
  using Word = Bits;
  static constexpr int kBytes = W * sizeof(T);
  static constexpr bool kFloat = sizeof(T) == 4;

 private:
  using BitsElement = typename RealFormat<T>::Bits;
  using Halves = typename VectorOf<kBytes / 8, double>::Bits;  // the register in 64-bit lanes

 public:
  static TAUGRID_INLINE Real splat(T x) { return x - Real{}; }  // + would lose the sign of -0
  static TAUGRID_INLINE Bits splat_bits(BitsElement u) { return Bits{} + u; }
  static TAUGRID_INLINE Bits bits(Real x) { return reinterpret_cast<Bits>(x); }
  static TAUGRID_INLINE Real real(Bits u) { return reinterpret_cast<Real>(u); }

  static TAUGRID_INLINE Real fma(Real a, Real b, Real c) {
#if defined(__AVX512F__)
    if constexpr (kBytes == 64 && kFloat)
      return (Real)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
    if constexpr (kBytes == 64 && !kFloat)
      return (Real)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#endif
#if defined(__FMA__)
    if constexpr (kBytes == 32 && kFloat)
      return (Real)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
    if constexpr (kBytes == 32 && !kFloat)
      return (Real)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
    if constexpr (kBytes == 16 && kFloat)
      return (Real)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
    if constexpr (kBytes == 16 && !kFloat)
      return (Real)_mm_fmadd_pd((__m128d)a, (__m128d)b, (__m128d)c);
#endif
    Real r = a;
    for (int i = 0; i < W; ++i) r[i] = Scalar<T, Tag>::fma(a[i], b[i], c[i]);
    return r;
  }

  static TAUGRID_INLINE Real sqrt(Real a) {
#if defined(__AVX512F__)
    if constexpr (kBytes == 64 && kFloat) return (Real)_mm512_sqrt_ps((__m512)a);
    if constexpr (kBytes == 64 && !kFloat) return (Real)_mm512_sqrt_pd((__m512d)a);
#endif
#if defined(__AVX__)
    if constexpr (kBytes == 32 && kFloat) return (Real)_mm256_sqrt_ps((__m256)a);
    if constexpr (kBytes == 32 && !kFloat) return (Real)_mm256_sqrt_pd((__m256d)a);
#endif
#if defined(__SSE2__)
    if constexpr (kBytes == 16 && kFloat) return (Real)_mm_sqrt_ps((__m128)a);
    if constexpr (kBytes == 16 && !kFloat) return (Real)_mm_sqrt_pd((__m128d)a);
#endif
    Real r = a;
    for (int i = 0; i < W; ++i) r[i] = Scalar<T, Tag>::sqrt(a[i]);
    return r;
  }

  static TAUGRID_INLINE Real select(Mask m, Real a, Real b) { return m ? a : b; }
  static TAUGRID_INLINE Bits select_bits(Mask m, Bits a, Bits b) { return m ? a : b; }
  static TAUGRID_INLINE Mask both(Mask a, Mask b) { return a & b; }
  static TAUGRID_INLINE Mask either(Mask a, Mask b) { return a | b; }
  static TAUGRID_INLINE bool any(Mask m) {
#if defined(__AVX512DQ__)
    if constexpr (kBytes == 64 && kFloat) return _mm512_movepi32_mask((__m512i)m) != 0;
    if constexpr (kBytes == 64 && !kFloat) return _mm512_movepi64_mask((__m512i)m) != 0;
#endif
#if defined(__AVX__)
    if constexpr (kBytes == 32 && kFloat) return _mm256_movemask_ps((__m256)m) != 0;
    if constexpr (kBytes == 32 && !kFloat) return _mm256_movemask_pd((__m256d)m) != 0;
#endif
    int64_t seen = 0;
    for (int i = 0; i < W; ++i) seen |= m[i];
    return seen != 0;
  }

  static TAUGRID_INLINE Real load(const T* p) {
    Real r;
    memcpy(&r, p, sizeof r);
    return r;
  }
  // Converted.
  template <class U>
  static TAUGRID_INLINE Real load(const U* p) {
    Real r = Real{};
    for (int i = 0; i < W; ++i) r[i] = static_cast<T>(p[i]);
    return r;
  }
  static TAUGRID_INLINE void store(T* p, Real x) { memcpy(p, &x, sizeof x); }
  static TAUGRID_INLINE Real gather(const T* p, Bits i) {
#if defined(__AVX512F__)
    if constexpr (kBytes == 64 && kFloat) return (Real)_mm512_i32gather_ps((__m512i)i, p, 4);
    if constexpr (kBytes == 64 && !kFloat) return (Real)_mm512_i64gather_pd((__m512i)i, p, 8);
#endif
#if defined(__AVX2__)
    if constexpr (kBytes == 32 && kFloat) return (Real)_mm256_i32gather_ps(p, (__m256i)i, 4);
    if constexpr (kBytes == 32 && !kFloat) return (Real)_mm256_i64gather_pd(p, (__m256i)i, 8);
#endif
    Real r = Real{};
    for (int k = 0; k < W; ++k) r[k] = p[i[k]];
    return r;
  }
  static TAUGRID_INLINE T lane(Real x, int i) { return x[i]; }

  static TAUGRID_INLINE Bits tally(Bits n, Mask m) { return n - (Bits)m; }  // a true lane is -1
  static TAUGRID_INLINE Bits load_bits(const BitsElement* p) {
    Bits u;
    memcpy(&u, p, sizeof u);
    return u;
  }
  static TAUGRID_INLINE void store_bits(BitsElement* p, Bits u) { memcpy(p, &u, sizeof u); }

  static TAUGRID_INLINE Real ramp(T first) {
    Real r = Real{};
    for (int i = 0; i < W; ++i) r[i] = static_cast<T>(i);
    return r + first;
  }

  static TAUGRID_INLINE Word word(uint32_t w) { return Word{} + static_cast<BitsElement>(w); }
  static TAUGRID_INLINE void counter(uint64_t first, Word& low, Word& high) {
    Word lanes = Word{};
    for (int i = 0; i < W; ++i) lanes[i] = static_cast<BitsElement>(i);
    // A multiple of N never carries out of its low word within the pack.
    low = lanes + static_cast<BitsElement>(first & 0xffffffffu);
    high = Word{} + static_cast<BitsElement>(first >> 32);
  }

  static TAUGRID_INLINE void mulhilo(Word a, uint32_t m, Word& high, Word& low) {
    const Halves factor = Halves{} + static_cast<uint64_t>(m);
    if constexpr (!kFloat) {
      const Halves product = multiply_low_words((Halves)a, factor);
      high = (Word)(product >> 32);
      low = (Word)product;
    } else {
      const Halves even = multiply_low_words((Halves)a, factor);
      const Halves odd = multiply_low_words((Halves)a >> 32, factor);
#if defined(__AVX512F__)
      if constexpr (kBytes == 64) {
        high = (Word)_mm512_mask_shuffle_epi32((__m512i)odd, 0x5555, (__m512i)even, _MM_PERM_DDBB);
        low = (Word)_mm512_mask_shuffle_epi32((__m512i)even, 0xAAAA, (__m512i)odd, _MM_PERM_CCAA);
        return;
      }
#endif
      // The low word of a 64-bit lane is the even one of its two.
      const Halves low_word = Halves{} + uint64_t{0xffffffffu};
      high = (Word)((even >> 32) | (odd & ~low_word));
      low = (Word)((even & low_word) | (odd << 32));
    }
  }
  static TAUGRID_INLINE Bits wide(Word w) {
    if constexpr (kFloat)
      return w;
    else
      return w & 0xffffffffu;
  }
  static TAUGRID_INLINE Real from_signed(Word w) {
#if defined(__AVX512F__)
    if constexpr (kBytes == 64 && kFloat) return (Real)_mm512_cvtepi32_ps((__m512i)w);
#endif
#if defined(__AVX__)
    if constexpr (kBytes == 32 && kFloat) return (Real)_mm256_cvtepi32_ps((__m256i)w);
#endif
#if defined(__SSE2__)
    if constexpr (kBytes == 16 && kFloat) return (Real)_mm_cvtepi32_ps((__m128i)w);
#endif
    Real r = Real{};
    for (int i = 0; i < W; ++i) r[i] = static_cast<T>(static_cast<int32_t>(w[i]));
    return r;
  }

 private:
  // The 64-bit products of the low words of 64-bit lanes.
  static TAUGRID_INLINE Halves multiply_low_words(Halves a, Halves b) {
#if defined(__AVX512F__)
    if constexpr (kBytes == 64) return (Halves)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#endif
#if defined(__AVX2__)
    if constexpr (kBytes == 32) return (Halves)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#endif
#if defined(__SSE2__)
    if constexpr (kBytes == 16) return (Halves)_mm_mul_epu32((__m128i)a, (__m128i)b);
#endif
    return (a & 0xffffffffu) * (b & 0xffffffffu);
  }
};

template <int W, class Tag, class F, class... X>
TAUGRID_INLINE typename Pack<W, double, Tag>::Real in_double(Pack<W, double, Tag> lanes, const F& f,
                                                             X... x) {
  return f(lanes, x...);
}

// Lanes first .. first + W/2 - 1 of W floats, as doubles.
template <int W, class Tag>
TAUGRID_INLINE typename Pack<W / 2, double, Tag>::Real half_in_double(
    typename Pack<W, float, Tag>::Real x, int first) {
  typename Pack<W / 2, double, Tag>::Real half = {};
  for (int i = 0; i < W / 2; ++i) half[i] = x[first + i];
  return half;
}
// In two packs, one after the other.
template <int W, class Tag, class F, class... X>
TAUGRID_INLINE typename Pack<W, float, Tag>::Real in_double(Pack<W, float, Tag>, const F& f,
                                                            X... x) {
  typename Pack<W, float, Tag>::Real result = {};
  for (int first = 0; first < W; first += W / 2) {
    const auto half = f(Pack<W / 2, double, Tag>{}, half_in_double<W, Tag>(x, first)...);
    for (int i = 0; i < W / 2; ++i) result[first + i] = static_cast<float>(half[i]);
  }
  return result;
}

#endif  // !__CUDACC__

}  // namespace taugrid
