// How many draws a run on the GPU holds at a time: whole blocks where they fit, parts of one where
// they do not.
#include "kernels/cuda/chunk_size.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace taugrid {
namespace {

constexpr int64_t kGibibyte = int64_t{1} << 30;

ChunkRequest request(int64_t n, int64_t n_schools) {
  return {n, n_schools + 3, 8, true, false, 8192, 78 * kGibibyte, 80 * kGibibyte};
}

ChunkRequest summary(int64_t n, int64_t n_schools, bool stored = false) {
  ChunkRequest r = request(n, n_schools);
  r.summarised = true;
  r.stored = stored;
  return r;
}

// What both slots take of the device.
int64_t device_bytes(const ChunkRequest& r) {
  const ChunkSize size = chunk_size(r);
  const int64_t blocks = (size.draws + r.block_draws - 1) / r.block_draws;
  const int64_t sums = r.summarised ? blocks * kSumBytes * r.n_columns : 0;
  const int64_t stripes =
      r.summarised && size.part < r.block_draws ? kStripeBytes * r.n_columns : 0;
  return 2 * (size.part * r.n_columns * r.number_bytes + sums + stripes);
}

TEST(ChunkSize, FewSchoolsTakeWholeBlocksOfAbout128Mebibytes) {
  for (const bool summarised : {false, true}) {
    ChunkRequest r = request(1'000'000'000, 8);
    r.summarised = summarised;
    const ChunkSize size = chunk_size(r);
    EXPECT_EQ(size.draws % 8192, 0);
    EXPECT_EQ(size.part, size.draws);
    EXPECT_LE(size.part * 88, kChunkBytes);
    EXPECT_GT(size.part * 88, kChunkBytes * 9 / 10);
  }
}

TEST(ChunkSize, AShortRunTakesNoMoreThanItNeeds) {
  EXPECT_EQ(chunk_size(request(1, 8)).draws, 32);
  EXPECT_EQ(chunk_size(request(100, 8)).draws, 128);
  EXPECT_EQ(chunk_size(request(8193, 8)).draws, 2 * 8192);
  EXPECT_EQ(chunk_size(summary(1, 8)).draws, 8192);
}

TEST(ChunkSize, MillionSchoolsFitEveryDevice) {
  for (const int64_t gibibytes : {4, 8, 16, 24, 40, 78, 140})
    for (const int64_t number_bytes : {4, 8})
      for (const bool summarised : {false, true}) {
        ChunkRequest r = summarised ? summary(100'000, 1'000'000) : request(100'000, 1'000'000);
        r.number_bytes = number_bytes;
        r.free_bytes = gibibytes * kGibibyte;
        const ChunkSize size = chunk_size(r);
        EXPECT_EQ(size.part % 32, 0);
        EXPECT_GE(size.part, 32);
        EXPECT_EQ(size.draws, summarised ? 8192 : size.part);
        EXPECT_LE(device_bytes(r), r.free_bytes);
      }
}

TEST(ChunkSize, StoredDrawsOfManySchoolsPinLittle) {
  const ChunkSize size = chunk_size(request(100'000, 1'000'000));
  EXPECT_LE(size.draws * 8 * 1'000'003, kMostStoredBytes);
}

TEST(ChunkSize, SummariesOfManySchoolsTakeWhatThereIs) {
  // Two slots of 34 GiB: half a block each.
  EXPECT_GT(chunk_size(summary(100'000, 1'000'000)).part, 4000);
  // With 20 000 schools a block of 1.3 GB fits.
  EXPECT_EQ(chunk_size(summary(100'000, 20'000)).part, 8192);
  EXPECT_EQ(chunk_size(summary(100'000, 20'000, true)).part, 8192);
}

TEST(ChunkSize, LittleMemoryMeansSmallerChunks) {
  ChunkRequest r = request(1'000'000, 8);
  r.free_bytes = 64 << 20;
  EXPECT_EQ(chunk_size(r).draws % 8192, 0);
  EXPECT_LE(device_bytes(r), r.free_bytes);
  r.free_bytes = 1 << 20;  // less than two blocks of 720 kB
  EXPECT_LT(chunk_size(r).draws, 8192);
  EXPECT_LE(device_bytes(r), r.free_bytes);
}

TEST(ChunkSize, TooLittleMemorySaysWhatIsNeeded) {
  ChunkRequest r = summary(100'000, 1'000'000);
  r.free_bytes = kGibibyte;
  try {
    chunk_size(r);
    FAIL() << "1 GiB holds 32 draws of a million schools twice";
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    // Twice 32 draws of 8 MB, and 528 bytes of sums a column.
    EXPECT_NE(text.find("1496 MiB"), std::string::npos) << text;
    EXPECT_NE(text.find("1024 MiB of 81920 MiB are free"), std::string::npos) << text;
    EXPECT_NE(text.find("single precision"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace taugrid
