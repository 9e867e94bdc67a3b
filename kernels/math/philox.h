// The random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, SC'11), laid out as cuRAND
// lays it out, and the one table of who owns which counter word.
//
// A block is a pure function (key, counter) -> 4 words; there is no state. The stream is cuRAND's:
// the words of block x of draw i of problem y are those of
//     curand_init(seed, i, 4 * (x + 2^32 * y), &state); curand4(&state);
//
//   key                     seed, low and high word
//   counter word 0 (x)      bits 0..27: block within the draw; bits 28..31: purpose, below
//   counter word 1 (y)      problem, below 2^30
//   counter words 2, 3      index of the draw, low and high word (cuRAND's subsequence)
//
// Each draw owns whole blocks, so it depends on nothing but (seed, problem, index).
//
//   purpose 0, posterior draw; its uniforms in order, two to a block in double (two words each),
//   four to a block in single (a word each)
//     uniform 0                     u of tau
//     uniform 1                     u of mu, where mu is truncated
//     uniforms 2 + k, 3 + k         Box-Muller radius and angle of normals k and k + 1, k even
//     normal 0: mu, normal 1: theta_new, normal 2 + j: theta_(j+1)
//   purpose 1, synthetic data of replicate `index` of scenario `problem` (synthetic.h), in double;
//   place 0 is theta_new's, place 1 + j school j's
//     uniform 0                     tau, where it is drawn from its prior
//     uniform 1                     mu, likewise
//     uniforms 2 + 4 p, 3 + 4 p     Box-Muller radius and angle of place p: theta's normal, and y's
//     uniform 4 + 4 p               second variate of theta, where its law is not normal
//     uniform 5 + 4 p               sigma, where it is random; of theta_new: the place within an
//                                   atom of tau, where a PIT falls on one
//   purpose 2, draw from the priors (prior_draw.h), in double
//     uniforms 0, 1                 tau, mu
//     uniforms 2 + k, 3 + k         Box-Muller radius and angle of normals k and k + 1, k even
//     normal j: theta_(j+1)
//   purpose 3, replicated data of a posterior draw, or of one from the priors, of the same index;
//   the blocks likewise
//     uniforms k, k + 1             Box-Muller radius and angle of normals k and k + 1, k even
//     normal j: y_rep_(j+1)
#pragma once

#include "kernels/math/lanes.h"

