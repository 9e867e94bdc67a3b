// What a study writes and where: nothing that was there is lost, nothing that was computed is.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "host/taugrid/simulation.h"
#include "tests/cli_run.h"
#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

constexpr const char* kStudy =
    "replicates = 700\nmethods = ['reml', {tau_prior = 'half_normal:0.5'}]\n"
    "[scenarios]\nk = 4\nsigma = 'fixed:0.4'\nmu = 0.2\ntau = 0.3\n";

bool is_fifo(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

class SimulateFiles : public testing::Test {
 protected:
  SimulateFiles() { ::mkfifo(folder.file("pipe").c_str(), 0600); }

  Outcome simulate(const Texts& options) const {
    Texts arguments = {"simulate", study, "--threads", "1"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run(arguments);
  }
  std::string stem(const std::string& name) const { return folder.file(name); }
  Texts names() const {
    Texts names = folder.names();
    std::ranges::sort(names);
    return names;
  }

  const ScratchFolder folder;
  const std::string study = folder.write("study.toml", kStudy);
  const std::string notes = folder.write("notes.txt", "precious\n");
};

TEST_F(SimulateFiles, RefusesACheckpointThatIsNoRegularFile) {
  const Texts before = names();
  for (const std::string& place : {stem("pipe"), stem("")}) {
    const Outcome outcome = simulate({"--out", stem("out.csv"), "--checkpoint", place});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.err,
              "taugrid: cannot write " + place + ": a checkpoint must be a regular file\n");
  }
  EXPECT_EQ(names(), before);
  EXPECT_TRUE(is_fifo(stem("pipe")));
}

TEST_F(SimulateFiles, RefusesToReplaceWhatIsNoCheckpoint) {
  const Outcome outcome = simulate({"--out", stem("out.csv"), "--checkpoint", notes});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "taugrid: cannot write " + notes + ": it is there already, and no checkpoint\n");
  EXPECT_EQ(folder.read("notes.txt"), "precious\n");
}

