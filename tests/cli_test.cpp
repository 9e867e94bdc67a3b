// The program as a user meets it: a process with arguments, two streams, an exit code and files
// (cli_refusals_test.cpp has what it refuses).
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <sstream>
#include <thread>

#include "host/taugrid/device.h"
#include "host/taugrid/priors.h"
#include "host/taugrid/readers.h"
#include "host/taugrid/writers.h"
#include "tests/cli_run.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

using namespace std::chrono_literals;

// ---- on request

TEST(Cli, RequestsReachTheLibraryAndTheJson) {
  const Json result = Json::parse(run({"fit",         kSchools,
                                       "--tau-prior", "half_cauchy:5",
                                       "--mu-prior",  "normal:0,5",
                                       "--format",    "json",
                                       "--probs",     "0.01,0.99",
                                       "--probs",     "0.5",
                                       "--level",     "0.9",
                                       "--exceed",    "mu:0,theta[1]:28",
                                       "--exceed",    "A:28",
                                       "--density",   "mu,-10:30:5",
                                       "--density",   "theta_new,0:10:2",
                                       "--given-tau", "0:30:4,inf",
                                       "--weights",   "--bayes-factors",
                                       "--loo"})
                                      .out);
  const Json& mu = parameter(result, "mu");
  EXPECT_TRUE(mu.contains("q1") && mu.contains("q99") && mu.contains("q50"));
  EXPECT_LT(mu["q1"], mu["q2.5"]);
  EXPECT_LT(mu["central95"][0], mu["central90"][0]);
  EXPECT_LT(mu["shortest90"][1], mu["shortest95"][1]);
  ASSERT_EQ(result["exceed"].size(), 3u);
  EXPECT_EQ(result["exceed"][2]["parameter"], "theta[1]");
  EXPECT_EQ(result["exceed"][2]["probability"], result["exceed"][1]["probability"]);
  ASSERT_EQ(result["density"].size(), 2u);
  EXPECT_EQ(result["density"][0]["x"], Json::parse("[-10.0, 0.0, 10.0, 20.0, 30.0]"));
  EXPECT_EQ(result["density"][1]["cdf"].size(), 2u);
  EXPECT_EQ(result["given_tau"]["tau"], Json::parse("[0.0, 10.0, 20.0, 30.0, \"inf\"]"));
  EXPECT_EQ(result["given_tau"]["theta"]["sd"].size(), 5u);
  EXPECT_EQ(result["given_tau"]["theta"]["sd"][4][0], 15.0);
  EXPECT_EQ(result["given_tau"]["I2"][4], 1.0);
  EXPECT_EQ(result["shrinkage"].size(), 8u);
  EXPECT_EQ(result["weights"]["theta"][7].size(), 8u);
  EXPECT_GT(result["weights"]["prior"]["mu"], 0.1);
  EXPECT_GT(result["bayes_factors"]["tau=0"], 1.0);
  EXPECT_EQ(result["loo"]["pit"].size(), 8u);
}

TEST(Cli, WhatWasNotAskedForIsNotThere) {
  const Json result = Json::parse(run({"fit", kSchools, "--format", "json"}).out);
  for (const char* key :
       {"exceed", "density", "given_tau", "shrinkage", "weights", "bayes_factors", "loo"})
    EXPECT_FALSE(result.contains(key)) << key;
}

TEST(Cli, ALabelMayHoldACommaAndAColon) {
  const std::string data = "y,sigma,label\n28,15,\"Hart, H: 2001\"\n8,10,B\n-3,16,C\n5,7,D\n";
  const Outcome outcome = run({"fit", "-", "--format", "json", "--exceed",
                               "mu:1, C:2,Hart, H: 2001:28", "--density", "Hart, H: 2001,0:1:2"},
                              data);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json result = Json::parse(outcome.out);
  EXPECT_EQ(result["exceed"][1]["parameter"], "theta[3]");
  EXPECT_EQ(result["exceed"][2]["parameter"], "theta[1]");
  EXPECT_EQ(result["exceed"][2]["value"], 28.0);
  EXPECT_EQ(result["density"][0]["parameter"], "theta[1]");
}

// ---- what is done

TEST(Cli, HelpAndVersionGoToStdout) {
  for (const char* flag : {"--help", "--version"}) {
    const Outcome outcome = run({flag});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out, "");
    EXPECT_EQ(outcome.err, "");
  }
  EXPECT_TRUE(contains(run({"--version"}).out, version()));
}

