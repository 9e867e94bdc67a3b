// The GPU: draws of the eight schools stored in device memory and summarised only, the copy and the
// fill of as many bytes as their ceilings (curand_bench.cpp has the normals), the grid, fits, and
// what a user waits for, end to end. Kernels are timed by CUDA events; "items" are draws, grid
// points times schools, and fits. Sizes that a device cannot hold are skipped, visibly, as is
// everything where there is no device.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "bench/bench_data.h"
#include "bench/cuda_timing.h"
#include "host/taugrid/engine.h"
#include "host/taugrid/posterior.h"
#include "kernels/cuda/launch.h"

namespace taugrid {
namespace {

constexpr int64_t kMillion = 1'000'000;

void draws_processed(benchmark::State& state, int64_t bytes_a_draw) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0) * bytes_a_draw);
}

Engine engine_of(const Data& data) { return Engine(make_model(data, "uniform", "flat"), "cpu", 1); }

Data many_schools(int64_t n) {
  Data data;
  for (int64_t j = 0; j < n; ++j) {
    data.y.push_back(static_cast<double>(j * 37 % 101) - 50.0);
    data.sigma.push_back(5.0 + static_cast<double>(j % 7));
  }
  return data;
}

// A model with its arrays on the device, in the precision of T.
template <class T>
struct DeviceModel {
  DeviceModel(const Engine& engine, const CudaStream& stream)
      : model(engine.draw_model<T>()),
        y(model.problem.y, static_cast<size_t>(model.problem.n_schools), stream),
        sigma(model.problem.sigma, static_cast<size_t>(model.problem.n_schools), stream),
        coefficient(model.table.coefficient,
                    static_cast<size_t>(model.table.n_cells) * kCellCoefficients, stream),
        first_part(model.table.first_part, static_cast<size_t>(model.table.n_cells), stream) {
    stream.wait();
    model.problem.y = y.data();
    model.problem.sigma = sigma.data();
    model.table.coefficient = coefficient.data();
    model.table.first_part = first_part.data();
  }
  DrawModelOf<T> model;
  DeviceBuffer<T> y, sigma, coefficient, first_part;
};

StreamPosition posterior_draws() { return {1, 0, Purpose::kPosteriorDraw}; }

// Draws in both precisions.

template <class T>
void BM_CudaDrawStored(benchmark::State& state) {
  const int64_t n = state.range(0), bytes = kColumns * static_cast<int64_t>(sizeof(T));
  if (!device_has(state, n * bytes)) return;
  const Engine engine = engine_of(eight_schools());
  const CudaStream stream;
  const DeviceModel<T> device(engine, stream);
  const DeviceBuffer<T> columns(static_cast<size_t>(n * kColumns));
  time_on_device(state, stream, [&] {
    launch_draw(device.model, posterior_draws(), 0, n, false, columns.data(), n, stream);
  });
  draws_processed(state, bytes);
}
BENCHMARK_TEMPLATE(BM_CudaDrawStored, double)->Apply(draw_sizes)->UseManualTime();
BENCHMARK_TEMPLATE(BM_CudaDrawStored, float)->Apply(draw_sizes)->UseManualTime();

