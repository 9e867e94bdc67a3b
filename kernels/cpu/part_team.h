// A team of one CPU thread whose sums go on from where the part of a block before left them.
#pragma once

#include "kernels/cpu/team.h"

namespace taugrid {

template <class L>
struct PartTeam : CpuTeam<L> {
  double* stripes;  // (K, kStripes)
  int begin;        // of the part in its block, a multiple of 16

  // Of items begin .. begin + n - 1, that f knows as 0 .. n - 1.
  template <int K, class F>
  inline void sum(int n, double (&total)[K], const F& f) {
    constexpr int kPacks = StripedSum<L>::kPacks;
    StripedSum<L> sums[K];
    for (int k = 0; k < K; ++k)
      for (int pack = 0; pack < kPacks; ++pack)
        sums[k].stripe[pack] = L::load(stripes + k * kStripes + pack * L::N);
    for (int i = 0; i < n; i += L::N) {
      typename L::Real s[K];
      f(i, s);
      const int pack = (begin + i) / L::N % kPacks;
      for (int k = 0; k < K; ++k) sums[k].add(pack, s[k]);
    }
    for (int k = 0; k < K; ++k) {
      for (int pack = 0; pack < kPacks; ++pack)
        L::store(stripes + k * kStripes + pack * L::N, sums[k].stripe[pack]);
      total[k] = sums[k].total();
    }
  }
};

}  // namespace taugrid
