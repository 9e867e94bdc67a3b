// What joint draws are for, and what it costs: best, ranks, pairs and largest of every draw of the eight
// schools, and replicated data, beside the draws that they are taken from, in one run.
#include <benchmark/benchmark.h>

#include <vector>

#include "bench/bench_data.h"
#include "host/taugrid/engine.h"

namespace taugrid {
namespace {

template <class T>
const auto& derive_kernel(const CpuKernels& kernels) {
  if constexpr (sizeof(T) == sizeof(float))
    return kernels.derive_single;
  else
    return kernels.derive;
}

// One thread, one block of 8192 draws over and over: the kernel alone.
template <class T>
void BM_DeriveKernel(benchmark::State& state) {
  const int64_t n_schools = state.range(0);
  Data data;
  for (int64_t j = 0; j < n_schools; ++j) {
    data.y.push_back(eight_schools().y[static_cast<size_t>(j % 8)]);
    data.sigma.push_back(eight_schools().sigma[static_cast<size_t>(j % 8)]);
  }
  const Engine engine(make_model(data, "uniform", "flat"), "cpu", 1);
  std::vector<T> columns(static_cast<size_t>(engine.n_columns(false) * kBlockDraws));
  engine.draw(1, 0, kBlockDraws, false, columns.data(), kBlockDraws);
  const size_t J = static_cast<size_t>(n_schools);
  const size_t padded = static_cast<size_t>(padded_schools(n_schools)), chunk = static_cast<size_t>(derived_chunk<T>(n_schools));
  std::vector<T> theta((padded + 1) * chunk), maxima(kBlockDraws);
  std::vector<typename RealFormat<T>::Bits> rank((padded + 1) * chunk);
  const DerivedWorkspaceOf<T> work{theta.data(), theta.data() + padded * chunk, rank.data(), rank.data() + padded * chunk};
  std::vector<uint64_t> best(J), shared(1), ranks(J * J), pairs(J * J);
  const int what = static_cast<int>(state.range(1));
  const DerivedCounts counts{n_schools, what & 1 ? best.data() : nullptr, shared.data(),
                             what & 2 ? ranks.data() : nullptr, what & 4 ? pairs.data() : nullptr};
  for (auto _ : state) {
    derive_kernel<T>(*engine.kernels)(counts, work, 0, kBlockDraws, columns.data() + 2 * kBlockDraws, kBlockDraws,
                                      maxima.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kBlockDraws);
}
BENCHMARK(BM_DeriveKernel<double>)->ArgsProduct({{8}, {1, 3, 4, 7}})->Args({100, 7})->ArgNames({"J", "what"})->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_DeriveKernel<float>)->ArgsProduct({{8}, {1, 3, 4, 7}})->Args({100, 7})->ArgNames({"J", "what"})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace taugrid
