// Draws a second of the eight schools, in double and in single: generated into warm memory, stored,
// and summarised only; beside them, in the same run, the normals that they consume from the same
// generator, alone. What a stored draw costs beyond its normals is the rest of the arithmetic.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "bench/bench_data.h"
#include "host/taugrid/engine.h"
#include "host/taugrid/posterior.h"
#include "kernels/math/normal.h"

namespace taugrid {
namespace {

constexpr int64_t kDraws = 1 << 22;

DeviceOptions cpu_threads(const benchmark::State& state) {
  return {"cpu", static_cast<int>(state.range(0))};
}

void draws_per_second(benchmark::State& state, int64_t draws) {
  state.SetItemsProcessed(state.iterations() * draws);
}

// One thread, one block of 8192 draws over and over: the kernel alone, out of cache and memory's
// way.
template <class T>
void BM_DrawKernel(benchmark::State& state) {
  const Engine engine(make_model(eight_schools(), "uniform", "flat"), "cpu", 1);
  std::vector<T> columns(static_cast<size_t>(engine.n_columns(false) * kBlockDraws));
  uint64_t first = 0;
  for (auto _ : state) {
    engine.draw(1, first, kBlockDraws, false, columns.data(), kBlockDraws);
    first += kBlockDraws;
    benchmark::ClobberMemory();
  }
  draws_per_second(state, kBlockDraws);
}
BENCHMARK(BM_DrawKernel<double>)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_DrawKernel<float>)->Unit(benchmark::kMicrosecond);

// The ten normals of each draw, alone, by the same kernels' generator.
template <class T>
void BM_NormalsOfDraws(benchmark::State& state) {
  const auto normals = cpu_kernels().of<T>().normals;
  std::vector<T> columns(static_cast<size_t>(10 * kBlockDraws));
  const StreamPosition at{1, 0, Purpose::kPosteriorDraw};
  uint64_t first = 0;
  for (auto _ : state) {
    normals(at, first, kBlockDraws, 8, columns.data(), kBlockDraws);
    first += kBlockDraws;
    benchmark::ClobberMemory();
  }
  draws_per_second(state, kBlockDraws);
  state.counters["normals"] = benchmark::Counter(
      static_cast<double>(state.iterations() * kBlockDraws * 10), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_NormalsOfDraws<double>)->Name("BM_NormalsOfDraws")->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_NormalsOfDraws<float>)->Name("BM_NormalsOfSingleDraws")->Unit(benchmark::kMicrosecond);

void BM_DrawStored(benchmark::State& state) {
  const Posterior posterior(eight_schools(), "uniform", "flat", cpu_threads(state));
  for (auto _ : state) {
    const Draws draws = posterior.draw(kDraws, 1);
    benchmark::DoNotOptimize(draws.values.data());
  }
  draws_per_second(state, kDraws);
}
BENCHMARK(BM_DrawStored)
    ->Arg(1)
    ->Arg(0)
    ->ArgName("threads")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_SingleDrawStored(benchmark::State& state) {
  const Posterior posterior(eight_schools(), "uniform", "flat", cpu_threads(state));
  for (auto _ : state) {
    const SingleDraws draws = posterior.draw_single(kDraws, 1);
    benchmark::DoNotOptimize(draws.values.data());
  }
  draws_per_second(state, kDraws);
}
BENCHMARK(BM_SingleDrawStored)
    ->Arg(1)
    ->Arg(0)
    ->ArgName("threads")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void draw_summarised(benchmark::State& state, Precision precision) {
  const Posterior posterior(eight_schools(), "uniform", "flat", cpu_threads(state));
  for (auto _ : state)
    benchmark::DoNotOptimize(
        posterior.draw_summary(kDraws, 1, {}, false, {}, precision).parameters[0].mean);
  draws_per_second(state, kDraws);
}
void BM_DrawSummarised(benchmark::State& state) { draw_summarised(state, Precision::kDouble); }
void BM_SingleDrawSummarised(benchmark::State& state) {
  draw_summarised(state, Precision::kSingle);
}
BENCHMARK(BM_DrawSummarised)
    ->Arg(1)
    ->Arg(0)
    ->ArgName("threads")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SingleDrawSummarised)
    ->Arg(1)
    ->Arg(0)
    ->ArgName("threads")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace taugrid