// Windows of five quantiles for each column, as the summary of n draws lays them out.
struct DevicePlan {
  DevicePlan(const Engine& engine, int64_t n, const CudaStream& stream) {
    std::vector<double> ends;
    for (const double p : {0.025, 0.25, 0.5, 0.75, 0.975}) {
      const double reach = 6.0 * std::sqrt(p * (1.0 - p) / static_cast<double>(n));
      ends.insert(ends.end(), {p - reach, p + reach});
    }
    const std::vector<double> q = engine.quantiles(ends);
    std::vector<double> lower, upper, scale;
    for (size_t i = 0; i < q.size(); i += 2) {
      lower.push_back(q[i]);
      upper.push_back(q[i + 1]);
      scale.push_back(kBinsPerWindow / (q[i + 1] - q[i]));
    }
    const std::vector<double> none(kColumns, 0.0);
    shift = DeviceBuffer<double>(none.data(), none.size(), stream);
    lower_ends = DeviceBuffer<double>(lower.data(), lower.size(), stream);
    upper_ends = DeviceBuffer<double>(upper.data(), upper.size(), stream);
    scales = DeviceBuffer<double>(scale.data(), scale.size(), stream);
    stream.wait();
    plan = {kColumns, 5, shift.data(), lower_ends.data(), upper_ends.data(), scales.data()};
    counts = DeviceBuffer<uint64_t>(static_cast<size_t>(kColumns * 5 * counts_per_window()));
    TAUGRID_CUDA_CHECK(cudaMemsetAsync(counts.data(), 0, counts.size() * sizeof(uint64_t), stream));
  }
  CountPlan plan;
  DeviceBuffer<double> shift, lower_ends, upper_ends, scales;
  DeviceBuffer<uint64_t> counts;
};

// Chunk after chunk into one buffer, as CudaDraws does, without its copies to the host.
template <class T>
void BM_CudaDrawSummarised(benchmark::State& state) {
  const int64_t n = state.range(0), bytes = kColumns * static_cast<int64_t>(sizeof(T));
  const int64_t chunk =
      std::min<int64_t>(n, (int64_t{128} << 20) / (bytes * kBlockDraws) * kBlockDraws);
  if (!device_has(state, chunk * bytes)) return;
  const Engine engine = engine_of(eight_schools());
  const CudaStream stream;
  const DeviceModel<T> device(engine, stream);
  const DevicePlan plan(engine, n, stream);
  const DeviceBuffer<T> columns(static_cast<size_t>(chunk * kColumns));
  const DeviceBuffer<double> sums(static_cast<size_t>((chunk / kBlockDraws + 1) * kColumns * 2));
  time_on_device(state, stream, [&] {
    for (int64_t first = 0; first < n; first += chunk) {
      const int64_t length = std::min(chunk, n - first);
      launch_draw(device.model, posterior_draws(), static_cast<uint64_t>(first), length, false,
                  columns.data(), chunk, stream);
      launch_summarise(plan.plan, columns.data(), chunk, length, kBlockDraws, sums.data(),
                       plan.counts.data(), stream);
    }
  });
  draws_processed(state, 2 * bytes);  // written, then read
}
BENCHMARK_TEMPLATE(BM_CudaDrawSummarised, double)->Apply(draw_sizes)->UseManualTime();
BENCHMARK_TEMPLATE(BM_CudaDrawSummarised, float)->Apply(draw_sizes)->UseManualTime();

// The ceilings of memory: as many bytes as stored draws in double, copied on the device (read and
// written) or set.

void BM_CudaCopy(benchmark::State& state) {
  const int64_t bytes = state.range(0) * kColumns * 8;
  if (!device_has(state, 2 * bytes)) return;
  const CudaStream stream;
  const DeviceBuffer<char> from(static_cast<size_t>(bytes)), to(static_cast<size_t>(bytes));
  TAUGRID_CUDA_CHECK(cudaMemsetAsync(from.data(), 0x5A, from.size(), stream));
  time_on_device(state, stream, [&] {
    TAUGRID_CUDA_CHECK(
        cudaMemcpyAsync(to.data(), from.data(), to.size(), cudaMemcpyDeviceToDevice, stream));
  });
  draws_processed(state, 2 * kColumns * 8);
}
BENCHMARK(BM_CudaCopy)->Apply(draw_sizes)->UseManualTime();

void BM_CudaFill(benchmark::State& state) {
  const int64_t bytes = state.range(0) * kColumns * 8;
  if (!device_has(state, bytes)) return;
  const CudaStream stream;
  const DeviceBuffer<char> to(static_cast<size_t>(bytes));
  time_on_device(state, stream,
                 [&] { TAUGRID_CUDA_CHECK(cudaMemsetAsync(to.data(), 0x5A, to.size(), stream)); });
  draws_processed(state, kColumns * 8);
}
BENCHMARK(BM_CudaFill)->Apply(draw_sizes)->UseManualTime();

