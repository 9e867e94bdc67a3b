// What it costs to derive best, ranks, pairs and the largest effect from draws of the eight
// schools, and to check predictions: the kernels alone (beside BM_DrawKernel of draw_bench.cpp),
// and the summary of a stream with nothing derived, all four, and all four checks, in one run.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/bench_data.h"
#include "host/taugrid/engine.h"

namespace taugrid {
namespace {

constexpr int kBest = 1, kRank = 2, kPairs = 4;

Data schools(int64_t n_schools) {
  Data data;
  for (size_t j = 0; j < static_cast<size_t>(n_schools); ++j) {
    data.y.push_back(eight_schools().y[j % 8]);
    data.sigma.push_back(eight_schools().sigma[j % 8]);
  }
  return data;
}

// One thread, one block of 8192 draws over and over.
template <class T>
void BM_DeriveKernel(benchmark::State& state) {
  const int64_t n_schools = state.range(0), what = state.range(1);
  const Engine engine(make_model(schools(n_schools), "uniform", "flat"), "cpu", 1);
  std::vector<T> columns(static_cast<size_t>(engine.n_columns(false) * kBlockDraws));
  engine.draw(1, 0, kBlockDraws, false, columns.data(), kBlockDraws);
  const auto J = static_cast<size_t>(n_schools),
             padded = static_cast<size_t>(padded_schools(n_schools));
  const auto chunk = static_cast<size_t>(derived_chunk<T>(n_schools));
  std::vector<T> theta((padded + 1) * chunk), maxima(kBlockDraws);
  std::vector<typename RealFormat<T>::Bits> rank((padded + 1) * chunk);
  const DerivedWorkspaceOf<T> work{theta.data(), theta.data() + padded * chunk, rank.data(),
                                   rank.data() + padded * chunk};
  std::vector<uint64_t> best(J), shared(1), ranks(J * J), pairs(J * J);
  const DerivedCounts counts{n_schools, what & kBest ? best.data() : nullptr, shared.data(),
                             what & kRank ? ranks.data() : nullptr,
                             what & kPairs ? pairs.data() : nullptr};
  for (auto _ : state) {
    engine.kernels->of<T>().derive(counts, work, 0, kBlockDraws,
                                   columns.data() + column_theta(0) * kBlockDraws, kBlockDraws,
                                   maxima.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kBlockDraws);
}
#define TAUGRID_DERIVE_BENCH(T)                                                            \
  BENCHMARK(BM_DeriveKernel<T>)                                                            \
      ->ArgsProduct({{8}, {kBest, kBest | kRank, kBest | kPairs, kBest | kRank | kPairs}}) \
      ->Args({100, kBest | kRank | kPairs})                                                \
      ->ArgNames({"J", "what"})                                                            \
      ->Unit(benchmark::kMicrosecond)
TAUGRID_DERIVE_BENCH(double);
TAUGRID_DERIVE_BENCH(float);

// A stream of draws by one thread: summarised only, with all derived, with all checks.
void stream(benchmark::State& state, int64_t n_schools, const DeriveRequest& request) {
  const Posterior posterior(schools(n_schools), "uniform", "flat", {"cpu", 1});
  const Precision precision = state.range(0) == 1 ? Precision::kSingle : Precision::kDouble;
  const int64_t draws = n_schools == 8 ? 1 << 22 : 1 << 18;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        posterior.draw_summary(draws, 1, {}, false, {}, precision, request).parameters[0].mean);
  state.SetItemsProcessed(state.iterations() * draws);
}
const DeriveRequest kDeriveAll = {true, true, true, true, {}};
const DeriveRequest kCheckAll = {false, false, false, false, {"max", "min", "mean", "sd"}};
BENCHMARK_CAPTURE(stream, summary, 8, DeriveRequest{})
    ->Arg(0)
    ->Arg(1)
    ->ArgName("single")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stream, derived, 8, kDeriveAll)
    ->Arg(0)
    ->Arg(1)
    ->ArgName("single")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stream, checked, 8, kCheckAll)
    ->Arg(0)
    ->Arg(1)
    ->ArgName("single")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stream, summary_of_100, 100, DeriveRequest{})
    ->Arg(0)
    ->ArgName("single")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stream, derived_of_100, 100, kDeriveAll)
    ->Arg(0)
    ->ArgName("single")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace taugrid
