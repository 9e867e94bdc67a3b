// A sweep as it is printed: by the writers, and by the program.
#include "host/taugrid/sweep_writers.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "host/taugrid/csv_fields.h"
#include "host/taugrid/number_text.h"
#include "tests/csv_record.h"
#include "tests/data_sets.h"
#include "tests/process.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;
using namespace std::chrono_literals;

const std::string kSchools = TAUGRID_SOURCE_DIR "/data/eight_schools.csv";

Outcome run(const Texts& arguments) {
  Texts all = {"sweep"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return Process(all).wait();
}

Texts lines_of(const std::string& text) {
  Texts lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

SweepSummary example() {
  SweepRequest request;
  request.tau_priors = {"half_normal:1..100:7", "uniform", "mixture:0.5*fixed:0+0.5*half_t:4,5"};
  request.mu_priors = {"flat", "normal:0,1..10:2"};
  request.threads = 1;
  return sweep(eight_schools(), request);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(SweepCsv, HasTheColumnsOfTheDesignAndReadsBack) {
  const SweepSummary summary = example();
  const Texts lines = lines_of(sweep_csv(summary));
  ASSERT_EQ(lines.size(), summary.rows.size() + 1);
  EXPECT_EQ(lines[0],
            "tau_prior,mu_prior,tau.mean,tau.sd,tau.q2.5,tau.q50,tau.q97.5,mu.mean,mu.sd,mu.q2.5,"
            "mu.q50,mu.q97.5,theta_new.mean,theta_new.sd,theta_new.q2.5,theta_new.q50,"
            "theta_new.q97.5,log_marginal_likelihood,ks_mu,shift_mu,error");
  for (size_t i = 0; i < summary.rows.size(); ++i) {
    const SweepRow& row = summary.rows[i];
    const Texts fields = csv_fields(lines[i + 1]);
    ASSERT_EQ(fields.size(), 21u);
    EXPECT_EQ(fields[0], row.tau_prior);
    EXPECT_EQ(fields[1], row.mu_prior);
    for (size_t k = 0; k < 15; ++k) EXPECT_EQ(std::stod(fields[k + 2]), row.values[k]);
    EXPECT_EQ(fields[17], csv_number(row.log_marginal_likelihood));
    EXPECT_EQ(std::stod(fields[18]), row.ks_mu);
    EXPECT_EQ(std::stod(fields[19]), row.shift_mu);
    EXPECT_EQ(fields[20], "");
  }
}

TEST(SweepJson, HasTheSameInNestedKeys) {
  SweepSummary summary = example();
  summary.rows[1].error = "a \"reason\"";
  summary.rows[1].ks_mu = std::numeric_limits<double>::quiet_NaN();
  summary.columns[3] = "theta[1].central95.lower";
  summary.columns[4] = "theta[1].central95.upper";
  const Json json = Json::parse(sweep_json(summary));
  ASSERT_EQ(json["rows"].size(), summary.rows.size());
  EXPECT_EQ(json["model"]["J"], 8);
  EXPECT_EQ(json["base"]["tau_prior"], "half_normal:1");
  for (size_t i = 0; i < summary.rows.size(); ++i) {
    const Json& row = json["rows"][i];
    EXPECT_EQ(row["tau_prior"], summary.rows[i].tau_prior);
    EXPECT_EQ(row["tau"]["mean"], summary.rows[i].values[0]);
    EXPECT_EQ(row["theta[1]"]["central95"],
              (Json::array({summary.rows[i].values[3], summary.rows[i].values[4]})));
    EXPECT_EQ(row["mu_above_zero"], summary.rows[i].mu_above_zero);
  }
  EXPECT_EQ(json["rows"][1]["error"], "a \"reason\"");
  EXPECT_TRUE(json["rows"][1]["ks_mu"].is_null());
  EXPECT_TRUE(json["rows"][0]["error"].is_null());
  ASSERT_EQ(json["flips"].size(), summary.flips.size());
  ASSERT_GT(json["flips"].size(), 0u);
  EXPECT_EQ(json["flips"][0]["value"], summary.flips[0].value);
  EXPECT_EQ(json["flips"][0]["event"], summary.flips[0].event());
  EXPECT_EQ(json["flips"][0]["of"], "tau_prior");
}

TEST(SweepTable, SaysWhatRowsHaveInCommonOnce) {
  SweepRequest request;
  request.tau_priors = {"half_normal:1..100:7"};
  const SweepSummary summary = sweep(eight_schools(), request);
  const Texts lines = lines_of(sweep_table(summary, 40, false));
  EXPECT_EQ(lines[0], "Sweep of 7 priors: 8 schools, mu ~ flat");
  EXPECT_EQ(lines[1], "ks_mu, shift_mu: from the posterior under tau ~ half_normal:1, mu ~ flat");
  EXPECT_EQ(lines[5].substr(0, 15), "half_normal:1  ");
  EXPECT_TRUE(lines[5].ends_with("base"));
  EXPECT_EQ(lines[11].substr(0, 17), "half_normal:100  ");
  EXPECT_EQ(lines[13], "Where the conclusion flips:");
  EXPECT_EQ(lines[14],
            "  tau ~ half_normal:1..100:7, mu ~ flat: at scale 17.3742 P(mu > 0) falls below 0.95");
  for (const std::string& line : lines) EXPECT_LE(display_width(line), 120u) << line;
}

TEST(SweepTable, ShowsSomeRowsOfALongSweepAndAllColumnsOnRequest) {
  SweepRequest request;
  request.tau_priors = {"half_normal:1..100:70", "half_cauchy:1..100:30", "uniform"};
  request.statistics = "mean,q90";
  const SweepSummary summary = sweep(eight_schools(), request);
  const std::string some = sweep_table(summary, 20, true), all = sweep_table(summary, 0, true);
  const auto count = [](const std::string& text, const std::string& part) {
    size_t n = 0;
    for (size_t at = text.find("\n" + part); at != std::string::npos;
         at = text.find("\n" + part, at + 1))
      ++n;
    return n;
  };
  EXPECT_EQ(count(some, "half_normal:"), 13u);  // 70/101 of 20, the first and the last among them
  EXPECT_EQ(count(some, "half_cauchy:"), 5u);
  EXPECT_EQ(count(some, "uniform "), 1u);
  EXPECT_TRUE(contains(some, "\nhalf_normal:1 ") && contains(some, "\nhalf_normal:100 "));
  EXPECT_TRUE(contains(some, "19 of 101 rows; --rows 0 shows all"));
  EXPECT_EQ(count(all, "half_normal:"), 70u);
  EXPECT_FALSE(contains(all, "--rows 0"));
  const Texts lines = lines_of(all);
  std::istringstream head(lines[4]);
  Texts words;
  for (std::string word; head >> word;) words.push_back(word);
  EXPECT_EQ(words, (Texts{"mean", "90%", "mean", "90%", "P(mu>0)", "mean", "90%", "p(y)", "ks_mu",
                          "shift_mu"}));
}

TEST(SweepTable, NamesErrorsBelow) {
  SweepRequest request;
  request.tau_priors = {"half_normal:1", "uniform"};
  const SweepSummary summary = sweep({{1, 3}, {1, 2}, {}}, request);
  const std::string text = sweep_table(summary, 40, false);
  EXPECT_TRUE(contains(text, "error: tau ~ uniform, mu ~ flat: the posterior is improper"));
  EXPECT_TRUE(lines_of(text)[6].ends_with("error"));
}

TEST(SweepPlot, HasALineForEachShownRow) {
  const SweepSummary summary = example();
  const Texts lines = lines_of(sweep_plot(summary, 0));
  ASSERT_EQ(lines.size(), summary.rows.size() + 4);
  for (size_t i = 0; i < summary.rows.size(); ++i)
    EXPECT_TRUE(contains(lines[i], "●") || contains(lines[i], "⊗")) << lines[i];
  EXPECT_EQ(lines.back(), "mu:  ● median   ─ 95%   × 0   ⊗ 0 at the median");
  for (size_t i = 0; i < summary.rows.size(); ++i)
    EXPECT_TRUE(contains(lines[i], "×") || contains(lines[i], "⊗")) << lines[i];
  for (const std::string& line : lines) EXPECT_LE(display_width(line), 110u) << line;
  SweepSummary without = summary;
  without.columns[7] = "mu.q1";
  EXPECT_EQ(refusal([&] { sweep_plot(without, 0); }),
            "the plot needs the columns mu.q2.5, mu.q50 and mu.q97.5");
}

// ---- the program

TEST(CliSweep, PrintsTheSameBytesForAnyNumberOfThreads) {
  const Texts options = {kSchools,
                         "--tau-prior",
                         "half_normal:0.5..50:40",
                         "--tau-prior",
                         "half_cauchy:1;uniform",
                         "--mu-prior",
                         "normal:0,1..100:3",
                         "--format",
                         "csv"};
  const auto with_threads = [&](const std::string& n) {
    Texts all = options;
    all.insert(all.end(), {"--threads", n});
    return run(all);
  };
  const Outcome one = with_threads("1");
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(lines_of(one.out).size(), 1u + 42 * 3);
  for (const std::string n : {"2", "5"}) {
    const Outcome more = with_threads(n);
    EXPECT_EQ(more.out, one.out);
    EXPECT_EQ(more.err, one.err);
  }
  EXPECT_TRUE(contains(one.err, "taugrid: note: no marginal likelihood"));
}

TEST(CliSweep, TakesItsFlags) {
  const Outcome outcome =
      run({kSchools, "--tau-prior", "half_normal:1..4:3", "--base", "half_cauchy:5", "--base-mu",
           "normal:0,9", "--quantities", "mu", "--stats", "mean,q10", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = Json::parse(outcome.out);
  EXPECT_EQ(json["base"], (Json{{"tau_prior", "half_cauchy:5"}, {"mu_prior", "normal:0,9"}}));
  EXPECT_EQ(json["rows"].size(), 3u);
  EXPECT_EQ(json["rows"][1]["tau_prior"], "half_normal:2");
  EXPECT_EQ(json["rows"][1]["mu"].size(), 2u);
  EXPECT_FALSE(json["rows"][1].contains("tau"));
  EXPECT_GT(json["rows"][1]["ks_mu"], 0.0);
  const Outcome plot =
      run({kSchools, "--tau-prior", "half_normal:1..4:9", "--plot", "--rows", "4"});
  EXPECT_EQ(plot.code, 0);
  EXPECT_TRUE(contains(plot.out, "●"));
  EXPECT_TRUE(contains(plot.out, "4 of 9 rows"));
}

TEST(CliSweep, RefusesWithExitCode2AndNothingWritten) {
  const auto refused = [](const Texts& options, const std::string& reason) {
    Texts all = {kSchools};
    all.insert(all.end(), options.begin(), options.end());
    const Outcome outcome = run(all);
    EXPECT_EQ(outcome.code, 2) << reason;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(contains(outcome.err, reason)) << outcome.err;
  };
  refused({"--tau-prior", "half_normal:1..2"}, "lacks its number of values");
  refused({"--tau-prior", "half_normal:0..2:5"}, "scale is from 0, must be positive");
  refused({"--mu-prior", "normal:0,1..2:1000000"}, "number of values is 1000000");
  refused({"--stats", "mean,maen"}, "statistic 'maen' is unknown");
  refused({"--base", "half_caucy:1"}, "'half_caucy' is unknown");
  refused({"--backend", "cuda"}, "--backend is cuda, must be auto or cpu");
  refused({"--plot", "--format", "csv"}, "--plot goes with --format table");
  refused({"--plot", "--stats", "mean"}, "the plot needs the columns");
  // Before anything is read, and so before the sweep.
  EXPECT_NE(run({"/nowhere/x.csv", "--plot", "--stats", "mean"}).err.find("the plot needs"),
            std::string::npos);
  refused({"--rows", "-1"}, "--rows");
}

TEST(CliSweep, InterruptEndsIt) {
  Process process({"sweep", kSchools, "--tau-prior", "half_normal:0.5..50:100000", "--format",
                   "csv", "--threads", "1"});
  for (int i = 0; i < 10'000 && !process.catches(SIGINT); ++i) std::this_thread::sleep_for(1ms);
  process.signal(SIGINT);
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
}

}  // namespace
}  // namespace taugrid
