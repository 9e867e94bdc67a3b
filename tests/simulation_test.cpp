// Studies as they run: a published point, the same bytes for any number of threads and through
// kill -9, calibration that passes and fails.
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <thread>

#include "host/taugrid/batch_fitter.h"
#include "host/taugrid/device.h"
#include "host/taugrid/readers.h"
#include "host/taugrid/simulation.h"
#include "host/taugrid/synthetic_data.h"
#include "kernels/kernels.h"
#include "tests/process.h"
#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

SimulationResult run(const Study& study, int threads = 2) {
  SimulationOptions options;
  options.threads = threads;
  return run_study(study, options);
}

const MeasureRow& find(const SimulationResult& result, const std::string& method,
                       const std::string& parameter, const std::string& measure,
                       int64_t scenario = 0) {
  for (const SimulationRow& row : result.rows)
    if (row.scenario == scenario && row.method == method && row.parameter == parameter &&
        row.measure.measure == measure)
      return row.measure;
  throw std::runtime_error("no row " + method + " " + parameter + " " + measure);
}

// Kronthaler & Held (arXiv:2510.12301), from 4000 replicates: k = 3, I^2 = 0.9, no large study,
// normal effects. Within three standard errors of the two studies.
TEST(Simulation, GivesThePublishedPoint) {
  const Study study = parse_study(
      "seed = 1\nreplicates = 40000\nmethods = ['reml']\nparameters = ['mu']\n"
      "[scenarios]\nk = 3\nsigma = 'two_arm:50'\nmu = -0.3\ni2 = 0.9\n",
      "s");
  const SimulationResult result = run(study);
  const MeasureRow& wald = find(result, "reml:wald", "mu", "coverage");
  const MeasureRow& hk = find(result, "reml:hk", "mu", "coverage");
  const MeasureRow& width = find(result, "reml:hk", "mu", "width");
  EXPECT_NEAR(wald.value, 0.814, 3 * std::hypot(wald.mcse, std::sqrt(0.814 * 0.186 / 4000)));
  EXPECT_NEAR(hk.value, 0.950, 3 * std::hypot(hk.mcse, std::sqrt(0.95 * 0.05 / 4000)));
  // Of theirs the standard error is sqrt(10) times ours, and they give two decimals.
  EXPECT_NEAR(width.value, 2.79, 3 * width.mcse * std::sqrt(11.0) + 0.005);
  EXPECT_LT(width.mcse, 0.01);
  EXPECT_EQ(wald.failures, 0);
}

// The intervals of the common-effect model have their level exactly where it holds.
TEST(Simulation, KnownCoveragesAreMet) {
  const Study study = parse_study(
      "seed = 2\nreplicates = 20000\nmethods = ['common', 'dl']\nparameters = ['mu', 'tau', "
      "'theta_new']\n[scenarios]\nk = [2, 4]\nsigma = 'fixed:0.4'\nmu = 0.1\ntau = 0\n",
      "s");
  const SimulationResult result = run(study);
  for (int64_t scenario = 0; scenario < 2; ++scenario)
    for (const char* method : {"common:wald", "common:hk"}) {
      const MeasureRow& row = find(result, method, "mu", "coverage", scenario);
      EXPECT_NEAR(row.value, 0.95, 4 * std::sqrt(0.95 * 0.05 / 20000)) << method;
      const MeasureRow& bias = find(result, method, "mu", "bias", scenario);
      EXPECT_NEAR(bias.value, 0, 4 * bias.mcse) << method;
    }
  // sd of the mean: 0.4 / sqrt(k); the Wald interval is of that length.
  EXPECT_NEAR(find(result, "common:wald", "mu", "empirical_sd", 1).value, 0.2, 0.005);
  EXPECT_NEAR(find(result, "common:wald", "mu", "width", 1).value, 2 * 1.959964 * 0.2, 1e-6);
  // Two studies have no prediction interval.
  const MeasureRow& none = find(result, "dl:wald", "theta_new", "coverage", 0);
  EXPECT_TRUE(std::isnan(none.value));
  EXPECT_EQ(none.replicates, 0);
  EXPECT_EQ(none.failures, 20000);
  EXPECT_EQ(find(result, "dl:wald", "theta_new", "coverage", 1).failures, 0);
}

// 12 blocks, the last of each scenario not full.
constexpr const char* kMixed =
    "seed = 11\nreplicates = 700\nmethods = ['reml', 'pm:hk', {tau_prior = 'half_normal:0.5'}, "
    "{tau_prior = 'uniform', name = 'flat'}]\n"
    "parameters = ['mu', 'tau', 'theta', 'theta_new']\n"
    "[scenarios]\nk = [2, 5]\nsigma = 'two_arm:60,30'\ntheta = 'skew_normal:-4'\nmu = 0.2\n"
    "i2 = [0, 0.5]\n";

