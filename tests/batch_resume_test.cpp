// taugrid batch --resume: a run that was killed ends with the bytes of one that was not.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "host/taugrid/netcdf_version.h"
#include "tests/batch_run.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

class BatchResume : public testing::Test {
 protected:
  BatchResume() {
    // Lines are long, so that there are many blocks of few groups.
    std::string text;
    for (const std::string& line : lines_of(make_groups(3000, 5, true).text))
      text += line + (text.empty() ? ",note\n" : "," + std::string(150, 'x') + "\n");
    folder_.write("in.csv", text);
    EXPECT_EQ(run_batch(words("expected.csv", "2", false)).code, 0);
    expected_ = folder_.read("expected.csv");
  }
  Words words(const std::string& out, const std::string& threads, bool resume = true) {
    Words words = {folder_.file("in.csv"), "--tau-prior", prior_,  "--out",
                   folder_.file(out),      "--threads",   threads, "--quiet"};
    if (resume) words.push_back("--resume");
    return words;
  }
  // Starts a run and kills it as soon as its log has `blocks` blocks. It cannot end before, however
  // fast it is: it reads from a pipe that holds the rest of the input back.
  void interrupt(const std::string& out, size_t blocks, int signal = SIGKILL) {
    const std::string pipe = folder_.file("pipe"), in = folder_.read("in.csv");
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const int writer = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    Words all = {"batch"};
    const Words of_run = words(out, "1");
    all.insert(all.end(), of_run.begin(), of_run.end());
    all[1] = pipe;
    Process process(all);
    const size_t end = in.size() / 2;
    size_t written = 0, logged = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(100);
    while (logged <= blocks && std::chrono::steady_clock::now() < deadline) {
      const ssize_t n = ::write(writer, in.data() + written, end - written);
      if (n > 0) {
        written += static_cast<size_t>(n);
        continue;
      }
      const std::string log = folder_.read(out + ".partial.log");
      const size_t at = log.find("blocks\n");
      if (at != std::string::npos)
        logged = static_cast<size_t>(
            std::count(log.begin() + static_cast<std::ptrdiff_t>(at), log.end(), '\n'));
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    process.signal(signal);
    process.wait();
    ::close(writer);
    std::filesystem::remove(pipe);
    ASSERT_GT(logged, blocks);
    ASSERT_FALSE(std::filesystem::exists(folder_.file(out)));
  }

  ScratchFolder folder_;
  std::string prior_ = "half_normal:1";
  std::string expected_;
};

TEST_F(BatchResume, KilledAtRandomMomentsEndsWithTheSameBytes) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 3; ++round) {
    const std::string out = "out" + std::to_string(round);
    interrupt(out, 1);
    for (int killed = 1;; ++killed) {
      Words all = {"batch"};
      const Words of_run = words(out, std::to_string(1 + random() % 3));
      all.insert(all.end(), of_run.begin(), of_run.end());
      Process process(all);
      // Every run is given longer, so that there is an end to it on any machine.
      std::this_thread::sleep_for(
          std::chrono::milliseconds(random() % static_cast<uint64_t>(60 + 20 * killed)));
      process.signal(SIGKILL);
      if (process.wait().code == 0) break;
    }
    EXPECT_EQ(folder_.read(out), expected_);
    EXPECT_FALSE(std::filesystem::exists(folder_.file(out + ".partial")));
    EXPECT_FALSE(std::filesystem::exists(folder_.file(out + ".partial.log")));
  }
}

TEST_F(BatchResume, NetcdfGoesOnToo) {
  if (netcdf_version().empty()) GTEST_SKIP() << "this build has no netCDF";
  EXPECT_EQ(run_batch(words("expected.nc", "2", false)).code, 0);
  interrupt("out.nc", 2);
  EXPECT_EQ(run_batch(words("out.nc", "2")).code, 0);
  EXPECT_EQ(folder_.read("out.nc"), folder_.read("expected.nc"));
  EXPECT_EQ(folder_.names().size(), 4u);
  // Killed when the file had its name, but the rows had not gone.
  interrupt("again.nc", 2);
  folder_.write("again.nc", "anything");
  EXPECT_EQ(run_batch(words("again.nc", "1")).code, 0);
  EXPECT_EQ(folder_.read("again.nc"), folder_.read("expected.nc"));
}

TEST_F(BatchResume, AnInterruptionKeepsWhatWasDone) {
  interrupt("out", 2, SIGINT);
  EXPECT_TRUE(std::filesystem::exists(folder_.file("out.partial")));
  const size_t before = folder_.read("out.partial").size();
  EXPECT_GT(before, 0u);
  EXPECT_EQ(folder_.read("out.partial"), expected_.substr(0, before));
  EXPECT_EQ(run_batch(words("out", "2")).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
}

TEST_F(BatchResume, RefusesAnotherRequest) {
  interrupt("out", 1);
  prior_ = "half_normal:2";
  const Outcome outcome = run_batch(words("out", "1"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("the interrupted run was asked for something else"), std::string::npos)
      << outcome.err;
  prior_ = "half_normal:1";  // nothing is lost by it
  EXPECT_EQ(run_batch(words("out", "1")).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
}

TEST_F(BatchResume, RefusesAnotherInput) {
  interrupt("out", 2);
  const std::string in = folder_.read("in.csv");
  std::string other = in;
  other[in.find("g100,") + 1] = '2';
  folder_.write("in.csv", other);
  const Outcome outcome = run_batch(words("out", "2"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("the input differs from that of the interrupted run"),
            std::string::npos)
      << outcome.err;
  folder_.write("in.csv", in);
  EXPECT_EQ(run_batch(words("out", "1")).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
}

TEST_F(BatchResume, RefusesColumnsThatChangedPlaces) {
  interrupt("out", 1);
  std::string in = folder_.read("in.csv");
  const std::string header = "group,y,sigma";
  ASSERT_EQ(in.substr(0, header.size()), header);
  // Every row is as it was, and says something else.
  folder_.write("in.csv", in.replace(0, header.size(), "group,sigma,y"));
  const Outcome outcome = run_batch(words("out", "1"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("the interrupted run was asked for something else"), std::string::npos)
      << outcome.err;
}

TEST_F(BatchResume, RefusesAnOutputThatSomeoneChanged) {
  interrupt("out", 2);
  std::string partial = folder_.read("out.partial");
  partial[partial.size() / 4] ^= 1;
  folder_.write("out.partial", partial);
  const Outcome outcome = run_batch(words("out", "2"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("is not what the interrupted run wrote"), std::string::npos)
      << outcome.err;
}

TEST_F(BatchResume, TakesNoHalfBlock) {
  interrupt("out", 2);
  // As if the machine had stopped in the middle of a write, of the rows or of the log.
  const std::string partial = folder_.read("out.partial"), log = folder_.read("out.partial.log");
  folder_.write("out.partial", partial + "g99,1,2,");
  folder_.write("out.partial.log", log.substr(0, log.size() - 5));
  EXPECT_EQ(run_batch(words("out", "1")).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
}

TEST_F(BatchResume, BeginsAnewWithoutTheFlagAndWithNothingToResume) {
  interrupt("out", 1);
  EXPECT_EQ(run_batch(words("out", "2", false)).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
  EXPECT_EQ(run_batch(words("new", "2", true)).code, 0);
  EXPECT_EQ(folder_.read("new"), expected_);
}

}  // namespace
}  // namespace taugrid
