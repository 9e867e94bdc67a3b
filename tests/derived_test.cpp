// What is derived from draws: against counting stored draws one by one, against closed forms and
// reference values, and the same whatever counts.
#include "host/taugrid/derived.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "host/taugrid/posterior.h"
#include "kernels/kernels.h"
#include "tests/data_sets.h"
#include "tests/derive_all.h"
#include "tests/refusal.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

using Counts = std::vector<uint64_t>;

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// Within 4 Monte Carlo standard errors, at a fixed seed.
void expect_share(double p, double se, double exact) {
  EXPECT_LT(std::abs(p - exact), 4 * se) << p << ", exact " << exact;
}

// ---- against stored draws

struct Counted {
  Counts best, rank, pairwise;
  uint64_t shared = 0;
  std::vector<double> maxima;  // ascending
};

// By sorting each draw. Of tied schools the k-th of m, in order of the data, takes place (k +
// index) mod m of theirs.
template <class T>
Counted counted(const DrawsOf<T>& draws) {
  const auto J = static_cast<size_t>(draws.n_schools);
  Counted counts{Counts(J), Counts(J * J), Counts(J * J), 0, {}};
  const DrawBlockOf<T> view = draws.view();
  std::vector<size_t> order(J);
  for (int64_t draw = 0; draw < draws.n; ++draw) {
    const auto theta = [&](size_t j) {
      return view.theta(static_cast<int64_t>(j))[static_cast<size_t>(draw)];
    };
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return theta(a) > theta(b); });
    counts.maxima.push_back(theta(order[0]));
    for (size_t begin = 0; begin < J;) {
      size_t end = begin;
      while (end < J && theta(order[end]) == theta(order[begin])) ++end;
      for (size_t k = begin; k < end; ++k) {
        const size_t place = begin + (k - begin + static_cast<size_t>(draw)) % (end - begin);
        ++counts.rank[order[k] * J + place];
        if (place == 0) ++counts.best[order[k]];
      }
      if (begin == 0 && end > 1) ++counts.shared;
      begin = end;
    }
    for (size_t i = 0; i < J; ++i)
      for (size_t j = 0; j < J; ++j) counts.pairwise[i * J + j] += theta(i) > theta(j);
  }
  std::sort(counts.maxima.begin(), counts.maxima.end());
  return counts;
}

template <class T>
void expect_counts_of(const DrawsOf<T>& draws, const DrawSummary& summary) {
  const Counted expected = counted(draws);
  EXPECT_EQ(summary.derived.best.counts, expected.best);
  EXPECT_EQ(summary.derived.rank.counts, expected.rank);
  EXPECT_EQ(summary.derived.pairwise.counts, expected.pairwise);
  EXPECT_EQ(summary.derived.shared.counts, Counts{expected.shared});
  const LargestEffect& largest = summary.derived.max.at(0);
  EXPECT_EQ(largest.school,
            std::max_element(expected.best.begin(), expected.best.end()) - expected.best.begin());
  for (size_t k = 0; k < summary.probabilities.size(); ++k) {
    // The order statistics that are nearer than rank_error hold the quantile between them.
    const double rank = summary.probabilities[k] * static_cast<double>(draws.n - 1);
    const auto at = [&](double r) {
      return expected
          .maxima[static_cast<size_t>(std::clamp(r, 0.0, static_cast<double>(draws.n - 1)))];
    };
    EXPECT_LE(at(std::floor(rank - largest.rank_error)), largest.quantiles[k]);
    EXPECT_GE(at(std::ceil(rank + largest.rank_error)), largest.quantiles[k]);
  }
}

struct Case {
  Data data;
  const char* tau_prior;
  const char* mu_prior;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {{{3}, {2}, {}}, "half_normal:1", "normal:0,5"},
      {many_schools(2), "half_cauchy:2", "flat"},
      {many_schools(5), "fixed:0", "flat"},
      {many_schools(7), "fixed:inf", "flat"},
      {eight_schools(), "uniform", "flat"},
      {eight_schools(), "fixed:1e-14", "flat"},  // some tie, by rounding
      {many_schools(30), "half_cauchy:5", "uniform:-20,20"}};
  return kCases;
}

DeriveRequest all_of(const Data& data) {
  DeriveRequest request = kAll;
  if (data.n_schools() < 2) request.checks.pop_back();
  return request;
}

