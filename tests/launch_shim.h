// Runs CUDA kernel bodies on the CPU, so that they can be tested, and checked by sanitizers, where
// there is no GPU: blockIdx and threadIdx are thread-local, every CUDA thread of a block is a
// std::jthread, and warps and blocks meet at std::barriers. Blocks run one after the other. Include
// after cuRAND's headers.
#pragma once

#include <array>
#include <atomic>
#include <barrier>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#undef __forceinline__
#define __forceinline__ inline

namespace taugrid::shim {

struct Index {
  unsigned x = 0, y = 0, z = 0;
};

// What the 32 threads of a warp share.
struct Warp {
  explicit Warp(int n) : meet(n) {}
  std::barrier<> meet;
  std::array<std::array<double, 32>, 2> slots{};
};

inline thread_local Index thread_index, block_index, block_size, grid_size;
inline thread_local Warp* warp = nullptr;
inline thread_local unsigned shuffles = 0;  // of this thread, and so of its warp

// Shuffles write to two sets of slots in turn: who writes to a set again has met the warp since,
// after every thread had read from it, so that one meeting a shuffle is enough.
inline double shuffle(double x, unsigned from) {
  std::array<double, 32>& slot = warp->slots[shuffles++ % 2];
  slot[thread_index.x % 32] = x;
  warp->meet.arrive_and_wait();
  return from < 32 ? slot[from] : x;
}

// kernel<<<grid, block>>>(arguments..) with a block of whole warps, in one dimension.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), Index grid, unsigned block,
            const Arguments&... arguments) {
  for (unsigned y = 0; y < grid.y; ++y)
    for (unsigned x = 0; x < grid.x; ++x) {
      std::vector<std::unique_ptr<Warp>> warps;
      for (unsigned w = 0; w < block / 32; ++w) warps.push_back(std::make_unique<Warp>(32));
      std::vector<std::jthread> threads;
      for (unsigned t = 0; t < block; ++t)
        threads.emplace_back([&, t] {
          thread_index = {t, 0, 0};
          block_index = {x, y, 0};
          block_size = {block, 1, 1};
          grid_size = grid;
          warp = warps[t / 32].get();
          kernel(arguments...);
          // A thread that returns early no longer holds up its warp.
          warp->meet.arrive_and_drop();
        });
    }
}

}  // namespace taugrid::shim

#define threadIdx (::taugrid::shim::thread_index)
#define blockIdx (::taugrid::shim::block_index)
#define blockDim (::taugrid::shim::block_size)
#define gridDim (::taugrid::shim::grid_size)

namespace taugrid {

inline double warp_shuffle_down(double x, int delta) {
  return shim::shuffle(x, shim::thread_index.x % 32 + static_cast<unsigned>(delta));
}
inline double warp_broadcast(double x) { return shim::shuffle(x, 0); }
inline void warp_synchronise() { shim::warp->meet.arrive_and_wait(); }
inline void atomic_add(uint64_t* counter, uint64_t n) {
  std::atomic_ref<uint64_t>(*counter).fetch_add(n);
}

}  // namespace taugrid
