// The GPU against the CPU: equal bits everywhere. Skipped, visibly, where there is no device.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "host/taugrid/engine.h"
#include "host/taugrid/posterior.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

Data eight_schools() {
  return {{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}};
}

Data many_schools(int n) {
  Data data;
  for (int j = 0; j < n; ++j) {
    data.y.push_back((static_cast<int64_t>(j) * 37 % 101) - 50.0);
    data.sigma.push_back(5.0 + j % 7);
  }
  return data;
}

class Cuda : public testing::Test {
 protected:
  void SetUp() override {
    const CudaDevices devices = cuda_devices();
    if (devices.names.empty()) GTEST_SKIP() << devices.reason;
  }
};

struct Case {
  const char* name;
  const char* tau_prior;
  const char* mu_prior;
  int n_schools;
};

const Case kCases[] = {
    {"flat", "uniform", "flat", 8},
    {"normal", "half_cauchy:5", "normal:0,5", 8},
    {"uniform", "uniform:50", "uniform:-20,20", 8},
    {"one", "half_cauchy:5", "flat", 1},
    {"seven", "half_normal:5", "flat", 7},
    {"many", "half_normal:10", "flat", 300},
    {"pooled", "fixed:0", "flat", 8},
    {"fixed", "fixed:8", "uniform:-20,20", 8},
    {"separate", "fixed:inf", "normal:0,5", 8},
    {"table", "table:" TAUGRID_SOURCE_DIR "/data/tau_prior.csv", "flat", 8},
    {"mixture", "mixture:0.4*half_cauchy:5+0.3*conventional+0.3*uniform:3", "normal:0,5", 8},
    {"atoms", "mixture:0.3*fixed:0+0.2*fixed:7+0.5*table:" TAUGRID_SOURCE_DIR "/data/tau_prior.csv",
     "flat", 8}};

Data data_of(const Case& c) {
  return c.n_schools == 8 ? eight_schools() : many_schools(c.n_schools);
}

class CudaModels : public Cuda, public testing::WithParamInterface<Case> {};

