// Every CUDA kernel body, run on the CPU through the launch shim, against the CPU's kernels: equal
// bits. Under the sanitizers this is also where races and stray accesses of kernel bodies would
// show.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <type_traits>
#include <vector>

// cuRAND's headers come before the shim's macros; kernels/cuda/warp.h sees to it.
#include "kernels/cuda/draw.cuh"
#include "kernels/cuda/fit.cuh"
#include "kernels/cuda/grid.cuh"
#include "kernels/cuda/summarise.cuh"

#include "host/taugrid/engine.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

Data eight_schools() {
  return {{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}};
}

Data many_schools(int n) {
  Data data;
  for (int j = 0; j < n; ++j) {
    data.y.push_back((j * 37 % 101) - 50.0);
    data.sigma.push_back(5.0 + j % 7);
  }
  return data;
}

Engine engine_of(const Data& data, const char* tau_prior, const char* mu_prior) {
  return Engine(make_model(data, tau_prior, mu_prior), "cpu", 1);
}

unsigned blocks(int64_t items, unsigned block) {
  return static_cast<unsigned>((items + block - 1) / block);
}

struct Case {
  const char* name;
  Data data;
  const char* tau_prior;
  const char* mu_prior;
};

std::vector<Case> cases() {
  return {{"flat", eight_schools(), "uniform", "flat"},
          {"normal", eight_schools(), "half_cauchy:5", "normal:0,5"},
          {"uniform", eight_schools(), "uniform:50", "uniform:-20,20"},
          {"pooled", eight_schools(), "fixed:0", "flat"},
          {"separate", eight_schools(), "fixed:inf", "normal:0,5"},
          {"many", many_schools(300), "half_normal:10", "flat"},
          {"mixture", eight_schools(),
           "mixture:0.2*log_normal:0,0.01+0.3*conventional+0.2*uniform:3+0.3*fixed:0", "flat"}};
}

class KernelBodies : public testing::TestWithParam<Case> {
 protected:
  const Engine engine = engine_of(GetParam().data, GetParam().tau_prior, GetParam().mu_prior);
};