TEST(Cli, HelpListsEveryPriorAndFormat) {
  for (const char* command : {"fit", "draw"}) {
    const std::string help = run({command, "--help"}).out;
    for (const auto& row : tau_prior_rows()) EXPECT_TRUE(contains(help, row.syntax)) << row.syntax;
    for (const auto& row : mu_prior_rows()) EXPECT_TRUE(contains(help, row.syntax)) << row.syntax;
    for (const Writer& writer : writers()) EXPECT_TRUE(contains(help, writer.name)) << writer.name;
  }
}

TEST(Cli, HelpFitsAScreenAndHasNoPlaceholders) {
  for (const char* command : {"fit", "draw", "batch", "sweep", "simulate", "info"}) {
    const std::string help = run({command, "--help"}).out;
    const std::string flags = help.substr(0, help.find("Priors of tau:"));
    std::istringstream lines(flags);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
    for (const char* ugly : {" TEXT", "INT", "FLOAT", " ...", "REQUIRED", "\n\n\n"})
      EXPECT_FALSE(contains(flags, ugly)) << command << ": " << ugly;
  }
  EXPECT_TRUE(contains(run({"fit", "--help"}).out, "\n  --probs P,P,..  "));
  EXPECT_TRUE(contains(run({"draw", "--help"}).out, "How many, as 1000000 or 1e6 [100000]\n"));
}

// A sweep has formats of its own: html was taken for a table.
TEST(Cli, SweepTakesItsOwnFormats) {
  EXPECT_EQ(run({"sweep", kSchools, "--format", "csv"}).code, 0);
  const Outcome outcome = run({"sweep", kSchools, "--format", "html"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "html not in {table,json,csv}")) << outcome.err;
  const std::string help = run({"sweep", "--help"}).out;
  EXPECT_FALSE(contains(help, "one row"));
}

TEST(Cli, EveryFormatHasItsResultOnStdout) {
  for (const Writer& writer : writers()) {
    const Outcome outcome = run({"fit", kSchools, "--format", writer.name});
    EXPECT_EQ(outcome.code, 0) << writer.name;
    EXPECT_TRUE(contains(outcome.out, "theta[8]")) << writer.name;
    EXPECT_EQ(contains(outcome.err, "note: "), !writer.has_notes) << outcome.err;
  }
}

TEST(Cli, OptionsReachTheLibrary) {
  const Json result =
      Json::parse(run({"fit", kSchools, "--format", "json", "--tau-prior", "fixed:0", "--mu-prior",
                       "normal:0,5", "--backend", "cpu", "--threads", "1"})
                      .out);
  EXPECT_EQ(result["model"],
            (Json{{"J", 8}, {"tau_prior", "fixed:0"}, {"mu_prior", "normal:0,5"}}));
  EXPECT_EQ(parameter(result, "tau")["mean"], 0.0);
  EXPECT_EQ(parameter(result, "theta[3]")["label"], "C");
  EXPECT_TRUE(contains(result["backend"].get<std::string>(), "cpu"));
}

TEST(Cli, StandardInputIsADataFile) {
  const Outcome outcome = run({"fit", "-", "--format", "json"},
                              "{\"J\":3,\"y\":[28,8,-3],\"sigma\":[15,10,16],\"note\":1}");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(Json::parse(outcome.out)["model"]["J"], 3);
  EXPECT_EQ(outcome.err, "taugrid: standard input: ignored \"note\"\n");
}

TEST(Cli, DataMayHaveColumnsOfOtherNames) {
  const std::string ours = "label,y,sigma\nHart 1977,-1.44,0.14\nB,0.01,0.06\nC,-0.47,0.24\n";
  const std::string metafor = "study,yi,sei\n" + ours.substr(ours.find('\n') + 1);
  for (const Texts& command :
       {Texts{"fit", "-", "--format", "csv"},
        {"draw", "-", "--draws", "100", "--out", "-"},
        {"sweep", "-", "--tau-prior", "half_normal:1..2:2", "--format", "csv"}}) {
    Texts named = command;
    named.insert(named.end(), {"--y", "yi", "--se", "sei", "--label", "study"});
    const auto without_times = [](const std::string& text) {
      std::istringstream in(text);
      std::string kept;
      for (std::string line; std::getline(in, line);)
        if (!line.starts_with("#")) kept += line + "\n";
      return kept;
    };
    const Outcome outcome = run(named, metafor), expected = run(command, ours);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_FALSE(contains(outcome.err, "ignored")) << outcome.err;
    if (command[0] == "fit")  // but for the seconds
      EXPECT_TRUE(contains(outcome.out, "Hart 1977")) << outcome.out;
    else
      EXPECT_EQ(without_times(outcome.out), without_times(expected.out));
  }
}

