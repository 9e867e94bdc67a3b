#include "host/taugrid/output_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

TEST(OutputFile, AppearsOnlyWhenCommitted) {
  const ScratchFolder folder;
  OutputFile out(folder.file("a.csv"));
  out.write("text");
  EXPECT_EQ(folder.read("a.csv"), "");
  out.commit();
  EXPECT_EQ(folder.read("a.csv"), "text");
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"a.csv"}));
}

TEST(OutputFile, LeavesNothingWithoutCommit) {
  const ScratchFolder folder;
  {
    OutputFile out(folder.file("a.csv"));
    out.write(std::string(5'000'000, 'x'));  // more than is buffered
    EXPECT_EQ(folder.names().size(), 1u);    // under another name, in the same folder
    EXPECT_NE(folder.names(), (std::vector<std::string>{"a.csv"}));
  }
  EXPECT_TRUE(folder.names().empty());
}

TEST(OutputFile, KeepsTheOldFileUntilCommitted) {
  const ScratchFolder folder;
  folder.write("a.csv", "old");
  ::chmod(folder.file("a.csv").c_str(), 0640);
  {
    OutputFile out(folder.file("a.csv"));
    out.write("lost");
  }
  EXPECT_EQ(folder.read("a.csv"), "old");
  OutputFile out(folder.file("a.csv"));
  out.write("new");
  out.commit();
  EXPECT_EQ(folder.read("a.csv"), "new");
  struct stat status {};
  ::stat(folder.file("a.csv").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST(OutputFile, WritesLargeTextInOrder) {
  const ScratchFolder folder;
  OutputFile out(folder.file("a.txt"));
  std::string expected;
  for (int i = 0; i < 300'000; ++i) {
    const std::string line = std::to_string(i) + "\n";
    expected += line;
    if (i % 2 == 0) {
      out.write(line);
    } else {
      char* place = out.reserve(line.size() + 10);
      line.copy(place, line.size());
      out.advance(line.size());
    }
  }
  out.commit();
  EXPECT_EQ(folder.read("a.txt"), expected);
}

TEST(OutputFile, FollowsLinksAndKeepsThem) {
  const ScratchFolder folder;
  folder.write("target.csv", "old");
  std::filesystem::create_symlink("target.csv", folder.file("link.csv"));
  OutputFile out(folder.file("link.csv"));
  out.write("new");
  out.commit();
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link.csv")));
  EXPECT_EQ(folder.read("target.csv"), "new");
}

TEST(OutputFile, WritesToADeviceWithoutReplacingIt) {
  OutputFile out("/dev/null");
  out.write("text");
  out.commit();
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(OutputFile, SaysWhyAPathCannotBeWritten) {
  const ScratchFolder folder;
  const auto reason = [&](const std::string& path) {
    return refusal([&] { OutputFile out(path); });
  };
  const std::string missing = folder.file("no/a.csv");
  EXPECT_EQ(reason(missing), "cannot write " + missing + ": No such file or directory");
  const std::string directory = folder.file("");
  EXPECT_EQ(reason(directory), "cannot write " + directory + ": Is a directory");
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  folder.write("a.csv", "old");
  ::chmod(folder.file("a.csv").c_str(), 0400);
  EXPECT_EQ(reason(folder.file("a.csv")),
            "cannot write " + folder.file("a.csv") + ": Permission denied");
}

TEST(OutputFile, ReportsAFullDevice) {
  if (!std::filesystem::is_character_file("/dev/full")) GTEST_SKIP() << "no /dev/full";
  OutputFile out("/dev/full");
  out.write("text");
  EXPECT_THROW(out.commit(), std::runtime_error);
}

}  // namespace
}  // namespace taugrid