INSTANTIATE_TEST_SUITE_P(All, CudaModels, testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

// Floats as the doubles that they are.
template <class T>
std::vector<double> values(const DrawsOf<T>& draws) {
  return {draws.values.data(), draws.values.data() + draws.values.size()};
}

TEST_P(CudaModels, DrawsEqualTheCpus) {
  const Case& c = GetParam();
  const Posterior cpu(data_of(c), c.tau_prior, c.mu_prior, {"cpu", 0});
  const Posterior cuda(data_of(c), c.tau_prior, c.mu_prior, {"cuda", 0});
  const int64_t n = c.n_schools > 100 ? 9000 : 100'003;
  for (const bool with_lp : {false, true}) {
    SCOPED_TRACE(with_lp ? "with lp" : "without lp");
    EXPECT_SAME_BITS(values(cpu.draw(n, 5, 12'345, with_lp)),
                     values(cuda.draw(n, 5, 12'345, with_lp)));
    EXPECT_SAME_BITS(values(cpu.draw_single(n, 5, 12'345, with_lp)),
                     values(cuda.draw_single(n, 5, 12'345, with_lp)));
  }
}

TEST_P(CudaModels, SummariesEqualTheCpus) {
  const Case& c = GetParam();
  const Posterior cpu(data_of(c), c.tau_prior, c.mu_prior, {"cpu", 0});
  const Posterior cuda(data_of(c), c.tau_prior, c.mu_prior, {"cuda", 0});
  // Few are sorted, many are counted.
  for (const int64_t n : {int64_t{5000}, int64_t{c.n_schools > 100 ? 150'000 : 3'000'001}})
    for (const Precision precision : {Precision::kDouble, Precision::kSingle}) {
      const DrawSummary expected = cpu.draw_summary(n, 2, {}, false, {}, precision);
      const DrawSummary actual = cuda.draw_summary(n, 2, {}, false, {}, precision);
      for (size_t i = 0; i < expected.parameters.size(); ++i) {
        SCOPED_TRACE(testing::Message()
                     << n << " draws, " << expected.precision << ", parameter " << i);
        const SampleSummary &a = expected.parameters[i], &b = actual.parameters[i];
        EXPECT_SAME_BITS((std::vector<double>{a.mean, a.se_mean, a.sd, a.rank_error}),
                         (std::vector<double>{b.mean, b.se_mean, b.sd, b.rank_error}));
        EXPECT_SAME_BITS(a.quantiles, b.quantiles);
      }
    }
}

TEST_F(Cuda, DrawsOfManySchoolsEqualTheCpus) {
  // A block of so many columns is more than a run may pin on the host.
  const Data data = many_schools(20'000);
  const Posterior cpu(data, "half_normal:10", "flat", {"cpu", 0});
  const Posterior cuda(data, "half_normal:10", "flat", {"cuda", 0});
  EXPECT_SAME_BITS(values(cpu.draw(200, 5)), values(cuda.draw(200, 5)));
}

// The sums of a block in one piece and in parts.
TEST_F(Cuda, SummariesInPartsEqualThoseOfWholeBlocks) {
  const Engine engine(make_model(eight_schools(), "uniform", "flat"), "cpu", 1);
  const int64_t n = 3 * kBlockDraws - 100, n_columns = engine.n_columns(false);
  const std::vector<double> shift(static_cast<size_t>(n_columns), 3.0), lower(shift.size(), -2.0),
      upper(shift.size(), 2.0), scale(shift.size(), kBinsPerWindow / 4.0);
  const CountPlan plan{n_columns, 1, shift.data(), lower.data(), upper.data(), scale.data()};
  std::vector<double> expected(static_cast<size_t>(3 * 2 * n_columns)), actual;
  std::vector<uint64_t> expected_counts(static_cast<size_t>(n_columns * counts_per_window())),
      actual_counts(expected_counts.size());
  std::vector<double> draws(static_cast<size_t>(n_columns * kBlockDraws));
  for (int64_t b = 0; b < 3; ++b) {
    const int64_t length = std::min(kBlockDraws, n - b * kBlockDraws);
    engine.draw(5, static_cast<uint64_t>(b * kBlockDraws), length, false, draws.data(),
                kBlockDraws);
    engine.kernels->in_double.summarise(plan, draws.data(), kBlockDraws, length,
                                        expected.data() + b * 2 * n_columns,
                                        expected_counts.data());
  }
  for (const int64_t memory : {int64_t{1} << 40, int64_t{1} << 20, int64_t{100'000}}) {
    SCOPED_TRACE(testing::Message() << memory << " bytes");
    actual.clear();
    std::fill(actual_counts.begin(), actual_counts.end(), 0);
    CudaDrawsOf<double> on_cuda(engine.draw_model<double>());
    on_cuda.limit_memory(memory);
    on_cuda.run({5, 0, Purpose::kPosteriorDraw}, 0, n, {false, false, &plan}, actual_counts.data(),
                [&](const CudaChunkOf<double>& chunk) {
                  const int64_t blocks = (chunk.n + kBlockDraws - 1) / kBlockDraws;
                  actual.insert(actual.end(), chunk.block_sums,
                                chunk.block_sums + blocks * 2 * n_columns);
                });
    EXPECT_SAME_BITS(expected, actual);
    EXPECT_EQ(expected_counts, actual_counts);
  }
}

TEST_P(CudaModels, FitsEqualTheCpus) {
  const Case& c = GetParam();
  const std::vector<double> probabilities = {0.025, 0.25, 0.5, 0.75, 0.975};
  const Engine engine(make_model(data_of(c), c.tau_prior, c.mu_prior), "cpu", 1);
  FitRequest request = engine.request();
  request.probabilities = probabilities.data();
  request.n_probabilities = 5;
  FitStorage expected(c.n_schools, 5);
  const auto workspace = std::make_unique<FitWorkspace>();
  engine.kernels->fit(engine.problem, request, *workspace, expected.result);

  const int n = 100;
  const std::vector<Problem> problems(n, engine.problem);
  std::vector<std::unique_ptr<FitStorage>> storage;
  std::vector<FitResult> results;
  for (int p = 0; p < n; ++p) {
    storage.push_back(std::make_unique<FitStorage>(c.n_schools, 5));
    results.push_back(storage.back()->result);
  }
  cuda_fit(problems.data(), n, request, results.data());
  for (int p = 0; p < n; ++p)
    expect_same_fit(expected.result, results[static_cast<size_t>(p)], request, c.n_schools);
}

// In one call, as a batch is.
TEST_F(Cuda, FitsOfUnlikeProblemsEqualTheCpus) {
  const std::vector<double> probabilities = {0.025, 0.5, 0.975};
  FitRequest request{};
  request.probabilities = probabilities.data();
  request.n_probabilities = 3;
  request.level = 0.95;
  request.tau = request.mu = request.theta_new = request.theta = request.joint = true;
  request.mode_and_shortest = true;
  std::vector<std::unique_ptr<Engine>> engines;
  std::vector<std::unique_ptr<FitStorage>> expected, storage;
  std::vector<Problem> problems;
  std::vector<FitResult> results;
  const auto workspace = std::make_unique<FitWorkspace>();
  for (const Case& c : kCases) {
    engines.push_back(
        std::make_unique<Engine>(make_model(data_of(c), c.tau_prior, c.mu_prior), "cpu", 1));
    problems.push_back(engines.back()->problem);
    expected.push_back(std::make_unique<FitStorage>(c.n_schools, 3));
    engines.back()->kernels->fit(problems.back(), request, *workspace, expected.back()->result);
    storage.push_back(std::make_unique<FitStorage>(c.n_schools, 3));
    results.push_back(storage.back()->result);
  }
  cuda_fit(problems.data(), static_cast<int64_t>(problems.size()), request, results.data());
  for (size_t p = 0; p < results.size(); ++p)
    expect_same_fit(expected[p]->result, results[p], request, problems[p].n_schools);
}

TEST_F(Cuda, BlocksEqualTheCpus) {
  const Posterior cpu(eight_schools(), "uniform", "flat", {"cpu", 0});
  const Posterior cuda(eight_schools(), "uniform", "flat", {"cuda", 0});
  std::vector<double> expected, actual;
  const auto into = [](std::vector<double>& all) {
    return [&all](const DrawBlock& block) {
      all.insert(all.end(), block.theta(3).begin(), block.theta(3).end());
      all.insert(all.end(), block.theta_new().begin(), block.theta_new().end());
    };
  };
  cpu.draw_blocks(1'000'001, 3, false, into(expected));
  cuda.draw_blocks(1'000'001, 3, false, into(actual));
  EXPECT_SAME_BITS(expected, actual);
}

TEST_F(Cuda, GridEqualsTheCpus) {
  // The prior of a small problem, because the posterior of a large one takes seconds.
  const Engine engine(make_model(many_schools(8), "half_cauchy:5", "flat"), "cpu", 1);
  // A warp a point, and a thread a point (grid.cuh), of few schools and of many.
  for (const auto& [n_schools, n] : {std::pair<int, int64_t>{1, 1008},
                                     {8, 1008},
                                     {300, 1008},
                                     {300, 100'000},
                                     {10'000, 1008},
                                     {1'000'000, 64}}) {
    std::vector<double> x;
    for (int64_t i = 0; i < n; ++i)
      x.push_back(-20.0 + 40.0 * static_cast<double>(i) / static_cast<double>(n));
    const Data data = many_schools(n_schools);
    Problem problem = engine.problem;
    problem.y = data.y.data();
    problem.sigma = data.sigma.data();
    problem.n_schools = n_schools;
    std::vector<double> expected(static_cast<size_t>(n)), actual(static_cast<size_t>(n));
    engine.kernels->log_posterior(problem, n, x.data(), expected.data());
    cuda_log_posterior(problem, n, x.data(), actual.data());
    EXPECT_SAME_BITS(expected, actual) << "J = " << n_schools << ", " << n << " points";
  }
}

TEST_F(Cuda, SortsAsTheCpuDoes) {
  std::vector<double> values;
  for (int i = 0; i < 100'000; ++i) values.push_back((i * 7919 % 100'003) - 50'000.5);
  std::vector<double> expected = values;
  std::sort(expected.begin(), expected.end());
  cuda_sort(values.data(), static_cast<int64_t>(values.size()));
  EXPECT_SAME_BITS(expected, values);
}

}  // namespace
}  // namespace taugrid
