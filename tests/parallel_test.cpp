#include "host/taugrid/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace taugrid {
namespace {

const std::vector<std::pair<int64_t, int>> kShapes = {{0, 1}, {0, 4},  {1, 1},    {1, 7},  {2, 7},
                                                      {5, 1}, {7, 16}, {1000, 2}, {999, 7}};

std::string shape(int64_t blocks, int threads) {
  return std::to_string(blocks) + " blocks, " + std::to_string(threads) + " threads";
}

TEST(OrderedBlocks, WorkOnceOnEveryBlockAndConsumeInOrderOnTheCallersThread) {
  for (const auto& [blocks, threads] : kShapes) {
    std::vector<std::atomic<int>> worked(static_cast<size_t>(blocks));
    std::vector<int64_t> consumed;
    const auto caller = std::this_thread::get_id();
    ordered_blocks(
        blocks, threads, [&](int64_t block, int, int) { ++worked[static_cast<size_t>(block)]; },
        [&](int64_t block, int) {
          EXPECT_EQ(std::this_thread::get_id(), caller);
          EXPECT_EQ(worked[static_cast<size_t>(block)], 1);
          consumed.push_back(block);
        });
    std::vector<int64_t> expected;
    for (int64_t block = 0; block < blocks; ++block) expected.push_back(block);
    EXPECT_EQ(consumed, expected) << shape(blocks, threads);
  }
}

// The last to work is often the first in order: whoever holds the ends of the order must not lose
// the middle.
TEST(OrderedBlocks, ConsumeInOrderWhenLaterBlocksAreDoneFirst) {
  std::vector<int64_t> consumed;
  ordered_blocks(
      40, 4,
      [](int64_t block, int, int) {
        if (block % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      },
      [&](int64_t block, int) { consumed.push_back(block); });
  for (size_t i = 0; i < consumed.size(); ++i) EXPECT_EQ(consumed[i], static_cast<int64_t>(i));
  EXPECT_EQ(consumed.size(), 40u);
}

TEST(OrderedBlocks, ASlotBelongsToOneBlockUntilItIsConsumed) {
  for (const auto& [blocks, threads] : kShapes) {
    const int slots = n_slots(threads);
    std::vector<std::atomic<int64_t>> owner(static_cast<size_t>(slots));
    for (auto& o : owner) o = -1;
    ordered_blocks(
        blocks, threads,
        [&](int64_t block, int slot, int) {
          ASSERT_GE(slot, 0);
          ASSERT_LT(slot, slots);
          EXPECT_EQ(owner[static_cast<size_t>(slot)].exchange(block), -1) << shape(blocks, threads);
        },
        [&](int64_t block, int slot) {
          EXPECT_EQ(owner[static_cast<size_t>(slot)].exchange(-1), block) << shape(blocks, threads);
        });
  }
}

TEST(OrderedBlocks, AWorkerDoesOneBlockAtATime) {
  for (const auto& [blocks, threads] : kShapes) {
    std::vector<std::atomic<int>> busy(static_cast<size_t>(threads));
    ordered_blocks(
        blocks, threads,
        [&](int64_t, int, int worker) {
          ASSERT_GE(worker, 0);
          ASSERT_LT(worker, threads);
          EXPECT_EQ(busy[static_cast<size_t>(worker)]++, 0);
          std::this_thread::yield();
          --busy[static_cast<size_t>(worker)];
        },
        [](int64_t, int) {});
  }
}

TEST(OrderedBlocks, OneThreadIsTheCallers) {
  std::set<std::thread::id> ids;
  ordered_blocks(
      10, 1, [&](int64_t, int, int) { ids.insert(std::this_thread::get_id()); },
      [](int64_t, int) {});
  EXPECT_EQ(ids, std::set{std::this_thread::get_id()});
}

TEST(OrderedBlocks, SeveralThreadsWorkAtTheSameTime) {
  std::atomic<int> working = 0, most = 0;
  ordered_blocks(
      64, 3,
      [&](int64_t, int, int) {
        const int now = ++working;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        --working;
      },
      [](int64_t, int) {});
  EXPECT_GE(most, 2);
  EXPECT_LE(most, 3);
}

TEST(OrderedBlocks, ExceptionOfWorkIsThrownAndEndsTheWork) {
  for (const int threads : {1, 2, 7}) {
    std::atomic<int64_t> worked = 0;
    int64_t consumed = 0;
    try {
      ordered_blocks(
          100'000, threads,
          [&](int64_t block, int, int) {
            ++worked;
            if (block == 5) throw std::runtime_error("block 5");
          },
          [&](int64_t block, int) {
            EXPECT_NE(block, 5);
            consumed = block + 1;
          });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "block 5");
    }
    EXPECT_LE(consumed, 5);
    EXPECT_LT(worked, 1000) << threads;
  }
}

TEST(OrderedBlocks, TheFirstExceptionInOrderIsThrownAfterAllThatIsBeforeIt) {
  for (int repeat = 0; repeat < 20; ++repeat)
    for (const int threads : {1, 2, 7}) {
      int64_t consumed = 0;
      try {
        ordered_blocks(
            1000, threads,
            [&](int64_t block, int, int) {
              // What is later in order fails earlier.
              if (block <= 3) std::this_thread::sleep_for(std::chrono::milliseconds(1));
              if (block >= 3) throw std::runtime_error(std::to_string(block));
            },
            [&](int64_t block, int) { consumed = block + 1; });
        FAIL() << "nothing was thrown";
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "3") << threads;
      }
      EXPECT_EQ(consumed, 3) << threads;
    }
}

TEST(OrderedBlocks, ExceptionOfTheSourceComesAfterTheBlocksThatItGave) {
  for (const int threads : {1, 2, 7}) {
    int64_t consumed = 0;
    EXPECT_THROW(
        ordered_stream(
            threads,
            [](int64_t block, int) {
              if (block == 5) throw std::runtime_error("source");
              return true;
            },
            [](int64_t, int, int) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); },
            [&](int64_t block, int) { consumed = block + 1; }),
        std::runtime_error);
    EXPECT_EQ(consumed, 5) << threads;
  }
}

TEST(OrderedBlocks, ExceptionOfConsumeIsThrownAndEndsTheWork) {
  for (const int threads : {1, 2, 7}) {
    std::atomic<int64_t> worked = 0;
    int64_t consumed = 0;
    try {
      ordered_blocks(
          100'000, threads, [&](int64_t, int, int) { ++worked; },
          [&](int64_t block, int) {
            if (block == 5) throw std::runtime_error("block 5");
            ++consumed;
          });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "block 5");
    }
    EXPECT_EQ(consumed, 5);
    EXPECT_LT(worked, 1000) << threads;
  }
}

TEST(OrderedBlocks, ExceptionOfEveryWorkerIsOneException) {
  for (int repeat = 0; repeat < 50; ++repeat)
    EXPECT_THROW(ordered_blocks(
                     100, 7, [](int64_t, int, int) { throw std::runtime_error("all"); },
                     [](int64_t, int) {}),
                 std::runtime_error);
}

TEST(ThreadCount, IsWhatWasAskedForOrAllOfTheMachine) {
  EXPECT_EQ(thread_count(1), 1);
  EXPECT_EQ(thread_count(7), 7);
  EXPECT_GE(thread_count(0), 1);
}

}  // namespace
}  // namespace taugrid
