// Each function of kernels/math/normal_distribution.h: its stated maximum error
// against MPFR, its end points, and the same bits at every lane width. A
// quantile is tested through the distribution function: MPFR's Phi at the
// returned x tells how far from the exact quantile x is.
#include "kernels/math/normal_distribution.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/ulp.h"

namespace taugrid {
namespace {

using Points = std::vector<double>;
using One = Scalar<>;

const auto kErfcx = TAUGRID_LANES(erfcx<L>(x));
const auto kMills = TAUGRID_LANES(mills_ratio<L>(x));
const auto kPdf = TAUGRID_LANES(normal_pdf<L>(x));
const auto kTailsPdf = TAUGRID_LANES(normal_tails<L>(x).pdf);
const auto kLower = TAUGRID_LANES(normal_tails<L>(x).lower);
const auto kUpper = TAUGRID_LANES(normal_tails<L>(x).upper);
const auto kLogCdf = TAUGRID_LANES(log_normal_cdf<L>(x));
const auto kQuantile = TAUGRID_LANES(normal_quantile<L>(x));
const auto kQuantileOfLog = TAUGRID_LANES(normal_quantile_of_log<L>(x));

Oracle pi() { return mpfr::const_pi(kOracleBits); }

// exp(x^2) erfc(x) for x >= 0. MPFR's erfc underflows; from 20 on the
// asymptotic series is enough.
Oracle exact_erfcx(const Oracle& x) {
  if (x < 20) return mpfr::exp(x * x) * mpfr::erfc(x);
  const Oracle z = 1 / (2 * x * x);
  Oracle term(1, kOracleBits);
  Oracle sum = term;
  for (int k = 1; k <= 40 && mpfr::abs(term) > 1e-42; ++k) sum += term *= (1 - 2 * k) * z;
  return sum / (x * mpfr::sqrt(pi()));
}
Oracle exact_pdf(const Oracle& x) { return mpfr::exp(-x * x / 2) / mpfr::sqrt(2 * pi()); }
Oracle exact_cdf(const Oracle& x) {
  return mpfr::erfc(-x / mpfr::sqrt(Oracle(2, kOracleBits))) / 2;
}
Oracle exact_mills(const Oracle& x) {
  return exact_erfcx(x / mpfr::sqrt(Oracle(2, kOracleBits))) * mpfr::sqrt(pi() / 2);
}
Oracle exact_log_cdf(const Oracle& x) {
  if (x > 0) return mpfr::log1p(-exact_cdf(-x));
  return mpfr::log(exact_mills(-x) / mpfr::sqrt(2 * pi())) - x * x / 2;
}

const Points kPositive = join(uniform_samples(0.0, 8.0, 4000), uniform_samples(0.0, 40.0, 1500),
                              log_samples(1e-300, 1e300, 4000), neighbours(1e16),
                              Points{0.0, 1e300, 37.449425169943424, 528632.33220144676});
const Points kBothSides =
    join(uniform_samples(-8.0, 8.0, 4000), uniform_samples(-37.0, 37.0, 3000),
         log_samples(1e-300, 37.0, 1000), negated(log_samples(1e-300, 37.0, 1000)),
         Points{0.0, -37.0, 37.0, 7.3261377885355614, -4.9036202233692165, 0.28547645700746216});
const Points kBeyond = Points{-kInfinity, -1e300, -1e9, -40.0, -38.0, -37.66,    -37.64, 37.64,
                              37.66,      38.0,   40.0, 1e9,   1e300, kInfinity, 0.0,    -0.0};

TEST(Erfcx, StaysWithinTheStatedError) { TAUGRID_EXPECT_ULP(5.3, kErfcx, exact_erfcx, kPositive); }
TEST(Erfcx, RunsFromOneToZero) {
  EXPECT_EQ(erfcx<One>(0.0), 1.0);
  EXPECT_EQ(erfcx<One>(kInfinity), 0.0);
}
TEST(Erfcx, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kErfcx, join(kPositive, Points(8, kInfinity)));
}

TEST(MillsRatio, StaysWithinTheStatedError) {
  TAUGRID_EXPECT_ULP(4.9, kMills, exact_mills, kPositive);
}
TEST(MillsRatio, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kMills, join(kPositive, Points(8, kInfinity)));
}

TEST(NormalPdf, StaysWithinTheStatedError) {
  TAUGRID_EXPECT_ULP(1.35, kPdf, exact_pdf, kBothSides);
}
TEST(NormalPdf, VanishesFarOut) {
  for (const double x : {37.66, 1e9, 1e300, kInfinity}) {
    EXPECT_EQ(bits_of(normal_pdf<One>(x)), 0u);
    EXPECT_EQ(bits_of(normal_pdf<One>(-x)), 0u);
  }
}
TEST(NormalPdf, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kPdf, join(kBothSides, kBeyond));
}