TEST(Derived, CountsAreThoseOfStoredDraws) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(testing::Message() << "J = " << c.data.n_schools() << ", tau " << c.tau_prior);
    const Posterior posterior(c.data, c.tau_prior, c.mu_prior, {"cpu", 2});
    for (const int64_t n :
         {int64_t{1}, int64_t{7}, int64_t{8192 + 17}, int64_t{20'003}, int64_t{101'003}}) {
      SCOPED_TRACE(n);
      expect_counts_of(posterior.draw(n, kSeed), derive(posterior, n, all_of(c.data)));
      expect_counts_of(posterior.draw_single(n, kSeed),
                       derive(posterior, n, all_of(c.data), Precision::kSingle));
    }
  }
}

TEST(Derived, TiesOfAllOfManySchoolsAreCountedLikeOthers) {
  for (const char* tau : {"fixed:0", "mixture:0.5*fixed:0+0.5*half_normal:3"}) {
    SCOPED_TRACE(tau);
    const Posterior posterior(many_schools(70), tau, "flat", {"cpu", 2});
    expect_counts_of(posterior.draw(9001, kSeed), derive(posterior, 9001));
    expect_counts_of(posterior.draw_single(9001, kSeed),
                     derive(posterior, 9001, kAll, Precision::kSingle));
  }
}

