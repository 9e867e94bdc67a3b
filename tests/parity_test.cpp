// The same bits from every instruction set and lane width, whatever the number of threads, the way
// that the draws are cut into calls and blocks, and the caller's floating-point environment.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "host/taugrid/buffer.h"
#include "host/taugrid/draw_summary.h"
#include "host/taugrid/engine.h"
#include "host/taugrid/posterior.h"
#include "kernels/kernels.h"
#include "tests/data_sets.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

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

// NaN's payload is no part of the contract.
uint64_t comparable(double x) { return x == x ? bits_of(x) : 0x7ff8000000000000; }

int64_t differing(const double* a, const double* b, int64_t n) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) count += comparable(a[i]) != comparable(b[i]);
  return count;
}

struct Case {
  Data data;
  std::string tau_prior, mu_prior;
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "J = " << c.data.n_schools() << ", tau " << c.tau_prior << ", mu " << c.mu_prior;
}

// Every J at which the code changes its path, every prior of mu, tau random and known.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const int64_t n_schools : {1, 2, 7, 8, 9, 300})
    for (const char* mu : {"flat", "normal:1,3", "uniform:-2,6"})
      for (const char* tau : {"half_cauchy:5", "fixed:0", "fixed:1", "fixed:inf"})
        all.push_back({n_schools == 8 ? eight_schools() : many_schools(n_schools), tau, mu});
  for (const char* tau : {"uniform", "uniform:50", "half_normal:5"})
    all.push_back({eight_schools(), tau, "flat"});
  return all;
}

std::unique_ptr<Engine> engine_of(const Case& c) {
  return std::make_unique<Engine>(make_model(c.data, c.tau_prior, c.mu_prior), "cpu", 1);
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
  for (const Case& c : cases()) {
    const auto engine = engine_of(c);
    for (const bool with_lp : {false, true}) {
      const int64_t size = engine->n_columns(with_lp) * kDraws;
      std::vector<double> expected(static_cast<size_t>(size)), got(static_cast<size_t>(size));
      one_lane().draw(engine->draw_model<double>(), at, kFirst, kDraws, with_lp, expected.data(), kDraws);
      kernels().draw(engine->draw_model<double>(), at, kFirst, kDraws, with_lp, got.data(), kDraws);
      EXPECT_EQ(differing(expected.data(), got.data(), size), 0) << c << ", lp " << with_lp;
    }
  }
}

// Every number that a fit gives.
std::vector<double> fit_numbers(const CpuKernels& kernels, const Engine& engine, bool theta) {
  const std::vector<double> probabilities = {1e-6, 0.025, 0.3, 0.5, 0.75, 0.975, 0.999};
  FitStorage storage(theta ? engine.problem.n_schools : 0, static_cast<int>(probabilities.size()));
  FitRequest request = engine.request();
  request.theta = theta;
  request.probabilities = probabilities.data();
  request.n_probabilities = static_cast<int>(probabilities.size());
  const auto workspace = std::make_unique<FitWorkspace>();
  FitResult& r = storage.result;
  kernels.fit(engine.problem, request, *workspace, r);

  std::vector<double> numbers = storage.quantiles;
  const auto add = [&](const ParameterResult& p) {
    for (const double x : {p.mean, p.sd, p.mode, p.shortest_lower, p.shortest_upper})
      numbers.push_back(x);
  };
  add(r.tau);
  add(r.mu);
  add(r.theta_new);
  for (const ParameterResult& parameter : storage.theta) add(parameter);
  for (const double x : {r.log_evidence, r.cov_mu_tau, r.joint_mode_tau, r.joint_mode_mu,
                         static_cast<double>(r.nodes)})
    numbers.push_back(x);
  return numbers;
}

TEST_P(KernelParity, Fits) {
  for (const Case& c : cases()) {
    const auto engine = engine_of(c);
    // 300 laws of theta under a uniform mu take a second in one lane; what they add to mu's is a
    // formula.
    const bool theta = c.data.n_schools() < 300 || c.mu_prior[0] != 'u';
    const std::vector<double> expected = fit_numbers(one_lane(), *engine, theta);
    const std::vector<double> got = fit_numbers(kernels(), *engine, theta);
    EXPECT_EQ(differing(expected.data(), got.data(), static_cast<int64_t>(expected.size())), 0)
        << c;
  }
}