TEST(Cli, QuietSilencesNotices) {
  const std::string data = "y,sigma,year\n28,15,1\n8,10,2\n-3,16,3\n";
  const std::string csv_err = run({"fit", "-", "--format", "csv"}, data).err;
  EXPECT_TRUE(csv_err.starts_with("taugrid: standard input: ignored column year\ntaugrid: note: "))
      << csv_err;
  const Outcome quiet = run({"fit", "-", "--quiet"}, data);
  EXPECT_EQ(quiet.err, "");
  EXPECT_NE(quiet.out, "");
  EXPECT_EQ(run({"fit", "-", "--quiet", "--format", "csv"}, data).err, "");
  EXPECT_NE(run({"fit", "/nowhere", "--quiet"}).err, "");  // errors stay
}

TEST(Cli, ExtremeInputIsOrdinary) {
  for (const char* data :
       {"y,sigma\n5,1\n5,1\n5,1\n", "y,sigma\n1e8,1e-3\n100000000.5,1e-3\n1e8,2e-3\n"}) {
    const Outcome outcome = run({"fit", "-"}, data);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }
}

// The fields of the rows of a Stan CSV, its head and foot left out; the first row is the header.
std::vector<Texts> stan_csv_rows(const std::string& text) {
  std::vector<Texts> rows;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    rows.emplace_back();
    for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(field);
  }
  return rows;
}