namespace taugrid {

// The version of the stream that every output carries; 0 until the stream is frozen.
inline constexpr int kStreamVersion = 0;

enum class Purpose : uint32_t {
  kPosteriorDraw = 0,
  kSyntheticData = 1,
  kPriorDraw = 2,
  kPredictive = 3
};

// Key and counter words that all lanes share.
struct StreamPosition {
  uint64_t seed;
  uint32_t problem;  // below 2^30
  Purpose purpose;
};

template <class L>
struct Block {
  typename L::Word w[4];
};

// Ten rounds on a counter given word by word.
template <class L>
TAUGRID_INLINE Block<L> philox4x32_10(uint64_t key, typename L::Word c0, typename L::Word c1,
                                      typename L::Word c2, typename L::Word c3) {
  using Word = typename L::Word;
  uint32_t k0 = static_cast<uint32_t>(key);
  uint32_t k1 = static_cast<uint32_t>(key >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    Word high0, low0, high1, low1;
    L::mulhilo(c0, 0xD2511F53u, high0, low0);
    L::mulhilo(c2, 0xCD9E8D57u, high1, low1);
    c0 = high1 ^ c1 ^ L::word(k0);
    c1 = low1;
    c2 = high0 ^ c3 ^ L::word(k1);
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// Block `block` (below 2^28) of draws index, index + 1, .. (index a multiple of L::N).
template <class L>
TAUGRID_INLINE Block<L> draw_block(const StreamPosition& at, uint64_t index, uint32_t block) {
  typename L::Word low, high;
  L::counter(index, low, high);
  const uint32_t x = block | (static_cast<uint32_t>(at.purpose) << 28);
  return philox4x32_10<L>(at.seed, L::word(x), L::word(at.problem), low, high);
}

// Two words -> (k + 1/2) 2^-52 with k their leading 52 bits: exact, symmetric, and open at both
// ends. The smallest value is 2^-53, the largest 1 - 2^-53. (Rounding k 2^-53 + 2^-54 would
// give 1.)
template <class L>
TAUGRID_INLINE typename L::Real uniform_53(typename L::Word high, typename L::Word low) {
  const auto mantissa = (L::wide(high) << 20) | (L::wide(low) >> 12);
  const auto one_to_two = L::real(mantissa | L::splat_bits(0x3FF0000000000000u));
  return (one_to_two - 1.0) + 0x1p-53;
}

// A word -> (k + 1/2) 2^-31 with k its leading 31 bits, in single: rounded to nearest, so that
// small values keep all their bits, and open at both ends. The smallest value is 2^-32, the largest
// 1 - 2^-24.
template <class L>
TAUGRID_INLINE typename L::Real uniform_31(typename L::Word word) {
  const auto u = L::fma(L::from_signed(word >> 1), L::splat(0x1p-31f), L::splat(0x1p-32f));
  const auto most = L::splat(0x1.fffffep-1f);
  return L::select(u < most, u, most);
}

// A uniform variate as its distance to the nearer of 0 and 1, and whether that is 1.
template <class L>
struct TailUniform {
  typename L::Real tail;  // below 1/2
  typename L::Mask upper;
};

// Uniforms in a block.
template <class L>
inline constexpr int kBlockUniforms = kSingle<L> ? 4 : 2;

// A uniform in (0, 1) of which 1 - u is exact.
template <class L>
TAUGRID_INLINE TailUniform<L> split_tail(typename L::Real u) {
  using Element = typename L::Element;
  const auto upper = u > Element(0.5);
  return {L::select(upper, Element(1.0) - u, u), upper};
}

// Uniform i of a block. In double the tail is exact and at least 2^-53. In single u = (w + 1/2)
// 2^-32 with w the word, its tail rounded to nearest: at least 2^-33, at both ends.
template <class L>
TAUGRID_INLINE TailUniform<L> tail_uniform(const Block<L>& block, int i) {
  if constexpr (kSingle<L>) {
    const auto word = block.w[i];
    const auto upper = word > 0x7FFFFFFFu;
    const auto k = L::from_signed(L::select_bits(upper, ~word, word));
    const auto tail = L::fma(k, L::splat(0x1p-32f), L::splat(0x1p-33f));
    const auto most = L::splat(0x1.fffffep-2f);
    return {L::select(tail < most, tail, most), upper};
  } else {
    return split_tail<L>(uniform_53<L>(block.w[2 * i], block.w[2 * i + 1]));
  }
}

// Uniform i of a block as a number in (0, 1).
template <class L>
TAUGRID_INLINE typename L::Real uniform(const Block<L>& block, int i) {
  if constexpr (kSingle<L>)
    return uniform_31<L>(block.w[i]);
  else
    return uniform_53<L>(block.w[2 * i], block.w[2 * i + 1]);
}

// Uniform i of a block as an angle, in turns: in double from (0, 1), in single from [-1/2, 1/2]
// (the word as a signed integer, rounded to nearest).
template <class L>
TAUGRID_INLINE typename L::Real turn(const Block<L>& block, int i) {
  if constexpr (kSingle<L>)
    return L::from_signed(block.w[i]) * 0x1p-32f;
  else
    return uniform<L>(block, i);
}

// Where uniform n of a draw is: its block, and its place there.
template <class L>
TAUGRID_INLINE constexpr uint32_t block_of_uniform(int64_t n) {
  return static_cast<uint32_t>(n / kBlockUniforms<L>);
}
template <class L>
TAUGRID_INLINE constexpr int place_of_uniform(int64_t n) {
  return static_cast<int>(n % kBlockUniforms<L>);
}

}  // namespace taugrid