TEST_P(KernelParity, PanelQuantiles) {
  std::vector<double> p, from_right;
  for (int i = 1; i <= 512; ++i) {
    p.push_back(std::ldexp(0.5 + 0.5 * std::fmod(0.618 * i, 1.0), -i % 53));
    from_right.push_back(i % 3 == 0 ? 1.0 : 0.0);
  }
  const size_t n = p.size();
  for (const Case& c : cases()) {
    const auto engine = engine_of(c);
    if (!engine->tau_is_random) continue;
    std::vector<double> expected(3 * n), got(3 * n);
    const auto quantiles = [&](const CpuKernels& of, double* out) {
      of.panel_quantiles(engine->posterior->tau, static_cast<int64_t>(n), p.data(),
                         from_right.data(), out, out + n, out + 2 * n);
    };
    quantiles(one_lane(), expected.data());
    quantiles(kernels(), got.data());
    EXPECT_EQ(differing(expected.data(), got.data(), static_cast<int64_t>(3 * n)), 0) << c;
  }
}

TEST_P(KernelParity, LogPosterior) {
  std::vector<double> x;
  for (int i = 0; i < 512; ++i) x.push_back(-128.0 + 0.5 * i);
  const int64_t n = static_cast<int64_t>(x.size());
  for (const Case& c : cases()) {
    const auto engine = engine_of(c);
    if (!engine->tau_is_random) continue;
    std::vector<double> expected(x.size()), got(x.size());
    one_lane().log_posterior(engine->problem, n, x.data(), expected.data());
    kernels().log_posterior(engine->problem, n, x.data(), got.data());
    EXPECT_EQ(differing(expected.data(), got.data(), n), 0) << c;
  }
}

// Of whole blocks and ragged ones, with windows that are far apart, adjacent, and unused.
TEST_P(KernelParity, StreamedSummaries) {
  const auto engine = engine_of({eight_schools(), "half_cauchy:5", "flat"});
  const int64_t n_columns = engine->n_columns(false);
  Buffer columns(static_cast<size_t>(n_columns * kBlockDraws));
  engine->draw(1, 0, kBlockDraws, false, columns.data(), kBlockDraws);
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
      of.summarise(plan, columns.data(), kBlockDraws, n, sums.data(), counts.data());
      for (double& x : sums) counts.push_back(bits_of(x));
      return counts;
    };
    EXPECT_TRUE(summary(one_lane()) == summary(kernels())) << n;
  }
}

// ---- The public interface ----

const std::vector<Case>& public_cases() {
  static const std::vector<Case> kCases = {{eight_schools(), "half_cauchy:5", "flat"},
                                           {eight_schools(), "fixed:2.5", "normal:1,3"},
                                           {many_schools(3), "uniform", "uniform:-2,6"}};
  return kCases;
}

Posterior posterior_of(const Case& c, int threads = 1) {
  return Posterior(c.data, c.tau_prior, c.mu_prior, {"cpu", threads});
}

std::vector<uint64_t> comparable(const Draws& draws) {
  std::vector<uint64_t> all;
  for (size_t i = 0; i < draws.values.size(); ++i)
    all.push_back(comparable(draws.values.data()[i]));
  return all;
}

std::vector<uint64_t> comparable(const DrawSummary& summary) {
  std::vector<uint64_t> all;
  for (const SampleSummary& s : summary.parameters) {
    for (const double x : {s.mean, s.se_mean, s.sd, s.rank_error}) all.push_back(comparable(x));
    for (const double x : s.quantiles) all.push_back(comparable(x));
  }
  return all;
}

std::vector<uint64_t> comparable(const FitSummary& summary) {
  std::vector<uint64_t> all;
  for (const ParameterSummary& p : summary.parameters) {
    for (const double x : {p.mean, p.sd, p.mode, p.central.lower, p.central.upper, p.shortest.lower,
                           p.shortest.upper})
      all.push_back(comparable(x));
    for (const double x : p.quantiles) all.push_back(comparable(x));
  }
  for (const double x : {summary.log_marginal_likelihood, summary.joint_mode_tau,
                         summary.joint_mode_mu, summary.cov_mu_tau, summary.corr_mu_tau})
    all.push_back(comparable(x));
  return all;
}

