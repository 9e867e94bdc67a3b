// Draws in single precision: their elementary functions against those in double (which are tested
// against MPFR), the ends of the uniforms, the rounded table, draws against the exact laws, and
// what single refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "host/taugrid/draw_summary.h"
#include "host/taugrid/engine.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/tau_table.h"
#include "kernels/math/normal.h"
#include "tests/data_sets.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

using OneFloat = Scalar<float>;
using OneDouble = Scalar<>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// ---- Elementary functions ----

// Distance in spacings of floats at the exact value.
double ulps(float got, double exact) {
  if (static_cast<float>(exact) == got && std::isinf(got)) return 0.0;
  int exponent;
  std::frexp(exact, &exponent);
  return std::abs(static_cast<double>(got) - exact) *
         std::ldexp(1.0, -std::max(exponent - 24, -149));
}

// The largest error of f<L> in single over every 331st float from `from` on to `to`, away from 0,
// and a few.
template <class F>
double worst_ulp(const F& f, float from, float to, const std::vector<float>& also) {
  double worst = 0.0;
  const auto look = [&](float x) {
    worst = std::max(worst, ulps(f(OneFloat{}, x), f(OneDouble{}, static_cast<double>(x))));
  };
  for (uint32_t bits = bits_of(from); bits <= bits_of(to); bits += 331) look(real_of(bits));
  for (const float x : also) look(x);
  return worst;
}

const auto kLogUnit = [](auto lanes, auto u) { return log_unit<decltype(lanes)>(u); };
const auto kExp = [](auto lanes, auto x) { return exp<decltype(lanes)>(x); };
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

// The stated bounds are those over every float of the range; the points beside a range are its
// worst.
TEST(SingleElementary, LogUnitStaysWithinTheStatedError) {
  const double worst = worst_ulp(kLogUnit, 0x1p-32f, 0x1.fffffep-1f, {0x1.78c76p-2f});
  EXPECT_LE(worst, 0.87);
  EXPECT_GE(worst, 0.9 * 0.87) << "the stated bound is too wide";
}

TEST(SingleElementary, ExpStaysWithinTheStatedError) {
  const double worst = std::max(worst_ulp(kExp, 0.0f, 100.0f, {0x1.4cec68p+2f}),
                                worst_ulp(kExp, -0.0f, -110.0f, {-0x1.aaf86cp+4f}));
  EXPECT_LE(worst, 0.9);
  EXPECT_GE(worst, 0.9 * 0.9) << "the stated bound is too wide";
}

TEST(SingleElementary, ExpEndsAtZeroAndInfinity) {
  const auto exp_of = [](float x) { return exp<OneFloat>(x); };
  EXPECT_EQ(bits_of(exp_of(-kInfinity)), 0u);
  EXPECT_EQ(bits_of(exp_of(-104.0f)), 0u);
  EXPECT_EQ(exp_of(-103.9f), 0x1p-149f);
  EXPECT_EQ(exp_of(0.0f), 1.0f);
  EXPECT_LT(exp_of(88.72f), kInfinity);
  EXPECT_EQ(exp_of(88.73f), kInfinity);
  EXPECT_EQ(exp_of(3e38f), kInfinity);
  EXPECT_EQ(exp_of(kInfinity), kInfinity);
}

TEST(SingleElementary, Sincos2piStaysWithinTheStatedError) {
  for (const float sign : {1.0f, -1.0f}) {
    const double sine = worst_ulp(kSin, sign * 0x1p-32f, sign * 0.5f, {0x1.00316p-3f});
    const double cosine = worst_ulp(kCos, sign * 0x1p-32f, sign * 0.5f, {0x1.ff9d4p-4f});
    for (const double worst : {sine, cosine}) {
      EXPECT_LE(worst, 0.89);
      EXPECT_GE(worst, 0.9 * 0.89) << "the stated bound is too wide";
    }
  }
}

TEST(SingleElementary, Sincos2piIsExactAtQuarterTurns) {
  const float sines[] = {0, -1, 0, 1, 0}, cosines[] = {-1, 0, 1, 0, -1};
  for (int quarter = -2; quarter <= 2; ++quarter) {
    EXPECT_EQ(kSin(OneFloat{}, 0.25f * static_cast<float>(quarter)), sines[quarter + 2]);
    EXPECT_EQ(kCos(OneFloat{}, 0.25f * static_cast<float>(quarter)), cosines[quarter + 2]);
  }
}

