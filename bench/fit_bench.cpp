// One exact fit of the eight schools: tau, mu and theta_new with quantiles; every parameter with
// quantiles; and all that the default table prints, modes and shortest intervals included.
// grid_points is the size of the quadrature in tau.
#include <benchmark/benchmark.h>

#include <memory>

#include "bench/bench_data.h"
#include "host/taugrid/engine.h"
#include "host/taugrid/tau_table.h"

namespace taugrid {
namespace {

const double kProbabilities[] = {0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975};

void fit_eight_schools(benchmark::State& state, const char* tau_prior, const char* mu_prior,
                       bool theta, bool mode_and_shortest) {
  const Engine engine(make_model(eight_schools(), tau_prior, mu_prior), "cpu", 1);
  const auto workspace = std::make_unique<FitWorkspace>();
  FitStorage storage(8, 7);
  FitRequest request = engine.request();
  request.probabilities = kProbabilities;
  request.n_probabilities = 7;
  request.theta = theta;
  request.mode_and_shortest = mode_and_shortest;
  for (auto _ : state) {
    engine.kernels->fit(engine.problem, request, *workspace, storage.result);
    benchmark::DoNotOptimize(storage.result);
  }
  state.counters["grid_points"] = storage.result.nodes;
}

BENCHMARK_CAPTURE(fit_eight_schools, uniform_flat_tau_mu_new, "uniform", "flat", false, false)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fit_eight_schools, uniform_flat_all_quantiles, "uniform", "flat", true, false)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fit_eight_schools, uniform_flat_default_table, "uniform", "flat", true, true)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fit_eight_schools, half_cauchy_normal_default_table, "half_cauchy:5",
                  "normal:0,5", true, true)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fit_eight_schools, half_normal_flat_default_table, "half_normal:5", "flat", true,
                  true)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(fit_eight_schools, uniform50_uniform_default_table, "uniform:50",
                  "uniform:-20,20", true, true)
    ->Unit(benchmark::kMillisecond);

// The sampling table, once a posterior that is drawn from.
void BM_TauTable(benchmark::State& state) {
  const Engine engine(make_model(eight_schools(), "uniform", "flat"), "cpu", 1);
  for (auto _ : state)
    benchmark::DoNotOptimize(make_tau_table(*engine.kernels, engine.posterior->tau).n_cells());
}
BENCHMARK(BM_TauTable)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace taugrid