// The grid: G points of log p(x | y) with J schools each.

void BM_CudaGrid(benchmark::State& state) {
  const int64_t points = state.range(0), schools = state.range(1);
  if (!device_has(state, 16 * (points + schools))) return;
  const CudaStream stream;
  const Data data = schools == 8 ? eight_schools() : many_schools(schools);
  const DeviceBuffer<double> y(data.y.data(), data.y.size(), stream);
  const DeviceBuffer<double> sigma(data.sigma.data(), data.sigma.size(), stream);
  std::vector<double> x;
  for (int64_t i = 0; i < points; ++i)
    x.push_back(-8.0 + 16.0 * static_cast<double>(i) / static_cast<double>(points));
  const DeviceBuffer<double> at(x.data(), x.size(), stream), density(x.size());
  stream.wait();
  Problem problem = engine_of(eight_schools()).problem;
  problem.y = y.data();
  problem.sigma = sigma.data();
  problem.n_schools = schools;
  time_on_device(state, stream,
                 [&] { launch_log_posterior(problem, points, at.data(), density.data(), stream); });
  state.SetItemsProcessed(state.iterations() * points * schools);
}
BENCHMARK(BM_CudaGrid)
    ->ArgNames({"points", "schools"})
    ->Args({1000, 8})
    ->Args({10'000, 8})
    ->Args({100'000, 8})
    ->Args({kMillion, 8})
    ->Args({1000, 200})
    ->Args({100'000, 200})
    ->Args({kMillion, 200})
    ->Args({1000, 1000})
    ->Args({kMillion, 1000})
    ->Args({1000, 10'000})
    ->Args({100'000, 10'000})
    ->Args({kMillion, 10'000})
    ->Args({1000, kMillion})
    ->Args({10'000, kMillion})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Fits of P problems of eight schools: quantiles of tau, mu and theta_new, or all of the default
// table.

const double kProbabilities[] = {0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975};
constexpr int kQuantiles = 7;

struct Fits {
  Fits(int64_t n, bool default_table) : engine(engine_of(eight_schools())), y(engine.y.size() * n) {
    request = engine.request();
    request.probabilities = kProbabilities;
    request.n_probabilities = kQuantiles;
    request.theta = request.mode_and_shortest = default_table;
    for (size_t i = 0; i < y.size(); ++i)  // no two neighbours alike
      y[i] = engine.y[i % engine.y.size()] + 0.01 * static_cast<double>(i / engine.y.size() % 97);
    problems.assign(static_cast<size_t>(n), engine.problem);
    for (size_t p = 0; p < problems.size(); ++p) problems[p].y = y.data() + p * engine.y.size();
  }
  Engine engine;
  std::vector<double> y;
  std::vector<Problem> problems;
  FitRequest request;
};

void BM_CudaFit(benchmark::State& state) {
  const int64_t n = state.range(0), schools = 8, rows = schools + 3;
  if (!device_has(state, n * rows * kQuantiles * 8)) return;
  Fits fits(n, state.range(1) != 0);
  const CudaStream stream;
  const DeviceBuffer<double> y(fits.y.data(), fits.y.size(), stream);
  const DeviceBuffer<double> sigma(fits.engine.sigma.data(), fits.engine.sigma.size(), stream);
  const DeviceBuffer<double> probabilities(kProbabilities, kQuantiles, stream);
  const DeviceBuffer<double> quantiles(static_cast<size_t>(n * rows * kQuantiles));
  fits.request.probabilities = probabilities.data();
  std::vector<FitResult> results(static_cast<size_t>(n));
  std::vector<ParameterResult> thetas(static_cast<size_t>(n * schools));
  const DeviceBuffer<ParameterResult> device_thetas(thetas.size());
  for (int64_t p = 0; p < n; ++p) {
    const auto row = [&](int64_t k) { return quantiles.data() + (p * rows + k) * kQuantiles; };
    FitResult& result = results[static_cast<size_t>(p)];
    result.tau.quantile = row(0);
    result.mu.quantile = row(1);
    result.theta_new.quantile = row(2);
    result.theta = device_thetas.data() + p * schools;
    for (int64_t j = 0; j < schools; ++j)
      thetas[static_cast<size_t>(p * schools + j)].quantile = row(3 + j);
    fits.problems[static_cast<size_t>(p)].y = y.data() + p * schools;
    fits.problems[static_cast<size_t>(p)].sigma = sigma.data();
  }
  device_thetas.upload(thetas.data(), thetas.size(), stream);
  const DeviceBuffer<Problem> problems(fits.problems.data(), fits.problems.size(), stream);
  const DeviceBuffer<FitResult> device_results(results.data(), results.size(), stream);
  const int64_t warps = fit_workspaces(n);
  const DeviceBuffer<FitWorkspace> workspaces(static_cast<size_t>(warps));
  time_on_device(state, stream, [&] {
    launch_fit(problems.data(), n, fits.request, workspaces.data(), warps, device_results.data(),
               stream);
  });
  state.SetItemsProcessed(state.iterations() * n);
  state.counters["warps"] = static_cast<double>(warps);
}
BENCHMARK(BM_CudaFit)
    ->ArgNames({"problems", "default_table"})
    ->ArgsProduct({{100, 1000, 10'000}, {0, 1}})
    ->Args({100'000, 0})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// What a user waits for, data to result: wall time of the public calls, allocations and copies
// included.

void BM_CudaFitEndToEnd(benchmark::State& state) {
  if (!device_has(state, 0)) return;
  const int64_t n = state.range(0);
  const Fits fits(n, false);
  std::vector<std::unique_ptr<FitStorage>> storage;
  std::vector<FitResult> results;
  for (int64_t p = 0; p < n; ++p) {
    storage.push_back(std::make_unique<FitStorage>(8, kQuantiles));
    results.push_back(storage.back()->result);
  }
  for (auto _ : state) cuda_fit(fits.problems.data(), n, fits.request, results.data());
  state.SetItemsProcessed(state.iterations() * n);
}
BENCHMARK(BM_CudaFitEndToEnd)
    ->RangeMultiplier(10)
    ->Range(1, 10'000)
    ->ArgName("problems")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_CudaDrawEndToEnd(benchmark::State& state) {
  if (!device_has(state, 0)) return;
  for (auto _ : state) {
    const Posterior posterior(eight_schools(), "uniform", "flat", {"cuda", 0});
    const Draws draws = posterior.draw(state.range(0), 1);
    benchmark::DoNotOptimize(draws.values.data());
  }
  draws_processed(state, kColumns * 8);
}
BENCHMARK(BM_CudaDrawEndToEnd)
    ->Arg(kMillion)
    ->Arg(10 * kMillion)
    ->ArgName("draws")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void summary_end_to_end(benchmark::State& state, Precision precision) {
  if (!device_has(state, 0)) return;
  for (auto _ : state) {
    const Posterior posterior(eight_schools(), "uniform", "flat", {"cuda", 0});
    const DrawSummary summary = posterior.draw_summary(state.range(0), 1, {}, false, {}, precision);
    benchmark::DoNotOptimize(summary.parameters[0].mean);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(summary_end_to_end, double, Precision::kDouble)
    ->Name("BM_CudaSummaryEndToEnd<double>")
    ->Apply(draw_sizes)
    ->UseRealTime();
BENCHMARK_CAPTURE(summary_end_to_end, single, Precision::kSingle)
    ->Name("BM_CudaSummaryEndToEnd<float>")
    ->Apply(draw_sizes)
    ->UseRealTime();

}  // namespace
}  // namespace taugrid