template <class L, class F>
void expect_bits_of_one_lane(const F& f, const std::vector<float>& x) {
  int differing = 0;
  for (size_t i = 0; i + L::N <= x.size(); i += L::N) {
    const auto result = f(L{}, L::load(&x[i]));
    for (int lane = 0; lane < L::N; ++lane)
      differing += bits_of(L::lane(result, lane)) !=
                   bits_of(f(OneFloat{}, x[i + static_cast<size_t>(lane)]));
  }
  EXPECT_EQ(differing, 0) << "width " << L::N;
}

TEST(SingleElementary, EveryWidthGivesTheBitsOfOneLane) {
  std::vector<float> units, exponents = {-kInfinity, kInfinity, -104.0f, 89.0f}, turns;
  for (uint32_t bits = bits_of(0x1p-32f); bits < bits_of(1.0f); bits += 4001) {
    units.push_back(real_of(bits));
    turns.push_back(0.5f * real_of(bits));
    turns.push_back(-0.5f * real_of(bits));
  }
  for (int i = -120'000; i < 100'000; ++i) exponents.push_back(static_cast<float>(i) * 1e-3f);
  const auto expect = [&](auto lanes) {
    using L = decltype(lanes);
    expect_bits_of_one_lane<L>(kLogUnit, units);
    expect_bits_of_one_lane<L>(kExp, exponents);
    expect_bits_of_one_lane<L>(kSin, turns);
    expect_bits_of_one_lane<L>(kCos, turns);
  };
  expect(Pack<4, float>{});
  expect(Pack<8, float>{});
  expect(Pack<16, float>{});
}

// ---- Uniforms and normals ----

Block<OneFloat> block_of(uint32_t a, uint32_t b = 0) { return {{a, b, a, b}}; }

TEST(SingleUniforms, AreOpenAtBothEnds) {
  const auto u = [](uint32_t word) { return uniform<OneFloat>(block_of(word), 0); };
  EXPECT_EQ(u(0), 0x1p-32f);
  EXPECT_EQ(u(1), 0x1p-32f);  // the last bit plays no part
  EXPECT_EQ(u(2), 0x3p-32f);
  EXPECT_EQ(u(0x80000000u), 0.5f);
  EXPECT_EQ(u(0xffffffffu), 1.0f - 0x1p-24f);
}

TEST(SingleUniforms, TailsAreSymmetricAndKeepTheirBits) {
  const auto tail = [](uint32_t word) { return tail_uniform<OneFloat>(block_of(word), 0); };
  for (const uint32_t word : {0u, 1u, 77u, 0x12345678u, 0x7fffff00u, 0x7fffffffu}) {
    const TailUniform<OneFloat> lower = tail(word), upper = tail(~word);
    EXPECT_FALSE(lower.upper);
    EXPECT_TRUE(upper.upper);
    EXPECT_EQ(lower.tail, upper.tail);
    EXPECT_NEAR(lower.tail, (word + 0.5) * 0x1p-32, 0x1p-24 * lower.tail);
    EXPECT_LT(lower.tail, 0.5f);
  }
  EXPECT_EQ(tail(0).tail, 0x1p-33f);
  EXPECT_EQ(tail(0x7fffffffu).tail, 0.5f - 0x1p-25f);
}

TEST(SingleUniforms, TurnsReachHalfATurnEitherWay) {
  const auto turn_of = [](uint32_t word) { return turn<OneFloat>(block_of(0, word), 1); };
  EXPECT_EQ(turn_of(0), 0.0f);
  EXPECT_EQ(turn_of(1), 0x1p-32f);
  EXPECT_EQ(turn_of(0x40000000u), 0.25f);
  EXPECT_EQ(turn_of(0x7fffffffu), 0.5f);
  EXPECT_EQ(turn_of(0x80000000u), -0.5f);
  EXPECT_EQ(turn_of(0xffffffffu), -0x1p-32f);
}

