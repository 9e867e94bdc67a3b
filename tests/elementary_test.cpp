// Each function of kernels/math/elementary.h: its stated maximum error against
// MPFR, its end points, and the same bits at every lane width. The 17-digit
// samples are the worst points of a run with eight times as many; they keep the
// measured error next to the bound.
#include "kernels/math/elementary.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tests/ulp.h"

namespace taugrid {
namespace {

using One = Scalar<>;
using Points = std::vector<double>;

constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kSmallest = std::numeric_limits<double>::denorm_min();
constexpr double kSqrtTwo = 0x1.6a09e667f3bcdp+0;
constexpr double kLogTwo = 0x1.62e42fefa39efp-1;
constexpr double kLastExp = 0x1.62e42fefa39efp+9;         // the largest x with exp(x) finite
constexpr double kLastNormalExp = -0x1.6232bdd7abcd2p+9;  // exp(x) = 2^-1022
constexpr double kLastNonzeroExp = -0x1.74910d52d3051p+9;

const auto kLog = TAUGRID_LANES(log<L>(x));
const auto kLogUnit = TAUGRID_LANES(log_unit<L>(x));
const auto kLog1p = TAUGRID_LANES(log1p<L>(x));
const auto kExp = TAUGRID_LANES(exp<L>(x));
const auto kExpm1 = TAUGRID_LANES(expm1<L>(x));
const auto kLog1mexp = TAUGRID_LANES(log1mexp<L>(x));
const auto kLogGamma = TAUGRID_LANES(log_gamma<L>(x));
const auto kSin = [](auto lanes, auto u) {
  typename decltype(lanes)::Real sin, cos;
  sincos_2pi<decltype(lanes)>(u, sin, cos);
  return sin;
};
const auto kCos = [](auto lanes, auto u) {
  typename decltype(lanes)::Real sin, cos;
  sincos_2pi<decltype(lanes)>(u, sin, cos);
  return cos;
};

Oracle exact_log(const Oracle& x) { return mpfr::log(x); }
Oracle exact_log1p(const Oracle& x) { return mpfr::log1p(x); }
Oracle exact_exp(const Oracle& x) { return mpfr::exp(x); }
Oracle exact_expm1(const Oracle& x) { return mpfr::expm1(x); }
Oracle exact_log1mexp(const Oracle& d) {
  return d < 1 ? mpfr::log(-mpfr::expm1(-d)) : mpfr::log1p(-mpfr::exp(-d));
}
Oracle exact_log_gamma(const Oracle& x) { return mpfr::lngamma(x); }
Oracle exact_sin(const Oracle& turns) {
  Oracle y(0, kOracleBits);
  mpfr_sinu(y.mpfr_ptr(), turns.mpfr_srcptr(), 1, MPFR_RNDN);
  return y;
}
Oracle exact_cos(const Oracle& turns) {
  Oracle y(0, kOracleBits);
  mpfr_cosu(y.mpfr_ptr(), turns.mpfr_srcptr(), 1, MPFR_RNDN);
  return y;
}

const Points kPositive =
    join(log_samples(kSmallest, kLargest, 30000), log_samples(0.25, 4.0, 50000),
         uniform_samples(0.0, 1e-307, 2000), neighbours(0.5 * kSqrtTwo), neighbours(1.0),
         neighbours(kSqrtTwo), neighbours(2.0), neighbours(0x1p-1022),
         Points{kSmallest, kLargest, 0.70191714754911338});

TEST(Log, StaysWithinTheStatedError) { TAUGRID_EXPECT_ULP(0.85, kLog, exact_log, kPositive); }

TEST(Log, EndsAtInfinities) {
  EXPECT_EQ(log<One>(0.0), -kInfinity);
  EXPECT_EQ(log<One>(kInfinity), kInfinity);
  EXPECT_EQ(bits_of(log<One>(1.0)), 0u);
}

TEST(Log, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kLog, join(kPositive, Points{0.0, kInfinity}));
}

const Points kUnit =
    join(uniform_samples(0.0, 1.0, 70000), log_samples(0x1p-53, 1.0, 20000), neighbours(0.5),
         neighbours(0.5 * kSqrtTwo), Points{0x1p-53, 1.0 - 0x1p-53, 0.7019823440205073});

TEST(LogUnit, StaysWithinTheStatedError) { TAUGRID_EXPECT_ULP(1.2, kLogUnit, exact_log, kUnit); }

TEST(LogUnit, HasTheSameBitsAtEveryWidth) { expect_same_bits_at_every_width(kLogUnit, kUnit); }

const Points kAboveMinusOne = join(
    log_samples(1e-320, kLargest, 30000), negated(log_samples(1e-320, 1.0, 30000)),
    uniform_samples(-1.0, 3.0, 50000), neighbours(0.5 * kSqrtTwo - 1.0), neighbours(kSqrtTwo - 1.0),
    neighbours(1.0), neighbours(0x1p53), neighbours(0x1p60), Points{-1.0 + 0x1p-53, kLargest});

TEST(Log1p, StaysWithinTheStatedError) {
  TAUGRID_EXPECT_ULP(1.35, kLog1p, exact_log1p, kAboveMinusOne);
}

TEST(Log1p, EndsAtInfinities) {
  EXPECT_EQ(log1p<One>(-1.0), -kInfinity);
  EXPECT_EQ(log1p<One>(kInfinity), kInfinity);
  EXPECT_EQ(log1p<One>(0.0), 0.0);
  EXPECT_EQ(log1p<One>(kSmallest), kSmallest);
}

TEST(Log1p, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kLog1p, join(kAboveMinusOne, Points{-1.0, kInfinity}));
}

