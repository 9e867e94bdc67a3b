// The summary of draws against the draws themselves: order statistics, moments in long double, and
// what it says of constants and of what does not exist. Up to 10^5 draws are sorted, more are
// counted.
#include "host/taugrid/draw_summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/data_sets.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

constexpr uint64_t kSeed = 11;
constexpr int64_t kSorted = 100'000;

struct Case {
  const char* name;
  Data data;
  const char* tau_prior;
  const char* mu_prior;
  int64_t n;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::vector<Case> cases() {
  Data far = eight_schools();  // the mean is 10^9 sd away from 0
  for (double& y : far.y) y += 1e10;
  return {
      {"OneDraw", eight_schools(), "uniform", "flat", 1},
      {"TwoDraws", eight_schools(), "uniform", "flat", 2},
      {"Thousand", eight_schools(), "uniform", "flat", 1000},
      {"LastSorted", eight_schools(), "uniform", "flat", kSorted},
      {"FirstCounted", eight_schools(), "uniform", "flat", kSorted + 1},
      {"MillionAndOne", eight_schools(), "half_cauchy:5", "flat", 1'000'001},
      {"HeavyTail", many_schools(3), "uniform", "flat", 200'000},
      {"TruncatedMu", many_schools(2), "half_normal:1", "uniform:-20,20", 200'000},
      {"FarFromZero", far, "half_cauchy:5", "flat", 200'000},
      {"ManySchools", many_schools(1000), "half_cauchy:5", "flat",
       8500},  // counted: so many values
  };
}

class DrawSummaryOf : public testing::TestWithParam<Case> {
 protected:
  static Posterior posterior() {
    const Case& c = GetParam();
    return Posterior(c.data, c.tau_prior, c.mu_prior, {"cpu", 2});
  }
  const int64_t n = GetParam().n;
  const DrawSummary summary = posterior().draw_summary(n, kSeed);
  const Draws draws = posterior().draw(n, kSeed);

  std::vector<double> values(size_t parameter) const {
    const auto column = draws.view().column(static_cast<int64_t>(parameter));
    return {column.begin(), column.end()};
  }
};

INSTANTIATE_TEST_SUITE_P(Cases, DrawSummaryOf, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(DrawSummaryOf, QuantilesAreWithinTheirRankErrorOfTheOrderStatistics) {
  for (size_t k = 0; k < summary.parameters.size(); ++k) {
    const SampleSummary& sample = summary.parameters[k];
    std::vector<double> sorted = values(k);
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 0; i < summary.probabilities.size(); ++i) {
      const double rank = summary.probabilities[i] * static_cast<double>(n - 1);
      // The quantile lies between the order statistics below - 1 and below, from 0 on.
      const auto below = static_cast<double>(
          std::lower_bound(sorted.begin(), sorted.end(), sample.quantiles[i]) - sorted.begin());
      const double distance = std::max({0.0, rank - below, below - 1 - rank});
      EXPECT_LE(distance, sample.rank_error)
          << "parameter " << k << ", p " << summary.probabilities[i];
    }
    EXPECT_TRUE(std::is_sorted(sample.quantiles.begin(), sample.quantiles.end()));
    // About 0.05 sqrt(n) draws share a bin at most, and a few by chance.
    EXPECT_LE(sample.rank_error, 0.05 * std::sqrt(static_cast<double>(n)) + 10)
        << "parameter " << k;
  }
}

TEST_P(DrawSummaryOf, MomentsAreThoseOfTheDraws) {
  for (size_t k = 0; k < summary.parameters.size(); ++k) {
    const SampleSummary& sample = summary.parameters[k];
    long double mean = 0, squares = 0;
    double size = 0;
    for (const double x : values(k)) {
      mean += x;
      size = std::max(size, std::abs(x));
    }
    mean /= static_cast<long double>(n);
    EXPECT_NEAR(sample.mean, static_cast<double>(mean), 1e-14 * size) << "parameter " << k;
    if (n == 1) {
      EXPECT_TRUE(std::isnan(sample.sd));
      EXPECT_TRUE(std::isnan(sample.se_mean));
      continue;
    }
    for (const double x : values(k)) squares += (x - mean) * (x - mean);
    const double sd = static_cast<double>(std::sqrt(squares / static_cast<long double>(n - 1)));
    EXPECT_NEAR(sample.sd, sd, 1e-12 * sd) << "parameter " << k;
  }
}

TEST(DrawSummary, SaysWhatItIsOf) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat", {"cpu", 2});
  for (const int64_t n : {int64_t{1000}, int64_t{200'000}}) {
    const DrawSummary summary = posterior.draw_summary(n, kSeed);
    EXPECT_EQ(summary.draws, n);
    EXPECT_EQ(summary.seed, kSeed);
    EXPECT_EQ(summary.precision, "double");
    EXPECT_EQ(summary.backend, posterior.backend());
    EXPECT_EQ(summary.probabilities, (std::vector<double>{0.025, 0.25, 0.5, 0.75, 0.975}));
    EXPECT_EQ(summary.parameters.size(), 11u);
    EXPECT_GT(summary.draws_per_second, 0.0);
  }
}

TEST(DrawSummary, OfFewDrawsHasTheExactOrderStatistics) {
  const Posterior posterior(eight_schools(), "uniform", "flat", {"cpu", 1});
  for (const int64_t n : {int64_t{1}, int64_t{41}, int64_t{1000}, kSorted}) {
    const DrawSummary streamed = posterior.draw_summary(n, kSeed);
    const DrawSummary stored = summarise(posterior.draw(n, kSeed), kSeed);
    for (size_t k = 0; k < stored.parameters.size(); ++k) {
      EXPECT_EQ(streamed.parameters[k].rank_error, 0.0);
      EXPECT_EQ(stored.parameters[k].rank_error, 0.0);
      EXPECT_SAME_BITS(streamed.parameters[k].quantiles, stored.parameters[k].quantiles) << n;
    }
  }
}

// R's type 7: at p (n - 1) between order statistics from 0 on, linearly.
TEST(DrawSummary, QuantilesOfStoredDrawsAreTypeSeven) {
  Draws draws;
  draws.n = 5;
  draws.n_schools = 1;
  draws.values = Buffer(20);
  for (int i = 0; i < 20; ++i)
    draws.values.data()[i] = std::vector{4.0, 1.0, 16.0, 2.0, 8.0}[static_cast<size_t>(i % 5)];
  for (const SampleSummary& sample : summarise(draws, kSeed).parameters) {
    EXPECT_SAME_BITS(sample.quantiles, (std::vector<double>{1.1, 2, 4, 8, 15.2}));
    EXPECT_EQ(sample.mean, 6.2);
    EXPECT_DOUBLE_EQ(sample.sd, std::sqrt(37.2));
    EXPECT_DOUBLE_EQ(sample.se_mean, std::sqrt(37.2 / 5));
  }
}

TEST(DrawSummary, OfSeMeanIsSdByRootN) {
  for (const int64_t n : {int64_t{1000}, int64_t{200'000}}) {
    const DrawSummary summary =
        Posterior(eight_schools(), "half_cauchy:5", "flat").draw_summary(n, kSeed);
    for (const SampleSummary& sample : summary.parameters)
      EXPECT_DOUBLE_EQ(sample.se_mean, sample.sd / std::sqrt(static_cast<double>(n)));
  }
}

TEST(DrawSummary, OfAKnownTauIsThatValue) {
  for (const char* tau : {"0", "8", "0.1"})
    for (const int64_t n : {int64_t{1000}, int64_t{200'000}}) {
      const double value = std::stod(tau);
      const SampleSummary sample = Posterior(eight_schools(), std::string("fixed:") + tau, "flat")
                                       .draw_summary(n, kSeed)
                                       .parameters[0];
      EXPECT_EQ(sample.mean, value) << n;
      EXPECT_EQ(sample.sd, 0.0) << n;
      EXPECT_EQ(sample.se_mean, 0.0) << n;
      EXPECT_EQ(sample.rank_error, 0.0) << n;
      EXPECT_EQ(sample.quantiles, std::vector<double>(5, value)) << n;
    }
}

TEST(DrawSummary, SaysNothingOfWhatDoesNotExist) {
  const auto expect_absent = [](const SampleSummary& sample) {
    for (const double x : {sample.mean, sample.se_mean, sample.sd}) EXPECT_TRUE(std::isnan(x));
    for (const double x : sample.quantiles) EXPECT_TRUE(std::isnan(x));
    EXPECT_TRUE(std::isnan(sample.rank_error));
  };
  for (const int64_t n : {int64_t{1000}, int64_t{200'000}}) {
    const DrawSummary flat = Posterior(eight_schools(), "fixed:inf", "flat").draw_summary(n, kSeed);
    expect_absent(flat.parameters[1]);
    expect_absent(flat.parameters[10]);
    EXPECT_NEAR(flat.parameters[2].mean, 28, 5 * 15 / std::sqrt(static_cast<double>(n)));
    const DrawSummary proper =
        Posterior(eight_schools(), "fixed:inf", "normal:1,3").draw_summary(n, kSeed);
    EXPECT_NEAR(proper.parameters[1].mean, 1, 5 * 3 / std::sqrt(static_cast<double>(n)));
    expect_absent(proper.parameters[10]);
  }
}

// With three schools and uniform tau the law of tau has no mean: its sample's error is no number.
TEST(DrawSummary, HasNoStandardErrorWhereThereIsNoSd) {
  for (const int64_t n : {int64_t{1000}, int64_t{200'000}}) {
    const DrawSummary summary =
        Posterior(many_schools(3), "uniform", "flat").draw_summary(n, kSeed);
    for (const size_t k : {0u, 1u, 5u}) EXPECT_TRUE(std::isnan(summary.parameters[k].se_mean)) << k;
    EXPECT_TRUE(std::isfinite(summary.parameters[2].se_mean));
  }
}

TEST(DrawSummary, ReportsProgressUpToTheLastDraw) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat", {"cpu", 2});
  for (const int64_t n : {int64_t{1000}, int64_t{200'000}}) {
    std::vector<int64_t> done;
    posterior.draw_summary(n, kSeed, {[&](int64_t d) { done.push_back(d); }, {}});
    ASSERT_FALSE(done.empty()) << n;
    EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
    EXPECT_EQ(done.back(), n);
  }
}

TEST(DrawSummary, StopsWhenAskedTo) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat", {"cpu", 2});
  for (const int64_t n : {int64_t{1000}, int64_t{1'000'000}}) {
    int asked = 0;
    EXPECT_THROW(
        posterior.draw_summary(n, kSeed, {{}, [&] { return ++asked == (n > 1000 ? 3 : 1); }}),
        Stopped)
        << n;
  }
}

TEST(DrawBlocks, ReportProgressAndStop) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat", {"cpu", 2});
  std::vector<int64_t> done;
  int64_t seen = 0;
  posterior.draw_blocks(20'000, kSeed, false, [&](const DrawBlock& block) { seen += block.size(); },
                        {[&](int64_t d) { done.push_back(d); }, {}});
  EXPECT_EQ(done, (std::vector<int64_t>{8192, 16384, 20'000}));
  EXPECT_EQ(seen, 20'000);
  seen = 0;
  EXPECT_THROW(posterior.draw_blocks(1'000'000, kSeed, false,
                                     [&](const DrawBlock& block) { seen += block.size(); },
                                     {{}, [&] { return seen >= 3 * 8192; }}),
               Stopped);
  EXPECT_EQ(seen, 3 * 8192);
}

// ---- many schools

// Everything that a summary says, and the draws that `also` saw.
std::vector<double> streamed(const Engine& engine, int64_t n, Precision precision) {
  std::vector<double> all;
  std::vector<std::vector<double>> seen(3);
  const auto also = [&](const DrawBlock& block) {
    EXPECT_EQ(block.first(), seen[0].size());
    for (size_t k = 0; k < 3; ++k) {
      const auto column = k == 0 ? block.tau() : k == 1 ? block.theta(1198) : block.lp();
      seen[k].insert(seen[k].end(), column.begin(), column.end());
    }
  };
  const DrawSummary summary = summarise_stream(engine, n, kSeed, {}, true, also, precision,
                                               parse_derive("best,rank,max", "max,mean,sd"));
  for (const SampleSummary& sample : summary.parameters) {
    all.insert(all.end(), {sample.mean, sample.sd, sample.rank_error});
    all.insert(all.end(), sample.quantiles.begin(), sample.quantiles.end());
  }
  for (const uint64_t count : summary.derived.best.counts)
    all.push_back(static_cast<double>(count));
  for (const uint64_t count : summary.derived.rank.counts)
    all.push_back(static_cast<double>(count));
  const LargestEffect& largest = summary.derived.max.at(0);
  all.insert(all.end(), {largest.mean, largest.sd, largest.rank_error});
  all.insert(all.end(), largest.quantiles.begin(), largest.quantiles.end());
  for (const PredictiveCheck& check : summary.checks)
    all.insert(all.end(), {check.mean, check.sd, static_cast<double>(check.count)});
  for (const auto& column : seen) all.insert(all.end(), column.begin(), column.end());
  return all;
}

TEST(DrawSummary, InPartsOfBlocksHasTheBitsOfWholeBlocks) {
  const auto make = [] { return make_model(many_schools(1200), "half_cauchy:5", "flat"); };
  constexpr int64_t kDraws = 8192 + 2048 + 37;  // a block in 4 parts; a ragged one
  Engine whole(make(), "cpu", 1), in_parts(make(), "cpu", 2);
  ASSERT_EQ(part_draws(whole.n_columns(true)), 2048);
  in_parts.most_block_bytes = 1;
  for (const Precision precision : {Precision::kDouble, Precision::kSingle})
    EXPECT_SAME_BITS(streamed(whole, kDraws, precision), streamed(in_parts, kDraws, precision));
}

TEST(DrawSummary, OfFewDrawsThatAreTooLargeToStoreAreCounted) {
  Engine engine(make_model(many_schools(100), "half_cauchy:5", "flat"), "cpu", 2);
  const auto summary = [&] {
    return summarise_stream(engine, 2000, kSeed, {}, false, {}, Precision::kDouble, {});
  };
  const DrawSummary stored = summary();
  engine.most_block_bytes = 1;
  const DrawSummary stored_still = summary();  // so few values are
  EXPECT_EQ(stored_still.parameters[5].quantiles, stored.parameters[5].quantiles);
  const Engine many(make_model(many_schools(3000), "half_cauchy:5", "flat"), "cpu", 2);
  Engine counted(make_model(many_schools(3000), "half_cauchy:5", "flat"), "cpu", 2);
  counted.most_block_bytes = 1;
  const auto of = [](const Engine& e) {
    return summarise_stream(e, 3000, kSeed, {}, false, {}, Precision::kDouble, {}).parameters[7];
  };
  const SampleSummary a = of(many), b = of(counted);
  EXPECT_EQ(a.rank_error, 0.0);
  EXPECT_GT(b.rank_error, 0.0);
  EXPECT_NEAR(a.mean, b.mean, 1e-12 * a.sd);
  for (size_t k = 0; k < a.quantiles.size(); ++k)
    EXPECT_NEAR(a.quantiles[k], b.quantiles[k], 0.03 * a.sd);  // bins of 12 standard errors / 256
}

TEST(DrawSummary, RefusesBeforeItDrawsAndOnRequestBeforeThat) {
  const Posterior posterior(many_schools(2001), "half_cauchy:5", "flat");
  EXPECT_THROW(posterior.check_draw_summary(1000, Precision::kDouble, parse_derive("rank")),
               std::invalid_argument);
  EXPECT_THROW(posterior.check_draw_summary(0), std::invalid_argument);
  EXPECT_NO_THROW(posterior.check_draw_summary(1000, Precision::kSingle, parse_derive("best")));
  const Posterior far({{1e8, 1e8, 2}, {1, 2, 1}, {}}, "half_cauchy:5", "flat");
  EXPECT_NO_THROW(far.check_draw_summary(1000));
  EXPECT_THROW(far.check_draw_summary(1000, Precision::kSingle), std::invalid_argument);
}

}  // namespace
}  // namespace taugrid