// sqrt(64 log 2) = 6.66043..
TEST(SingleNormals, ReachTheirStatedEnds) {
  const float largest = 6.660436f;
  EXPECT_FLOAT_EQ(box_muller<OneFloat>(block_of(0, 0)).z0, largest);
  EXPECT_FLOAT_EQ(box_muller<OneFloat>(block_of(0, 0x80000000u)).z0, -largest);
  EXPECT_FLOAT_EQ(box_muller<OneFloat>(block_of(0, 0x40000000u)).z1, largest);
  const NormalPair<OneFloat> least = box_muller<OneFloat>(block_of(~0u, 0x20000000u));
  EXPECT_FLOAT_EQ(least.z0, 0x1p-12f);  // r = sqrt(2 * 2^-24), on both axes r/sqrt 2
  EXPECT_FLOAT_EQ(least.z1, 0x1p-12f);
}

// The words of a pack's lanes are those of one lane in double, and the table gives each its place.
template <class L>
void expect_words_of_one_lane() {
  const StreamPosition at{0x123456789abcdef0, 0x2bcdef01, Purpose::kPredictive};
  for (const uint64_t index :
       {uint64_t{0}, (uint64_t{1} << 32) - 16, uint64_t{1} << 32, ~uint64_t{15}}) {
    const Block<L> pack = draw_block<L>(at, index, 5);
    for (int lane = 0; lane < L::N; ++lane) {
      const Block<OneDouble> one =
          draw_block<OneDouble>(at, index + static_cast<uint64_t>(lane), 5);
      for (int k = 0; k < 4; ++k)
        EXPECT_EQ(pack.w[k][lane], one.w[k]) << "lane " << lane << " of " << L::N;
    }
  }
}

TEST(SinglePhilox, EveryWidthGivesTheWordsOfOneLane) {
  expect_words_of_one_lane<Pack<4, float>>();
  expect_words_of_one_lane<Pack<8, float>>();
  expect_words_of_one_lane<Pack<16, float>>();
}

TEST(SinglePhilox, NormalsAreWhereTheTableSays) {
  const StreamPosition at{3, 0, Purpose::kPosteriorDraw};
  const auto block = [&](uint32_t k) { return draw_block<OneFloat>(at, 17, k); };
  const NormalPair<OneFloat> first = first_normals<OneFloat>(at, 17, block(0));
  EXPECT_EQ(first.z0, box_muller<OneFloat>(block(0), 2).z0);
  EXPECT_EQ(normal_pair<OneFloat>(at, 17, 0).z1, first.z1);
  for (const int64_t j : {0, 4, 300}) {
    const BlockNormals<OneFloat> normals = school_normals<OneFloat>(at, 17, j);
    const Block<OneFloat> expected = block(static_cast<uint32_t>(1 + j / 4));
    EXPECT_EQ(normals.z[0], box_muller<OneFloat>(expected, 0).z0);
    EXPECT_EQ(normals.z[3], box_muller<OneFloat>(expected, 2).z1);
    EXPECT_EQ(normal_pair<OneFloat>(at, 17, 4 + j).z0, normals.z[2]);
  }
}

// ---- The table ----

TEST(SingleTable, IsTheDoubleOneRounded) {
  const Engine engine(make_model(eight_schools(), "half_cauchy:5", "flat"), "cpu", 1);
  const TauTableOf<float> table = round_tau_table(engine.table());
  ASSERT_GE(table.n_cells(), 2 * kCellsPerSideOf<float>);
  double worst = 0.0;
  for (uint32_t k = 0; k < 1'000'000; ++k) {
    const TailUniform<OneFloat> u =
        tail_uniform<OneFloat>(block_of(k < 16 ? k : k * 2654435761u), 0);
    const double exact =
        inverse_cdf<OneDouble>(engine.table().view(), TailUniform<OneDouble>{u.tail, u.upper});
    // Next to 0 the spacing of floats is not the measure of a sum.
    const float x = inverse_cdf<OneFloat>(table.view(), u);
    worst =
        std::max(worst, std::abs(static_cast<double>(x) - exact) / std::max(0.25, std::abs(exact)));
  }
  EXPECT_LE(worst, 0x1p-23);  // two halves of an ulp: of the value in the table, and of the result
}

// ---- Draws ----

