// Uniforms -> independent standard normals, two from two, by Box & Muller (1958):
//   r = sqrt(-2 log u1), z0 = r cos(2 pi u2), z1 = r sin(2 pi u2)
// In double u1 >= 2^-53, so |z| <= sqrt(2 * 53 log 2) = 8.5717; in single u1 >= 2^-32, |z|
// <= 6.6605.
#pragma once

#include "kernels/math/elementary.h"
#include "kernels/math/philox.h"

namespace taugrid {

template <class L>
struct NormalPair {
  typename L::Real z0, z1;
};

// From uniforms i and i + 1 of a block.
template <class L>
TAUGRID_INLINE NormalPair<L> box_muller(const Block<L>& block, int i = 0) {
  typename L::Real sine, cosine;
  sincos_2pi<L>(turn<L>(block, i + 1), sine, cosine);
  const auto radius = L::sqrt(typename L::Element(-2.0) * log_unit<L>(uniform<L>(block, i)));
  return {radius * cosine, radius * sine};
}

// Normals k and k + 1 (k even) of draws index, index + 1, ..
template <class L>
TAUGRID_INLINE NormalPair<L> normal_pair(const StreamPosition& at, uint64_t index, int64_t k) {
  return box_muller<L>(draw_block<L>(at, index, block_of_uniform<L>(2 + k)),
                       place_of_uniform<L>(2 + k));
}

// Normals 0 and 1, given block 0, which has them in single.
template <class L>
TAUGRID_INLINE NormalPair<L> first_normals(const StreamPosition& at, uint64_t index,
                                           const Block<L>& block0) {
  if constexpr (block_of_uniform<L>(2) == 0)
    return box_muller<L>(block0, place_of_uniform<L>(2));
  else
    return normal_pair<L>(at, index, 0);
}

// The normals of one block.
template <class L>
struct BlockNormals {
  typename L::Real z[kBlockUniforms<L>];
};

template <class L>
TAUGRID_INLINE BlockNormals<L> normals_of_block(const Block<L>& block) {
  BlockNormals<L> normals;
  for (int i = 0; i < kBlockUniforms<L>; i += 2) {
    const NormalPair<L> pair = box_muller<L>(block, i);
    normals.z[i] = pair.z0;
    normals.z[i + 1] = pair.z1;
  }
  return normals;
}

// Normals 2 + j .. of draws index, index + 1, .., which schools j .. consume (j a multiple of
// kBlockUniforms).
template <class L>
TAUGRID_INLINE BlockNormals<L> school_normals(const StreamPosition& at, uint64_t index, int64_t j) {
  static_assert(place_of_uniform<L>(4) == 0);
  return normals_of_block<L>(draw_block<L>(at, index, block_of_uniform<L>(4 + j)));
}

// Normals j .. of the replicated data of draws index, index + 1, .. (purpose predictive; j
// likewise).
template <class L>
TAUGRID_INLINE BlockNormals<L> replicate_normals(const StreamPosition& at, uint64_t index,
                                                 int64_t j) {
  return normals_of_block<L>(draw_block<L>(at, index, block_of_uniform<L>(j)));
}

}  // namespace taugrid
