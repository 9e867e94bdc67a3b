// Replicates a second of a simulation study on one thread, by the number of studies k: making the
// data alone, and with them made and measured each method alone: the five classical estimators,
// each with both intervals, posteriors (mu and theta_new, median and central 95%), with and without
// the CRPS; and the PIT values of a calibration.
#include <benchmark/benchmark.h>

#include <string>

#include "host/taugrid/calibration.h"
#include "host/taugrid/scorer.h"

namespace taugrid {
namespace {

constexpr int64_t kReplicates = 256;

Study study_of(int64_t k, const std::string& methods, bool crps = false) {
  return parse_study("replicates = 1000\nparameters = ['mu', 'theta_new']\ncrps = " +
                         std::string(crps ? "true" : "false") + "\nmethods = [" + methods +
                         "]\n[scenarios]\nk = " + std::to_string(k) +
                         "\nsigma = 'two_arm:50'\nmu = -0.3\ni2 = 0.6\n",
                     "bench");
}

void count(benchmark::State& state) {
  state.counters["replicates"] = benchmark::Counter(
      static_cast<double>(state.iterations() * kReplicates), benchmark::Counter::kIsRate);
}

void BM_Synthesize(benchmark::State& state) {
  const Study study = study_of(state.range(0), "'dl'");
  const ScenarioData data(study, study.scenarios[0], nullptr, cpu_kernels());
  SyntheticBlock block(state.range(0), kReplicates);
  for (auto _ : state) {
    data.generate(0, kReplicates, block);
    benchmark::DoNotOptimize(block.columns.y[0]);
  }
  count(state);
}
BENCHMARK(BM_Synthesize)->Arg(3)->Arg(10)->Arg(50)->Unit(benchmark::kMicrosecond);

void methods(benchmark::State& state, const char* text, bool crps) {
  const Study study = study_of(state.range(0), text, crps);
  const Scenario& scenario = study.scenarios[0];
  const ScenarioData data(study, scenario, nullptr, cpu_kernels());
  const ScenarioConstants constants(study, scenario);
  Answers answers(study, scenario, constants, data, cpu_kernels(), kReplicates, false);
  std::vector<ParameterMeasures> measures(2 * study.methods.size());
  for (auto _ : state) {
    answers.compute(0, kReplicates);
    score(study, scenario, answers, 0, kReplicates, 0, measures, nullptr);
  }
  count(state);
}
#define TAUGRID_METHODS(name, ...)              \
  BENCHMARK_CAPTURE(methods, name, __VA_ARGS__) \
      ->Arg(3)                                  \
      ->Arg(10)                                 \
      ->Arg(50)                                 \
      ->Unit(benchmark::kMicrosecond)
TAUGRID_METHODS(dl, "'dl'", false);
TAUGRID_METHODS(pm, "'pm'", false);
TAUGRID_METHODS(ml, "'ml'", false);
TAUGRID_METHODS(reml, "'reml'", false);
TAUGRID_METHODS(all_classical, "'common', 'dl', 'pm', 'ml', 'reml'", false);
TAUGRID_METHODS(all_classical_crps, "'common', 'dl', 'pm', 'ml', 'reml'", true);
TAUGRID_METHODS(half_normal, "{tau_prior = 'half_normal:0.5'}", false);
TAUGRID_METHODS(half_normal_crps, "{tau_prior = 'half_normal:0.5'}", true);
TAUGRID_METHODS(half_cauchy, "{tau_prior = 'half_cauchy:0.5'}", false);
TAUGRID_METHODS(uniform, "{tau_prior = 'uniform'}", false);
TAUGRID_METHODS(jeffreys, "{tau_prior = 'jeffreys'}", false);
TAUGRID_METHODS(dumouchel, "{tau_prior = 'dumouchel'}", false);

void BM_Calibrate(benchmark::State& state) {
  const Study study = parse_study(
      "kind = 'calibration'\nreplicates = 1000\ntau_prior = 'half_normal:0.5'\n"
      "mu_prior = 'normal:0,4'\n[scenarios]\nk = " +
          std::to_string(state.range(0)) + "\nsigma = 'uniform:0.2,1'\n",
      "bench");
  const TauPriorSampler tau(study.tau_prior, cpu_kernels());
  const ScenarioData data(study, study.scenarios[0], &tau, cpu_kernels());
  SyntheticBlock block(state.range(0), kReplicates);
  data.generate(0, kReplicates, block);
  Calibrator calibrator(study, study.scenarios[0], cpu_kernels());
  std::vector<double> pits;
  for (auto _ : state) calibrator.evaluate(block, kReplicates, pits);
  count(state);
}
BENCHMARK(BM_Calibrate)->Arg(2)->Arg(5)->Arg(20)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace taugrid
