// Data sets a second of the batch on one thread, k studies each: mean, sd, median and 95% central
// interval of tau, mu and theta_new under mu ~ N(0, 1), tau ~ half-Cauchy(1). Beside it what
// surrounds a fit: the same with tau fixed, where there is next to nothing to integrate, reading
// and parsing a CSV file's text, and writing the rows.
#include <benchmark/benchmark.h>

#include <stdlib.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "host/taugrid/batch_fitter.h"
#include "host/taugrid/batch_input.h"
#include "host/taugrid/batch_writer.h"

namespace taugrid {
namespace {

constexpr const char* kStatistics = "mean,sd,q50,central95";

struct DataSets {
  DataSets(size_t n, size_t k) : k(k) {
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    for (size_t p = 0; p < n; ++p) {
      const double mu = normal(random), tau = std::abs(normal(random) / normal(random));
      for (size_t j = 0; j < k; ++j) {
        sigma.push_back(std::pow(0.1, uniform(random)));
        y.push_back(mu + tau * normal(random) + sigma.back() * normal(random));
      }
    }
  }
  size_t k;
  std::vector<double> y, sigma;
};

void batch_fits(benchmark::State& state, const char* tau_prior) {
  const DataSets data(512, static_cast<size_t>(state.range(0)));
  BatchFitter fitter(parse_tau_prior(tau_prior), parse_mu_prior("normal:0,1"),
                     parse_batch_columns("tau,mu,theta_new", kStatistics));
  std::vector<double> row(fitter.columns().size());
  size_t p = 0;
  for (auto _ : state) {
    fitter.fit({data.y.data() + p * data.k, data.k}, {data.sigma.data() + p * data.k, data.k},
               row.data());
    benchmark::DoNotOptimize(row.data());
    p = (p + 1) % 512;
  }
  state.counters["data_sets"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK_CAPTURE(batch_fits, half_cauchy, "half_cauchy:1")
    ->ArgName("k")
    ->Arg(3)
    ->Arg(8)
    ->Arg(20)
    ->Arg(100);
BENCHMARK_CAPTURE(batch_fits, tau_fixed, "fixed:0.5")->ArgName("k")->Arg(8);

// A block's text as the worker threads see it.
void BM_BatchParse(benchmark::State& state) {
  std::string path = (std::filesystem::temp_directory_path() / "taugrid_bench_XXXXXX").string();
  const int descriptor = ::mkstemp(path.data());
  const DataSets data(4096, 8);
  std::string text = "group,y,sigma\n";
  for (size_t i = 0; i < data.y.size(); ++i) {
    char line[96];
    std::snprintf(line, sizeof line, "cg%08zu,%.6g,%.6g\n", i / 8, data.y[i], data.sigma[i]);
    text += line;
  }
  std::FILE* const file = descriptor < 0 ? nullptr : ::fdopen(descriptor, "wb");
  if (file == nullptr) {
    state.SkipWithError("no temporary file");
    return;
  }
  std::fwrite(text.data(), 1, text.size(), file);
  std::fclose(file);
  BatchText block;
  BatchBlock parsed;
  int64_t bytes = 0, data_sets = 0;
  for (auto _ : state) {
    BatchInput input(path, {"group", "y", "sigma"});
    while (input.take(block)) {
      input.parse(block, parsed);
      bytes += static_cast<int64_t>(block.bytes.size());
      data_sets += parsed.size();
    }
  }
  state.SetBytesProcessed(bytes);
  state.counters["data_sets"] =
      benchmark::Counter(static_cast<double>(data_sets), benchmark::Counter::kIsRate);
  std::remove(path.c_str());
}
BENCHMARK(BM_BatchParse)->Unit(benchmark::kMillisecond);

void BM_BatchWrite(benchmark::State& state) {
  const size_t n = 1024, n_columns = parse_batch_columns("tau,mu,theta_new", kStatistics).size();
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<double> values(n * n_columns);
  for (double& value : values) value = normal(random);
  const std::vector<std::string> groups(n, "cg00000001");
  const std::vector<int64_t> n_schools(n, 8);
  std::string bytes;
  int64_t written = 0;
  for (auto _ : state) {
    bytes.clear();
    encode_batch_csv({groups, n_schools, values.data(), n_columns, {}}, bytes);
    benchmark::DoNotOptimize(bytes.data());
    written += static_cast<int64_t>(bytes.size());
  }
  state.SetBytesProcessed(written);
  state.counters["data_sets"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(n),
                         benchmark::Counter::kIsRate);
}
BENCHMARK(BM_BatchWrite)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace taugrid
