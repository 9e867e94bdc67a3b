// kernels/math/truncated_normal.h against MPFR: the mass, mean and variance of a normal between two
// bounds, and its quantiles, for bounds from 1e-6 sd to 2000 sd apart, up to 1000 sd from the mean
// on either side, and for bounds of which one is far away.
#include "kernels/math/truncated_normal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/ulp.h"

namespace taugrid {
namespace {

using One = Scalar<>;
constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr int kBits = 192;  // differences of Phi lose 60 of them at most

struct Bounds {
  double lower, upper;
};
void PrintTo(const Bounds& bounds, std::ostream* out) {
  *out << "[" << testing::PrintToString(bounds.lower) << ", "
       << testing::PrintToString(bounds.upper) << "]";
}

// Middles on both sides, from the centre to `far`; widths from `narrow` to 2000; and one bound far
// away.
std::vector<Bounds> bounds_up_to(double far, double narrow) {
  std::vector<Bounds> all;
  const std::vector<double> middles = log_samples(1e-3, far, 160),
                            widths = log_samples(narrow, 2e3, 163);
  for (size_t i = 0; i < middles.size(); ++i) {
    const double sign = i % 2 == 0 ? 1 : -1;
    const double half = 0.5 * widths[i * 37 % widths.size()];
    all.push_back({sign * middles[i] - half, sign * middles[i] + half});
    if (!(all.back().lower < all.back().upper)) all.pop_back();
  }
  for (const double near : {-8.0, -1.0, -0.01, 0.0, 0.3, 2.0, 7.5})
    for (const double away : {50.0, 1e4, 1e9}) all.insert(all.end(), {{near, away}, {-away, near}});
  return all;
}

Oracle wide_number(double x) { return Oracle(x, kBits); }
Oracle upper_tail(const Oracle& x) { return mpfr::erfc(x / mpfr::sqrt(wide_number(2))) / 2; }
Oracle pdf(const Oracle& x) {
  return mpfr::exp(-x * x / 2) / mpfr::sqrt(2 * mpfr::const_pi(kBits));
}
Oracle mass_between(double a, double b) {
  const Oracle lower = wide_number(a), upper = wide_number(b);
  return a > 0 ? upper_tail(lower) - upper_tail(upper) : upper_tail(-upper) - upper_tail(-lower);
}

class TruncatedNormal : public testing::Test {
 protected:
  void SetUp() override { mpfr::mpreal::set_default_prec(kBits); }
};
using LogTruncatedMass = TruncatedNormal;
using TruncatedMean = TruncatedNormal;
using TruncatedVariance = TruncatedNormal;
using TruncatedNormalQuantile = TruncatedNormal;

TEST_F(LogTruncatedMass, IsWithinAFewRoundings) {
  for (const Bounds& bounds : bounds_up_to(1000, 1e-6)) {
    const double exact = mpfr::log(mass_between(bounds.lower, bounds.upper)).toDouble();
    EXPECT_NEAR(log_truncated_mass<One>(bounds.lower, bounds.upper, 0.0, 1.0), exact,
                4e-15 * (1 + std::abs(exact)))
        << testing::PrintToString(bounds);
  }
}

TEST_F(LogTruncatedMass, OfEverythingIsZero) {
  EXPECT_EQ(log_truncated_mass<One>(-40.0, 40.0, 0.0, 1.0), 0.0);
  EXPECT_EQ(log_truncated_mass<One>(-1e300, 1e300, 0.0, 1.0), 0.0);
  EXPECT_EQ(log_truncated_mass<One>(-1e6, 1e6, 3.0, 0.01), 0.0);
}

TEST_F(LogTruncatedMass, MovesAndScalesWithTheNormal) {
  // Exactly representable in every unit.
  for (const Bounds& bounds : {Bounds{-1.5, 0.25}, {3.0, 3.5}, {-20.0, -16.0}})
    EXPECT_EQ(log_truncated_mass<One>(8 * bounds.lower + 5, 8 * bounds.upper + 5, 5.0, 0.125),
              log_truncated_mass<One>(bounds.lower, bounds.upper, 0.0, 1.0));
}

TEST_F(LogTruncatedMass, IsSymmetric) {
  for (const Bounds& bounds : bounds_up_to(1000, 1e-6))
    EXPECT_EQ(log_truncated_mass<One>(bounds.lower, bounds.upper, 0.0, 1.0),
              log_truncated_mass<One>(-bounds.upper, -bounds.lower, 0.0, 1.0))
        << testing::PrintToString(bounds);
}

TEST_F(TruncatedMean, IsWithinAFewRoundings) {
  for (const Bounds& bounds : bounds_up_to(1000, 1e-6)) {
    const Oracle a = wide_number(bounds.lower), b = wide_number(bounds.upper);
    const Oracle mass = mass_between(bounds.lower, bounds.upper), exact = (pdf(a) - pdf(b)) / mass;
    const double sd = mpfr::sqrt(1 + (a * pdf(a) - b * pdf(b)) / mass - exact * exact).toDouble();
    EXPECT_NEAR(truncated_mean<One>(bounds.lower, bounds.upper, 0.0, 1.0), exact.toDouble(),
                8 * kEps * std::abs(exact.toDouble()) + 1e-14 * sd)
        << testing::PrintToString(bounds);
  }
}

TEST_F(TruncatedMean, LiesBetweenTheBounds) {
  for (const Bounds& bounds : bounds_up_to(1e8, 1e-12)) {
    const double mean = truncated_mean<One>(bounds.lower, bounds.upper, 0.0, 1.0);
    EXPECT_GE(mean, bounds.lower) << testing::PrintToString(bounds);
    EXPECT_LE(mean, bounds.upper) << testing::PrintToString(bounds);
  }
}

TEST_F(TruncatedVariance, IsAccurateRelativeToItself) {
  for (const Bounds& bounds : bounds_up_to(1000, 1e-6)) {
    const Oracle a = wide_number(bounds.lower), b = wide_number(bounds.upper);
    const Oracle mass = mass_between(bounds.lower, bounds.upper), mean = (pdf(a) - pdf(b)) / mass;
    const double exact = (1 + (a * pdf(a) - b * pdf(b)) / mass - mean * mean).toDouble();
    // What the bounds' own rounding does to their distance.
    const double width = bounds.upper - bounds.lower, slack = kEps * std::abs(bounds.upper) / width;
    EXPECT_NEAR(truncated_variance<One>(bounds.lower, bounds.upper, 0.0, 1.0) / exact, 1,
                1e-12 + 4 * slack)
        << testing::PrintToString(bounds);
  }
}

TEST_F(TruncatedVariance, OfEverythingIsTheNormalsOwn) {
  EXPECT_NEAR(truncated_variance<One>(-1e300, 1e300, 3.0, 0.25), 16, 1e-12);
}

TEST_F(TruncatedVariance, OfANarrowIntervalIsThatOfAUniform) {
  EXPECT_NEAR(truncated_variance<One>(5.0, 5.0 + 0x1p-30, 4.0, 1.0) * 0x1p60, 1 / 12.0, 1e-9);
}

// |F(x) - u| <= 1e-9 where x may be off by four spacings of doubles. (An interval narrower than
// 1e-6 sd would ask for more: log Phi carries 1e-16.)
TEST_F(TruncatedNormalQuantile, InvertsTheDistributionFunction) {
  for (const Bounds& bounds : bounds_up_to(300, 1e-6)) {
    const Oracle all = mass_between(bounds.lower, bounds.upper);
    for (const double u : {1e-12, 0.02, 0.5, 0.9, 1 - 1e-12}) {
      const double x = truncated_normal_quantile<One>(bounds.lower, bounds.upper, 0.0, 1.0, u);
      const double slack = 4 * kEps * std::abs(x);
      const double below = (mass_between(bounds.lower, x - slack) / all).toDouble();
      const double above = (mass_between(bounds.lower, x + slack) / all).toDouble();
      EXPECT_TRUE(below - 1e-9 <= u && u <= above + 1e-9)
          << testing::PrintToString(bounds) << " " << u << " " << testing::PrintToString(x) << " "
          << below - u;
    }
  }
}

TEST_F(TruncatedNormalQuantile, StaysBetweenTheBoundsAndRises) {
  for (const Bounds& bounds : bounds_up_to(1e8, 1e-12)) {
    double before = bounds.lower;
    for (const double u : {0x1p-54, 1e-9, 0.01, 0.3, 0.5, 0.7, 0.99, 1 - 1e-9, 1 - 0x1p-53}) {
      const double x = truncated_normal_quantile<One>(bounds.lower, bounds.upper, 0.0, 1.0, u);
      // Rises but for rounding, which is that of a number near 1 or near x.
      EXPECT_GE(x, before - 4 * kEps * (1 + std::abs(before)))
          << testing::PrintToString(bounds) << " " << u;
      EXPECT_LE(x, bounds.upper) << testing::PrintToString(bounds) << " " << u;
      EXPECT_GE(x, bounds.lower) << testing::PrintToString(bounds) << " " << u;
      before = x;
    }
  }
}

TEST_F(TruncatedNormal, HasTheSameBitsAtEveryWidth) {
  std::vector<double> means = join(uniform_samples(-30, 30, 400), uniform_samples(-1, 3, 400));
  const auto mass = TAUGRID_LANES(log_truncated_mass<L>(-1.0, 2.5, x, L::splat(1.25)));
  const auto mean = TAUGRID_LANES(truncated_mean<L>(-1.0, 2.5, x, L::splat(1.25)));
  const auto narrow = TAUGRID_LANES(truncated_mean<L>(-1.0, -0.9, x, L::splat(1.25)));
  const auto variance = TAUGRID_LANES(truncated_variance<L>(-1.0, 2.5, x, L::splat(1.25)));
  const auto quantile =
      TAUGRID_LANES(truncated_normal_quantile<L>(-1.0, 2.5, x, L::splat(0.8), L::splat(0.37)));
  expect_same_bits_at_every_width(mass, means);
  expect_same_bits_at_every_width(mean, means);
  expect_same_bits_at_every_width(narrow, means);
  expect_same_bits_at_every_width(variance, means);
  expect_same_bits_at_every_width(quantile, means);
}

}  // namespace
}  // namespace taugrid