// 10^7 draws against the exact laws at 1999 quantiles: the largest difference D of the distribution
// functions, of which sqrt(n) D has Kolmogorov's law (1.628 is its 99th percentile).
TEST(SingleDraws, HaveTheExactLaws) {
  constexpr int64_t kDraws = 10'000'000;
  constexpr int kQuantiles = 1999;
  std::vector<double> p;
  for (int i = 1; i <= kQuantiles; ++i) p.push_back(i / (kQuantiles + 1.0));
  for (const auto& [tau_prior, mu_prior] :
       {std::pair{"uniform", "flat"}, {"half_cauchy:5", "uniform:-5,10"}}) {
    const Model model = make_model(eight_schools(), tau_prior, mu_prior);
    const Engine engine(model, "cpu", 0);
    const std::vector<double> exact = engine.quantiles(p);
    const Posterior posterior(eight_schools(), tau_prior, mu_prior, {"cpu", 0});
    const SingleDraws draws = posterior.draw_single(kDraws, 11);
    for (const int64_t column : {0, 1, 2, 10}) {
      const double* q = exact.data() + column * kQuantiles;
      std::vector<int64_t> count(kQuantiles + 1);
      for (const float x : draws.view().column(column))
        ++count[static_cast<size_t>(std::lower_bound(q, q + kQuantiles, x) - q)];
      double below = 0.0, distance = 0.0;
      for (int i = 0; i < kQuantiles; ++i) {
        below += static_cast<double>(count[static_cast<size_t>(i)]);
        distance = std::max(distance, std::abs(below / kDraws - p[static_cast<size_t>(i)]));
      }
      // p = 0.90 0.35 0.80 0.39, 0.90 0.22 0.18 0.34
      EXPECT_LT(std::sqrt(static_cast<double>(kDraws)) * distance, 1.628)
          << tau_prior << ", column " << column;
    }
  }
}

TEST(SingleDraws, ScaleExactlyByPowersOfTwo) {
  const auto draws = [](double scale) {
    Data data = eight_schools();
    for (double& y : data.y) y *= scale;
    for (double& sigma : data.sigma) sigma *= scale;
    return Posterior(data, "half_cauchy:" + std::to_string(static_cast<int>(5 * scale)), "flat",
                     {"cpu", 1})
        .draw_single(1000, 3);
  };
  const SingleDraws one = draws(1), eight = draws(8);
  for (size_t i = 0; i < one.values.size(); ++i)
    ASSERT_EQ(eight.values.data()[i], 8.0f * one.values.data()[i]);
}

TEST(SingleDraws, PoolCompletelyAtZeroAndNotAtAllAtInfinity) {
  const SingleDraws pooled =
      Posterior(eight_schools(), "fixed:0", "flat", {"cpu", 1}).draw_single(100, 1);
  for (int64_t j = 0; j < 8; ++j)
    EXPECT_TRUE(std::ranges::equal(pooled.view().theta(j), pooled.view().mu()));
  EXPECT_TRUE(std::ranges::equal(pooled.view().theta_new(), pooled.view().mu()));

  const SingleDraws separate =
      Posterior(eight_schools(), "fixed:inf", "flat", {"cpu", 1}).draw_single(100, 1);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(separate.view().tau()[i], kInfinity);
    EXPECT_TRUE(std::isnan(separate.view().mu()[i]) && std::isnan(separate.view().theta_new()[i]));
    EXPECT_TRUE(std::isfinite(separate.view().theta(0)[i]));
  }
}