// Floats as the doubles that they are.
template <class T>
std::vector<double> doubles(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

template <class T>
void expect_draws_of_the_cpu(const Engine& engine) {
  const int64_t n = 96, first = (int64_t{1} << 33) + 8;
  const int64_t columns = engine.n_columns(true);
  std::vector<T> expected(static_cast<size_t>(columns * n)), actual(expected.size());
  engine.draw(7, first, n, true, expected.data(), n);
  const StreamPosition at{7, 0, Purpose::kPosteriorDraw};
  shim::launch(draw_kernel<true, T>, {blocks(n, 64), 1, 1}, 64, engine.draw_model<T>(), at,
               static_cast<uint64_t>(first), n, actual.data(), n);
  EXPECT_SAME_BITS(doubles(expected), doubles(actual));
}

TEST_P(KernelBodies, DrawsEqualTheCpus) { expect_draws_of_the_cpu<double>(engine); }
TEST_P(KernelBodies, SingleDrawsEqualTheCpus) { expect_draws_of_the_cpu<float>(engine); }

// A plan of windows for columns of draws, with its memory: [-10, -8), [-6, -4), ..
struct Windows {
  Windows(int64_t n_columns, int n_windows) : shift(static_cast<size_t>(n_columns), 3.0) {
    for (int64_t c = 0; c < n_columns; ++c)
      for (int k = 0; k < n_windows; ++k) {
        lower.push_back(-10.0 + 4.0 * k);
        upper.push_back(-8.0 + 4.0 * k);
        scale.push_back(kBinsPerWindow / 2.0);
      }
    plan = {n_columns, n_windows, shift.data(), lower.data(), upper.data(), scale.data()};
  }
  size_t n_counts() const {
    return static_cast<size_t>(plan.n_columns * plan.n_windows * counts_per_window());
  }
  std::vector<double> shift, lower, upper, scale;
  CountPlan plan;
};

template <int kWindows, class T>
void launch_summarise_kernel(const CountPlan& plan, unsigned grid_y, const T* draws, int64_t stride,
                             int64_t n, int64_t block_draws, double* stripes, bool begins,
                             double* sums, uint64_t* counts) {
  shim::launch(summarise_kernel<kWindows, T>, {blocks(plan.n_columns, 2), grid_y, 1}, 64, plan,
               draws, stride, n, block_draws, stripes, begins, sums, counts);
}

// Blocks of 256 draws, the last ragged, in one launch; and the first of them in parts of 96.
template <int kWindows, class T>
void expect_summaries_of_the_cpu(const Engine& engine, int n_windows, int64_t n) {
  SCOPED_TRACE(testing::Message() << n_windows << " windows, " << n << " draws of " << sizeof(T)
                                  << " bytes");
  const int64_t block_draws = 256, stride = 704;
  std::vector<T> draws(static_cast<size_t>(engine.n_columns(false) * stride));
  engine.draw(1, 0, stride, false, draws.data(), stride);
  const Windows windows(std::min<int64_t>(engine.n_columns(false), 3), n_windows);
  const CountPlan& plan = windows.plan;
  const auto n_blocks = static_cast<size_t>((n + block_draws - 1) / block_draws);
  const auto n_sums = static_cast<size_t>(2 * plan.n_columns);
  std::vector<double> expected(n_blocks * n_sums), actual(expected.size());
  std::vector<uint64_t> expected_counts(windows.n_counts()), actual_counts(windows.n_counts()),
      first_counts;
  for (size_t block = 0; block < n_blocks; ++block) {
    const auto begin = static_cast<int64_t>(block) * block_draws;
    engine.kernels->of<T>().summarise(plan, draws.data() + begin, stride,
                                      std::min(block_draws, n - begin),
                                      expected.data() + n_sums * block, expected_counts.data());
    if (block == 0) first_counts = expected_counts;
  }
  // Fewer rows of CUDA blocks than blocks of draws.
  launch_summarise_kernel<kWindows>(plan, 2, draws.data(), stride, n, block_draws, nullptr, true,
                                    actual.data(), actual_counts.data());
  EXPECT_SAME_BITS(expected, actual);
  EXPECT_EQ(expected_counts, actual_counts);

  std::vector<double> stripes(n_sums * 32, -1.0), sums(n_sums, -1.0);
  std::vector<uint64_t> part_counts(windows.n_counts());
  const int64_t of_block = std::min(n, block_draws);
  for (int64_t begin = 0; begin < of_block; begin += 96) {
    const int64_t part = std::min<int64_t>(96, of_block - begin);
    launch_summarise_kernel<kWindows>(plan, 1, draws.data() + begin, stride, part, part,
                                      stripes.data(), begin == 0, sums.data(), part_counts.data());
  }
  EXPECT_SAME_BITS(
      std::vector<double>(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(n_sums)),
      sums);
  EXPECT_EQ(first_counts, part_counts);
}

TEST_P(KernelBodies, SummariesEqualTheCpus) {
  expect_summaries_of_the_cpu<5, double>(engine, 5, 700);
}
TEST_P(KernelBodies, SingleSummariesEqualTheCpus) {
  expect_summaries_of_the_cpu<5, float>(engine, 5, 700);
}

TEST(KernelBodiesOfSummaries, EveryNumberOfWindowsAndRaggedSizes) {
  const Engine engine = engine_of(eight_schools(), "uniform", "flat");
  const auto both = [&]<int kWindows>(std::integral_constant<int, kWindows>, int n_windows,
                                      int64_t n) {
    expect_summaries_of_the_cpu<kWindows, double>(engine, n_windows, n);
    expect_summaries_of_the_cpu<kWindows, float>(engine, n_windows, n);
  };
  both(std::integral_constant<int, 1>{}, 1, 1);
  both(std::integral_constant<int, 2>{}, 2, 31);
  both(std::integral_constant<int, 3>{}, 3, 33);
  both(std::integral_constant<int, 4>{}, 4, 256);
  both(std::integral_constant<int, 5>{}, 5, 257);
  both(std::integral_constant<int, 0>{}, 7, 300);
}

TEST_P(KernelBodies, GridEqualsTheCpus) {
  if (!engine.tau_is_random) return;  // a known tau has no grid
  std::vector<double> x;
  for (int i = 0; i < 64; ++i) x.push_back(-8.0 + 0.25 * i);
  std::vector<double> expected(x.size()), actual(x.size()), shared(x.size());
  engine.kernels->log_posterior(engine.problem, 64, x.data(), expected.data());
  shim::launch(log_posterior_kernel, {2, 1, 1}, 32, engine.problem, int64_t{64}, x.data(),
               actual.data());
  EXPECT_SAME_BITS(expected, actual);
  shim::launch(log_posterior_many_schools_kernel, {32, 1, 1}, 64, engine.problem, int64_t{64},
               x.data(), shared.data());
  EXPECT_SAME_BITS(expected, shared);
}

// Either kernel gives the same bits, so that the choice is one of time only: the time of the chosen
// one is the lesser, in steps of a warp, on a device of 528 schedulers.
TEST(KernelBodiesOfTheGrid, ManyPointsTakeAThreadAndFewOfManySchoolsAWarp) {
  EXPECT_FALSE(takes_a_warp_a_point(8, 1, 528));
  EXPECT_FALSE(takes_a_warp_a_point(256, 1, 528));
  // 300 steps of 4 warps at a time, against 256 with 1894 a scheduler.
  EXPECT_FALSE(takes_a_warp_a_point(300, 1'000'000, 528));
  EXPECT_FALSE(takes_a_warp_a_point(8000, 1'000'000, 528));
  EXPECT_TRUE(takes_a_warp_a_point(8000, 1000, 528));
  EXPECT_TRUE(takes_a_warp_a_point(1'000'000, 1, 528));
  EXPECT_TRUE(takes_a_warp_a_point(1'000'000, 1000, 528));
}

TEST_P(KernelBodies, FitsEqualTheCpus) {
  // Two warps share three problems. mu ~ U(a, b) takes a hundred times the work of the others.
  const bool slow = GetParam().mu_prior[0] == 'u' || engine.problem.n_schools > 100;
  const std::vector<double> probabilities = {0.025, 0.5, 0.975};
  FitRequest request = engine.request();
  request.probabilities = probabilities.data();
  request.n_probabilities = 3;
  request.theta = !slow;
  request.mode_and_shortest = !slow;
  const int n = slow ? 1 : 3;
  FitStorage expected(engine.problem.n_schools, 3);
  const auto workspace = std::make_unique<FitWorkspace>();
  engine.kernels->fit(engine.problem, request, *workspace, expected.result);

  const std::vector<Problem> problems(static_cast<size_t>(n), engine.problem);
  std::vector<std::unique_ptr<FitStorage>> storage;
  std::vector<FitResult> results;
  for (int p = 0; p < n; ++p) {
    storage.push_back(std::make_unique<FitStorage>(engine.problem.n_schools, 3));
    results.push_back(storage.back()->result);
  }
  const auto workspaces = std::make_unique<FitWorkspace[]>(2);
  shim::launch(fit_kernel, {1, 1, 1}, 64, problems.data(), static_cast<int64_t>(n), request,
               workspaces.get(), results.data());
  for (int p = 0; p < n; ++p)
    expect_same_fit(expected.result, results[static_cast<size_t>(p)], request,
                    engine.problem.n_schools);
}

// One warp takes problems of every kind in turn, in one workspace: what a fit leaves in it must not
// reach the next.
TEST(KernelBodiesOfFits, UnlikeProblemsShareAWorkspace) {
  const std::vector<double> probabilities = {0.025, 0.975};
  FitRequest request{};
  request.probabilities = probabilities.data();
  request.n_probabilities = 2;
  request.level = 0.95;
  request.tau = request.mu = request.theta_new = request.theta = request.joint = true;
  std::vector<std::unique_ptr<Engine>> engines;
  std::vector<std::unique_ptr<FitStorage>> expected, storage;
  std::vector<Problem> problems;
  std::vector<FitResult> results;
  for (const Case& c : cases()) {
    if (c.mu_prior[0] == 'u') continue;  // a hundred times the work
    engines.push_back(
        std::make_unique<Engine>(make_model(c.data, c.tau_prior, c.mu_prior), "cpu", 1));
    problems.push_back(engines.back()->problem);
    expected.push_back(std::make_unique<FitStorage>(c.data.n_schools(), 2));
    const auto workspace = std::make_unique<FitWorkspace>();
    engines.back()->kernels->fit(problems.back(), request, *workspace, expected.back()->result);
    storage.push_back(std::make_unique<FitStorage>(c.data.n_schools(), 2));
    results.push_back(storage.back()->result);
  }
  // From the mixture, whose panels and atoms are many, to the simple ones.
  std::reverse(problems.begin(), problems.end());
  std::reverse(results.begin(), results.end());
  const auto n = static_cast<int64_t>(problems.size());
  const auto workspace = std::make_unique<FitWorkspace>();
  shim::launch(fit_kernel, {1, 1, 1}, 32, problems.data(), n, request, workspace.get(),
               results.data());
  for (size_t p = 0; p < results.size(); ++p)
    expect_same_fit(expected[results.size() - 1 - p]->result, results[p], request,
                    problems[p].n_schools);
}

INSTANTIATE_TEST_SUITE_P(All, KernelBodies, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace taugrid
