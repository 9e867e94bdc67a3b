#include "host/taugrid/resumable_file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

constexpr BlockRecord kOneDataSet = {1, 2, 3, 4, 1, 0};

TEST(ResumableFile, IsWrittenByOneAtATime) {
  const ScratchFolder folder;
  const std::string path = folder.file("out");
  ResumableFile first(path, "r\n", false);
  EXPECT_NE(refusal([&] { ResumableFile(path, "r\n", false); }).find("another run is writing"),
            std::string::npos);
  first.append("abc", kOneDataSet);
  first.commit();
  // The name is free again, and what has it is whole, whether `first` lives or not.
  ResumableFile second(path, "r\n", false);
  EXPECT_EQ(folder.read("out"), "abc");
}

TEST(ResumableFile, OneThatBeginsAsAnotherEndsLeavesTheFinishedFileWhole) {
  const ScratchFolder folder;
  const std::string path = folder.file("out"), bytes(1000, 'x');
  { ResumableFile(path, "r\n", false).append(bytes, kOneDataSet); }
  std::atomic<int> committed = 0, broken = 0;
  const auto write = [&] {
    for (int i = 0; i < 500; ++i) try {
        ResumableFile file(path, "r\n", false);
        file.append(bytes, kOneDataSet);
        file.commit();
        ++committed;
        if (folder.read("out") != bytes) ++broken;
      } catch (const std::invalid_argument&) {  // another is writing
      }
  };
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back(write);
  }
  EXPECT_GT(committed, 0);
  EXPECT_EQ(broken, 0);
  EXPECT_EQ(folder.read("out"), bytes);
}

TEST(ResumableFile, LeavesNothingAfterDiscard) {
  const ScratchFolder folder;
  {
    ResumableFile file(folder.file("out"), "r\n", false);
    EXPECT_TRUE(file.empty());
    file.append("header", {1, 2, 6, 4, 0, 0});
    EXPECT_TRUE(file.empty());
    file.discard();
  }
  EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace taugrid
