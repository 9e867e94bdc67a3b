// What a kernel body asks of its warp and block, under plain names: CUDA's intrinsics under nvcc,
// and the launch shim's (tests/launch_shim.h) where the same bodies run on the CPU under
// sanitizers. A kernel that is no template is static: one program may hold nvcc's kernel and the
// shim's of the same name.
#pragma once

#include <cuda_runtime.h>
// cuRAND's block function for host and device alike; all of curand_kernel.h would bring tables into
// each object.
#if defined(__CUDACC__) && !defined(QUALIFIERS)
#define QUALIFIERS static __forceinline__ __host__ __device__
#endif
#include <curand_philox4x32_x.h>

#include "kernels/math/philox.h"
#include "kernels/math/tree_sum.h"

#if !defined(__CUDACC__)
#include "tests/launch_shim.h"
#endif

namespace taugrid {

inline constexpr int kWarp = 32;

#if defined(__CUDACC__)
__device__ __forceinline__ double warp_shuffle_down(double x, int delta) {
  return __shfl_down_sync(0xFFFFFFFFu, x, static_cast<unsigned>(delta));
}
__device__ __forceinline__ double warp_broadcast(double x) {
  return __shfl_sync(0xFFFFFFFFu, x, 0);
}
__device__ __forceinline__ void warp_synchronise() { __syncwarp(); }
__device__ __forceinline__ void atomic_add(uint64_t* counter, uint64_t n) {
  atomicAdd(reinterpret_cast<unsigned long long*>(counter), static_cast<unsigned long long>(n));
}
#endif

// One CUDA thread is one lane; its words come from cuRAND's own block function.
struct CudaTag {};
template <class T>
using CudaLaneOf = Scalar<T, CudaTag>;
using CudaLane = CudaLaneOf<double>;

template <class L>
TAUGRID_INLINE Block<L> curand_block(uint64_t key, uint32_t c0, uint32_t c1, uint32_t c2,
                                     uint32_t c3) {
  const uint4 block = curand_Philox4x32_10(
      make_uint4(c0, c1, c2, c3),
      make_uint2(static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)));
  return {{block.x, block.y, block.z, block.w}};
}
template <>
TAUGRID_INLINE Block<CudaLane> philox4x32_10<CudaLane>(uint64_t key, uint32_t c0, uint32_t c1,
                                                       uint32_t c2, uint32_t c3) {
  return curand_block<CudaLane>(key, c0, c1, c2, c3);
}
template <>
TAUGRID_INLINE Block<CudaLaneOf<float>> philox4x32_10<CudaLaneOf<float>>(uint64_t key, uint32_t c0,
                                                                         uint32_t c1, uint32_t c2,
                                                                         uint32_t c3) {
  return curand_block<CudaLaneOf<float>>(key, c0, c1, c2, c3);
}

// The sum over the warp in the shape of tree_sum.h, known to every lane.
__device__ __forceinline__ double warp_sum(double stripe) {
  for (int half = kWarp / 2; half > 0; half /= 2) stripe = stripe + warp_shuffle_down(stripe, half);
  return warp_broadcast(stripe);
}

// A team of one warp (kernels/cpu/team.h is its CPU counterpart): lane s holds stripe s.
struct WarpTeam {
  using Lanes = CudaLane;
  int lane;

  // The warp meets before, because others may still read what f writes, and after, because they
  // will.
  template <class F>
  __device__ __forceinline__ void for_points(int n, const F& f) {
    warp_synchronise();
    for (int i = lane; i < n; i += kWarp) f(i);
    warp_synchronise();
  }

  template <int K, class F>
  __device__ __forceinline__ void sum(int n, double (&total)[K], const F& f) {
    double stripe[K];
    for (int k = 0; k < K; ++k) stripe[k] = 0.0;
    add(n, stripe, f);
    finish(stripe, total);
  }

  __device__ __forceinline__ bool leads() const { return lane == 0; }
  __device__ __forceinline__ void count(uint64_t* counter, uint64_t n) { atomic_add(counter, n); }
  // n is a count of each lane's own: one atomic for all of them.
  __device__ __forceinline__ void count_lanes(uint64_t* counter, double n) {
    const double total = warp_sum(n);
    if (lane == 0 && total != 0.0) atomic_add(counter, static_cast<uint64_t>(total));
  }

  template <class F>
  __device__ __forceinline__ void once(const F& f) {
    warp_synchronise();
    if (lane == 0) f();
    warp_synchronise();
  }

 protected:
  // A sum's two halves: this lane's items into its stripe, and the stripes to their total.
  template <int K, class F>
  __device__ __forceinline__ void add(int n, double (&stripe)[K], const F& f) {
    for (int i = lane; i < n; i += kWarp) {
      double s[K];
      f(i, s);
      for (int k = 0; k < K; ++k) stripe[k] = stripe[k] + s[k];
    }
    warp_synchronise();
  }
  template <int K>
  __device__ __forceinline__ void finish(const double (&stripe)[K], double (&total)[K]) {
    for (int k = 0; k < K; ++k) total[k] = warp_sum(stripe[k]);
  }
};

}  // namespace taugrid