TEST_F(SimulateFiles, RefusesReplicatesThatAreNoRegularFile) {
  const Texts before = names();
  const Outcome outcome = simulate({"--replicates-out", stem("pipe")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err, "taugrid: cannot write " + stem("pipe") + ": it is no regular file\n");
  EXPECT_EQ(simulate({"--replicates-out", stem("")}).code, 2);
  EXPECT_EQ(names(), before);
  EXPECT_TRUE(is_fifo(stem("pipe")));
}

TEST_F(SimulateFiles, RefusesToWriteTwoThingsToOneFile) {
  const auto expect_refused = [&](const Texts& options, const std::string& which) {
    const Outcome outcome = simulate(options);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(contains(outcome.err, which + " are the same file, ")) << outcome.err;
  };
  expect_refused({"--out", study}, "STUDY and --out");
  expect_refused({"--out", stem("a"), "--replicates-out", stem("a")}, "--out and --replicates-out");
  const auto here = std::filesystem::path(stem("a"));
  expect_refused({"--out", stem("a"), "--replicates-out",
                  (here.parent_path() / "." / here.filename()).string()},
                 "--out and --replicates-out");
  expect_refused({"--out", std::filesystem::relative(here).string(), "--replicates-out", stem("a")},
                 "--out and --replicates-out");
  expect_refused({"--replicates-out", stem("a"), "--checkpoint", stem("a")},
                 "--replicates-out and the checkpoint");
  EXPECT_EQ(folder.read("study.toml"), kStudy);
}

TEST_F(SimulateFiles, ShowsWhatTheStudyHas) {
  EXPECT_EQ(simulate({"--show", "0,699"}).code, 0);
  for (const auto& [show, reason] :
       {std::pair{"0,700", "replicate is 700, must be from 0 to 699"},
        {"1,0", "scenario is 1, must be from 0 to 0"},
        {"0,-1", "replicate is -1, must be from 0 to 699"},
        {"0", "--show is 0, must be SCENARIO,REPLICATE, whole numbers from 0"}}) {
    const Outcome outcome = simulate({"--show", show, "--out", stem("shown.csv")});
    EXPECT_EQ(outcome.code, 2) << show;
    EXPECT_EQ(outcome.err, std::string("taugrid: ") + reason + "\n");
    EXPECT_EQ(names(), (Texts{"notes.txt", "pipe", "study.toml"}));
  }
}

TEST_F(SimulateFiles, RefusesAResultThatCannotBeWrittenBeforeTheWork) {
  EXPECT_EQ(simulate({"--out", "/nowhere/out.csv", "--checkpoint", stem("c")}).err,
            "taugrid: cannot write /nowhere/out.csv: No such file or directory\n");
  EXPECT_EQ(simulate({"--out", stem("")}).code, 2);
  EXPECT_EQ(names(), (Texts{"notes.txt", "pipe", "study.toml"}));
}

// Written, not replaced; and no checkpoint beside it, of which --resume could not go on.
TEST_F(SimulateFiles, WritesIntoAPipe) {
  ASSERT_EQ(simulate({"--out", stem("out.csv")}).code, 0);
  std::string read;
  std::jthread reader([&] {
    std::ifstream in(stem("pipe"), std::ios::binary);
    read.assign(std::istreambuf_iterator<char>(in), {});
  });
  EXPECT_EQ(simulate({"--out", stem("pipe")}).code, 0);
  reader.join();
  EXPECT_EQ(read, folder.read("out.csv"));
  EXPECT_TRUE(is_fifo(stem("pipe")));
  EXPECT_EQ(names(), (Texts{"notes.txt", "out.csv", "pipe", "study.toml"}));
  EXPECT_EQ(simulate({"--out", stem("pipe"), "--resume"}).err,
            "taugrid: --resume needs --checkpoint, or --out with a file\n");
}

TEST_F(SimulateFiles, ALinkStaysALink) {
  ASSERT_EQ(::symlink("notes.txt", stem("link").c_str()), 0);
  EXPECT_EQ(simulate({"--replicates-out", stem("link")}).code, 0);
  struct stat status {};
  ASSERT_EQ(::lstat(stem("link").c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
  EXPECT_TRUE(folder.read("notes.txt").starts_with("scenario,replicate,"));
}

// ---- the order in which a run ends

struct Ended : std::runtime_error {
  Ended() : std::runtime_error("the disk is full") {}
};

class SimulateEnds : public SimulateFiles {
 protected:
  SimulateEnds() {
    options.threads = 2;
    options.checkpoint = stem("c");
    options.replicates_out = stem("all.csv");
    options.deliver = [this](const SimulationResult& result) {
      written = simulation_csv(parsed, result);
    };
    options.control.progress = [this](int64_t) { ++blocks; };
  }

  const Study parsed = parse_study(kStudy, "s");
  SimulationOptions options;
  std::string written;
  int blocks = 0;
};

TEST_F(SimulateEnds, AResultThatCouldNotBeWrittenIsWrittenByTheNextRun) {
  run_study(parsed, options);
  EXPECT_EQ(blocks, 3);
  const std::string whole = written, replicates = folder.read("all.csv");
  EXPECT_EQ(names(), (Texts{"all.csv", "notes.txt", "pipe", "study.toml"}));

  SimulationOptions failing = options;
  failing.replicates_out = stem("again.csv");
  failing.deliver = [](const SimulationResult&) { throw Ended(); };
  EXPECT_THROW(run_study(parsed, failing), Ended);
  failing.deliver = options.deliver;
  failing.resume = true;
  written.clear();
  blocks = 0;
  run_study(parsed, failing);
  EXPECT_EQ(blocks, 0);  // nothing was computed again
  EXPECT_EQ(written, whole);
  EXPECT_EQ(folder.read("again.csv"), replicates);
  EXPECT_EQ(names(), (Texts{"again.csv", "all.csv", "notes.txt", "pipe", "study.toml"}));
}

// As kill -9 leaves it between the replicates' name and the end of the checkpoint.
TEST_F(SimulateEnds, ReplicatesThatHaveTheirNameAlreadyAreLeftAlone) {
  std::string last;
  options.deliver = [&](const SimulationResult&) { last = folder.read("c"); };
  run_study(parsed, options);
  const std::string replicates = folder.read("all.csv");
  folder.write("c", last);
  options.resume = true;
  blocks = 0;
  run_study(parsed, options);
  EXPECT_EQ(blocks, 0);
  EXPECT_EQ(folder.read("all.csv"), replicates);
  EXPECT_EQ(names(), (Texts{"all.csv", "notes.txt", "pipe", "study.toml"}));
}

TEST_F(SimulateEnds, ReplicatesThatAreGoneAreMissed) {
  options.control.stop = [] { return true; };
  EXPECT_THROW(run_study(parsed, options), Stopped);
  std::filesystem::remove(stem("all.csv.partial"));
  options.resume = true;
  EXPECT_EQ(refusal([&] { run_study(parsed, options); }),
            "cannot write " + stem("all.csv.partial") + ": it is shorter than the checkpoint says");
  EXPECT_FALSE(std::filesystem::exists(stem("all.csv.partial")));
}

// ---- what a checkpoint knows

TEST_F(SimulateFiles, ACheckpointKnowsTheTablesOfItsPriors) {
  const std::string table = folder.write("table.csv", "tau,density\n0.1,1\n0.5,2\n1,1\n");
  const std::string text =
      "replicates = 700\nmethods = [{tau_prior = 'mixture:0.5*half_normal:1+0.5*table:" + table +
      "'}]\n[scenarios]\nk = 4\nsigma = 'fixed:0.4'\nmu = 0.2\ntau = 0.3\n";
  SimulationOptions options;
  options.checkpoint = stem("c");
  options.control.stop = [] { return true; };
  EXPECT_THROW(run_study(parse_study(text, "s"), options), Stopped);
  options.resume = true;
  folder.write("table.csv", "tau,density\n0.1,1\n0.5,2\n1,1.5\n");
  EXPECT_TRUE(contains(refusal([&] { run_study(parse_study(text, "s"), options); }),
                       "of other tables of its priors"));
  folder.write("table.csv", "tau,density\n0.1,1\n0.5,2\n1,1\n");
  options.control.stop = nullptr;
  run_study(parse_study(text, "s"), options);
}

// A table that changes while the study runs: its prior is what it was when the file was read.
TEST_F(SimulateFiles, ATableIsReadOnce) {
  const std::string table = folder.write("table.csv", "tau,density\n0.1,1\n0.5,2\n1,1\n");
  const Study of_table =
      parse_study("replicates = 20\nmethods = [{tau_prior = 'table:" + table +
                      "'}]\n[scenarios]\nk = 4\nsigma = 'fixed:0.4'\nmu = 0.2\ntau = 0.3\n",
                  "s");
  SimulationOptions options;
  const std::string before = simulation_csv(of_table, run_study(of_table, options));
  folder.write("table.csv", "tau,density\n0.1,1\n0.5,2\n1,9\n");
  EXPECT_EQ(simulation_csv(of_table, run_study(of_table, options)), before);
}

}  // namespace
}  // namespace taugrid
