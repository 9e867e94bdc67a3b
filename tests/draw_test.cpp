// Draws: which random words make which variate, the exact special cases, and lp.
#include "kernels/math/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

using One = Scalar<>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr uint64_t kSeed = 1;

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// ---- Words to variates ----

Block<One> block_of(uint64_t index, uint32_t block) {
  return draw_block<One>({kSeed, 0, Purpose::kPosteriorDraw}, index, block);
}

TEST(Draw, TauIsTheQuantileOfTheFirstTwoWords) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  const Draws draws = posterior.draw(1000, kSeed, 77);
  for (uint64_t i = 0; i < 1000; ++i) {
    const Block<One> block = block_of(77 + i, 0);
    const double u = uniform_53<One>(block.w[0], block.w[1]);
    EXPECT_NEAR(posterior.tau_cdf(draws.view().tau()[i]), u, 1e-11);
  }
}

TEST(Draw, TruncatedMuIsTheQuantileOfTheNextTwoWords) {
  // Given tau = 1, mu is N(2, (1 + 1)/1) between 0 and 3.
  const Draws draws = Posterior({{2}, {1}, {}}, "fixed:1", "uniform:0,3").draw(1000, kSeed);
  const double sd = std::sqrt(2.0), below = normal_cdf(-2 / sd), above = normal_cdf(1 / sd);
  for (uint64_t i = 0; i < 1000; ++i) {
    const Block<One> block = block_of(i, 0);
    const double u = uniform_53<One>(block.w[2], block.w[3]);
    const double cdf = normal_cdf((draws.view().mu()[i] - 2) / sd);
    EXPECT_NEAR((cdf - below) / (above - below), u, 1e-14);
  }
}

TEST(Draw, NormalsComeFromTheirBlocks) {
  // tau = 1 and sigma = 1: mu = z_0/sqrt 2 (v_mu = 2/4), theta_new = mu + z_1,
  // theta_j = mu/2 + z_(1 + j)/sqrt 2.
  const Draws draws =
      Posterior({{0, 0, 0, 0}, {1, 1, 1, 1}, {}}, "fixed:1", "flat").draw(1000, kSeed);
  for (uint64_t i = 0; i < 1000; ++i) {
    std::vector<double> z;
    for (uint32_t block = 1; block <= 3; ++block) {
      const NormalPair<One> pair = box_muller<One>(block_of(i, block));
      z.insert(z.end(), {pair.z0, pair.z1});
    }
    const DrawBlock view = draws.view();
    const double mu = std::sqrt(0.5) * z[0];
    EXPECT_NEAR(view.mu()[i], mu, 1e-14);
    EXPECT_NEAR(view.theta_new()[i], mu + z[1], 1e-14);
    for (int64_t j = 0; j < 4; ++j)
      EXPECT_NEAR(view.theta(j)[i], 0.5 * mu + std::sqrt(0.5) * z[static_cast<size_t>(2 + j)],
                  1e-14);
  }
}

// ---- Special cases ----

TEST(Draw, AtTauZeroIsOneNumber) {
  for (const char* mu : {"flat", "normal:1,3", "uniform:-2,6"})
    for (const Data& data : {eight_schools(), many_schools(3), many_schools(300)}) {
      const Draws draws = Posterior(data, "fixed:0", mu).draw(1001, kSeed);
      const DrawBlock view = draws.view();
      for (size_t i = 0; i < 1001; ++i) {
        EXPECT_EQ(view.tau()[i], 0.0);
        EXPECT_EQ(view.theta_new()[i], view.mu()[i]);
        for (int64_t j = 0; j < data.n_schools(); ++j)
          ASSERT_EQ(view.theta(j)[i], view.mu()[i])
              << mu << ", J = " << data.n_schools() << ", theta " << j;
      }
    }
}

TEST(Draw, AtTauInfinityPoolsNothing) {
  const Data data = {{0, 0, 0}, {1, 1, 1}, {}};
  for (const char* mu : {"flat", "normal:1,3", "uniform:-2,6"}) {
    const Draws draws = Posterior(data, "fixed:inf", mu).draw(1001, kSeed);
    const DrawBlock view = draws.view();
    for (uint64_t i = 0; i < 1001; ++i) {
      const NormalPair<One> z0 = box_muller<One>(block_of(i, 1));
      const NormalPair<One> z2 = box_muller<One>(block_of(i, 2)),
                            z4 = box_muller<One>(block_of(i, 3));
      EXPECT_EQ(view.tau()[i], kInfinity);
      EXPECT_TRUE(std::isnan(view.theta_new()[i]));
      EXPECT_EQ(view.theta(0)[i], z2.z0);
      EXPECT_EQ(view.theta(1)[i], z2.z1);
      EXPECT_EQ(view.theta(2)[i], z4.z0);
      if (mu[0] == 'f') {
        EXPECT_TRUE(std::isnan(view.mu()[i]));
      } else if (mu[0] == 'n') {
        EXPECT_NEAR(view.mu()[i], 1 + 3 * z0.z0, 1e-14);
      } else {
        const Block<One> block = block_of(i, 0);
        EXPECT_NEAR(view.mu()[i], -2 + 8 * uniform_53<One>(block.w[2], block.w[3]), 1e-14);
      }
    }
  }
}

