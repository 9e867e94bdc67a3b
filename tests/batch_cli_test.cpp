// taugrid batch as a user runs it: the program, its files, its streams and its exit codes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <random>
#include <sstream>
#include <thread>

#include "host/taugrid/netcdf_version.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/readers.h"
#include "tests/data_sets.h"
#include "tests/process.h"

namespace taugrid {
namespace {

using Words = std::vector<std::string>;

Outcome run(const Words& arguments, const std::string& input = "") {
  Words words = {"batch"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Process(words, input).wait();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string number(double value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

// n groups of 1 to 9 rows; every tenth one is bad in one of several ways where `with_bad`.
struct Groups {
  std::string text = "group,y,sigma\n";
  std::vector<Data> data;
  std::vector<std::string> errors;  // empty where the group is fine
};

Groups make_groups(int n, uint64_t seed, bool with_bad) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Groups groups;
  int line = 2;
  for (int g = 0; g < n; ++g) {
    Data data;
    std::string error;
    const int rows = 1 + static_cast<int>(random() % 9);
    const int bad = with_bad && g % 10 == 3 ? static_cast<int>(random() % rows) : -1;
    for (int j = 0; j < rows; ++j, ++line) {
      // Three decimals, as they are written.
      const double y = std::round(1000.0 * normal(random)) / 1000.0;
      const double sigma = std::round(100.0 + 900.0 * std::abs(normal(random))) / 1000.0;
      std::string y_text = number(y), sigma_text = number(sigma);
      if (j == bad) {
        const std::string where =
            "row " + std::to_string(j + 1) + " (line " + std::to_string(line) + "): ";
        switch (g / 10 % 4) {
          case 0:
            y_text = "abc";
            error = where + "y is 'abc', not a number";
            break;
          case 1:
            sigma_text = "-1";
            error = "\"" + where + "sigma is -1, must be positive and finite\"";
            break;
          case 2:
            sigma_text = "";
            error = where + "sigma is empty, not a number";
            break;
          case 3:
            y_text = "inf";
            error = "\"" + where + "y is inf, must be finite\"";
            break;
        }
        // Quoted where it holds a comma, which each does here.
        if (error[0] != '"') error = "\"" + error + "\"";
      }
      groups.text += "g" + std::to_string(g) + "," + y_text + "," + sigma_text + "\n";
      data.y.push_back(y);
      data.sigma.push_back(sigma);
    }
    groups.data.push_back(data);
    groups.errors.push_back(error);
  }
  return groups;
}

TEST(BatchCli, RowsAreThoseOfFit) {
  const Groups groups = make_groups(40, 1, true);
  const Outcome outcome = run({"-", "--tau-prior", "half_normal:1"}, groups.text);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "taugrid: 4 of 40 data sets have no numbers; the column error says why\n");
  std::string expected =
      "group,J,tau.mean,tau.sd,tau.q2.5,tau.q50,tau.q97.5,mu.mean,mu.sd,mu.q2.5,mu.q50,mu.q97.5,"
      "theta_new.mean,theta_new.sd,theta_new.q2.5,theta_new.q50,theta_new.q97.5,error\n";
  for (size_t g = 0; g < groups.data.size(); ++g) {
    expected += "g" + std::to_string(g) + "," + std::to_string(groups.data[g].y.size());
    if (groups.errors[g].empty()) {
      const FitSummary fit = Posterior(groups.data[g], "half_normal:1", "flat").summary();
      for (const size_t k : {size_t{0}, size_t{1}, fit.parameters.size() - 1}) {
        const ParameterSummary& of = fit.parameters[k];
        for (const double value :
             {of.mean, of.sd, of.quantiles[0], of.quantiles[3], of.quantiles[6]})
          expected += "," + (std::isnan(value) ? "" : number(value));
      }
    } else {
      expected += std::string(15, ',');
    }
    expected += "," + groups.errors[g] + "\n";
  }
  EXPECT_EQ(outcome.out, expected);
}

TEST(BatchCli, ReportsTenThousandBadGroupsAmongAHundredThousand) {
  const Groups groups = make_groups(100'000, 2, true);
  const ScratchFolder folder;
  const std::string in = folder.write("in.csv", groups.text), out = folder.file("out.csv");
  const Words fast = {in,   "--tau-prior", "fixed:0.5", "--stats", "mean", "--quantities",
                      "mu", "--out",       out};
  const Outcome outcome = run(fast);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err,
            "taugrid: 10000 of 100000 data sets have no numbers; the column error says why\n");
  const std::vector<std::string> lines = lines_of(folder.read("out.csv"));
  ASSERT_EQ(lines.size(), 100'001u);
  for (size_t g = 0; g < 100'000; ++g) {
    const Data& data = groups.data[g];
    const std::string head = "g" + std::to_string(g) + "," + std::to_string(data.y.size()) + ",";
    const std::string& line = lines[g + 1];
    if (!groups.errors[g].empty()) {
      ASSERT_EQ(line, head + "," + groups.errors[g]);
      continue;
    }
    ASSERT_EQ(line.substr(0, head.size()), head);
    ASSERT_EQ(line.back(), ',');
    // mu given tau: the weighted mean.
    double w = 0.0, wy = 0.0;
    for (size_t j = 0; j < data.y.size(); ++j) {
      w += 1.0 / (data.sigma[j] * data.sigma[j] + 0.25);
      wy += data.y[j] / (data.sigma[j] * data.sigma[j] + 0.25);
    }
    ASSERT_NEAR(parse_number(line.substr(head.size(), line.size() - head.size() - 1), "mu"), wy / w,
                1e-12);
  }
}

TEST(BatchCli, AnyNumberOfThreadsWritesTheSameBytes) {
  const ScratchFolder folder;
  const std::string in = folder.write("in.csv", make_groups(20'000, 3, true).text);
  std::string first;
  for (const char* threads : {"1", "2", "5"}) {
    const std::string out = folder.file(std::string("out") + threads);
    EXPECT_EQ(run({in, "--tau-prior", "fixed:1", "--out", out, "--threads", threads}).code, 0);
    const std::string text = folder.read(std::string("out") + threads);
    if (first.empty()) first = text;
    EXPECT_EQ(text, first) << threads;
  }
  // And a pipe in, a pipe out.
  EXPECT_EQ(run({"-", "--tau-prior", "fixed:1"}, folder.read("in.csv")).out, first);
}

TEST(BatchCli, WideAndLongGiveTheSameRows) {
  const std::string wide =
      "id,y1,y2,y3,se1,se2,se3\r\nA,28,8,-3,15,10,16\r\nB,7,NA,1,9,NA,11\r\nC,,18,12,,10,18";
  const std::string long_form =
      "\xEF\xBB\xBFsigma,\"id\",y\n15,A,28\n10,\"A\",8\n16,A,-3\n9,B,7\n11,B,1\n10,C,18\n18,C,12";
  const Outcome from_wide = run(
      {"-", "--by", "id", "--y", "y1..y3", "--se", "se1,se2,se3", "--tau-prior", "half_cauchy:5"},
      wide);
  const Outcome from_long = run({"-", "--by", "id", "--tau-prior", "half_cauchy:5"}, long_form);
  EXPECT_EQ(from_wide.code, 0) << from_wide.err;
  EXPECT_EQ(from_wide.err, "");
  EXPECT_EQ(from_wide.out, from_long.out);
  EXPECT_EQ(lines_of(from_long.out).size(), 4u);
}

TEST(BatchCli, ThetasHaveAColumnForEachStudy) {
  const Words options = {"--tau-prior", "fixed:inf", "--quantities", "theta", "--stats", "q50"};
  const auto with = [&](Words words) {
    words.insert(words.end(), options.begin(), options.end());
    return words;
  };
  // Without pooling the median of theta_j is y_j.
  const std::string long_form = "group,y,sigma\na,1,1\na,2,1\na,3,1\nb,4,1\n";
  const std::string expected =
      "group,J,theta[1].q50,theta[2].q50,theta[3].q50,error\na,3,1,2,3,\nb,1,4,,,\n";
  const ScratchFolder folder;
  EXPECT_EQ(run(with({folder.write("in.csv", long_form)})).out, expected);
  EXPECT_EQ(run(with({"-", "--max-j", "3"}), long_form).out, expected);
  EXPECT_EQ(run(with({"-", "--max-j", "2"}), long_form).out,
            "group,J,theta[1].q50,theta[2].q50,error\na,3,,,\"J is 3, and there are columns for "
            "theta[1] .. theta[2]\"\nb,1,4,,\n");
  EXPECT_EQ(run(with({"-"}), long_form).code, 2);
  // In the wide form theta[2] is study 2's.
  EXPECT_EQ(run(with({"-", "--y", "y1..y3", "--se", "se1..se3"}),
                "y1,y2,y3,se1,se2,se3\n1,2,3,1,1,1\n,5,,,1,\n7,,9,1,,1\n")
                .out,
            "group,J,theta[1].q50,theta[2].q50,theta[3].q50,error\n1,3,1,2,3,\n2,1,,5,,\n3,2,7,,9,"
            "\n");
}

TEST(BatchCli, ANameThatAReaderWouldChangeIsQuoted) {
  const std::string names =
      "group,y,sigma\n\"#1\",1,1\n\" a\",1,1\n\"b\t\",1,1\nc#2 x,1,1\n\"d,\"\"e\",1,1\n";
  const Outcome outcome =
      run({"-", "--tau-prior", "fixed:0", "--quantities", "mu", "--stats", "mean"}, names);
  EXPECT_EQ(outcome.out,
            "group,J,mu.mean,error\n\"#1\",1,1,\n\" a\",1,1,\n\"b\t\",1,1,\nc#2 x,1,1,\n"
            "\"d,\"\"e\",1,1,\n");
}

TEST(BatchCli, ANameThatComesBackEndsTheRun) {
  const ScratchFolder folder;
  const std::string out = folder.file("out.csv");
  const Outcome outcome = run({"-", "--tau-prior", "fixed:1", "--out", out},
                              "group,y,sigma\na,1,1\nb,1,1\nb,2,1\na,1,1\n");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "taugrid: standard input: line 5: group 'a' comes back after others; the rows of a "
            "group must stand together: sort the file by that column\n");
  EXPECT_TRUE(folder.names().empty());
}

TEST(BatchCli, BadRequestsWriteNothing) {
  const ScratchFolder folder;
  const std::string in = folder.write("in.csv", "group,y,sigma\na,1,1\n"), out = folder.file("out");
  const std::string no_rows = folder.write("head.csv", "group,y,sigma\n");
  const std::string comment = folder.write("comment.csv", "group,y,sigma\n# nothing\n");
  for (const Words& bad : std::vector<Words>{{in, "--by", "gene"},
                                             {in, "--tau-prior", "half_norml:1"},
                                             {in, "--stats", "mean,median"},
                                             {in, "--quantities", "nu"},
                                             {in, "--y", "y1..y3", "--se", "se1..se3"},
                                             {folder.file("none.csv")},
                                             {no_rows},
                                             {comment}}) {
    Words words = bad;
    words.insert(words.end(), {"--out", out});
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(folder.names().size(), 3u);
  }
  EXPECT_EQ(run({in, "--resume"}).code, 2);
  EXPECT_EQ(run({in, "--out", "/nowhere/out.csv"}).code, 2);
}

TEST(BatchCli, NetcdfIsRefusedWhereItWasLeftOut) {
  if (!netcdf_version().empty()) GTEST_SKIP() << "this build has netCDF";
  const ScratchFolder folder;
  const Outcome outcome = run({folder.write("in.csv", "group,y,sigma\na,1,1\n"), "--tau-prior",
                               "fixed:1", "--out", folder.file("out.nc")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("this taugrid was built without netCDF"), std::string::npos);
  EXPECT_EQ(folder.names(), Words{"in.csv"});
}

TEST(BatchCli, AReaderThatGoesAwayEndsTheRunQuietly) {
  const ScratchFolder folder;
  const std::string in = folder.write("in.csv", make_groups(30'000, 4, false).text);
  const Outcome outcome =
      Process({"batch", in, "--tau-prior", "fixed:1"}, "", /*stdout_closed=*/true).wait();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "");
}

TEST(BatchCli, ASignalEndsTheWaitForInput) {
  const ScratchFolder folder;
  const std::string pipe = folder.file("pipe"), out = folder.file("out.csv");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  // Before a writer is there, before the header is, and while threads wait for more rows.
  const std::vector<std::pair<int, std::string>> cases = {
      {SIGINT, "-"}, {SIGTERM, ""}, {SIGHUP, "group,y,sigma\na,1,1\nb,1,1\n"}};
  for (const auto& [signal, text] : cases)
    for (const char* threads : {"1", "3"}) {
      int writer = -1;
      if (text != "-") {
        writer = ::open(pipe.c_str(), O_RDWR | O_CLOEXEC);
        ASSERT_EQ(::write(writer, text.data(), text.size()), static_cast<ssize_t>(text.size()));
      }
      Process process(
          {"batch", pipe, "--tau-prior", "fixed:1", "--out", out, "--threads", threads, "--quiet"});
      for (int i = 0; i < 10'000 && !process.catches(signal); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      std::this_thread::sleep_for(std::chrono::milliseconds(30));  // until it waits
      process.signal(signal);
      const Outcome outcome = process.wait();
      if (writer >= 0) ::close(writer);
      EXPECT_EQ(outcome.code, 1) << text << " " << threads;
      EXPECT_EQ(outcome.err, "taugrid: interrupted; no file was written\n");
      EXPECT_EQ(folder.names(), std::vector<std::string>{"pipe"});
    }
}

// What is wrong with a first block ends the run though the next one does not come.
TEST(BatchCli, AnErrorIsNotHeldBackByAnIdlePipe) {
  const ScratchFolder folder;
  const std::string pipe = folder.file("pipe"), out = folder.file("out.csv");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  struct Case {
    std::string first_rows, out;
    bool reader_is_gone;
    int code;
    std::string err;
  };
  const std::string comes_back =
      "taugrid: " + pipe +
      ": line 4: group 'a' comes back after others; the rows of a group must stand together: sort "
      "the file by that column\n";
  for (const Case& of : {Case{"a,1,1\nb,1,1\na,1,1\n", out, false, 2, comes_back},
                         Case{"a,1,1\nb,1,1\n", "-", true, 1, ""}})
    for (const char* threads : {"1", "3"}) {
      std::string text = "group,y,sigma\n" + of.first_rows;
      for (int g = 0; text.size() < 5u << 15; ++g)  // a block, and what a pipe holds
        text += std::to_string(g) + ",1,1\n";
      const int writer = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
      Process process({"batch", pipe, "--tau-prior", "fixed:1", "--out", of.out, "--threads",
                       threads, "--quiet"},
                      "", of.reader_is_gone);
      size_t written = 0;
      for (int i = 0; i < 100'000 && written < text.size(); ++i) {  // waits 100 s at least
        const ssize_t n = ::write(writer, text.data() + written, text.size() - written);
        if (n > 0) written += static_cast<size_t>(n);
        if (n <= 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      ASSERT_EQ(written, text.size());
      const Outcome outcome = process.wait();
      ::close(writer);
      EXPECT_EQ(outcome.code, of.code) << threads;
      EXPECT_EQ(outcome.err, of.err) << threads;
      EXPECT_EQ(folder.names(), std::vector<std::string>{"pipe"});
    }
}

class BatchResume : public testing::Test {
 protected:
  BatchResume() {
    // Lines are long, so that there are many blocks of few groups.
    std::string text;
    for (const std::string& line : lines_of(make_groups(3000, 5, true).text))
      text += line + (text.empty() ? ",note\n" : "," + std::string(150, 'x') + "\n");
    folder_.write("in.csv", text);
    EXPECT_EQ(run(words("expected.csv", "2", false)).code, 0);
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
  EXPECT_EQ(run(words("expected.nc", "2", false)).code, 0);
  interrupt("out.nc", 2);
  EXPECT_EQ(run(words("out.nc", "2")).code, 0);
  EXPECT_EQ(folder_.read("out.nc"), folder_.read("expected.nc"));
  EXPECT_EQ(folder_.names().size(), 4u);
  // Killed when the file had its name, but the rows had not gone.
  interrupt("again.nc", 2);
  folder_.write("again.nc", "anything");
  EXPECT_EQ(run(words("again.nc", "1")).code, 0);
  EXPECT_EQ(folder_.read("again.nc"), folder_.read("expected.nc"));
}

TEST_F(BatchResume, AnInterruptionKeepsWhatWasDone) {
  interrupt("out", 2, SIGINT);
  EXPECT_TRUE(std::filesystem::exists(folder_.file("out.partial")));
  const size_t before = folder_.read("out.partial").size();
  EXPECT_GT(before, 0u);
  EXPECT_EQ(folder_.read("out.partial"), expected_.substr(0, before));
  EXPECT_EQ(run(words("out", "2")).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
}

TEST_F(BatchResume, RefusesAnotherRequest) {
  interrupt("out", 1);
  prior_ = "half_normal:2";
  const Outcome outcome = run(words("out", "1"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("the interrupted run was asked for something else"), std::string::npos)
      << outcome.err;
  prior_ = "half_normal:1";  // nothing is lost by it
  EXPECT_EQ(run(words("out", "1")).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
}

TEST_F(BatchResume, RefusesAnotherInput) {
  interrupt("out", 2);
  const std::string in = folder_.read("in.csv");
  std::string other = in;
  other[in.find("g100,") + 1] = '2';
  folder_.write("in.csv", other);
  const Outcome outcome = run(words("out", "2"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("the input differs from that of the interrupted run"),
            std::string::npos)
      << outcome.err;
  folder_.write("in.csv", in);
  EXPECT_EQ(run(words("out", "1")).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
}

TEST_F(BatchResume, RefusesColumnsThatChangedPlaces) {
  interrupt("out", 1);
  std::string in = folder_.read("in.csv");
  const std::string header = "group,y,sigma";
  ASSERT_EQ(in.substr(0, header.size()), header);
  // Every row is as it was, and says something else.
  folder_.write("in.csv", in.replace(0, header.size(), "group,sigma,y"));
  const Outcome outcome = run(words("out", "1"));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("the interrupted run was asked for something else"), std::string::npos)
      << outcome.err;
}

TEST_F(BatchResume, RefusesAnOutputThatSomeoneChanged) {
  interrupt("out", 2);
  std::string partial = folder_.read("out.partial");
  partial[partial.size() / 4] ^= 1;
  folder_.write("out.partial", partial);
  const Outcome outcome = run(words("out", "2"));
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
  EXPECT_EQ(run(words("out", "1")).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
}

TEST_F(BatchResume, BeginsAnewWithoutTheFlagAndWithNothingToResume) {
  interrupt("out", 1);
  EXPECT_EQ(run(words("out", "2", false)).code, 0);
  EXPECT_EQ(folder_.read("out"), expected_);
  EXPECT_EQ(run(words("new", "2", true)).code, 0);
  EXPECT_EQ(folder_.read("new"), expected_);
}

}  // namespace
}  // namespace taugrid
