// Uniforms -> independent standard normals, two from two, by Box & Muller (1958):
//   r = sqrt(-2 log u1), z0 = r cos(2 pi u2), z1 = r sin(2 pi u2)
// In double u1 >= 2^-53, so |z| <= sqrt(2 * 53 log 2) = 8.5717; in single u1 >= 2^-32, |z| <= 6.6605.
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

// The normals of one block, which schools j .. j + kBlockUniforms - 1 consume.
template <class L>
struct BlockNormals {
  typename L::Real z[kBlockUniforms<L>];
};

// Normals 2 + j .. of draws index, index + 1, .. (j a multiple of kBlockUniforms).
template <class L>
TAUGRID_INLINE BlockNormals<L> school_normals(const StreamPosition& at, uint64_t index, int64_t j) {
  const Block<L> block = draw_block<L>(at, index, block_of_school<L>(j));
  BlockNormals<L> normals;
  for (int i = 0; i < kBlockUniforms<L>; i += 2) {
    const NormalPair<L> pair = box_muller<L>(block, i);
    normals.z[i] = pair.z0;
    normals.z[i + 1] = pair.z1;
  }
  return normals;
}

// Normals 0 and 1, given block 0.
template <class L>
TAUGRID_INLINE NormalPair<L> first_normals(const StreamPosition& at, uint64_t index, const Block<L>& block0) {
  if constexpr (kSingle<L>)
    return box_muller<L>(block0, 2);
  else
    return box_muller<L>(draw_block<L>(at, index, 1));
}

}  // namespace taugrid