std::string mixed(int replicates) {
  std::string text = kMixed;
  return text.replace(text.find("replicates = 700"), 16,
                      "replicates = " + std::to_string(replicates));
}

// Against the fits themselves, one after the other.
TEST(Simulation, MeasuresAreThoseOfTheFits) {
  constexpr int kReplicates = 90;
  const Study study = parse_study(mixed(kReplicates), "s");
  const SimulationResult result = run(study);
  const int64_t scenario = 3;
  double coverage = 0, width = 0, theta_mse = 0;
  BatchFitter fitter(parse_tau_prior("half_normal:0.5"), parse_mu_prior("flat"),
                     parse_batch_columns("mu,theta", "q2.5,q50,q97.5", 5));
  for (int64_t r = 0; r < kReplicates; ++r) {
    const std::string text = synthetic_csv(study, scenario, r);
    const Data data = parse_data(text, "shown").data;
    std::vector<double> values(fitter.columns().size());
    fitter.fit(data.y, data.sigma, values.data());
    coverage += values[0] <= 0.2 && 0.2 <= values[2] ? 1.0 : 0.0;
    width += values[2] - values[0];
    std::istringstream lines(text);
    std::string line;
    std::getline(lines, line);
    for (size_t j = 0; j < 5; ++j) {
      std::getline(lines, line);
      size_t at = 0;
      for (int commas = 0; commas < 3; ++commas) at = line.find(',', at) + 1;
      const double theta = std::stod(line.substr(at));
      theta_mse += std::pow(values[3 + 3 * j + 1] - theta, 2) / 5;
    }
  }
  EXPECT_NEAR(find(result, "half_normal:0.5", "mu", "coverage", scenario).value,
              coverage / kReplicates, 1e-12);
  EXPECT_NEAR(find(result, "half_normal:0.5", "mu", "width", scenario).value, width / kReplicates,
              1e-12);
  EXPECT_NEAR(find(result, "half_normal:0.5", "theta", "mse", scenario).value,
              theta_mse / kReplicates, 1e-12);
  EXPECT_EQ(find(result, "half_normal:0.5", "theta_new", "crps", scenario).failures, 0);
}

TEST(Simulation, CountsWhatHasNoPosteriorAndSaysWhy) {
  const SimulationResult result = run(parse_study(kMixed, "s"));
  const MeasureRow& row = find(result, "flat", "mu", "coverage", 0);  // k = 2 under uniform, flat
  EXPECT_EQ(row.failures, 700);
  EXPECT_TRUE(std::isnan(row.value));
  EXPECT_EQ(find(result, "flat", "mu", "coverage", 2).failures, 0);
  // Of each of the scenarios with two studies: three methods without a prediction interval, one
  // without a posterior.
  ASSERT_EQ(result.notes.size(), 8u);
  EXPECT_EQ(result.notes[0],
            "scenario 0, reml:wald: two studies have no prediction interval, and no score of it");
  EXPECT_EQ(result.notes[3].substr(0, 45), "scenario 0, flat: the posterior is improper: ");
}

// sqrt falls as tau^-1/2, and the likelihood of two studies under a flat mu as tau^-1.
TEST(Simulation, CountsScoresThatDoNotExistAndSaysWhy) {
  const SimulationResult result = run(
      parse_study("replicates = 20\nmethods = [{tau_prior = 'sqrt'}, {tau_prior = 'half_normal:1', "
                  "mu_prior = 'uniform:-2,2', name = 'bounded'}, 'dl:wald']\n[scenarios]\n"
                  "k = [2, 3]\nsigma = 'fixed:0.4'\nmu = 0.1\ntau = 0.2\n",
                  "s"));
  const MeasureRow& none = find(result, "sqrt", "theta_new", "crps", 0);
  EXPECT_EQ(none.failures, 20);
  EXPECT_TRUE(std::isnan(none.value));
  EXPECT_EQ(find(result, "sqrt", "theta_new", "coverage", 0).failures, 0);
  ASSERT_EQ(result.notes.size(), 2u);
  EXPECT_EQ(result.notes[0],
            "scenario 0, sqrt: crps: p(tau|y) falls only as tau^-1.5: the score is infinite");
  for (const char* method : {"sqrt", "bounded", "dl:wald"})
    EXPECT_EQ(find(result, method, "theta_new", "crps", 1).failures, 0) << method;
}

