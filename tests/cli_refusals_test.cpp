// What the program refuses: exit code 2, the reason on standard error, and nothing written
// anywhere.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "host/taugrid/device.h"
#include "host/taugrid/writers.h"
#include "tests/cli_run.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

struct Refused {
  const char* name;
  std::string data;  // content of the data file
  Texts options;
  std::string reason;  // part of the message
};

void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

constexpr const char* kTwoSchools = "y,sigma\n28,15\n8,10\n";
constexpr const char* kThreeSchools = "y,sigma\n28,15\n8,10\n-3,16\n";

class CliRefuses : public testing::TestWithParam<Refused> {};

TEST_P(CliRefuses, WithExitCode2AndWritesNothing) {
  const ScratchFolder input, output;
  const std::string data = input.write("data.csv", GetParam().data);
  Texts arguments = {"draw", data, "--out", output.file("draws.csv")};
  arguments.insert(arguments.end(), GetParam().options.begin(), GetParam().options.end());
  const Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, GetParam().reason)) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(output.names(), Texts{});
}

INSTANTIATE_TEST_SUITE_P(
    BadInput, CliRefuses,
    testing::Values(
        Refused{"ZeroSigma",
                "y,sigma\n1,2\n3,0\n4,1\n",
                {},
                "data.csv: row 2 (line 3): sigma is 0, must be positive and finite"},
        Refused{"NegativeSigma",
                "y,sigma\n1,-2\n3,1\n4,1\n",
                {},
                "row 1 (line 2): sigma is -2, must be positive and finite"},
        Refused{
            "NanY", "y,sigma\n1,2\n3,1\nnan,1\n", {}, "row 3 (line 4): y is nan, must be finite"},
        Refused{"NanSigma", "y,sigma\n1,2\n3,NaN\n4,1\n", {}, "row 2 (line 3): sigma is nan"},
        Refused{"InfiniteY",
                "y,sigma\n1,2\n-inf,1\n4,1\n",
                {},
                "row 2 (line 3): y is -inf, must be finite"},
        Refused{"InfiniteSigma", "y,sigma\n1,inf\n3,1\n4,1\n", {}, "row 1 (line 2): sigma is inf"},
        Refused{"Text",
                "y,sigma\n1,2\n3,abc\n4,1\n",
                {},
                "row 2 (line 3): sigma is 'abc', not a number"},
        Refused{
            "MissingColumn",
            "y,se\n1,2\n",
            {},
            "there is no column sigma; the header has: y, se (--y, --se and --label name others)"},
        Refused{"NegativeSigmaInJson",
                "{\"y\":[1,2,3],\"sigma\":[1,2,-1]}",
                {},
                "data.csv: row 3: sigma is -1, must be positive and finite"},
        Refused{"NamedColumnIsNotThere",
                "study,yi,sei\nA,1,2\n",
                {"--y", "yi", "--se", "se"},
                "data.csv: there is no column se; the header has: study, yi, sei"},
        Refused{"NamedLabelIsNotThere",
                "label,y,sigma\nA,1,2\n",
                {"--label", "study"},
                "there is no column study; the header has: label, y, sigma"},
        Refused{"NamedKeyIsNotThere",
                "{\"y\":[1],\"se\":[1]}",
                {"--se", "sei"},
                "data.csv: there is no \"sei\"; the keys are: y, se (--y, --se and --label name"},
        Refused{"LabelsOfJson",
                "{\"y\":[1],\"sigma\":[1]}",
                {"--label", "study"},
                "data.csv: this is JSON, which has no labels"},
        Refused{"OneColumnForBoth",
                kThreeSchools,
                {"--se", "y"},
                "column y is named twice by --y and --se"},
        Refused{"TextInNamedColumn",
                "yi,sei\n1,2\nabc,1\n",
                {"--y", "yi", "--se", "sei"},
                "data.csv: row 2 (line 3): yi is 'abc', not a number"},
        Refused{"EmptyFile", "", {}, "the file is empty"},
        Refused{"HeaderOnly", "y,sigma\n", {}, "there is a header, but no rows"},
        Refused{"UnequalLengths",
                "{\"J\":2,\"y\":[1,2],\"sigma\":[1]}",
                {},
                "y has 2 values and sigma has 1"},
        Refused{"ManyGroups", "group,y,sigma\na,1,1\nb,2,2\n", {}, "taugrid batch"},
        Refused{"ImproperPosterior", kTwoSchools, {}, "improper"},
        Refused{"UnknownTauPrior",
                kThreeSchools,
                {"--tau-prior", "half_caucy:5"},
                "WEIGHT*PRIOR+..; did you mean half_cauchy?"},
        Refused{"UnknownMuPrior", kThreeSchools, {"--mu-prior", "gauss:0,1"}, "'gauss' is unknown"},
        Refused{"MisspeltMuPrior",
                kThreeSchools,
                {"--mu-prior", "norml:0,1"},
                "uniform:lower,upper; did you mean normal?"},
        Refused{
            "ParameterOutOfRange", kThreeSchools, {"--tau-prior", "half_normal:-1"}, "scale is -1"},
        Refused{
            "ParameterMissing", kThreeSchools, {"--tau-prior", "half_normal"}, "half_normal:scale"},
        Refused{"MuParameterOutOfRange", kThreeSchools, {"--mu-prior", "normal:0,0"}, "sd is 0"},
        Refused{"MuBoundsReversed", kThreeSchools, {"--mu-prior", "uniform:20,-20"}, "lower is 20"},
        Refused{"NoDraws",
                kThreeSchools,
                {"--draws", "0"},
                "--draws is 0, must be a whole number from 1"},
        Refused{"NegativeDraws", kThreeSchools, {"--draws", "-5"}, "--draws is -5"},
        Refused{"FractionalDraws", kThreeSchools, {"--draws", "1.5"}, "--draws is 1.5"},
        Refused{"TooManyDraws", kThreeSchools, {"--draws", "1e30"}, "--draws is 1e30"},
        Refused{"DrawsJustTooMany",
                kThreeSchools,
                {"--draws", "9007199254740993"},
                "must be a whole number from 1 to 9007199254740992"},
        Refused{
            "DrawsInText", kThreeSchools, {"--draws", "many"}, "--draws is 'many', not a number"},
        Refused{"NegativeSeed", kThreeSchools, {"--seed", "-1"}, "--seed is -1"},
        Refused{"SinglePrecisionOfFarData",
                "y,sigma\n1e8,1\n1e8,2\n2,1\n",
                {"--precision", "single"},
                "single precision: row 1: y is 100000000"},
        Refused{"UnknownDerived",
                kThreeSchools,
                {"--derive", "best,bets"},
                "derive 'best,bets': 'bets' is unknown, must be one of best, rank, pairwise, max"},
        Refused{"DerivedTwice", kThreeSchools, {"--derive", "max,max"}, "'max' is there twice"},
        Refused{"NothingBetweenCommas", kThreeSchools, {"--derive", "best,"}, "'' is unknown"},
        Refused{"UnknownCheck",
                kThreeSchools,
                {"--check", "median"},
                "check 'median': 'median' is unknown, must be one of max, min, mean, sd"},
        Refused{"SdOfOneSchool",
                "y,sigma\n1,2\n",
                {"--check", "sd", "--tau-prior", "half_normal:1", "--mu-prior", "normal:0,1"},
                "check sd: there is 1 school, must be at least 2"},
        Refused{"UnknownFormat",
                kThreeSchools,
                {"--format", "xml"},
                "xml not in {table,json,csv,html}"},
        Refused{
            "UnknownBackend", kThreeSchools, {"--backend", "tpu"}, "tpu not in {auto,cpu,cuda}"},
        Refused{"NegativeThreads", kThreeSchools, {"--threads", "-1"}, "--threads"},
        Refused{"UnknownOption", kThreeSchools, {"--drows", "5"}, "--drows"}),
    [](const auto& info) { return std::string(info.param.name); });

