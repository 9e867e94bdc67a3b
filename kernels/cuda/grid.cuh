// log p(x | y) on a grid of x = log tau. A thread is a grid point; or, with many schools and few
// points, a warp is, its lanes taking the tiles of 256 schools that are its stripes: the order of
// summation is that of posterior.h either way. All threads of a warp then read the same y_j and
// sigma_j at once, which the first-level cache hands to all of them: shared memory would add
// nothing.
#pragma once

#include "kernels/cuda/warp.h"
#include "kernels/math/posterior.h"

namespace taugrid {

// A lane of a warp that works on one grid point together.
struct SharedPointTag {};
using SharedPointLane = Scalar<double, SharedPointTag>;

template <>
struct SchoolSum<SharedPointLane> {
  template <int K, class Tile>
  static TAUGRID_TEMPLATE void over(int64_t n_schools, SchoolTotal<SharedPointLane> (&total)[K],
                                    const Tile& tile) {
    for (int k = 0; k < K; ++k) total[k] = {0.0, 0.0};
    if (n_schools <= kSchoolTile) {
      double sums[K];
      for (int k = 0; k < K; ++k) sums[k] = 0.0;
      tile(int64_t{0}, n_schools, sums);
      for (int k = 0; k < K; ++k) total[k].high = sums[k];
      return;
    }
    const int lane = static_cast<int>(threadIdx.x % kWarp);
    for (int64_t begin = lane * kSchoolTile; begin < n_schools; begin += kWarp * kSchoolTile) {
      const int64_t end = begin + kSchoolTile < n_schools ? begin + kSchoolTile : n_schools;
      double of_tile[K];
      for (int k = 0; k < K; ++k) of_tile[k] = 0.0;
      tile(begin, end, of_tile);
      for (int k = 0; k < K; ++k) total[k].add(of_tile[k]);
    }
    for (int half = kWarp / 2; half > 0; half /= 2)
      for (int k = 0; k < K; ++k)
        total[k].add(SchoolTotal<SharedPointLane>{warp_shuffle_down(total[k].high, half),
                                                  warp_shuffle_down(total[k].low, half)});
    for (int k = 0; k < K; ++k)
      total[k] = {warp_broadcast(total[k].high), warp_broadcast(total[k].low)};
  }
};

// Whether n points of J = n_schools are sooner done by a warp a point than by a thread a point.
// Both take a step a school, and time is that of one warp's steps, or of all warps' where there are
// more than `busy` for each of the device's schedulers to take in turn. A warp a point leaves lanes
// idle below 32 tiles (all but 2 of 32 at J = 300); a thread a point leaves schedulers idle.
inline bool takes_a_warp_a_point(int64_t n_schools, int64_t n, int64_t n_schedulers) {
  if (n_schools <= kSchoolTile) return false;
  const int64_t busy = 4;
  const auto time = [&](int64_t steps, int64_t warps) {
    const int64_t of_a_scheduler = (warps + n_schedulers - 1) / n_schedulers;
    return steps * (of_a_scheduler > busy ? of_a_scheduler : busy);
  };
  const int64_t round = kWarp * kSchoolTile;  // schools that the lanes take a tile each of
  return time((n_schools + round - 1) / round * kSchoolTile, n) <
         time(n_schools, (n + kWarp - 1) / kWarp);
}

// x (n), log_density (n).
static __global__ void log_posterior_kernel(Problem problem, int64_t n, const double* x,
                                            double* log_density) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= n) return;
  GivenTau<CudaLane> at;
  log_density[i] = log_posterior<CudaLane>(problem, x[i], at);
}

static __global__ void log_posterior_many_schools_kernel(Problem problem, int64_t n,
                                                         const double* x, double* log_density) {
  const int64_t i = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
  if (i >= n) return;
  GivenTau<SharedPointLane> at;
  const double value = log_posterior<SharedPointLane>(problem, x[i], at);
  if (threadIdx.x % kWarp == 0) log_density[i] = value;
}

}  // namespace taugrid