// Draws as draw_blocks gives them, block by block.
struct Blocks {
  std::vector<uint64_t> values;  // by block, column, draw
  std::vector<uint64_t> firsts;
};

Blocks blocks_of(const Posterior& posterior, int64_t n, uint64_t seed) {
  Blocks blocks;
  posterior.draw_blocks(n, seed, true, [&](const DrawBlock& block) {
    blocks.firsts.push_back(block.first());
    for (int64_t k = 0; k < block.n_schools() + 4; ++k)
      for (const double x : block.column(k)) blocks.values.push_back(comparable(x));
  });
  return blocks;
}

constexpr int64_t kManyDraws = 40'007;  // five blocks, the last ragged

TEST(Parity, ThreadsGiveTheBitsOfOne) {
  for (const Case& c : public_cases()) {
    const Posterior one = posterior_of(c);
    const auto draws = comparable(one.draw(kManyDraws, 3, 5, true));
    const auto blocks = blocks_of(one, kManyDraws, 3);
    const auto summary = comparable(one.draw_summary(kManyDraws, 3));
    for (const int threads : {2, 7}) {
      const Posterior several = posterior_of(c, threads);
      EXPECT_TRUE(comparable(several.draw(kManyDraws, 3, 5, true)) == draws) << c << threads;
      EXPECT_TRUE(blocks_of(several, kManyDraws, 3).values == blocks.values) << c << threads;
      EXPECT_EQ(comparable(several.draw_summary(kManyDraws, 3)), summary) << c << threads;
      EXPECT_EQ(comparable(several.summary()), comparable(one.summary())) << c << threads;
    }
  }
}

