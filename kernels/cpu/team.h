// A team of one CPU thread: it holds all 32 stripes itself, in packs.
#pragma once

#include "kernels/math/tree_sum.h"

namespace taugrid {

template <class L>
struct CpuTeam {
  using Lanes = L;

  static_assert(8 % L::N == 0);

  // f(i) for the packs i = 0, N, 2N, .. below n, a multiple of 8.
  template <class F>
  TAUGRID_INLINE void for_points(int n, const F& f) {
    for (int i = 0; i < n; i += L::N) f(i);
  }

  // total[k] = sum over i of the k-th quantity that f(i, s) puts into s.
  template <int K, class F>
  inline void sum(int n, double (&total)[K], const F& f) {
    constexpr int kPacks = StripedSum<L>::kPacks;
    StripedSum<L> sums[K];
    const auto add = [&](int pack, int i) {
      typename L::Real s[K];
      f(i, s);
      for (int k = 0; k < K; ++k) sums[k].add(pack, s[k]);
    };
    int i = 0;
    // With constant numbers of packs the stripes stay in registers.
    for (; i + kStripes <= n; i += kStripes)
      for (int pack = 0; pack < kPacks; ++pack) add(pack, i + pack * L::N);
    for (int pack = 0; i < n; ++pack, i += L::N) add(pack, i);
    for (int k = 0; k < K; ++k) total[k] = sums[k].total();
  }

  // Whether this is who writes what the whole team knows.
  TAUGRID_INLINE bool leads() const { return true; }

  // Adds to a counter that others of the team may add to.
  TAUGRID_INLINE void count(uint64_t* counter, uint64_t n) { *counter += n; }
  // The same of counts that each lane has kept by itself, whole numbers.
  TAUGRID_INLINE void count_lanes(uint64_t* counter, typename L::Real n) {
    for (int lane = 0; lane < L::N; ++lane) *counter += static_cast<uint64_t>(L::lane(n, lane));
  }

  // f once for the team, and its effects seen by all of it.
  template <class F>
  TAUGRID_INLINE void once(const F& f) {
    f();
  }
};

}  // namespace taugrid
