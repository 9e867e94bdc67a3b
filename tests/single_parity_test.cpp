// Draws in single precision: the same bits from every instruction set and lane width, whatever the
// number of threads, the way that the draws are cut into calls and blocks, and the caller's
// floating-point environment.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

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
uint32_t comparable(float x) { return x == x ? bits_of(x) : 0x7fc00000u; }

std::vector<uint32_t> comparable(const float* x, size_t n) {
  std::vector<uint32_t> bits;
  for (size_t i = 0; i < n; ++i) bits.push_back(comparable(x[i]));
  return bits;
}
std::vector<uint32_t> comparable(const SingleDraws& draws) {
  return comparable(draws.values.data(), draws.values.size());
}

struct Case {
  Data data;
  std::string tau_prior, mu_prior;
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "J = " << c.data.n_schools() << ", tau " << c.tau_prior << ", mu " << c.mu_prior;
}

// Every J at which the code changes its path (blocks of four normals, eights of schools, tiles of
// 256), every prior of mu, tau random and known.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const int64_t n_schools : {1, 3, 4, 8, 9, 13, 300})
    for (const char* mu : {"flat", "normal:1,3", "uniform:-2,6"})
      for (const char* tau : {"half_cauchy:5", "fixed:0", "fixed:1", "fixed:inf"})
        all.push_back({n_schools == 8 ? eight_schools() : many_schools(n_schools), tau, mu});
  all.push_back({eight_schools(), "uniform", "flat"});
  return all;
}

