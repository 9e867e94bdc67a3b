// The fixed shape of every sum over draws and grid points: 32 stripes, item i in stripe i mod 32,
// each stripe added in order, then halved: 16, 8, 4, 2, 1. Packs of any width and a warp's
// __shfl_down give the same bits, because the shape does not depend on who adds.
#pragma once

#include "kernels/math/lanes.h"

namespace taugrid {

inline constexpr int kStripes = 32;

// The 32 running sums, held in packs of L.
template <class L>
struct StripedSum {
  static constexpr int kPacks = kStripes / L::N;
  typename L::Real stripe[kPacks];

  TAUGRID_INLINE StripedSum() {
    for (int k = 0; k < kPacks; ++k) stripe[k] = L::splat(0.0);
  }
  // Adds x, the items of pack `pack`: those in stripes pack N .. pack N + N - 1.
  TAUGRID_INLINE void add(int pack, typename L::Real x) { stripe[pack] = stripe[pack] + x; }

  TAUGRID_INLINE double total() const {
    typename L::Real s[kPacks];
    for (int k = 0; k < kPacks; ++k) s[k] = stripe[k];
    int packs = kPacks;
    for (; packs > 1; packs /= 2)
      for (int k = 0; k < packs / 2; ++k) s[k] = s[k] + s[k + packs / 2];
    double lane[L::N];
    L::store(lane, s[0]);
    for (int half = L::N / 2; half > 0; half /= 2)
      for (int i = 0; i < half; ++i) lane[i] = lane[i] + lane[i + half];
    return lane[0];
  }
};

}  // namespace taugrid
