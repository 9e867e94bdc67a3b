// A block of four words -> two independent standard normals, by Box & Muller (1958):
//   r = sqrt(-2 log u1), z0 = r cos(2 pi u2), z1 = r sin(2 pi u2)
// u1 >= 2^-53, so |z| <= sqrt(2 * 53 log 2) = 8.5717.
#pragma once

#include "kernels/math/elementary.h"
#include "kernels/math/philox.h"

namespace taugrid {

template <class L>
struct NormalPair {
  typename L::Real z0, z1;
};

template <class L>
TAUGRID_INLINE NormalPair<L> box_muller(const Block<L>& block) {
  typename L::Real sine, cosine;
  sincos_2pi<L>(uniform_53<L>(block.w[2], block.w[3]), sine, cosine);
  const auto radius = L::sqrt(-2.0 * log_unit<L>(uniform_53<L>(block.w[0], block.w[1])));
  return {radius * cosine, radius * sine};
}

// Normals k and k + 1 (k even) of draws index, index + 1, ..
template <class L>
TAUGRID_INLINE NormalPair<L> normal_pair(const StreamPosition& at, uint64_t index, int64_t k) {
  return box_muller<L>(draw_block<L>(at, index, static_cast<uint32_t>(1 + k / 2)));
}

}  // namespace taugrid
