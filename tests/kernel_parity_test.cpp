// Every kernel of every instruction set and lane width gives the bits of one lane.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "host/taugrid/buffer.h"
#include "host/taugrid/engine.h"
#include "kernels/kernels.h"
#include "tests/data_sets.h"
#include "tests/same_bits.h"

namespace taugrid {

// Those of the library, and the same source in other widths.
#define TAUGRID_KERNELS(name, isa) const CpuKernels* cpu_kernels_##name();
#include "kernels_under_test.inc"
#undef TAUGRID_KERNELS

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct KernelsUnderTest {
  const char* name;
  const char* isa;
  const CpuKernels* (*kernels)();
};
void PrintTo(const KernelsUnderTest& under_test, std::ostream* out) { *out << under_test.name; }

const KernelsUnderTest kKernels[] = {
#define TAUGRID_KERNELS(name, isa) {#name, #isa, cpu_kernels_##name},
#include "kernels_under_test.inc"
#undef TAUGRID_KERNELS
};

struct Case {
  Data data;
  const char* tau_prior;
  const char* mu_prior;
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "J = " << c.data.n_schools() << ", tau " << c.tau_prior << ", mu " << c.mu_prior;
}

Data data_of(int64_t n_schools) {
  return n_schools == 8 ? eight_schools() : many_schools(n_schools);
}

const char* const kTable = "table:" TAUGRID_SOURCE_DIR "/data/tau_prior.csv";
const char* const kMixture = "mixture:0.4*half_cauchy:5+0.3*conventional+0.3*uniform:3";
const char* const kAtoms =
    "mixture:0.3*fixed:0+0.2*fixed:7+0.5*table:" TAUGRID_SOURCE_DIR "/data/tau_prior.csv";

// Every J at which the code changes its path (pairs of normals, eights of schools, tiles of 256),
// every prior of mu, tau random and known.
std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const int64_t n_schools : {1, 2, 7, 8, 9, 300})
    for (const char* mu : {"flat", "normal:1,3", "uniform:-2,6"})
      for (const char* tau : {"half_cauchy:5", "fixed:0", "fixed:1", "fixed:inf"})
        cases.push_back({data_of(n_schools), tau, mu});
  for (const char* tau : {"uniform", "uniform:50", "half_normal:5", kTable, kMixture, kAtoms})
    cases.push_back({eight_schools(), tau, "flat"});
  return cases;
}

// Of these, what a test can afford to fit in one lane: a uniform mu takes it half a second.
std::vector<Case> fit_cases() {
  std::vector<Case> cases;
  for (const int64_t n_schools : {1, 2, 8})
    for (const char* mu : {"flat", "normal:1,3"})
      for (const char* tau : {"half_cauchy:5", "fixed:0", "fixed:1", "fixed:inf"})
        cases.push_back({data_of(n_schools), tau, mu});
  cases.push_back({eight_schools(), "uniform", "flat"});
  cases.push_back({eight_schools(), "uniform:50", "flat"});
  for (const char* tau : {kTable, kMixture, kAtoms})
    cases.push_back({eight_schools(), tau, "normal:1,3"});
  cases.push_back({many_schools(300), "half_normal:5", "normal:1,3"});
  cases.push_back({many_schools(2), "half_normal:1", "uniform:-20,20"});
  for (const char* tau : {"fixed:0", "fixed:1", "fixed:inf"})
    cases.push_back({eight_schools(), tau, "uniform:-2,6"});
  return cases;
}

Engine engine_of(const Case& c) {
  return Engine(make_model(c.data, c.tau_prior, c.mu_prior), "cpu", 1);
}

class KernelParity : public testing::TestWithParam<KernelsUnderTest> {
 protected:
  void SetUp() override {
    bool here = false;
    for (const CpuKernels* available : cpu_kernels_available())
      here = here || available->isa == std::string(GetParam().isa);
    if (!here) GTEST_SKIP() << "this CPU does not run " << GetParam().isa;
  }
  const CpuKernels& kernels() const { return *GetParam().kernels(); }
  static const CpuKernels& one_lane() { return *cpu_kernels_generic(); }
};