const Points kExponents =
    join(uniform_samples(-746.0, 711.0, 40000), uniform_samples(-45.0, 45.0, 20000),
         uniform_samples(-1.0, 1.0, 30000), log_samples(1e-320, 700.0, 5000),
         negated(log_samples(1e-320, 700.0, 5000)), neighbours(0.5 * kLogTwo), neighbours(kLastExp),
         neighbours(kLastNormalExp), neighbours(kLastNonzeroExp),
         Points{-kLargest, kLargest, -34.268072521663271, 0.35536369064357132});

TEST(Exp, StaysWithinTheStatedError) { TAUGRID_EXPECT_ULP(0.9, kExp, exact_exp, kExponents); }

TEST(Exp, EndsAtZeroAndInfinity) {
  EXPECT_EQ(bits_of(exp<One>(-kInfinity)), 0u);
  EXPECT_EQ(exp<One>(kInfinity), kInfinity);
  EXPECT_EQ(exp<One>(0.0), 1.0);
  EXPECT_EQ(exp<One>(kLastNonzeroExp), kSmallest);
  EXPECT_LT(exp<One>(kLastExp), kInfinity);
}

TEST(Exp, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kExp, join(kExponents, Points{-kInfinity, kInfinity}));
}

TEST(Expm1, StaysWithinTheStatedError) {
  TAUGRID_EXPECT_ULP(1.95, kExpm1, exact_expm1, kExponents);
}

TEST(Expm1, EndsAtMinusOneAndInfinity) {
  EXPECT_EQ(expm1<One>(-kInfinity), -1.0);
  EXPECT_EQ(expm1<One>(kInfinity), kInfinity);
  EXPECT_EQ(expm1<One>(0.0), 0.0);
  EXPECT_EQ(expm1<One>(-kSmallest), -kSmallest);
}

TEST(Expm1, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kExpm1, join(kExponents, Points{-kInfinity, kInfinity}));
}

const Points kDifferences =
    join(uniform_samples(0.0, 4.0, 50000), log_samples(1e-320, 760.0, 40000), neighbours(kLogTwo),
         neighbours(0.6931), neighbours(-kLastNormalExp), neighbours(-kLastNonzeroExp),
         Points{0.98801675741560757});

TEST(Log1mexp, StaysWithinTheStatedError) {
  TAUGRID_EXPECT_ULP(2.25, kLog1mexp, exact_log1mexp, kDifferences);
}

TEST(Log1mexp, EndsAtMinusInfinityAndZero) {
  EXPECT_EQ(log1mexp<One>(0.0), -kInfinity);
  EXPECT_EQ(log1mexp<One>(kInfinity), 0.0);
}

TEST(Log1mexp, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kLog1mexp, join(kDifferences, Points{0.0, kInfinity}));
}

const Points kTurns =
    join(uniform_samples(0.0, 1.0, 60000), log_samples(1e-300, 1.0, 20000), neighbours(0.125),
         neighbours(0.25), neighbours(0.375), neighbours(0.5), neighbours(0.75), neighbours(0.875),
         Points{0x1p-53, 1.0 - 0x1p-53, 0.37081078160554171, 0.37626591045409441});

TEST(Sincos2pi, StaysWithinTheStatedError) {
  TAUGRID_EXPECT_ULP(1.0, kSin, exact_sin, kTurns);
  TAUGRID_EXPECT_ULP(1.0, kCos, exact_cos, kTurns);
}

TEST(Sincos2pi, IsExactAtQuarterTurns) {
  const double sines[] = {0.0, 1.0, 0.0, -1.0, 0.0};
  const double cosines[] = {1.0, 0.0, -1.0, 0.0, 1.0};
  for (int quarter = 0; quarter <= 4; ++quarter) {
    EXPECT_EQ(kSin(One{}, 0.25 * quarter), sines[quarter]);
    EXPECT_EQ(kCos(One{}, 0.25 * quarter), cosines[quarter]);
  }
}

TEST(Sincos2pi, HasTheSameBitsAtEveryWidth) {
  const Points turns = join(kTurns, Points{0.0, 0.25, 0.5, 0.75, 1.0});
  expect_same_bits_at_every_width(kSin, turns);
  expect_same_bits_at_every_width(kCos, turns);
}

const Points kGammaArguments =
    join(uniform_samples(0.0, 10.0, 12000), log_samples(1e-320, 2.5e305, 6000), neighbours(0.75),
         neighbours(1.0), neighbours(2.0), neighbours(2.75), neighbours(8.0));

TEST(LogGamma, StaysWithinTheStatedError) {
  TAUGRID_EXPECT_ULP(4.5, kLogGamma, exact_log_gamma, kGammaArguments);
}

TEST(LogGamma, EndsAtInfinitiesAndVanishesAtOneAndTwo) {
  EXPECT_EQ(log_gamma<One>(0.0), kInfinity);
  EXPECT_EQ(log_gamma<One>(kInfinity), kInfinity);
  EXPECT_EQ(log_gamma<One>(1.0), 0.0);
  EXPECT_EQ(log_gamma<One>(2.0), 0.0);
}

TEST(LogGamma, HasTheSameBitsAtEveryWidth) {
  expect_same_bits_at_every_width(kLogGamma, join(kGammaArguments, Points{0.0, kInfinity}));
}

}  // namespace
}  // namespace taugrid