TEST(Simulation, HasTheSameBytesForAnyThreadsAndInstructionSet) {
  const Study study = parse_study(kMixed, "s");
  const std::string one = simulation_csv(study, run(study, 1));
  EXPECT_EQ(simulation_csv(study, run(study, 2)), one);
  EXPECT_EQ(simulation_csv(study, run(study, 5)), one);
  const Study few = parse_study(mixed(20), "s");  // without FMA in hardware it is slow
  const std::string best = simulation_csv(few, run(few));
  for (const CpuKernels* kernels : cpu_kernels_available()) {
    ::setenv("TAUGRID_ISA", kernels->isa, 1);
    EXPECT_EQ(simulation_csv(few, run(few)), best) << kernels->isa;
  }
  ::unsetenv("TAUGRID_ISA");
}

// As a device takes them, whose chunks end where scenarios do; a checkpoint may lie within one.
TEST(Simulation, HasTheSameBytesForAnyNumberOfBlocksAtOnce) {
  const Study study = parse_study(kMixed, "s");
  const ScratchFolder folder;
  SimulationOptions options;
  options.threads = 2;
  options.replicates_out = folder.file("one.csv");
  const std::string one = simulation_csv(study, run_study(study, options));
  options.blocks_at_once = 2;
  options.replicates_out = folder.file("two.csv");
  options.checkpoint = folder.file("c");
  int blocks = 0;
  options.control.stop = [&] { return ++blocks == 5; };
  EXPECT_THROW(run_study(study, options), Stopped);
  options.control.stop = nullptr;
  options.resume = true;
  options.blocks_at_once = 3;
  EXPECT_EQ(simulation_csv(study, run_study(study, options)), one);
  EXPECT_EQ(folder.read("two.csv"), folder.read("one.csv"));
}

TEST(Simulation, CudaGivesTheCpusBytes) {
  if (build_info().devices.empty()) GTEST_SKIP() << build_info().cuda_reason;
  for (const char* crps : {"true", "false"}) {
    const Study study = parse_study(std::string("crps = ") + crps + "\n" + kMixed, "s");
    SimulationOptions options;
    options.threads = 2;
    const std::string of_cpu = simulation_csv(study, run_study(study, options));
    options.backend = "cuda";
    EXPECT_EQ(simulation_csv(study, run_study(study, options)), of_cpu);
  }
}

TEST(Simulation, RefusesCudaWhereThereIsNoneAndForACalibration) {
  SimulationOptions options;
  options.backend = "cuda";
  if (build_info().devices.empty())
    EXPECT_EQ(refusal([&] { run_study(parse_study(kMixed, "s"), options); }),
              "backend cuda: " + build_info().cuda_reason);
  else
    EXPECT_EQ(refusal([&] {
                run_study(parse_study("kind = 'calibration'\nreplicates = 10\n"
                                      "tau_prior = 'half_normal:1'\nmu_prior = 'normal:0,1'\n"
                                      "[scenarios]\nk = 2\nsigma = 'fixed:1'\n",
                                      "s"),
                          options);
              }),
              "backend cuda: a calibration runs on the CPU alone");
}

TEST(Simulation, GoesOnFromACheckpointAfterAnyBlock) {
  const Study study = parse_study(kMixed, "s");
  const ScratchFolder folder;
  SimulationOptions options;
  options.threads = 2;
  options.checkpoint = folder.file("c");
  options.replicates_out = folder.file("whole.csv");
  const std::string whole = simulation_csv(study, run_study(study, options));
  const std::string replicates = folder.read("whole.csv");
  options.replicates_out = folder.file("part.csv");
  options.resume = true;
  options.checkpoint_seconds = 1e9;
  for (int stops = 0;; ++stops) {
    int blocks = 0;
    options.control.stop = [&] { return ++blocks == 2; };
    try {
      const SimulationResult result = run_study(study, options);
      EXPECT_EQ(simulation_csv(study, result), whole);
      EXPECT_EQ(folder.read("part.csv"), replicates);
      EXPECT_GE(stops, 5);  // of 12 blocks
      break;
    } catch (const Stopped&) {
    }
  }
}

TEST(Simulation, RefusesACheckpointOfAnotherStudy) {
  const ScratchFolder folder;
  SimulationOptions options;
  options.checkpoint = folder.file("c");
  options.control.stop = [] { return true; };
  EXPECT_THROW(run_study(parse_study(kMixed, "s"), options), Stopped);
  options.resume = true;
  const std::string other = std::string(kMixed) + "# other\n";
  EXPECT_EQ(
      refusal([&] { run_study(parse_study(other, "s"), options); }),
      "checkpoint " + folder.file("c") +
          " is of another study file, of other tables of its priors, or of another version of "
          "the program; remove it to start from the beginning");
  std::string damaged = folder.read("c");
  damaged[damaged.size() - 3] ^= 1;
  folder.write("c", damaged);
  EXPECT_EQ(
      refusal([&] { run_study(parse_study(kMixed, "s"), options); }),
      "checkpoint " + folder.file("c") + " is damaged; remove it to start from the beginning");
}

