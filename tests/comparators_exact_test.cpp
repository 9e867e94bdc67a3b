// The classical estimators where sigmas differ by many decades, against their definitions in MPFR
// with so many bits that nothing cancels.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "host/taugrid/data.h"
#include "kernels/cpu/study_kernels.h"
#include "kernels/kernels.h"
#include "tests/ulp.h"

namespace taugrid {
namespace {

constexpr int kBits = 600;  // 180 digits; weights span 24 decades, their cubes 72
constexpr int kLanes = 16;

struct Estimates {
  double tau2, mu, se, se_hk, failed;
};

Estimates estimate(const Data& data, Estimator estimator) {
  const auto k = data.y.size();
  std::vector<double> y(k * kLanes), sigma(y.size());
  for (size_t j = 0; j < k; ++j) {
    std::fill_n(y.data() + j * kLanes, kLanes, data.y[j]);
    std::fill_n(sigma.data() + j * kLanes, kLanes, data.sigma[j]);
  }
  ComparatorPlan plan{static_cast<int64_t>(k), {}};
  plan.wanted[static_cast<int>(estimator)] = true;
  std::vector<double> scratch(static_cast<size_t>(kComparatorScratch) * k);
  std::vector<double> estimates(kEstimators * kEstimates * kLanes);
  cpu_kernels().study()->compare(plan, kLanes, y.data(), sigma.data(), kLanes, scratch.data(),
                                 estimates.data());
  const double* at = estimates.data() + static_cast<int>(estimator) * kEstimates * kLanes;
  return {at[0], at[kLanes], at[2 * kLanes], at[3 * kLanes], at[4 * kLanes]};
}

// Everything at some tau^2, from the definitions.
struct Exact {
  Oracle w = 0, w2 = 0, mu, q = 0, w2r2 = 0, log_v = 0;

  Exact(const Data& data, const Oracle& tau2) {
    Oracle wy = 0;
    for (size_t j = 0; j < data.y.size(); ++j) {
      const Oracle weight = 1 / variance(data, j, tau2);
      w += weight;
      w2 += weight * weight;
      wy += weight * data.y[j];
      log_v -= mpfr::log(weight);
    }
    mu = wy / w;
    for (size_t j = 0; j < data.y.size(); ++j) {
      const Oracle weight = 1 / variance(data, j, tau2), r = data.y[j] - mu;
      q += weight * r * r;
      w2r2 += weight * r * weight * r;
    }
    df = static_cast<double>(data.y.size() - 1);
  }
  static Oracle variance(const Data& data, size_t j, const Oracle& tau2) {
    return Oracle(data.sigma[j]) * data.sigma[j] + tau2;
  }
  // Falls through 0 at the estimate.
  Oracle equation(Estimator estimator) const {
    if (estimator == Estimator::kPauleMandel) return q - df;
    return estimator == Estimator::kMl ? w2r2 - w : w2r2 - w + w2 / w;
  }
  Oracle log_likelihood(Estimator estimator) const {
    return -(log_v + q + (estimator == Estimator::kReml ? mpfr::log(w) : Oracle(0))) / 2;
  }
  double df;
};

class ComparatorsOfManyDecades : public testing::Test {
 protected:
  ComparatorsOfManyDecades() { mpfr::mpreal::set_default_prec(kBits); }
  ~ComparatorsOfManyDecades() override { mpfr::mpreal::set_default_prec(kOracleBits); }

  // sigma over `decades`, and one or two of the studies far more precise than all others.
  Data random_data(double decades) {
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform(-0.5 * decades, 0.5 * decades);
    Data data;
    const auto k = std::uniform_int_distribution<size_t>(2, 7)(random);
    const double log_tau = uniform(random);
    for (size_t j = 0; j < k; ++j) {
      const double far = j < 2 ? -0.5 * decades : uniform(random);
      data.sigma.push_back(std::pow(10.0, j == 1 && k % 2 == 0 ? uniform(random) : far));
      data.y.push_back(std::hypot(std::pow(10.0, log_tau), data.sigma.back()) * normal(random));
    }
    return data;
  }