TEST(Derived, EveryPartAloneIsThatOfAll) {
  const Posterior posterior(eight_schools(), "uniform", "flat", {"cpu", 1});
  const DrawSummary all = derive(posterior, 20'000);
  EXPECT_EQ(derive(posterior, 20'000, parse_derive("best")).derived.best.counts,
            all.derived.best.counts);
  EXPECT_EQ(derive(posterior, 20'000, parse_derive("rank")).derived.rank.counts,
            all.derived.rank.counts);
  EXPECT_EQ(derive(posterior, 20'000, parse_derive("pairwise")).derived.pairwise.counts,
            all.derived.pairwise.counts);
  EXPECT_EQ(derive(posterior, 20'000, parse_derive("max")).derived.max.at(0).quantiles,
            all.derived.max.at(0).quantiles);
  for (size_t k = 0; k < all.checks.size(); ++k) {
    const DrawSummary alone = derive(posterior, 20'000, parse_derive("", all.checks[k].statistic));
    EXPECT_EQ(alone.checks.at(0).count, all.checks[k].count);
    EXPECT_SAME_BITS((std::vector<double>{alone.checks[0].mean, alone.checks[0].sd}),
                     (std::vector<double>{all.checks[k].mean, all.checks[k].sd}));
    EXPECT_TRUE(alone.derived.best.counts.empty() && alone.derived.max.empty());
  }
}

TEST(Derived, SharesAddUp) {
  for (const Case& c : cases()) {
    const auto J = static_cast<size_t>(c.data.n_schools());
    constexpr uint64_t kDraws = 110'000;
    const DerivedSummary d =
        derive(Posterior(c.data, c.tau_prior, c.mu_prior, {"cpu", 1}), kDraws, all_of(c.data))
            .derived;
    EXPECT_EQ(std::accumulate(d.best.counts.begin(), d.best.counts.end(), uint64_t{0}), kDraws);
    for (size_t i = 0; i < J; ++i) {
      uint64_t row = 0, column = 0;
      for (size_t j = 0; j < J; ++j) {
        row += d.rank.counts[i * J + j];
        column += d.rank.counts[j * J + i];
        EXPECT_LE(d.pairwise.counts[i * J + j] + d.pairwise.counts[j * J + i], kDraws);
      }
      EXPECT_EQ(row, kDraws);
      EXPECT_EQ(column, kDraws);
      EXPECT_EQ(d.best.counts[i], d.rank.counts[i * J]);
      EXPECT_EQ(d.pairwise.counts[i * J + i], 0u);
      EXPECT_EQ(d.best.se[i],
                std::sqrt(d.best.p[i] * (1 - d.best.p[i]) / static_cast<double>(kDraws)));
    }
  }
}

TEST(Derived, CompletePoolingSharesEveryRankEqually) {
  const DerivedSummary d =
      derive(Posterior(eight_schools(), "fixed:0", "flat", {"cpu", 1}), 8000).derived;
  EXPECT_EQ(d.best.counts, Counts(8, 1000));
  EXPECT_EQ(d.rank.counts, Counts(64, 1000));
  EXPECT_EQ(d.pairwise.counts, Counts(64, 0));
  EXPECT_EQ(d.shared.counts, Counts{8000});
}

// ---- against exact values

// z is 0.33 and -0.59.
TEST(Derived, EightSchoolsHaveTheirKnownProbabilities) {
  const Posterior posterior(eight_schools(), "uniform", "flat", {"cpu", 2});
  constexpr int64_t kDraws = 4'000'000;
  int64_t above_28 = 0;
  const DrawSummary summary = posterior.draw_summary(
      kDraws, 1, {}, false,
      [&](const DrawBlock& block) {
        for (const double theta : block.theta(0)) above_28 += theta > 28;
      },
      Precision::kDouble, parse_derive("pairwise"));
  const Shares& pairwise = summary.derived.pairwise;
  expect_share(pairwise.p[2], pairwise.se[2], 0.680535);  // A before C
  const double p = static_cast<double>(above_28) / static_cast<double>(kDraws);
  expect_share(p, std::sqrt(p * (1 - p) / static_cast<double>(kDraws)), 0.043535);
}

// No pooling: theta_j ~ N(y_j, sigma_j^2) apart from each other, and y_rep_j ~ N(y_j, 2 sigma_j^2).
TEST(Derived, NoPoolingHasItsClosedForms) {
  const Data data = eight_schools();
  const double n = static_cast<double>(data.n_schools());
  double product = 1, largest_product = 1, variance = 0, mean = 0;
  for (size_t j = 0; j < 8; ++j) {
    product *= normal_cdf((28 - data.y[j]) / (std::sqrt(2.0) * data.sigma[j]));
    largest_product *= normal_cdf((-3 - data.y[j]) / -(std::sqrt(2.0) * data.sigma[j]));
    variance += 2 * data.sigma[j] * data.sigma[j] / (n * n);
    mean += data.y[j] / n;
  }
  for (const Precision precision : {Precision::kDouble, Precision::kSingle}) {
    const DrawSummary s =
        derive(Posterior(data, "fixed:inf", "flat", {"cpu", 2}), 1'000'000, kAll, precision);
    for (size_t i = 0; i < 8; ++i)
      for (size_t j = 0; j < i; ++j)
        expect_share(
            s.derived.pairwise.p[i * 8 + j], s.derived.pairwise.se[i * 8 + j],
            normal_cdf((data.y[i] - data.y[j]) / std::hypot(data.sigma[i], data.sigma[j])));
    expect_share(s.checks[0].p_value, s.checks[0].mcse, 1 - product);
    expect_share(s.checks[1].p_value, s.checks[1].mcse, largest_product);
    expect_share(s.checks[2].p_value, s.checks[2].mcse, 0.5);
    EXPECT_NEAR(s.checks[2].mean, mean, 4 * std::sqrt(variance / 1e6));
    EXPECT_NEAR(s.checks[2].sd, std::sqrt(variance), 4 * std::sqrt(variance / 2e6));
    EXPECT_EQ(s.checks[0].observed, 28);
    EXPECT_EQ(s.checks[1].observed, -3);
    EXPECT_DOUBLE_EQ(s.checks[2].observed, 8.75);
    EXPECT_DOUBLE_EQ(s.checks[3].observed, 10.443726756834868);  // statistics.stdev of Python
  }
}

// ---- the largest effect, from counts

TEST(Derived, LargestEffectOfManyDrawsIsTheSampleOfTheirMaxima) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat", {"cpu", 2});
  constexpr int64_t kDraws = 300'001;
  const std::vector<double> maxima = counted(posterior.draw(kDraws, kSeed)).maxima;
  const LargestEffect largest = derive(posterior, kDraws).derived.max.at(0);
  double sum = 0, squares = 0;
  for (const double x : maxima) sum += x;
  for (const double x : maxima) squares += std::pow(x - sum / kDraws, 2);
  EXPECT_NEAR(largest.mean, sum / kDraws, 1e-9);
  EXPECT_NEAR(largest.sd, std::sqrt(squares / (kDraws - 1)), 1e-9);
  EXPECT_NEAR(largest.se_mean, largest.sd / std::sqrt(kDraws), 1e-12);
  EXPECT_GT(largest.rank_error, 0);
  EXPECT_LT(largest.rank_error, 20);
}

TEST(Derived, LargestEffectOfFewDrawsIsSorted) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat", {"cpu", 2});
  const std::vector<double> maxima = counted(posterior.draw(10'001, kSeed)).maxima;
  const LargestEffect largest = derive(posterior, 10'001).derived.max.at(0);
  EXPECT_EQ(largest.quantiles, (std::vector<double>{maxima[250], maxima[2500], maxima[5000],
                                                    maxima[7500], maxima[9750]}));
  EXPECT_EQ(largest.rank_error, 0);
}

// ---- the same whatever counts

std::vector<double> values(const DrawSummary& s) {
  std::vector<double> all;
  for (const Shares* shares :
       {&s.derived.best, &s.derived.rank, &s.derived.pairwise, &s.derived.shared}) {
    all.insert(all.end(), shares->counts.begin(), shares->counts.end());
    all.insert(all.end(), shares->p.begin(), shares->p.end());
    all.insert(all.end(), shares->se.begin(), shares->se.end());
  }
  for (const LargestEffect& m : s.derived.max) {
    all.insert(all.end(), {m.mean, m.se_mean, m.sd, m.rank_error, static_cast<double>(m.school)});
    all.insert(all.end(), m.quantiles.begin(), m.quantiles.end());
  }
  for (const PredictiveCheck& c : s.checks)
    all.insert(all.end(),
               {c.observed, c.mean, c.sd, c.p_value, c.mcse, static_cast<double>(c.count)});
  return all;
}

TEST(Derived, ThreadsGiveTheBitsOfOne) {
  for (const Precision precision : {Precision::kDouble, Precision::kSingle})
    for (const int64_t n : {int64_t{40'007}, int64_t{180'007}}) {
      const auto one = values(
          derive(Posterior(eight_schools(), "uniform", "flat", {"cpu", 1}), n, kAll, precision));
      for (const int threads : {2, 7})
        EXPECT_SAME_BITS(
            one, values(derive(Posterior(eight_schools(), "uniform", "flat", {"cpu", threads}), n,
                               kAll, precision)));
    }
}

TEST(Derived, InstructionSetsGiveTheSameBits) {
  std::vector<double> first;
  for (const CpuKernels* kernels : cpu_kernels_available()) {
    setenv("TAUGRID_ISA", kernels->isa, 1);
    const Posterior posterior(eight_schools(), "half_cauchy:5", "flat", {"cpu", 2});
    unsetenv("TAUGRID_ISA");
    auto bits = values(derive(posterior, 120'007));
    const auto single = values(derive(posterior, 120'007, kAll, Precision::kSingle));
    bits.insert(bits.end(), single.begin(), single.end());
    if (first.empty()) first = bits;
    EXPECT_SAME_BITS(first, bits) << kernels->isa;
  }
}

TEST(Derived, SummaryBesideItIsTheSame) {
  const Posterior posterior(eight_schools(), "uniform", "flat", {"cpu", 2});
  const DrawSummary with = derive(posterior, 120'007), without = derive(posterior, 120'007, {});
  EXPECT_TRUE(without.derived.best.p.empty() && without.derived.max.empty() &&
              without.checks.empty());
  for (size_t k = 0; k < with.parameters.size(); ++k) {
    EXPECT_EQ(with.parameters[k].mean, without.parameters[k].mean);
    EXPECT_EQ(with.parameters[k].quantiles, without.parameters[k].quantiles);
  }
}

// ---- what is refused

TEST(Derived, RefusesWhatIsNotToBeHad) {
  EXPECT_EQ(refusal([] { parse_derive("best,rnak"); }),
            "derive 'best,rnak': 'rnak' is unknown, must be one of best, rank, pairwise, max, "
            "separated by commas");
  EXPECT_EQ(refusal([] { parse_derive("", "sd,max,sd"); }),
            "check 'sd,max,sd': 'sd' is there twice");
  const Posterior one({{3}, {2}, {}}, "half_normal:1", "normal:0,5", {"cpu", 1});
  EXPECT_EQ(refusal([&] { derive(one, 10, parse_derive("", "sd")); }),
            "check sd: there is 1 school, must be at least 2");
  DeriveRequest unknown;
  unknown.checks = {"median"};
  EXPECT_EQ(refusal([&] { derive(one, 10, unknown); }),
            "check 'median': 'median' is unknown, must be one of max, min, mean, sd, separated by "
            "commas");
}

TEST(Derived, RanksAndPairsAreOfTwoThousandSchoolsAtMost) {
  const Posterior many(many_schools(2001), "fixed:5", "flat", {"cpu", 1});
  for (const char* what : {"rank", "pairwise"})
    EXPECT_EQ(refusal([&] { derive(many, 10, parse_derive(what)); }),
              std::string("derive ") + what +
                  ": there are 2001 schools, must be at most 2000 (J x J counts in every thread; "
                  "best and max have no "
                  "such limit)");
  const DrawSummary best = derive(many, 10, parse_derive("best,max"));
  EXPECT_EQ(std::accumulate(best.derived.best.counts.begin(), best.derived.best.counts.end(),
                            uint64_t{0}),
            10u);
  const Posterior most(many_schools(2000), "fixed:5", "flat", {"cpu", 1});
  expect_counts_of(most.draw(20, kSeed), derive(most, 20));
}

}  // namespace
}  // namespace taugrid