// The program itself, killed again and again, ends with the same bytes.
TEST(Simulation, SurvivesKill9) {
  using namespace std::chrono_literals;
  const ScratchFolder folder;
  const std::string study = folder.write("study.toml", mixed(1400));
  const auto arguments = [&](const std::string& name) {
    return std::vector<std::string>{"simulate",
                                    study,
                                    "--out",
                                    folder.file(name + ".csv"),
                                    "--replicates-out",
                                    folder.file(name + ".replicates.csv"),
                                    "--threads",
                                    "2",
                                    "--checkpoint-every",
                                    "0"};
  };
  EXPECT_EQ(Process(arguments("whole")).wait().code, 0);
  std::vector<std::string> resumed = arguments("killed");
  resumed.push_back("--resume");
  int kills = 0;
  for (int attempt = 0; attempt < 6; ++attempt) {
    Process process(resumed);
    // The first as soon as there is something to go on from.
    for (int i = 0; i < 20'000 && !std::filesystem::exists(folder.file("killed.csv.checkpoint"));
         ++i)
      std::this_thread::sleep_for(500us);
    std::this_thread::sleep_for(kills * 23ms);
    process.signal(SIGKILL);
    if (process.wait().code == -1) {
      ++kills;
    } else if (kills > 0) {
      break;
    } else {  // this process did not have the processor in time: once more from the beginning
      std::filesystem::remove(folder.file("killed.csv"));
      std::filesystem::remove(folder.file("killed.replicates.csv"));
    }
  }
  EXPECT_GE(kills, 1);
  EXPECT_EQ(Process(resumed).wait().code, 0);
  EXPECT_EQ(folder.read("killed.csv"), folder.read("whole.csv"));
  EXPECT_EQ(folder.read("killed.replicates.csv"), folder.read("whole.replicates.csv"));
  EXPECT_EQ(folder.names().size(), 5u);  // no checkpoint, nothing partial
}

// ---- calibration

std::string calibration(const std::string& tau_prior, const std::string& mu_prior, int replicates,
                        const std::string& more = "") {
  return "kind = 'calibration'\nseed = 5\nreplicates = " + std::to_string(replicates) +
         "\ntau_prior = '" + tau_prior + "'\nmu_prior = '" + mu_prior +
         "'\nbins = 20\n[scenarios]\nk = [2, 3]\nsigma = 'uniform:0.2,1'\n" + more;
}

void expect_uniform(const SimulationResult& result, int64_t failures = 0) {
  for (const SimulationRow& row : result.rows) {
    EXPECT_EQ(row.measure.failures, failures);
    if (row.measure.measure == "ks_p" || row.measure.measure == "chi_square_p") {
      EXPECT_GT(row.measure.value, 5e-4) << row.parameter << " " << row.measure.measure;
    }
  }
}

// 11 parameters, two p-values each: the smallest of 22 is below 5e-4 with probability 0.01.
TEST(Calibration, HoldsForEveryParameter) {
  const SimulationResult result =
      run(parse_study(calibration("half_normal:0.5", "normal:0,4", 4000), "c"));
  ASSERT_EQ(result.rows.size(), 11u * 24u);
  expect_uniform(result);
  double count = 0;
  for (int bin = 1; bin <= 20; ++bin)
    count +=
        find(result, "half_normal:0.5 normal:0,4", "theta[2]", "count[" + std::to_string(bin) + "]")
            .value;
  EXPECT_EQ(count, 4000);
}

// With a seed each: the same random numbers would make all fail together.
TEST(Calibration, HoldsWithAtomsAndOtherPriors) {
  const auto check = [](const char* tau, const char* mu, int replicates, int seed) {
    std::string text = calibration(tau, mu, replicates);
    text.replace(text.find("seed = 5"), 8, "seed = " + std::to_string(seed));
    SCOPED_TRACE(text);
    expect_uniform(run(parse_study(text, "c")));
  };
  check("mixture:0.4*fixed:0+0.2*fixed:0.5+0.4*half_normal:1", "normal:0,1", 2000, 21);
  check("half_cauchy:0.5", "normal:1,2", 2000, 22);
  check("fixed:0.3", "normal:0,1", 2000, 23);
  check("uniform:2", "uniform:-1,1", 40, 24);
}

TEST(Calibration, FailsForAWrongModel) {
  const SimulationResult result = run(parse_study(
      calibration("half_normal:0.5", "normal:0,4", 4000, "[misspecify]\nsigma = 1.5\n"), "c"));
  const std::string method = "half_normal:0.5 normal:0,4";
  for (const char* parameter : {"theta[1]", "theta[2]"}) {
    EXPECT_LT(find(result, method, parameter, "ks_p").value, 1e-4) << parameter;
    EXPECT_LT(find(result, method, parameter, "chi_square_p").value, 1e-4) << parameter;
  }
}

}  // namespace
}  // namespace taugrid