  std::mt19937_64 random{20261201};
};

std::string text(const Data& data) {
  std::string text;
  for (size_t j = 0; j < data.y.size(); ++j)
    text += std::to_string(data.y[j]) + " +- " + std::to_string(data.sigma[j]) + ", ";
  return text;
}

void expect_close(double value, const Oracle& exact, double relative, const std::string& what) {
  EXPECT_LE(mpfr::abs(value - exact), relative * mpfr::abs(exact)) << what << " " << value;
}

TEST_F(ComparatorsOfManyDecades, DerSimonianAndLairdsMomentKeepsItsDigits) {
  for (const double decades : {1.0, 6.0, 9.0, 12.0})
    for (int set = 0; set < 100; ++set) {
      const Data data = random_data(decades);
      const Exact at(data, 0);
      // (Q - (k - 1)) loses what the two have in common: that is the data's, not the formula's.
      const Oracle moment = (at.q - at.df) / (at.w - at.w2 / at.w);
      const Oracle scale = (at.q + at.df) / (at.w - at.w2 / at.w);
      const double tau2 = estimate(data, Estimator::kDerSimonianLaird).tau2;
      EXPECT_LE(mpfr::abs(tau2 - (moment > 0 ? moment : Oracle(0))), 1e-14 * scale) << text(data);
    }
}

// Between tau^2 (1 -+ 1e-12), and the smallest sigma^2 as well, the exact equation changes its
// sign.
TEST_F(ComparatorsOfManyDecades, RootsAreThoseOfTheExactEquations) {
  for (const Estimator estimator : {Estimator::kPauleMandel, Estimator::kMl, Estimator::kReml})
    for (const double decades : {1.0, 6.0, 9.0, 12.0})
      for (int set = 0; set < 60; ++set) {
        const Data data = random_data(decades);
        const Estimates found = estimate(data, estimator);
        EXPECT_EQ(found.failed, 0.0) << text(data);
        const double smallest = *std::ranges::min_element(data.sigma);
        const Oracle reach = 1e-12 * (found.tau2 + Oracle(smallest) * smallest);
        EXPECT_LE(Exact(data, found.tau2 + reach).equation(estimator), 0) << text(data);
        if (found.tau2 > reach) {
          EXPECT_GE(Exact(data, found.tau2 - reach).equation(estimator), 0) << text(data);
        }
      }
}

// No point of a fine scan in the log of tau^2 has a higher likelihood.
TEST_F(ComparatorsOfManyDecades, NoLikelihoodIsHigher) {
  for (const Estimator estimator : {Estimator::kMl, Estimator::kReml})
    for (const double decades : {3.0, 12.0})
      for (int set = 0; set < 25; ++set) {
        const Data data = random_data(decades);
        const Oracle at = Exact(data, estimate(data, estimator).tau2).log_likelihood(estimator);
        const auto [low, high] = std::ranges::minmax(data.y);
        for (double log_tau2 = -decades - 2; log_tau2 < 2 * std::log10(high - low) + 0.1;
             log_tau2 += 0.06) {
          const double tau2 = std::pow(10.0, log_tau2);
          EXPECT_GE(at + 1e-12, Exact(data, tau2).log_likelihood(estimator)) << text(data) << tau2;
        }
      }
}

TEST_F(ComparatorsOfManyDecades, EffectsAndTheirErrorsAreThoseOfTheDefinitions) {
  for (int e = 0; e < kEstimators; ++e)
    for (const double decades : {1.0, 6.0, 12.0})
      for (int set = 0; set < 40; ++set) {
        const Data data = random_data(decades);
        const Estimates found = estimate(data, static_cast<Estimator>(e));
        const Exact at(data, found.tau2);
        const auto [low, high] = std::ranges::minmax(data.y);
        EXPECT_LE(mpfr::abs(found.mu - at.mu), 1e-15 * (std::abs(low) + std::abs(high)));
        expect_close(found.se, 1 / mpfr::sqrt(at.w), 1e-14, text(data));
        expect_close(found.se_hk, mpfr::sqrt(at.q / (at.df * at.w)), 1e-13, text(data));
      }
}

// One study pins mu, and the others' information of tau would vanish beside its weight: w is 1e18
// times theirs.
TEST_F(ComparatorsOfManyDecades, OnePreciseStudyLeavesTheOthersTheirSay) {
  const Data data{{0.0, 3.0, -4.0, 2.0}, {1e-9, 1.0, 1.0, 1.0}, {}};
  const Exact at(data, 0);
  expect_close(estimate(data, Estimator::kDerSimonianLaird).tau2,
               (at.q - 3) / (at.w - at.w2 / at.w), 1e-14, "DL");
  EXPECT_NEAR(estimate(data, Estimator::kDerSimonianLaird).tau2, (29.0 - 3) / 6, 1e-6);
}

// Units do not matter, to the last bit, out to where squares of squares would leave the range.
TEST_F(ComparatorsOfManyDecades, ScaleExactly) {
  for (int set = 0; set < 20; ++set) {
    const Data data = random_data(6.0);
    for (const double unit : {0x1p-200, 0x1p200}) {
      Data scaled = data;
      for (double& y : scaled.y) y *= unit;
      for (double& sigma : scaled.sigma) sigma *= unit;
      for (int e = 0; e < kEstimators; ++e) {
        const Estimates a = estimate(data, static_cast<Estimator>(e));
        const Estimates b = estimate(scaled, static_cast<Estimator>(e));
        EXPECT_EQ(b.tau2, a.tau2 * unit * unit);
        EXPECT_EQ(b.mu, a.mu * unit);
        EXPECT_EQ(b.se, a.se * unit);
        EXPECT_EQ(b.se_hk, a.se_hk * unit);
      }
    }
  }
}

}  // namespace
}  // namespace taugrid