TEST(SingleDraws, OfTruncatedMuStayWithinItsBounds) {
  // The bounds are 60 standard deviations from where the data would have mu.
  const SingleDraws draws =
      Posterior(eight_schools(), "fixed:1", "uniform:250,252", {"cpu", 1}).draw_single(10'000, 1);
  const auto mu = draws.view().mu();
  const auto [least, most] = std::ranges::minmax(mu);
  EXPECT_GE(least, 250.0f);
  EXPECT_LE(most, 252.0f);
  EXPECT_LT(least, 250.001f);
  EXPECT_GT(most, 250.3f);
}

TEST(SingleDraws, AreFiniteOverTheWidestSpan) {
  for (const char* mu : {"flat", "normal:0,1e9", "normal:0,1e-9", "uniform:-1e9,1e9"})
    for (const char* tau : {"half_cauchy:1", "half_cauchy:1e17", "fixed:1e18"}) {
      const Posterior posterior({{0, 3, 1e18}, {1, 1e9, 1e18}, {}}, tau, mu, {"cpu", 1});
      const SingleDraws draws = posterior.draw_single(1000, 1, 0, true);
      for (size_t i = 0; i < draws.values.size(); ++i)
        ASSERT_TRUE(std::isfinite(draws.values.data()[i])) << tau << " " << mu << " " << i / 1000;
    }
}

TEST(SingleDraws, OfFarDataKeepTheirSpread) {
  Data data = eight_schools();
  for (double& y : data.y) y += 100'003;
  const DrawSummary sample = Posterior(data, "uniform", "flat", {"cpu", 1})
                                 .draw_summary(200'000, 1, {}, false, {}, Precision::kSingle);
  const FitSummary exact = Posterior(data, "uniform", "flat", {"cpu", 1}).summary();
  for (size_t k = 1; k < exact.parameters.size(); ++k)
    EXPECT_NEAR(sample.parameters[k].mean, exact.parameters[k].mean,
                4 * sample.parameters[k].se_mean);
}

// ---- Summaries ----

TEST(SingleSummary, OfAStreamIsThatOfItsDrawsAsDoubles) {
  const Posterior posterior(eight_schools(), "uniform", "flat", {"cpu", 2});
  for (const int64_t n : {int64_t{1'000}, int64_t{150'000}}) {
    const DrawSummary streamed = posterior.draw_summary(n, 5, {}, false, {}, Precision::kSingle);
    const DrawSummary stored = summarise(posterior.draw_single(n, 5), 5);
    EXPECT_EQ(streamed.precision, "single");
    EXPECT_EQ(stored.precision, "single");
    for (size_t k = 0; k < stored.parameters.size(); ++k) {
      EXPECT_NEAR(streamed.parameters[k].mean, stored.parameters[k].mean,
                  1e-9 * stored.parameters[k].sd);
      EXPECT_NEAR(streamed.parameters[k].sd, stored.parameters[k].sd,
                  1e-9 * stored.parameters[k].sd);
      for (size_t i = 0; i < 5; ++i)
        EXPECT_NEAR(streamed.parameters[k].quantiles[i], stored.parameters[k].quantiles[i], 0.01);
    }
  }
}

TEST(SingleSummary, BlocksAreTheDrawsAsDoubles) {
  const Posterior posterior(eight_schools(), "uniform", "flat", {"cpu", 1});
  const SingleDraws draws = posterior.draw_single(10'000, 5, 0, true);
  int64_t seen = 0;
  const auto look = [&](const DrawBlock& block) {
    for (int64_t k = 0; k < 12; ++k)
      for (int64_t i = 0; i < block.size(); ++i)
        ASSERT_EQ(block.column(k)[static_cast<size_t>(i)],
                  static_cast<double>(draws.view().column(k)[static_cast<size_t>(seen + i)]));
    seen += block.size();
  };
  posterior.draw_blocks(10'000, 5, true, look, {}, Precision::kSingle);
  EXPECT_EQ(seen, 10'000);
}

// ---- What is refused ----

TEST(SinglePrecision, RefusesWhatAFloatCannotHold) {
  const auto refused = [](const Data& data, const std::string& tau, const std::string& mu) {
    return refusal([&] { Posterior(data, tau, mu, {"cpu", 1}).draw_single(1, 1); });
  };
  const auto starts = [](const std::string& text, const std::string& with) {
    return text.rfind(with, 0) == 0;
  };
  EXPECT_PRED2(starts, refused({{1e8, 0}, {1, 1}, {}}, "half_normal:1", "flat"),
               "single precision: row 1: y is 100000000, must be at most 65536 times its sigma");
  EXPECT_PRED2(
      starts, refused({{0, 0}, {1, 1e20}, {}}, "half_normal:1", "flat"),
      "single precision: row 2: sigma is 1e+20, must be at most 1e18 times the smallest sigma (1)");
  EXPECT_PRED2(starts, refused({{0, 0}, {1e-40, 1e-40}, {}}, "half_normal:1e-40", "flat"),
               "single precision: row 1: sigma is 1e-40, must be from 1e-30 to 1e30");
  EXPECT_PRED2(starts, refused(eight_schools(), "half_normal:1", "normal:0,1e-12"),
               "single precision: mu prior normal:0,1e-12: sd is 1e-12, must be from 1e-9");
  EXPECT_PRED2(starts, refused(eight_schools(), "fixed:1e20", "flat"),
               "single precision: tau prior fixed:1e20: value is 1e+20, must be at most 1e18");
  EXPECT_EQ(refused(eight_schools(), "fixed:inf", "flat"), "(nothing was refused)");
}

}  // namespace
}  // namespace taugrid