TEST(Cli, DrawInSinglePrecisionWritesFloatsAndSaysSo) {
  const ScratchFolder folder;
  const Outcome outcome = run({"draw", kSchools, "--draws", "1000", "--precision", "single",
                               "--format", "json", "--out", folder.file("draws.csv")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(Json::parse(outcome.out)["precision"], "single");
  const std::string text = folder.read("draws.csv");
  EXPECT_TRUE(contains(text, "# precision = single\n"));
  for (const auto& row : stan_csv_rows(text))
    for (const std::string& field : row) EXPECT_LE(field.size(), 15u);  // "-1.17549435e-38"
}

TEST(Cli, DrawWritesTheDrawsThatItSummarises) {
  const ScratchFolder folder;
  const Outcome outcome = run({"draw", kSchools, "--draws", "2e4", "--seed", "7", "--format",
                               "json", "--out", folder.file("draws.csv")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(folder.names(), Texts{"draws.csv"});
  const Json result = Json::parse(outcome.out);
  EXPECT_EQ(result["draws"], 20000);
  EXPECT_EQ(result["seed"], 7);
  EXPECT_EQ(result["precision"], "double");

  const auto rows = stan_csv_rows(folder.read("draws.csv"));
  ASSERT_EQ(rows.size(), 20001u);
  EXPECT_EQ(rows[0].size(), 13u);
  for (const auto& [column, name] : {std::pair{"tau", "tau"},
                                     {"mu", "mu"},
                                     {"theta.1", "theta[1]"},
                                     {"theta.8", "theta[8]"},
                                     {"theta_new", "theta_new"}}) {
    const auto at = std::find(rows[0].begin(), rows[0].end(), column) - rows[0].begin();
    std::vector<double> values;
    for (size_t i = 1; i < rows.size(); ++i) {
      values.push_back(parse_number(rows[i][static_cast<size_t>(at)], column));
    }
    double sum = 0;
    for (const double value : values) sum += value;
    const Json& sample = parameter(result, name)["sample"];
    EXPECT_NEAR(sample["mean"].get<double>(), sum / 20000, 1e-9) << name;  // sums in another order
    // The median of the file, within the ranks that the summary promises.
    std::sort(values.begin(), values.end());
    const auto ranks = static_cast<size_t>(std::ceil(sample["rank_error"].get<double>())) + 1;
    EXPECT_GE(sample["q50"].get<double>(), values[10000 - 1 - ranks]) << name;
    EXPECT_LE(sample["q50"].get<double>(), values[10000 + ranks]) << name;
  }
}

TEST(Cli, DrawsOnStdoutLeaveTheSummaryToStderr) {
  const ScratchFolder folder;
  const Texts common = {"draw", kSchools, "--draws", "1000", "--out"};
  Texts to_file = common, to_stdout = common;
  to_file.push_back(folder.file("draws.csv"));
  to_stdout.push_back("-");
  ASSERT_EQ(run(to_file).code, 0);
  const Outcome outcome = run(to_stdout);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(stan_csv_rows(outcome.out), stan_csv_rows(folder.read("draws.csv")));
  EXPECT_TRUE(contains(outcome.err, "1000 draws"));
  to_stdout.push_back("--quiet");
  EXPECT_EQ(run(to_stdout).err, "");
}

TEST(Cli, ProgressIsForTerminalsOnly) {
  EXPECT_EQ(run({"draw", kSchools, "--draws", "3e6", "--format", "json"}).err, "");
}

// What took how long is on standard error, and what is on standard output the same at each run;
// JSON and CSV have a field for it.
TEST(Cli, TablesDoNotHoldTheTimeTheyTook) {
  for (const Texts& command : {Texts{"fit", kSchools, "--plot"},
                               {"draw", kSchools, "--draws", "2000", "--format", "html"},
                               {"draw", kSchools, "--draws", "2000"},
                               {"sweep", kSchools, "--tau-prior", "half_normal:1..5:3"}}) {
    const Outcome outcome = run(command), again = run(command);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, again.out);
    EXPECT_TRUE(
        outcome.err.starts_with(command[0] == "draw" ? "taugrid: drew 2000 in " : "taugrid: took "))
        << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    Texts quiet = command;
    quiet.push_back("--quiet");
    EXPECT_EQ(run(quiet).err, "");
  }
}

TEST(Cli, AutoSaysWhatItTookAndWhy) {
  const BuildInfo info = build_info();
  for (const char* command : {"fit", "draw"}) {
    const Outcome outcome = run({command, kSchools, "--backend", "auto"});
    EXPECT_EQ(outcome.code, 0);
    const std::string took = info.devices.empty()
                                 ? "cpu (" + info.instruction_set_used + "): " + info.cuda_reason
                                 : "cuda (" + info.devices[0] + ")";
    EXPECT_TRUE(contains(outcome.err, "taugrid: backend auto took " + took + "\n")) << outcome.err;
  }
}

TEST(Cli, InfoSaysWhatWasBuilt) {
  const Outcome outcome = run({"info"});
  EXPECT_EQ(outcome.code, 0);
  const BuildInfo info = build_info();
  EXPECT_TRUE(contains(outcome.out, info.version));
  EXPECT_TRUE(contains(outcome.out, info.compiler));
  EXPECT_TRUE(contains(outcome.out, info.instruction_set_used + " is used"));
  for (const std::string& set : info.instruction_sets) EXPECT_TRUE(contains(outcome.out, set));
}

// ---- memory

// A sanitizer's own memory is past any bound.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(CliDraw, SummarisesInMemoryThatDoesNotGrow) {
  constexpr rlim_t kMost = 200'000'000;
  const auto draw = [&](const Texts& more) {
    Texts arguments = {"draw", kSchools, "--draws", "2e7", "--threads", "2", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Process(arguments, "", false, kMost).wait().code;
  };
  // Stored, they would be 1.8 GB.
  EXPECT_EQ(draw({}), 0);
  EXPECT_EQ(draw({"--precision", "single"}), 0);
}
#endif

// ---- how it ends early

class CliStops : public testing::TestWithParam<int> {};

TEST_P(CliStops, LeavesNoPartialFileAndTheOldOneUntouched) {
  const ScratchFolder folder;
  folder.write("draws.csv", "old");
  Process process({"draw", kSchools, "--draws", "1e15", "--out", folder.file("draws.csv")});
  // Until there are draws in a temporary file.
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  uintmax_t written = 0;
  while (written == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(5ms);
    for (const std::string& name : folder.names()) {
      std::error_code gone;
      const uintmax_t size = std::filesystem::file_size(folder.file(name), gone);
      if (name != "draws.csv" && !gone) written = size;
    }
  }
  ASSERT_GT(written, 0u) << "no temporary file";
  process.signal(GetParam());
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "taugrid: interrupted; the output was not written\n");
  EXPECT_EQ(folder.names(), Texts{"draws.csv"});
  EXPECT_EQ(folder.read("draws.csv"), "old");
}

INSTANTIATE_TEST_SUITE_P(Signals, CliStops, testing::Values(SIGINT, SIGTERM, SIGHUP),
                         [](const auto& info) {
                           return std::string(info.param == SIGINT    ? "Interrupt"
                                              : info.param == SIGTERM ? "Terminate"
                                                                      : "HangUp");
                         });

TEST(Cli, AClosedPipeEndsItQuietly) {
  const Outcome outcome =
      Process({"draw", kSchools, "--draws", "1e15", "--out", "-"}, "", /*stdout_closed=*/true)
          .wait();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace taugrid