// ---- on request

class CliRequestRefused : public testing::TestWithParam<Refused> {};

TEST_P(CliRequestRefused, WithExitCode2AndItsReason) {
  Texts arguments = {"fit", kSchools};
  arguments.insert(arguments.end(), GetParam().options.begin(), GetParam().options.end());
  const Outcome outcome = run(arguments);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, GetParam().reason)) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    BadInput, CliRequestRefused,
    testing::Values(
        Refused{
            "ProbabilityOne", "", {"--probs", "0.5,1"}, "--probs is 1, must be between 0 and 1"},
        Refused{"ProbabilityInPercent", "", {"--probs", "2.5"}, "--probs is 2.5, must be between"},
        Refused{"ProbabilityText", "", {"--probs", "0.1,"}, "--probs is empty, not a number"},
        Refused{"LevelZero", "", {"--level", "0"}, "--level is 0, must be between 0 and 1"},
        Refused{"ExceedWithoutValue",
                "",
                {"--exceed", "mu"},
                "--exceed is 'mu', must be PARAMETER:VALUE"},
        Refused{"ExceedUnknown", "", {"--exceed", "phi:1"}, "exceed: parameter 'phi' is unknown"},
        Refused{"ExceedText", "", {"--exceed", "mu:x"}, "--exceed mu:x is 'x', not a number"},
        Refused{"ExceedNan", "", {"--exceed", "mu:nan"}, "exceed mu: value is nan, must be finite"},
        Refused{"DensityWithoutRange", "", {"--density", "mu"}, "must be PARAMETER,LO:HI:N"},
        Refused{"DensityHalfARange", "", {"--density", "mu,1:2"}, "--density is '1:2', must be"},
        Refused{
            "DensityReversed", "", {"--density", "mu,3:1:5"}, "lo is 3, must not be above hi, 1"},
        Refused{"DensityOfNoPoints", "", {"--density", "mu,1:3:0"}, "the number of points is 0"},
        Refused{
            "DensityOfHalfAPoint", "", {"--density", "mu,1:3:2.5"}, "the number of points is 2.5"},
        Refused{"GivenTauNegative", "", {"--given-tau=-1"}, "tau is -1, must be from 0"},
        Refused{"GivenTauReversed", "", {"--given-tau", "9:1:3"}, "--given-tau: lo is 9"},
        Refused{
            "GivenTauText", "", {"--given-tau", "many"}, "--given-tau is 'many', not a number"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Cli, RefusesAFileThatIsNotThere) {
  const Outcome outcome = run({"fit", "/nowhere/data.csv"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err, "taugrid: cannot read /nowhere/data.csv: No such file or directory\n");
}

TEST(Cli, RefusesOutputThatCannotBeWrittenBeforeDrawing) {
  // So many draws that the test would time out if it were found out afterwards.
  const Outcome outcome = run({"draw", kSchools, "--draws", "1e15", "--out", "/nowhere/draws.csv"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err, "taugrid: cannot write /nowhere/draws.csv: No such file or directory\n");
  EXPECT_EQ(run({"draw", kSchools, "--draws", "1e15", "--out", "draws.parquet"}).code, 2);
}

TEST(Cli, RefusesToWriteOverItsData) {
  const ScratchFolder folder;
  const std::string text = "y,sigma\n1,2\n3,4\n5,6\n";
  const std::string data = folder.write("data.csv", text);
  std::filesystem::create_symlink(data, folder.file("link.csv"));
  for (const std::string& out : {data, folder.file("link.csv"), folder.file("./data.csv")})
    for (const std::string command : {"draw", "batch"}) {
      Texts arguments = {command, data, "--out", out};
      if (command == "draw") arguments.insert(arguments.end(), {"--draws", "10"});
      const Outcome outcome = run(arguments);
      EXPECT_EQ(outcome.code, 2) << command << " " << out;
      EXPECT_EQ(outcome.err, "taugrid: DATA and --out are the same file, " + out + "\n");
      EXPECT_EQ(folder.read("data.csv"), text);
    }
}

TEST(Cli, RefusesToWriteOverTheFileThatStandardInputIs) {
  const ScratchFolder folder;
  const std::string text = "y,sigma,group\n1,2,a\n3,4,a\n5,6,a\n";
  const std::string data = folder.write("data.csv", text);
  for (const std::string command : {"draw", "batch"}) {
    const std::string line = std::string(TAUGRID_CLI) + " " + command + " - --out " + data + " < " +
                             data + " 2> " + folder.file("err");
    EXPECT_EQ(WEXITSTATUS(std::system(line.c_str())), 2) << command;
    EXPECT_EQ(folder.read("err"), "taugrid: DATA and --out are the same file, " + data + "\n");
    EXPECT_EQ(folder.read("data.csv"), text);
  }
}

TEST(Cli, RefusesToWriteOverTheTableOfAPrior) {
  const ScratchFolder folder;
  const std::string data = folder.write("data.csv", kThreeSchools);
  const std::string text = "tau,density\n0,1\n9,0.1\n";
  const auto expect_refused = [&](const Texts& arguments, const std::string& table,
                                  const std::string& flag = "--tau-prior") {
    const Texts before = folder.names();
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << table;
    EXPECT_TRUE(outcome.err.starts_with("taugrid: the table of " + flag +
                                        " and --out are the same "
                                        "file, "))
        << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(folder.names(), before);
    EXPECT_EQ(folder.read(table), text);
  };
  const std::string table = folder.write("prior.csv", text);
  for (const std::string& prior : {"table:" + table, "table:" + folder.file("./prior.csv"),
                                   "mixture:0.5*half_normal:1 + 0.5*table:" + table,
                                   "mixture:0.5*table:" + table + " +0.5*half_normal:1"})
    for (const std::string command : {"draw", "batch"})
      expect_refused({command, data, "--tau-prior", prior, "--out", table}, "prior.csv");
  // Of what --out gives its name to.
  const std::string array = folder.write("draws.theta_new.npy", text);
  expect_refused({"draw", data, "--tau-prior", "table:" + array, "--out", folder.file("draws.npy")},
                 "draws.theta_new.npy");
  const std::string partial = folder.write("fits.csv.partial", text);
  expect_refused(
      {"batch", data, "--tau-prior", "table:" + partial, "--out", folder.file("fits.csv")},
      "fits.csv.partial");
  const std::string study = folder.write(
      "study.toml", "replicates = 10\nmethods = ['reml', {tau_prior = 'table:" + table +
                        "'}]\n[scenarios]\nk = 4\nsigma = 'fixed:0.4'\nmu = 0.2\ntau = 0.3\n");
  expect_refused({"simulate", study, "--out", table}, "prior.csv", "tau_prior");
  expect_refused({"simulate", study, "--show", "0,0", "--out", table}, "prior.csv", "tau_prior");
  EXPECT_EQ(run({"simulate", study, "--show", "0,0", "--out", study}).code, 2);
}

// Two inputs may be one file, and a name that is only like another's is another's.
TEST(Cli, WritesBesideTheTableOfAPrior) {
  const ScratchFolder folder;
  const std::string table = folder.write("draws.npy", "tau,density\n0,1\n9,0.1\n");
  EXPECT_EQ(
      run({"draw", kSchools, "--draws", "10", "--tau-prior",
           "mixture:0.5*table:" + table + "+0.5*table:" + table, "--out", folder.file("draws.npy")})
          .code,
      0);
  EXPECT_EQ(folder.names().size(), 6u);
}

TEST(Cli, RefusesCudaWithoutADevice) {
  if (!build_info().devices.empty()) GTEST_SKIP() << "this machine has a CUDA device";
  for (const char* command : {"fit", "draw"}) {
    const Outcome outcome = run({command, kSchools, "--backend", "cuda"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.err, "taugrid: backend cuda: " + build_info().cuda_reason + "\n");
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(Cli, WithoutArgumentsPrintsHelpAndExits2) {
  const Outcome outcome = run({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(contains(outcome.err, "Subcommands:"));
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(run({"fit"}).code, 2);
  EXPECT_EQ(run({"bogus"}).code, 2);
  EXPECT_EQ(run({"--bogus"}).code, 2);
}

TEST(Cli, NamesTheNearestCommandAndFlag) {
  const auto first_line = [](const Texts& arguments) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    return outcome.err.substr(0, outcome.err.find('\n'));
  };
  const std::string commands = "; the commands are fit, draw, batch, sweep, simulate, info";
  EXPECT_EQ(first_line({"fitt", kSchools}),
            "taugrid: fitt is no command" + commands + "; did you mean fit?");
  EXPECT_EQ(first_line({"bogus"}), "taugrid: bogus is no command" + commands);
  EXPECT_EQ(first_line({"--versoin"}),
            "taugrid: --versoin is no flag of taugrid; did you mean --version?");
  for (const Texts& given : {Texts{kSchools, "--tau-pior", "uniform"},
                             {kSchools, "--tau-pior=uniform"},
                             {"--tau-pior", "uniform", kSchools},
                             {"--tau-pior=uniform"}}) {
    Texts arguments = {"fit"};
    arguments.insert(arguments.end(), given.begin(), given.end());
    EXPECT_EQ(first_line(arguments),
              "taugrid: --tau-pior is no flag of fit; did you mean --tau-prior?");
  }
  EXPECT_EQ(first_line({"draw", kSchools, "-out", "a.csv"}),
            "taugrid: -out is no flag of draw; did you mean --out?");
  EXPECT_EQ(first_line({"fit", kSchools, "--xyzzy"}), "taugrid: --xyzzy is no flag of fit");
  EXPECT_EQ(first_line({"--quiet", "fit", kSchools}),
            "taugrid: --quiet is no flag of taugrid; those of fit come after it");
  // What CLI11 says is said where nothing is unknown.
  EXPECT_EQ(first_line({"fit"}), "taugrid: DATA is required");
  EXPECT_EQ(run({"fit"}).err, "taugrid: DATA is required\n`taugrid fit --help` says more.\n");
}

TEST(Cli, PlotGoesWithTheTableOnly) {
  EXPECT_EQ(run({"fit", kSchools, "--plot", "--format", "json"}).code, 2);
  const Outcome outcome = run({"fit", kSchools, "--plot"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(contains(outcome.out, "● median"));
}

}  // namespace
}  // namespace taugrid
