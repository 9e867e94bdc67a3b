// The public interface gives the same bits whatever the number of threads, the instruction set, the
// way that draws are cut into calls and blocks, and the caller's floating-point environment.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "host/taugrid/posterior.h"
#include "kernels/kernels.h"
#include "tests/data_sets.h"
#include "tests/refusal.h"
#include "tests/same_bits.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace taugrid {
namespace {

struct Case {
  Data data;
  const char* tau_prior;
  const char* mu_prior;
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << "J = " << c.data.n_schools() << ", tau " << c.tau_prior << ", mu " << c.mu_prior;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {{eight_schools(), "half_cauchy:5", "flat"},
                                           {eight_schools(), "fixed:2.5", "normal:1,3"},
                                           {many_schools(2), "half_normal:1", "uniform:-20,20"}};
  return kCases;
}

Posterior posterior_of(const Case& c, int threads = 1) {
  return Posterior(c.data, c.tau_prior, c.mu_prior, {"cpu", threads});
}

using Values = std::vector<double>;

Values values(const Draws& draws) {
  return Values(draws.values.data(), draws.values.data() + draws.values.size());
}

Values values(const DrawSummary& summary) {
  Values all;
  for (const SampleSummary& s : summary.parameters) {
    all.insert(all.end(), {s.mean, s.se_mean, s.sd, s.rank_error});
    all.insert(all.end(), s.quantiles.begin(), s.quantiles.end());
  }
  return all;
}

Values values(const FitSummary& summary) {
  Values all = {summary.log_marginal_likelihood, summary.joint_mode_tau, summary.joint_mode_mu,
                summary.cov_mu_tau, summary.corr_mu_tau};
  for (const ParameterSummary& p : summary.parameters) {
    all.insert(all.end(), {p.mean, p.sd, p.mode, p.central.lower, p.central.upper, p.shortest.lower,
                           p.shortest.upper});
    all.insert(all.end(), p.quantiles.begin(), p.quantiles.end());
  }
  return all;
}

// What draw_blocks delivers, block by block, column by column.
Values blocks(const Posterior& posterior, int64_t n, uint64_t seed) {
  Values all;
  posterior.draw_blocks(n, seed, true, [&](const DrawBlock& block) {
    all.push_back(static_cast<double>(block.first()));
    for (int64_t k = 0; k < block.n_schools() + 4; ++k)
      all.insert(all.end(), block.column(k).begin(), block.column(k).end());
  });
  return all;
}

Values part(const Draws& draws, int64_t column, int64_t begin, int64_t end) {
  const double* first = draws.view().column(column).data();
  return Values(first + begin, first + end);
}

constexpr int64_t kDraws = 40'007;          // five blocks, the last ragged
constexpr int64_t kCountedDraws = 120'007;  // so many are counted, not sorted

TEST(Parity, ThreadsGiveTheBitsOfOne) {
  for (const Case& c : cases()) {
    const Posterior one = posterior_of(c);
    for (const int threads : {2, 7}) {
      SCOPED_TRACE(testing::Message() << c << ", " << threads << " threads");
      const Posterior several = posterior_of(c, threads);
      EXPECT_SAME_BITS(values(several.draw(kDraws, 3, 5, true)),
                       values(one.draw(kDraws, 3, 5, true)));
      EXPECT_SAME_BITS(blocks(several, kDraws, 3), blocks(one, kDraws, 3));
      for (const int64_t n : {kDraws, kCountedDraws})
        EXPECT_SAME_BITS(values(several.draw_summary(n, 3)), values(one.draw_summary(n, 3)));
      EXPECT_SAME_BITS(values(several.summary()), values(one.summary()));
    }
  }
}

TEST(Parity, RangeOfDrawsIsThatOfLongerRun) {
  for (const Case& c : cases()) {
    const Posterior posterior = posterior_of(c);
    const Draws all = posterior.draw(kDraws, 99, 0, true);
    for (const auto& [a, b] : {std::pair{0, 1},
                               {1, 2},
                               {3, 5},
                               {7, 9},
                               {8, 16},
                               {13, 8191},
                               {8185, 24'579},
                               {40'001, 40'007}}) {
      const Draws range = posterior.draw(b - a, 99, static_cast<uint64_t>(a), true);
      EXPECT_EQ(range.first, static_cast<uint64_t>(a));
      for (int64_t k = 0; k < all.n_schools + 4; ++k)
        EXPECT_SAME_BITS(part(range, k, 0, b - a), part(all, k, a, b))
            << c << ", column " << k << ", [" << a << ", " << b << ")";
    }
  }
}

TEST(Parity, BlocksAreTheDrawsInOrder) {
  for (const Case& c : cases()) {
    const Posterior posterior = posterior_of(c);
    const Draws draws = posterior.draw(kDraws, 4, 0, true);
    Values expected;
    for (int64_t begin = 0; begin < kDraws; begin += 8192) {
      expected.push_back(static_cast<double>(begin));
      for (int64_t k = 0; k < draws.n_schools + 4; ++k) {
        const Values column = part(draws, k, begin, std::min(begin + 8192, kDraws));
        expected.insert(expected.end(), column.begin(), column.end());
      }
    }
    EXPECT_SAME_BITS(blocks(posterior, kDraws, 4), expected) << c;
  }
}

TEST(Parity, BlocksSeenBesideTheSummaryAreTheDraws) {
  const Posterior posterior = posterior_of(cases()[0], 2);
  for (const int64_t n : {kDraws, kCountedDraws}) {
    Values seen;
    posterior.draw_summary(n, 4, {}, true, [&](const DrawBlock& block) {
      seen.push_back(static_cast<double>(block.first()));
      for (int64_t k = 0; k < block.n_schools() + 4; ++k)
        seen.insert(seen.end(), block.column(k).begin(), block.column(k).end());
    });
    EXPECT_SAME_BITS(seen, blocks(posterior, n, 4));
  }
}

TEST(Parity, LpChangesNoOtherColumn) {
  for (const Case& c : cases()) {
    const Posterior posterior = posterior_of(c);
    const Draws with = posterior.draw(1001, 4, 0, true);
    const Draws without = posterior.draw(1001, 4, 0, false);
    for (int64_t k = 0; k < with.n_schools + 3; ++k)
      EXPECT_SAME_BITS(part(with, k, 0, 1001), part(without, k, 0, 1001)) << c << ", column " << k;
  }
}

TEST(Parity, OtherSeedsAndOtherIndicesGiveOtherDraws) {
  const Posterior posterior = posterior_of(cases()[0]);
  const Values draws = values(posterior.draw(1000, 1));
  constexpr uint64_t kWord = uint64_t{1} << 32;
  for (const Draws& other :
       {posterior.draw(1000, 2), posterior.draw(1000, 1, kWord), posterior.draw(1000, kWord + 1)}) {
    int64_t equal = 0;
    for (size_t i = 0; i < draws.size(); ++i) equal += draws[i] == values(other)[i];
    EXPECT_EQ(equal, 0);
  }
}

// Sets an environment variable until the end of the scope.
class Setting {
 public:
  Setting(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;
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
  for (const Case& c : cases()) {
    const Posterior fastest = posterior_of(c);
    for (const CpuKernels* kernels : cpu_kernels_available()) {
      SCOPED_TRACE(testing::Message() << c << ", " << kernels->isa);
      const Setting isa("TAUGRID_ISA", kernels->isa);
      const Posterior forced = posterior_of(c);
      EXPECT_EQ(forced.backend(), std::string("cpu (") + kernels->isa + ")");
      EXPECT_SAME_BITS(values(forced.draw(kDraws, 6, 0, true)),
                       values(fastest.draw(kDraws, 6, 0, true)));
      EXPECT_SAME_BITS(values(forced.summary()), values(fastest.summary()));
      EXPECT_SAME_BITS(values(forced.draw_summary(kCountedDraws, 6)),
                       values(fastest.draw_summary(kCountedDraws, 6)));
    }
  }
}

TEST(Parity, UnknownInstructionSetIsRefused) {
  const Setting isa("TAUGRID_ISA", "v9");
  std::string names;
  for (const CpuKernels* kernels : cpu_kernels_available())
    names += (names.empty() ? "" : ", ") + std::string(kernels->isa);
  EXPECT_EQ(refusal([] { posterior_of(cases()[0]); }),
            "TAUGRID_ISA is v9, must be one of " + names + " (compiled in, and of this CPU)");
}

TEST(Parity, EmptyInstructionSetIsNone) {
  const std::string fastest = posterior_of(cases()[0]).backend();
  const Setting isa("TAUGRID_ISA", "");
  EXPECT_EQ(posterior_of(cases()[0]).backend(), fastest);
}

#if defined(__SSE2__)

// A floating-point environment until the end of the scope.
class Mxcsr {
 public:
  explicit Mxcsr(unsigned value) : before_(_mm_getcsr()) { _mm_setcsr(value); }
  Mxcsr(const Mxcsr&) = delete;
  Mxcsr& operator=(const Mxcsr&) = delete;
  ~Mxcsr() { _mm_setcsr(before_); }

 private:
  unsigned before_;
};

constexpr unsigned kOrdinary = 0x1f80;
constexpr unsigned kFlushToZero = kOrdinary | 0x8040;  // results and operands
constexpr unsigned kDownward = kOrdinary | 0x2000;
constexpr unsigned kUpward = kOrdinary | 0x4000;
constexpr unsigned kFlags = 0x3f;  // what has happened, which arithmetic may add to

TEST(Parity, CallersFloatingPointEnvironmentChangesNothingAndStays) {
  std::vector<Case> all = cases();
  all.pop_back();  // takes long
  // Everything here is subnormal.
  all.push_back({{{0, 1e-308}, {1e-308, 2e-308}, {}}, "half_normal:1e-308", "normal:0,1e-308"});
  for (const Case& c : all) {
    for (const int threads : {1, 2}) {
      const double place = c.data.sigma[0] / 3.0;  // not in the foreign environment
      const auto results = [&] {
        const Posterior posterior = posterior_of(c, threads);
        Values all_values = values(posterior.draw(10'001, 8, 3, true));
        for (const Values& more :
             {values(posterior.summary()), values(posterior.draw_summary(10'001, 8)),
              values(posterior.draw_summary(kCountedDraws, 8)), blocks(posterior, 10'001, 8)})
          all_values.insert(all_values.end(), more.begin(), more.end());
        all_values.push_back(posterior.tau_quantile(0.3));
        all_values.push_back(posterior.tau_cdf(place));
        return all_values;
      };
      const Values expected = results();
      for (const unsigned environment : {kFlushToZero, kDownward, kUpward}) {
        unsigned after = 0;
        const Values got = [&] {
          const Mxcsr foreign(environment);
          Values of_foreign = results();
          after = _mm_getcsr();
          return of_foreign;
        }();
        SCOPED_TRACE(testing::Message()
                     << c << ", MXCSR " << environment << ", threads " << threads);
        EXPECT_EQ(after & ~kFlags, environment);
        EXPECT_SAME_BITS(got, expected);
      }
    }
  }
}

#endif

// ---- theta shared out

TEST(Parity, ThreadsShareOutThetaWithTheBitsOfOne) {
  for (const char* mu_prior : {"flat", "normal:0,5", "uniform:-20,20"}) {
    const auto values = [&](int threads) {
      const bool slow = mu_prior[0] == 'u';
      SummaryOptions options;
      options.more_levels = {slow ? 0.95 : 0.5};
      const FitSummary fit =
          Posterior(many_schools(slow ? 512 : 700), "half_cauchy:5", mu_prior, {"cpu", threads})
              .summary(options);
      std::vector<double> all = {fit.log_marginal_likelihood, fit.joint_mode_tau, fit.joint_mode_mu,
                                 fit.cov_mu_tau};
      for (const ParameterSummary& p : fit.parameters) {
        all.insert(all.end(), {p.mean, p.sd, p.mode, p.shortest.lower, p.shortest.upper});
        all.insert(all.end(), p.quantiles.begin(), p.quantiles.end());
        for (const Interval& interval : p.more_shortest)
          all.insert(all.end(), {interval.lower, interval.upper});
      }
      return all;
    };
    const std::vector<double> one = values(1);
    EXPECT_SAME_BITS(one, values(2)) << mu_prior;
    if (mu_prior[0] == 'f') EXPECT_SAME_BITS(one, values(7));
  }
}

}  // namespace
}  // namespace taugrid