INSTANTIATE_TEST_SUITE_P(AllKernels, KernelParity, testing::ValuesIn(kKernels),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(KernelParity, Draws) {
  constexpr int64_t kDraws = 96;
  constexpr uint64_t kFirst = (uint64_t{1} << 32) - 48;
  const StreamPosition at{12345, 0, Purpose::kPosteriorDraw};
  for (const Case& c : all_cases()) {
    const Engine engine = engine_of(c);
    for (const bool with_lp : {false, true}) {
      const auto draws = [&](const CpuKernels& of) {
        std::vector<double> columns(static_cast<size_t>(engine.n_columns(with_lp) * kDraws));
        of.in_double.draw(engine.draw_model(), at, kFirst, kDraws, with_lp, columns.data(), kDraws);
        return columns;
      };
      EXPECT_SAME_BITS(draws(one_lane()), draws(kernels())) << c << ", lp " << with_lp;
    }
  }
}

TEST_P(KernelParity, Fits) {
  const std::vector<double> probabilities = {1e-6, 0.025, 0.3, 0.5, 0.75, 0.975, 0.999};
  for (const Case& c : fit_cases()) {
    SCOPED_TRACE(testing::Message() << c);
    const Engine engine = engine_of(c);
    FitRequest request = engine.request();
    request.probabilities = probabilities.data();
    request.n_probabilities = static_cast<int>(probabilities.size());
    const auto fit = [&](const CpuKernels& of, FitStorage& storage) {
      const auto workspace = std::make_unique<FitWorkspace>();
      of.fit(engine.problem, request, *workspace, storage.result);
    };
    FitStorage expected(c.data.n_schools(), request.n_probabilities);
    FitStorage got(c.data.n_schools(), request.n_probabilities);
    fit(one_lane(), expected);
    fit(kernels(), got);
    expect_same_fit(expected.result, got.result, request, c.data.n_schools());
  }
}

TEST_P(KernelParity, PanelQuantiles) {
  std::vector<double> p, from_right;
  for (int i = 1; i <= 512; ++i) {
    p.push_back(std::ldexp(0.5 + 0.5 * std::fmod(0.618 * i, 1.0), -i % 53));
    from_right.push_back(i % 3 == 0 ? 1.0 : 0.0);
  }
  const size_t n = p.size();
  for (const Case& c : all_cases()) {
    const Engine engine = engine_of(c);
    if (!engine.tau_is_random) continue;
    const auto quantiles = [&](const CpuKernels& of) {
      std::vector<double> out(3 * n);
      of.panel_quantiles(engine.posterior->tau, static_cast<int64_t>(n), p.data(),
                         from_right.data(), out.data(), out.data() + n, out.data() + 2 * n);
      return out;
    };
    EXPECT_SAME_BITS(quantiles(one_lane()), quantiles(kernels())) << c;
  }
}

TEST_P(KernelParity, LogPosterior) {
  std::vector<double> x;
  for (int i = 0; i < 512; ++i) x.push_back(-128.0 + 0.5 * i);
  for (const Case& c : all_cases()) {
    const Engine engine = engine_of(c);
    if (!engine.tau_is_random) continue;
    const auto log_posterior = [&](const CpuKernels& of) {
      std::vector<double> out(x.size());
      of.log_posterior(engine.problem, static_cast<int64_t>(x.size()), x.data(), out.data());
      return out;
    };
    EXPECT_SAME_BITS(log_posterior(one_lane()), log_posterior(kernels())) << c;
  }
}

// Of whole blocks and ragged ones, with windows that are adjacent, apart, and unused.
TEST_P(KernelParity, StreamedSummaries) {
  const Engine engine = engine_of({eight_schools(), "half_cauchy:5", "flat"});
  const int64_t n_columns = engine.n_columns(false);
  Buffer columns(static_cast<size_t>(n_columns * kBlockDraws));
  engine.draw(1, 0, kBlockDraws, false, columns.data(), kBlockDraws);
  std::vector<double> shift, lower, upper, scale;
  for (int64_t c = 0; c < n_columns; ++c) {
    shift.push_back(static_cast<double>(c));
    for (const auto& [a, b] :
         {std::pair{-3.0, 1.0}, {1.0, 2.5}, {6.0, 30.0}, {kInfinity, kInfinity}}) {
      lower.push_back(a);
      upper.push_back(b);
      scale.push_back(b > a ? kBinsPerWindow / (b - a) : 0.0);
    }
  }
  const CountPlan plan{n_columns, 4, shift.data(), lower.data(), upper.data(), scale.data()};
  for (const int64_t n : {int64_t{1}, int64_t{5}, int64_t{33}, int64_t{8191}, kBlockDraws}) {
    const auto summary = [&](const CpuKernels& of) {
      std::vector<double> sums(static_cast<size_t>(2 * n_columns));
      std::vector<uint64_t> counts(static_cast<size_t>(n_columns * 4 * counts_per_window()), 7);
      of.in_double.summarise(plan, columns.data(), kBlockDraws, n, sums.data(), counts.data());
      return std::pair(sums, counts);
    };
    const auto [expected_sums, expected_counts] = summary(one_lane());
    const auto [sums, counts] = summary(kernels());
    EXPECT_SAME_BITS(expected_sums, sums) << n;
    EXPECT_TRUE(expected_counts == counts) << n;

    // By parts of the block, of which some begin within a round of the stripes.
    std::vector<double> stripes(static_cast<size_t>(n_columns * 2 * kStripes)), last(sums.size());
    std::vector<uint64_t> counts_of_parts(counts.size(), 7);
    for (int64_t begin = 0; begin < n; begin += 48)
      kernels().of<double>().summarise_part(plan, columns.data() + begin, kBlockDraws, begin,
                                            std::min<int64_t>(48, n - begin), stripes.data(),
                                            last.data(), counts_of_parts.data());
    EXPECT_SAME_BITS(expected_sums, last) << n;
    EXPECT_TRUE(expected_counts == counts_of_parts) << n;
  }
}

// What one call of a derive kernel gives: counts of all kinds one after the other, and the maxima.
template <class T>
std::pair<std::vector<uint64_t>, std::vector<T>> derived(const CpuKernels& of, int64_t n_schools,
                                                         uint64_t first, int64_t n,
                                                         const std::vector<T>& columns,
                                                         int64_t stride) {
  const auto padded = static_cast<size_t>(padded_schools(n_schools)),
             J = static_cast<size_t>(n_schools);
  const auto chunk = static_cast<size_t>(derived_chunk<T>(n_schools));
  std::vector<T> theta((padded + 1) * chunk), maxima(static_cast<size_t>(stride));
  std::vector<typename RealFormat<T>::Bits> ranks((padded + 1) * chunk);
  const DerivedWorkspaceOf<T> work{theta.data(), theta.data() + padded * chunk, ranks.data(),
                                   ranks.data() + padded * chunk};
  std::vector<uint64_t> counts(J + 1 + 2 * J * J, 7);
  const DerivedCounts to{n_schools, counts.data(), counts.data() + J, counts.data() + J + 1,
                         counts.data() + J + 1 + J * J};
  of.of<T>().derive(to, work, first, n, columns.data(), stride, maxima.data());
  maxima.resize(static_cast<size_t>(n));
  return {counts, maxima};
}

// Of values with many ties among them.
template <class T>
void expect_same_derived(const CpuKernels& one_lane, const CpuKernels& kernels) {
  constexpr int64_t kStride = 1024;
  for (const int64_t n_schools : {1, 2, 3, 4, 5, 8, 13, 24, 25, 49, 60}) {
    std::vector<T> columns;
    for (int64_t i = 0; i < n_schools * kStride; ++i)
      columns.push_back(
          static_cast<T>((i * 2654435761u >> 7) % (i % kStride < 300 ? 11 : 1u << 22)) - T(5));
    for (const int64_t n : {1, 5, 16, 33, 400, 1024})
      EXPECT_EQ(derived(one_lane, n_schools, 48, n, columns, kStride),
                derived(kernels, n_schools, 48, n, columns, kStride))
          << "J = " << n_schools << ", n = " << n;
  }
}

TEST_P(KernelParity, Derived) {
  expect_same_derived<double>(one_lane(), kernels());
  expect_same_derived<float>(one_lane(), kernels());
}

template <class T>
std::vector<double> replicated(const CpuKernels& kernels, int64_t n_schools) {
  constexpr int64_t kDraws = 96;
  std::vector<T> columns, sigma, statistics(static_cast<size_t>(4 * kDraws));
  for (int64_t i = 0; i < n_schools * kDraws; ++i) columns.push_back(static_cast<T>(i % 97) / T(7));
  for (int64_t j = 0; j < n_schools; ++j) sigma.push_back(static_cast<T>(1 + j % 5));
  kernels.of<T>().replicate({n_schools, sigma.data(), T(3.5)}, {77, 0, Purpose::kPredictive},
                            (uint64_t{1} << 32) - 48, kDraws, columns.data(), kDraws,
                            {statistics.data(), statistics.data() + kDraws,
                             statistics.data() + 2 * kDraws, statistics.data() + 3 * kDraws});
  return {statistics.begin(), statistics.end()};
}

TEST_P(KernelParity, Replicated) {
  for (const int64_t n_schools : {2, 3, 7, 8, 9, 12, 17, 300}) {
    EXPECT_SAME_BITS(replicated<double>(one_lane(), n_schools),
                     replicated<double>(kernels(), n_schools))
        << n_schools;
    EXPECT_SAME_BITS(replicated<float>(one_lane(), n_schools),
                     replicated<float>(kernels(), n_schools))
        << n_schools;
  }
}

}  // namespace
}  // namespace taugrid
