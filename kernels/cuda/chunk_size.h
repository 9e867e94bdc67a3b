// How many draws a run holds at a time, so that its memory does not grow with their number and fits
// the device whatever the number of schools. Two slots work in turn; each holds a chunk on the
// host, and the whole of it or a part on the device.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace taugrid {

struct ChunkRequest {
  int64_t n;             // draws of the run, at least 1
  int64_t n_columns;     // numbers a draw
  int64_t number_bytes;  // 4 or 8
  bool stored;           // the draws go to the host
  bool summarised;       // their sums do, by whole blocks
  int64_t block_draws;   // of a block of sums
  int64_t free_bytes;    // of the device's memory, and how much there is at all
  int64_t total_bytes;
};

struct ChunkSize {
  int64_t draws;  // of a chunk; whole blocks where they are summarised
  int64_t part;   // drawn at once: the chunk, or part of its one block, a multiple of 32
};

inline constexpr int64_t kDrawsOfPart = 32;          // a warp, and the stripes of a sum
inline constexpr int64_t kStripeBytes = 2 * 32 * 8;  // a column's unfinished sums between parts
inline constexpr int64_t kSumBytes = 2 * 8;          // a column's finished ones, a block
inline constexpr int64_t kChunkBytes = int64_t{128}
                                       << 20;  // enough that launches and copies cost nothing
// To be pinned on the host for a slot; of draws that are summarised as well a whole block is, which
// host/taugrid/draw_summary.cpp refuses above 4 GB.
inline constexpr int64_t kMostStoredBytes = int64_t{1} << 30;

// Throws std::runtime_error where not even the least fits, with what it needs.
inline ChunkSize chunk_size(const ChunkRequest& r) {
  const int64_t draw_bytes = r.n_columns * r.number_bytes;
  const int64_t sum_bytes = r.summarised ? kSumBytes * r.n_columns : 0;
  // What kernels keep in local memory comes out of the same memory, later.
  const int64_t slot_bytes = (r.free_bytes - r.free_bytes / 8) / 2;
  const auto round_up = [](int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; };

  const int64_t block_bytes = r.block_draws * draw_bytes + sum_bytes;
  const int64_t wanted_blocks = std::max<int64_t>(1, kChunkBytes / block_bytes);
  const int64_t blocks = std::min(wanted_blocks, slot_bytes / block_bytes);
  const bool few = !r.summarised && r.n < r.block_draws;
  if (blocks > 0 && !few && (r.summarised || block_bytes <= kMostStoredBytes)) {
    const int64_t draws =
        std::min(blocks, (r.n + r.block_draws - 1) / r.block_draws) * r.block_draws;
    return {draws, draws};
  }

  // Part of a block at a time.
  const int64_t stripe_bytes = r.summarised ? kStripeBytes * r.n_columns : 0;
  const int64_t fixed_bytes = sum_bytes + stripe_bytes;
  const int64_t room =
      std::min(slot_bytes - fixed_bytes, r.stored && !r.summarised ? kMostStoredBytes : slot_bytes);
  const int64_t least = r.summarised ? kDrawsOfPart : std::min(r.n, kDrawsOfPart);
  int64_t part = std::min({room / draw_bytes, r.block_draws, round_up(r.n, kDrawsOfPart)});
  part = part >= kDrawsOfPart ? part / kDrawsOfPart * kDrawsOfPart : part;
  if (part < least) {
    const auto mebibytes = [](int64_t bytes) {
      return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
    };
    throw std::runtime_error(
        "out of device memory: the least that draws of " + std::to_string(r.n_columns) +
        " numbers need, " + std::to_string(least) + " at a time in two buffers, is " +
        mebibytes(2 * (least * draw_bytes + fixed_bytes)) + "; " + mebibytes(r.free_bytes) +
        " of " + mebibytes(r.total_bytes) +
        " are free, an eighth of which is kept for the kernels (free some, " +
        (r.number_bytes == 8 ? "draw in single precision, " : "") + "or draw on the CPU)");
  }
  return {r.summarised ? r.block_draws : part, part};
}

}  // namespace taugrid
