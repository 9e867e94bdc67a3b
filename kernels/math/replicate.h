// Posterior predictive checks (Gelman et al., Bayesian Data Analysis, 3rd ed., section 6.3; of the
// eight schools, 6.5): data replicated from a draw, and what statistics they have.
//   y_rep_j = theta_j + sigma_j z_j       z_j: purpose 3 of the draw's index (philox.h)
//   max, min, mean and sd (divisor J - 1) of y_rep_1 .. y_rep_J
// A lane is a draw. Values are taken relative to a centre among the data, so that the statistics of
// data far from 0 keep their digits; mean and squares are updated school by school (Welford 1962),
// because a sum of squares would lose them.
#pragma once

#include "kernels/math/normal.h"

namespace taugrid {

template <class T>
struct ReplicatePlanOf {
  int64_t n_schools;
  const T* sigma;  // (J), units of y
  T centre;
};

// Where statistics go, relative to the centre but for sd; null what is not wanted. The replicated
// data themselves, y (J) in columns `y_stride` apart, are in units of y as they are.
template <class T>
struct CheckStatisticsOf {
  T* max;
  T* min;
  T* mean;
  T* sd;  // of two schools at least
  T* y = nullptr;
  int64_t y_stride = 0;
};

// Of draws index .. index + N - 1 (index a multiple of N), theta_1 .. theta_J of which are in
// columns `stride` apart; stored at `place`.
template <class L>
TAUGRID_TEMPLATE inline void replicate(const ReplicatePlanOf<typename L::Element>& plan,
                                       const StreamPosition& at, uint64_t index,
                                       const typename L::Element* columns, int64_t stride,
                                       const CheckStatisticsOf<typename L::Element>& statistics,
                                       int64_t place) {
  using Real = typename L::Real;
  using Element = typename L::Element;
  constexpr int kPerBlock = kBlockUniforms<L>;
  const int64_t n_schools = plan.n_schools;
  const bool moments = statistics.mean != nullptr || statistics.sd != nullptr;
  const Real centre = L::splat(plan.centre);
  Real largest = L::splat(0), smallest = L::splat(0), mean = L::splat(0), squares = L::splat(0);
  const auto school = [&](int64_t j, Real z) {
    const Real y = L::fma(L::splat(plan.sigma[j]), z, L::load(columns + j * stride) - centre);
    largest = j == 0 ? y : L::select(y > largest, y, largest);
    smallest = j == 0 ? y : L::select(y < smallest, y, smallest);
    if (statistics.y != nullptr)
      L::store(statistics.y + j * statistics.y_stride + place, centre + y);
    if (moments) {
      const Real from = y - mean;
      mean = L::fma(from, L::splat(Element(1.0) / static_cast<Element>(j + 1)), mean);
      squares = L::fma(from, y - mean, squares);
    }
  };
  int64_t j = 0;
  // Eight at a time, as draw does.
  for (; j + 8 <= n_schools; j += 8) {
    BlockNormals<L> normals[8 / kPerBlock];
#pragma GCC unroll 4
    for (int k = 0; k < 8 / kPerBlock; ++k)
      normals[k] = replicate_normals<L>(at, index, j + k * kPerBlock);
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) school(j + k, normals[k / kPerBlock].z[k % kPerBlock]);
  }
  for (; j < n_schools; j += kPerBlock) {
    const BlockNormals<L> normals = replicate_normals<L>(at, index, j);
    for (int k = 0; k < kPerBlock && j + k < n_schools; ++k) school(j + k, normals.z[k]);
  }
  if (statistics.max != nullptr) L::store(statistics.max + place, largest);
  if (statistics.min != nullptr) L::store(statistics.min + place, smallest);
  if (statistics.mean != nullptr) L::store(statistics.mean + place, mean);
  if (statistics.sd != nullptr)
    L::store(statistics.sd + place, L::sqrt(squares / static_cast<Element>(n_schools - 1)));
}

}  // namespace taugrid