TEST(NormalTails, StaysWithinTheStatedError) {
  TAUGRID_EXPECT_ULP(4.6, kLower, exact_cdf, kBothSides);
}
TEST(NormalTails, EndsAtZeroAndOne) {
  for (const double x : {37.66, 1e9, 1e300, kInfinity}) {
    EXPECT_EQ(kLower(One{}, -x), 0.0);
    EXPECT_EQ(kUpper(One{}, -x), 1.0);
    EXPECT_EQ(kLower(One{}, x), 1.0);
    EXPECT_EQ(kUpper(One{}, x), 0.0);
  }
  EXPECT_EQ(kLower(One{}, 0.0), 0.5);
  EXPECT_EQ(kUpper(One{}, 0.0), 0.5);
}
TEST(NormalTails, HasTheBitsOfNormalPdf) {
  for (const double x : kBothSides) ASSERT_EQ(kTailsPdf(One{}, x), kPdf(One{}, x)) << x;
}
TEST(NormalTails, IsSymmetric) {
  for (const double x : kBothSides) ASSERT_EQ(kLower(One{}, x), kUpper(One{}, -x)) << x;
}
TEST(NormalTails, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kTailsPdf, join(kBothSides, kBeyond));
  expect_same_bits_at_every_width(kLower, join(kBothSides, kBeyond));
  expect_same_bits_at_every_width(kUpper, join(kBothSides, kBeyond));
}

const Points kLogCdfArguments = join(kBothSides, negated(log_samples(1e-3, 1e150, 3000)));

TEST(LogNormalCdf, StaysWithinTheStatedError) {
  TAUGRID_EXPECT_ULP(5.2, kLogCdf, exact_log_cdf, kLogCdfArguments);
}
TEST(LogNormalCdf, EndsAtMinusInfinityAndZero) {
  EXPECT_EQ(log_normal_cdf<One>(-kInfinity), -kInfinity);
  EXPECT_EQ(log_normal_cdf<One>(-1e300), -kInfinity);
  EXPECT_EQ(log_normal_cdf<One>(37.66), 0.0);
  EXPECT_EQ(log_normal_cdf<One>(kInfinity), 0.0);
}
TEST(LogNormalCdf, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kLogCdf, join(kLogCdfArguments, kBeyond));
}

// The exact x with Phi(x) = p, by Newton's method from the value under test.
Oracle exact_quantile(const Oracle& p, double start) {
  Oracle x(start, kOracleBits);
  const Oracle step = (p - exact_cdf(x)) / exact_pdf(x);
  return x + step * (1 + x * step / 2);
}
// The exact x with log Phi(x) = log_p.
Oracle exact_quantile_of_log(const Oracle& log_p, double start) {
  Oracle x(start, kOracleBits);
  if (x > 0) {
    const Oracle step = (exact_cdf(-x) + mpfr::expm1(log_p)) / exact_pdf(x);
    return x + step * (1 + x * step / 2);
  }
  return x + (log_p - exact_log_cdf(x)) * exact_mills(-x);
}

const Points kProbabilities = join(uniform_samples(0.0, 1.0, 3500), log_samples(1e-300, 0.5, 4000),
                                   neighbours(0.5), neighbours(0.075), neighbours(0.925),
                                   Points{1e-300, 0x1p-53, 1 - 0x1p-53, 2.2396966841841272e-188});

TEST(NormalQuantile, StaysWithinTheStatedError) {
  const auto exact = [](const Oracle& p) {
    return exact_quantile(p, normal_quantile<One>(p.toDouble()));
  };
  TAUGRID_EXPECT_ULP(4.3, kQuantile, exact, kProbabilities);
}
TEST(NormalQuantile, EndsAtInfinitiesAndVanishesAtOneHalf) {
  EXPECT_EQ(normal_quantile<One>(0.0), -kInfinity);
  EXPECT_EQ(normal_quantile<One>(1.0), kInfinity);
  EXPECT_EQ(bits_of(normal_quantile<One>(0.5)), 0u);
  EXPECT_NEAR(normal_quantile<One>(0.975), 1.959963984540054, 1e-15);
}
TEST(NormalQuantile, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kQuantile, join(kProbabilities, Points(8, 0.0), Points(8, 1.0)));
}

const Points kLogProbabilities =
    join(negated(uniform_samples(0.0, 5.0, 3000)), negated(log_samples(1e-300, 1e3, 3000)),
         negated(log_samples(1.0, 1e300, 3000)), neighbours(-0.0779), neighbours(-2.59),
         neighbours(-745.0), neighbours(-0x1.62e42fefa39efp-1), Points{-1.5642974782456474e-15});

TEST(NormalQuantileOfLog, StaysWithinTheStatedError) {
  const auto exact = [](const Oracle& log_p) {
    return exact_quantile_of_log(log_p, normal_quantile_of_log<One>(log_p.toDouble()));
  };
  TAUGRID_EXPECT_ULP(4.4, kQuantileOfLog, exact, kLogProbabilities);
}
TEST(NormalQuantileOfLog, EndsAtInfinities) {
  EXPECT_EQ(normal_quantile_of_log<One>(0.0), kInfinity);
  EXPECT_EQ(normal_quantile_of_log<One>(-kInfinity), -kInfinity);
}
TEST(NormalQuantileOfLog, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kQuantileOfLog,
                                  join(kLogProbabilities, Points(8, 0.0), Points(8, -kInfinity)));
}

}  // namespace
}  // namespace taugrid