TEST(Draw, TruncatedMuStaysWithinItsBounds) {
  struct Bounds {
    const char* mu;
    double lower, upper;
  };
  for (const char* tau : {"half_cauchy:5", "fixed:0", "fixed:1e6", "fixed:inf"})
    for (const Bounds& bounds : {Bounds{"uniform:-2,6", -2, 6},
                                 {"uniform:7.5,7.6", 7.5, 7.6},
                                 {"uniform:300,301", 300, 301},
                                 {"uniform:-1e5,-9e4", -1e5, -9e4},
                                 {"uniform:-1e6,1e6", -1e6, 1e6}}) {
      const Draws draws = Posterior(eight_schools(), tau, bounds.mu).draw(20'000, kSeed);
      for (const double mu : draws.view().mu()) {
        ASSERT_GE(mu, bounds.lower) << tau << ", " << bounds.mu;
        ASSERT_LE(mu, bounds.upper) << tau << ", " << bounds.mu;
      }
    }
}

TEST(Draw, LastIndicesAreDrawn) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  const Draws draws = posterior.draw(3, kSeed, uint64_t{1} << 53);
  for (size_t i = 0; i < draws.values.size(); ++i)
    EXPECT_TRUE(std::isfinite(draws.values.data()[i]));
}

TEST(Draw, NumbersOutOfRangeAreRefused) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  for (const int64_t n : {int64_t{0}, int64_t{-1}, (int64_t{1} << 53) + 1}) {
    const std::string expected =
        "number of draws is " + std::to_string(n) + ", must be from 1 to 2^53";
    EXPECT_EQ(refusal([&] { posterior.draw(n, 1); }), expected);
    EXPECT_EQ(refusal([&] { posterior.draw_blocks(n, 1, false, [](const DrawBlock&) {}); }),
              expected);
    EXPECT_EQ(refusal([&] { posterior.draw_summary(n, 1); }), expected);
  }
}

// ---- lp ----

// What Stan's ~ statements of the model add up to at a draw, with the log Jacobian log tau of tau >
// 0, and the rounding that the stored columns allow.
struct StanTarget {
  long double value = 0, rounding = 0;

  // -(x - location)^2 / (2 scale^2), x and location known to a few ulp of `size`.
  void normal(double x, double location, double scale, double size) {
    const long double z = (static_cast<long double>(x) - location) / scale;
    value -= z * z / 2;
    rounding += kEpsilon * (z * z + std::abs(z) * size / scale);
  }
};

using LogPrior = std::function<long double(long double tau)>;

void expect_lp(const std::string& tau_prior, const LogPrior& log_prior,
               const std::string& mu_prior) {
  const bool fixed = tau_prior.rfind("fixed", 0) == 0;
  for (const Data& data : {eight_schools(), many_schools(3), many_schools(300)}) {
    const Draws draws = Posterior(data, tau_prior, mu_prior).draw(2000, kSeed, 0, true);
    const DrawBlock view = draws.view();
    double size = 0;
    for (const double y : data.y) size = std::max(size, std::abs(y));
    for (size_t i = 0; i < 2000; ++i) {
      const double tau = view.tau()[i], mu = view.mu()[i];
      StanTarget target;
      if (!fixed) {
        const long double log_tau = std::log(static_cast<long double>(tau));
        target.value +=
            log_prior(tau) + log_tau - static_cast<long double>(data.n_schools()) * log_tau;
        target.rounding +=
            kEpsilon * (1 + static_cast<long double>(data.n_schools()) * std::abs(log_tau));
      }
      if (mu_prior[0] == 'n') target.normal(mu, 1, 3, size + std::abs(mu));
      for (int64_t j = 0; j < data.n_schools(); ++j) {
        const double theta = view.theta(j)[i], sizes = size + std::abs(mu) + std::abs(theta);
        if (tau > 0 && std::isfinite(tau)) target.normal(theta, mu, tau, sizes);
        target.normal(data.y[static_cast<size_t>(j)], theta, data.sigma[static_cast<size_t>(j)],
                      size + std::abs(theta));
      }
      ASSERT_NEAR(view.lp()[i], static_cast<double>(target.value),
                  static_cast<double>(8 * target.rounding))
          << "tau " << tau_prior << " = " << tau << ", mu " << mu_prior
          << ", J = " << data.n_schools();
    }
  }
}

TEST(Lp, IsStansTarget) {
  for (const char* mu : {"flat", "normal:1,3", "uniform:-2,6"}) {
    expect_lp(
        "uniform", [](long double) { return 0.0L; }, mu);
    expect_lp(
        "uniform:50", [](long double) { return 0.0L; }, mu);
    expect_lp(
        "half_normal:5", [](long double tau) { return -tau * tau / 50; }, mu);
    expect_lp(
        "half_cauchy:5", [](long double tau) { return -std::log1p(tau * tau / 25); }, mu);
    expect_lp(
        "sqrt", [](long double tau) { return -std::log(tau) / 2; }, mu);
    expect_lp("fixed:8", {}, mu);
  }
}

// There theta given mu is no term of the model: all are one parameter, or none depends on mu.
TEST(Lp, HasNoTermOfThetaGivenMuAtTheEndsOfTau) {
  for (const char* mu : {"normal:1,3", "uniform:-2,6"}) {
    expect_lp("fixed:0", {}, mu);
    expect_lp("fixed:inf", {}, mu);
  }
  expect_lp("fixed:0", {}, "flat");
}

}  // namespace
}  // namespace taugrid