class SingleKernelParity : public testing::TestWithParam<KernelsUnderTest> {
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

INSTANTIATE_TEST_SUITE_P(AllKernels, SingleKernelParity, testing::ValuesIn(kKernels),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(SingleKernelParity, Draws) {
  constexpr int64_t kDraws = 96;
  constexpr uint64_t kFirst = (uint64_t{1} << 32) - 48;
  const StreamPosition at{12345, 0, Purpose::kPosteriorDraw};
  for (const Case& c : cases()) {
    const Engine engine(make_model(c.data, c.tau_prior, c.mu_prior), "cpu", 1);
    for (const bool with_lp : {false, true}) {
      const auto draws = [&](const CpuKernels& of) {
        std::vector<float> columns(static_cast<size_t>(engine.n_columns(with_lp) * kDraws));
        of.in_single.draw(engine.draw_model<float>(), at, kFirst, kDraws, with_lp, columns.data(),
                          kDraws);
        return comparable(columns.data(), columns.size());
      };
      EXPECT_TRUE(draws(one_lane()) == draws(kernels())) << c << ", lp " << with_lp;
    }
  }
}

TEST_P(SingleKernelParity, Normals) {
  const StreamPosition at{12345, 7, Purpose::kPosteriorDraw};
  const auto normals = [&](const CpuKernels& of) {
    std::vector<float> columns(14 * 4096);
    of.in_single.normals(at, 1 << 20, 4096, 10, columns.data(), 4096);
    return comparable(columns.data(), columns.size());
  };
  EXPECT_TRUE(normals(one_lane()) == normals(kernels()));
}

TEST_P(SingleKernelParity, StreamedSummariesAreThoseOfTheDrawsAsDoubles) {
  const Engine engine(make_model(eight_schools(), "half_cauchy:5", "flat"), "cpu", 1);
  const int64_t n_columns = engine.n_columns(false);
  std::vector<float> columns(static_cast<size_t>(n_columns * kBlockDraws));
  engine.draw(1, 0, kBlockDraws, false, columns.data(), kBlockDraws);
  const std::vector<double> doubles(columns.begin(), columns.end());
  const std::vector<double> shift(static_cast<size_t>(n_columns), 2.0), lower(shift.size(), -1.0),
      upper(shift.size(), 5.0), scale(shift.size(), kBinsPerWindow / 6.0);
  const CountPlan plan{n_columns, 1, shift.data(), lower.data(), upper.data(), scale.data()};
  for (const int64_t n : {int64_t{1}, int64_t{33}, int64_t{8191}, kBlockDraws}) {
    const auto summary = [&](const auto& summarise, const auto& draws) {
      std::vector<double> sums(static_cast<size_t>(2 * n_columns));
      std::vector<uint64_t> counts(static_cast<size_t>(n_columns * counts_per_window()), 7);
      summarise(plan, draws.data(), kBlockDraws, n, sums.data(), counts.data());
      for (const double x : sums) counts.push_back(bits_of(x));
      return counts;
    };
    EXPECT_TRUE(summary(one_lane().in_double.summarise, doubles) ==
                summary(kernels().in_single.summarise, columns))
        << n;
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

std::vector<uint64_t> comparable(const DrawSummary& summary) {
  std::vector<uint64_t> all;
  for (const SampleSummary& s : summary.parameters) {
    for (const double x : {s.mean, s.sd, s.rank_error}) all.push_back(x == x ? bits_of(x) : 0);
    for (const double x : s.quantiles) all.push_back(x == x ? bits_of(x) : 0);
  }
  return all;
}

DrawSummary summary_of(const Posterior& posterior, int64_t n) {
  return posterior.draw_summary(n, 3, {}, false, {}, Precision::kSingle);
}

constexpr int64_t kManyDraws = 40'007;  // five blocks, the last ragged

TEST(SingleParity, ThreadsGiveTheBitsOfOne) {
  for (const Case& c : public_cases()) {
    const Posterior one = posterior_of(c);
    const auto draws = comparable(one.draw_single(kManyDraws, 3, 5, true));
    const auto summary = comparable(summary_of(one, 200'001));
    for (const int threads : {2, 7}) {
      const Posterior several = posterior_of(c, threads);
      EXPECT_TRUE(comparable(several.draw_single(kManyDraws, 3, 5, true)) == draws) << c << threads;
      EXPECT_EQ(comparable(summary_of(several, 200'001)), summary) << c << threads;
    }
  }
}

TEST(SingleParity, RangeOfDrawsIsThatOfLongerRun) {
  for (const Case& c : public_cases()) {
    const Posterior posterior = posterior_of(c);
    const SingleDraws all = posterior.draw_single(kManyDraws, 99, 0, true);
    using Range = std::pair<uint64_t, uint64_t>;
    for (const auto& [a, b] : {Range{0, 1}, Range{1, 2}, Range{7, 9}, Range{15, 17}, Range{16, 32},
                               Range{13, 8191}, Range{8185, 24'579}, Range{40'001, 40'007}}) {
      const SingleDraws part = posterior.draw_single(static_cast<int64_t>(b - a), 99, a, true);
      for (int64_t k = 0; k < all.n_schools + 4; ++k)
        ASSERT_TRUE(comparable(part.view().column(k).data(), b - a) ==
                    comparable(all.view().column(k).data() + a, b - a))
            << c << ", column " << k << ", [" << a << ", " << b << ")";
    }
  }
}

TEST(SingleParity, LpChangesNoOtherColumn) {
  for (const Case& c : public_cases()) {
    const Posterior posterior = posterior_of(c);
    const SingleDraws with = posterior.draw_single(1001, 4, 0, true),
                      without = posterior.draw_single(1001, 4);
    EXPECT_TRUE(comparable(with.values.data(), without.values.size()) == comparable(without)) << c;
  }
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

TEST(SingleParity, InstructionSetForcedByEnvironmentGivesTheSameBits) {
  for (const Case& c : public_cases()) {
    const auto fastest = comparable(posterior_of(c).draw_single(kManyDraws, 6, 0, true));
    for (const CpuKernels* kernels : cpu_kernels_available()) {
      const Setting isa("TAUGRID_ISA", kernels->isa);
      EXPECT_TRUE(comparable(posterior_of(c).draw_single(kManyDraws, 6, 0, true)) == fastest)
          << c << kernels->isa;
    }
  }
}

#if defined(__SSE2__)

TEST(SingleParity, CallersFloatingPointEnvironmentChangesNoDraw) {
  constexpr unsigned kDefault = 0x1f80, kFlushToZero = kDefault | 0x8040,
                     kUpward = kDefault | 0x4000;
  for (const Case& c : public_cases()) {
    const Posterior posterior = posterior_of(c, 2);
    const auto draws = comparable(posterior.draw_single(10'001, 8, 3, true));
    for (const unsigned environment : {kFlushToZero, kUpward}) {
      const unsigned before = _mm_getcsr();
      _mm_setcsr(environment);
      const auto got = comparable(posterior.draw_single(10'001, 8, 3, true));
      _mm_setcsr(before);
      EXPECT_TRUE(got == draws) << c << ", MXCSR " << environment;
    }
  }
}

#endif

}  // namespace
}  // namespace taugrid
