// Counts what is derived from draws (derived.h), block by block, as the draws stream by. Internal.
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/buffer.h"
#include "host/taugrid/derived.h"
#include "host/taugrid/engine.h"

namespace taugrid {

// T, double or float: the draws' precision. Counts are integers, of each worker its own; sums are
// of blocks, added in the order of the blocks. Memory does not grow with the number of draws.
template <class T>
class DerivedCounterOf {
 public:
  // For draws 0 .. n - 1 of `seed`, which any of `workers` threads count, of at most `slots` blocks
  // at a time.
  DerivedCounterOf(const Engine& engine, const DeriveRequest& request, int64_t n, uint64_t seed,
                   int slots, int workers);

  // Draws first .. first + n - 1 (first a multiple of 16, n at most kBlockDraws) in the draws'
  // columns, `stride` apart. Threads with different workers and slots may count at once.
  void count(const T* columns, int64_t stride, uint64_t first, int64_t n, int slot, int worker);
  // The same of a block by parts: each from the block's draw `begin` on, a multiple of 16, then the
  // end of the block, of `n` draws in all.
  void count_part(const T* columns, int64_t stride, uint64_t first, int64_t begin, int64_t n,
                  int worker);
  void end_block(uint64_t first, int64_t n, int slot, int worker);
  // Takes the sums of the block that was counted last in this slot: block by block in order, one at
  // a time.
  void add(int slot);

  // After the last block.
  void finish(DrawSummary& summary) const;

 private:
  // A thread's counts, and what it works in.
  struct Worker {
    std::vector<uint64_t> best, shared, rank, pairs;
    std::vector<uint64_t> windows;  // (statistic, window, counts_per_window(kBinsPerPilotWindow))
    BufferOf<T> theta;              // (padded schools + 1, chunk)
    BufferOf<typename RealFormat<T>::Bits> ranks;
    BufferOf<T> statistics;  // (statistic, kBlockDraws): max_j theta_j if wanted, then the checks'
    BufferOf<T> tail;        // (J, kDrawAlignment)
  };

  Worker make_worker() const;
  void derive(Worker& worker, const T* columns, int64_t stride, uint64_t first, int64_t n,
              int64_t place) const;
  void observe();
  void place_windows(uint64_t seed);
  LargestEffect largest_effect(const Worker& all) const;

  const Engine& engine_;
  const DeriveRequest request_;
  const int64_t n_, n_schools_;
  const uint64_t seed_;
  const bool counts_best_;  // for best, rank and max
  int64_t n_statistics_;
  bool pilot_ = false;  // max is too many to sort: counted in windows placed by a pilot sample
  std::vector<T> sigma_;
  T centre_;
  std::vector<double> observed_;  // T(y) as the draws have it, relative to the centre but for sd
  int n_windows_ = 1;
  std::vector<double> shift_, lower_, upper_, scale_;
  std::vector<T> maxima_;  // (n), where they are sorted
  std::vector<Worker> workers_;
  std::vector<double> block_sums_;  // (slot, statistic, 2)
  std::vector<double> sums_;        // (statistic, 2)
};

}  // namespace taugrid
