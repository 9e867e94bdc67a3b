// taugrid batch as a user runs it: the program, its files, its streams and its exit codes
// (batch_resume_test.cpp has what --resume goes on from).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "host/taugrid/netcdf_version.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/readers.h"
#include "tests/batch_run.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

TEST(BatchCli, RowsAreThoseOfFit) {
  const Groups groups = make_groups(40, 1, true);
  const Outcome outcome = run_batch({"-", "--tau-prior", "half_normal:1"}, groups.text);
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
  const Outcome outcome = run_batch(fast);
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

// What the documents show.
TEST(BatchCli, FitsTheFilesThatShip) {
  const std::string data = TAUGRID_SOURCE_DIR "/data/";
  const Outcome many =
      run_batch({data + "many.csv", "--by", "gene", "--tau-prior", "half_normal:1"});
  EXPECT_EQ(many.code, 0);
  EXPECT_EQ(lines_of(many.out).size(), 6u);
  EXPECT_NE(many.out.find("MTHFR,3,,,,,,,,,,,,,,,,\"row 2 (line 12): sigma is 0, must be"),
            std::string::npos)
      << many.out;
  EXPECT_EQ(many.err, "taugrid: " + data +
                          "many.csv: ignored columns cohort\ntaugrid: 1 of 5 data sets have no "
                          "numbers; the column error says why\n");
  const Outcome wide = run_batch({data + "wide.csv", "--by", "id", "--y", "y1..y4", "--se",
                                  "se1..se4", "--tau-prior", "half_normal:1"});
  EXPECT_EQ(wide.code, 0);
  EXPECT_EQ(wide.err, "");
  EXPECT_EQ(lines_of(wide.out).size(), 5u);
}

TEST(BatchCli, SaysWhereNoDataSetCouldBeFitted) {
  // Under the default priors two rows leave the posterior improper.
  const std::string text = "gene,y,sigma\na,1,1\na,2,-1\nb,1,1\nb,2,1\n";
  const Outcome outcome = run_batch({"-", "--by", "gene"}, text);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(lines_of(outcome.out).size(), 3u);
  EXPECT_EQ(outcome.err,
            "taugrid: none of the 2 data sets could be fitted; the first: a: row 2 (line 3): sigma "
            "is -1, must be positive and finite\n");
  EXPECT_EQ(run_batch({"-", "--by", "gene", "--quiet"}, text).err, "");
  EXPECT_EQ(run_batch({"-", "--by", "gene", "--tau-prior", "fixed:1"}, text).err,
            "taugrid: 1 of 2 data sets have no numbers; the column error says why\n");
}

TEST(BatchCli, AnyNumberOfThreadsWritesTheSameBytes) {
  const ScratchFolder folder;
  const std::string in = folder.write("in.csv", make_groups(20'000, 3, true).text);
  std::string first;
  for (const char* threads : {"1", "2", "5"}) {
    const std::string out = folder.file(std::string("out") + threads);
    EXPECT_EQ(run_batch({in, "--tau-prior", "fixed:1", "--out", out, "--threads", threads}).code,
              0);
    const std::string text = folder.read(std::string("out") + threads);
    if (first.empty()) first = text;
    EXPECT_EQ(text, first) << threads;
  }
  // And a pipe in, a pipe out.
  EXPECT_EQ(run_batch({"-", "--tau-prior", "fixed:1"}, folder.read("in.csv")).out, first);
}

TEST(BatchCli, WideAndLongGiveTheSameRows) {
  const std::string wide =
      "id,y1,y2,y3,se1,se2,se3\r\nA,28,8,-3,15,10,16\r\nB,7,NA,1,9,NA,11\r\nC,,18,12,,10,18";
  const std::string long_form =
      "\xEF\xBB\xBFsigma,\"id\",y\n15,A,28\n10,\"A\",8\n16,A,-3\n9,B,7\n11,B,1\n10,C,18\n18,C,12";
  const Outcome from_wide = run_batch(
      {"-", "--by", "id", "--y", "y1..y3", "--se", "se1,se2,se3", "--tau-prior", "half_cauchy:5"},
      wide);
  const Outcome from_long =
      run_batch({"-", "--by", "id", "--tau-prior", "half_cauchy:5"}, long_form);
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
  EXPECT_EQ(run_batch(with({folder.write("in.csv", long_form)})).out, expected);
  EXPECT_EQ(run_batch(with({"-", "--max-j", "3"}), long_form).out, expected);
  EXPECT_EQ(run_batch(with({"-", "--max-j", "2"}), long_form).out,
            "group,J,theta[1].q50,theta[2].q50,error\na,3,,,\"J is 3, and there are columns for "
            "theta[1] .. theta[2]\"\nb,1,4,,\n");
  EXPECT_EQ(run_batch(with({"-"}), long_form).code, 2);
  // In the wide form theta[2] is study 2's.
  EXPECT_EQ(run_batch(with({"-", "--y", "y1..y3", "--se", "se1..se3"}),
                      "y1,y2,y3,se1,se2,se3\n1,2,3,1,1,1\n,5,,,1,\n7,,9,1,,1\n")
                .out,
            "group,J,theta[1].q50,theta[2].q50,theta[3].q50,error\n1,3,1,2,3,\n2,1,,5,,\n3,2,7,,9,"
            "\n");
}

TEST(BatchCli, ANameThatAReaderWouldChangeIsQuoted) {
  const std::string names =
      "group,y,sigma\n\"#1\",1,1\n\" a\",1,1\n\"b\t\",1,1\nc#2 x,1,1\n\"d,\"\"e\",1,1\n";
  const Outcome outcome =
      run_batch({"-", "--tau-prior", "fixed:0", "--quantities", "mu", "--stats", "mean"}, names);
  EXPECT_EQ(outcome.out,
            "group,J,mu.mean,error\n\"#1\",1,1,\n\" a\",1,1,\n\"b\t\",1,1,\nc#2 x,1,1,\n"
            "\"d,\"\"e\",1,1,\n");
}

TEST(BatchCli, ANameThatComesBackEndsTheRun) {
  const ScratchFolder folder;
  const std::string out = folder.file("out.csv");
  const Outcome outcome = run_batch({"-", "--tau-prior", "fixed:1", "--out", out},
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
    const Outcome outcome = run_batch(words);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(folder.names().size(), 3u);
  }
  EXPECT_EQ(run_batch({in, "--resume"}).code, 2);
  EXPECT_EQ(run_batch({in, "--out", "/nowhere/out.csv"}).code, 2);
}

TEST(BatchCli, NetcdfIsRefusedWhereItWasLeftOut) {
  if (!netcdf_version().empty()) GTEST_SKIP() << "this build has netCDF";
  const ScratchFolder folder;
  const Outcome outcome = run_batch({folder.write("in.csv", "group,y,sigma\na,1,1\n"),
                                     "--tau-prior", "fixed:1", "--out", folder.file("out.nc")});
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
      EXPECT_EQ(outcome.err, "taugrid: interrupted; the output was not written\n");
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

}  // namespace
}  // namespace taugrid