TEST(Parity, RangeOfDrawsIsThatOfLongerRun) {
  for (const Case& c : public_cases()) {
    const Posterior posterior = posterior_of(c);
    const Draws all = posterior.draw(kManyDraws, 99, 0, true);
    using Range = std::pair<uint64_t, uint64_t>;
    for (const auto& [a, b] : {Range{0, 1}, Range{1, 2}, Range{3, 5}, Range{7, 9}, Range{8, 16},
                               Range{13, 8191}, Range{8185, 24'579}, Range{40'001, 40'007}}) {
      const Draws part = posterior.draw(static_cast<int64_t>(b - a), 99, a, true);
      EXPECT_EQ(part.first, a);
      for (int64_t k = 0; k < all.n_schools + 4; ++k)
        ASSERT_EQ(differing(part.view().column(k).data(), all.view().column(k).data() + a, part.n),
                  0)
            << c << ", column " << k << ", [" << a << ", " << b << ")";
    }
  }
}

TEST(Parity, BlocksAreThatManyDrawsOfTheSameStream) {
  for (const Case& c : public_cases()) {
    const Posterior posterior = posterior_of(c);
    const Draws draws = posterior.draw(kManyDraws, 4, 0, true);
    std::vector<uint64_t> expected;
    for (int64_t begin = 0; begin < kManyDraws; begin += 8192)
      for (int64_t k = 0; k < draws.n_schools + 4; ++k)
        for (int64_t i = begin; i < std::min<int64_t>(begin + 8192, kManyDraws); ++i)
          expected.push_back(comparable(draws.view().column(k)[static_cast<size_t>(i)]));
    const Blocks blocks = blocks_of(posterior, kManyDraws, 4);
    EXPECT_TRUE(blocks.values == expected) << c;
    EXPECT_EQ(blocks.firsts, (std::vector<uint64_t>{0, 8192, 16384, 24576, 32768})) << c;
  }
}

TEST(Parity, LpChangesNoOtherColumn) {
  for (const Case& c : public_cases()) {
    const Posterior posterior = posterior_of(c);
    const Draws with = posterior.draw(1001, 4, 0, true);
    const Draws without = posterior.draw(1001, 4, 0, false);
    EXPECT_EQ(differing(with.values.data(), without.values.data(), 1001 * (with.n_schools + 3)), 0)
        << c;
  }
}

TEST(Parity, SeedsAndIndicesGiveOtherDraws) {
  const Posterior posterior = posterior_of(public_cases()[0]);
  const Draws draws = posterior.draw(1000, 1);
  for (const Draws& other : {posterior.draw(1000, 2), posterior.draw(1000, 1, uint64_t{1} << 32),
                             posterior.draw(1000, (uint64_t{1} << 32) + 1)})
    EXPECT_EQ(differing(draws.values.data(), other.values.data(), 11'000), 11'000);
}

// Sets an environment variable until the end of the scope.
class Setting {
 public:
  Setting(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Setting() {
    if (before_)
      setenv(name_, before_->c_str(), 1);
    else
      unsetenv(name_);
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

TEST(Parity, InstructionSetForcedByEnvironmentGivesTheSameBits) {
  for (const Case& c : public_cases()) {
    const Posterior fastest = posterior_of(c);
    for (const CpuKernels* kernels : cpu_kernels_available()) {
      const Setting isa("TAUGRID_ISA", kernels->isa);
      const Posterior forced = posterior_of(c);
      EXPECT_EQ(forced.backend(), std::string("cpu (") + kernels->isa + ")");
      EXPECT_TRUE(comparable(forced.draw(kManyDraws, 6, 0, true)) ==
                  comparable(fastest.draw(kManyDraws, 6, 0, true)))
          << c << kernels->isa;
      EXPECT_EQ(comparable(forced.summary()), comparable(fastest.summary())) << c << kernels->isa;
      EXPECT_EQ(comparable(forced.draw_summary(20'000, 6)),
                comparable(fastest.draw_summary(20'000, 6)));
    }
  }
}

TEST(Parity, UnknownInstructionSetIsRefused) {
  const Setting isa("TAUGRID_ISA", "v9");
  try {
    posterior_of(public_cases()[0]);
    FAIL() << "nothing was refused";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()).find("TAUGRID_ISA is v9, must be one of generic"), 0u)
        << error.what();
  }
}

#if defined(__SSE2__)

// A floating-point environment until the end of the scope.
class Mxcsr {
 public:
  explicit Mxcsr(unsigned value) : before_(_mm_getcsr()) { _mm_setcsr(value); }
  ~Mxcsr() { _mm_setcsr(before_); }

 private:
  unsigned before_;
};

constexpr unsigned kDefaultMxcsr = 0x1f80;
constexpr unsigned kFlushToZero = kDefaultMxcsr | 0x8040;  // results and operands
constexpr unsigned kDownward = kDefaultMxcsr | 0x2000;
constexpr unsigned kUpward = kDefaultMxcsr | 0x4000;

TEST(Parity, CallersFloatingPointEnvironmentChangesNothingAndStays) {
  // The last has subnormal draws of tau.
  std::vector<Case> all = public_cases();
  all.push_back({{{0, 1e-308}, {1e-308, 2e-308}, {}}, "half_normal:1e-308", "normal:0,1e-308"});
  for (const Case& c : all) {
    for (const int threads : {1, 2}) {
      const Posterior ordinary = posterior_of(c, threads);
      const auto draws = comparable(ordinary.draw(10'001, 8, 3, true));
      const auto fit = comparable(ordinary.summary());
      const auto summary = comparable(ordinary.draw_summary(10'001, 8));
      const uint64_t quantile = bits_of(ordinary.tau_quantile(0.3));
      const uint64_t cdf = bits_of(ordinary.tau_cdf(4.0 / 3.0));
      for (const unsigned environment : {kFlushToZero, kDownward, kUpward}) {
        SCOPED_TRACE(testing::Message() << c << ", MXCSR " << environment << ", " << threads);
        const Mxcsr foreign(environment);
        const Posterior posterior = posterior_of(c, threads);
        const Draws got_draws = posterior.draw(10'001, 8, 3, true);
        const FitSummary got_fit = posterior.summary();
        const DrawSummary got_summary = posterior.draw_summary(10'001, 8);
        const double got_quantile = posterior.tau_quantile(0.3);
        const double got_cdf = posterior.tau_cdf(4.0 / 3.0);
        EXPECT_EQ(_mm_getcsr() & ~0x3fu, environment);  // but for the flags of what happened
        EXPECT_TRUE(comparable(got_draws) == draws);
        EXPECT_EQ(comparable(got_fit), fit);
        EXPECT_EQ(comparable(got_summary), summary);
        EXPECT_EQ(bits_of(got_quantile), quantile);
        EXPECT_EQ(bits_of(got_cdf), cdf);
      }
    }
  }
}

#endif

}  // namespace
}  // namespace taugrid
