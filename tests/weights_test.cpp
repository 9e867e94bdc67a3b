// Weights of the studies in the posterior means: closed forms at a known tau, and the means
// themselves.
#include "host/taugrid/weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "tests/data_sets.h"

namespace taugrid {
namespace {

FitSummary fit(const Data& data, const std::string& tau_prior, const std::string& mu_prior) {
  SummaryOptions options;
  options.weights = true;
  return Posterior(data, tau_prior, mu_prior).summary(options);
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST(Weights, AtAKnownTauAreInverseVariances) {
  for (const double tau : {0.0, 2.5, 400.0}) {
    for (const double s0 : {0.0, 6.0}) {  // 0: flat
      const Weights weights =
          *fit(eight_schools(), "fixed:" + std::to_string(tau), s0 > 0 ? "normal:3,6" : "flat")
               .weights;
      long double total = s0 > 0 ? 1 / 36.0L : 0;
      for (const double sigma : eight_schools().sigma)
        total += 1 / (sigma * sigma + tau * static_cast<long double>(tau));
      for (size_t j = 0; j < 8; ++j) {
        const double s2 = eight_schools().sigma[j] * eight_schools().sigma[j],
                     b = tau * tau / (s2 + tau * tau);
        EXPECT_NEAR(weights.shrinkage[j], b, 1e-15);
        EXPECT_NEAR(weights.mu[j], static_cast<double>(1 / ((s2 + tau * tau) * total)), 1e-15);
        for (size_t k = 0; k < 8; ++k)
          EXPECT_NEAR(weights.theta[j][k], (1 - b) * weights.mu[k] + (j == k ? b : 0), 1e-15)
              << j << " " << k;
        EXPECT_NEAR(weights.theta_prior[j], (1 - b) * weights.mu_prior, 1e-15);
      }
      EXPECT_NEAR(weights.mu_prior, s0 > 0 ? static_cast<double>(1 / (36 * total)) : 0.0, 1e-15);
    }
  }
}

TEST(Weights, MakeThePosteriorMeans) {
  for (const std::string tau_prior : {"uniform", "half_cauchy:5", "jeffreys", "log_t:4,1,1"}) {
    for (const std::string mu_prior : {"flat", "normal:-7,3"}) {
      for (const Data& data : {eight_schools(), many_schools(40)}) {
        const FitSummary summary = fit(data, tau_prior, mu_prior);
        const Weights& weights = *summary.weights;
        const auto mean = [&](const std::vector<double>& w, double prior) {
          return std::inner_product(w.begin(), w.end(), data.y.begin(), prior * -7.0);
        };
        EXPECT_NEAR(sum(weights.mu) + weights.mu_prior, 1, 1e-13);
        EXPECT_NEAR(mean(weights.mu, weights.mu_prior), summary.parameters[1].mean,
                    1e-12 * summary.parameters[1].sd);
        for (size_t j = 0; j < data.y.size(); ++j) {
          EXPECT_NEAR(sum(weights.theta[j]) + weights.theta_prior[j], 1, 1e-13);
          EXPECT_NEAR(mean(weights.theta[j], weights.theta_prior[j]),
                      summary.parameters[2 + j].mean, 1e-12 * summary.parameters[2 + j].sd)
              << tau_prior << " " << mu_prior << " " << j;
        }
      }
    }
  }
}

TEST(Weights, UnderBoundsOnMuDoNotExistButShrinkageDoes) {
  const FitSummary summary = fit(eight_schools(), "half_cauchy:5", "uniform:-1e6,1e6");
  const FitSummary flat = fit(eight_schools(), "half_cauchy:5", "flat");
  EXPECT_FALSE(summary.weights->linear);
  EXPECT_TRUE(summary.weights->mu.empty());
  EXPECT_TRUE(summary.weights->theta.empty());
  for (size_t j = 0; j < 8; ++j)  // bounds so wide are none
    EXPECT_NEAR(summary.weights->shrinkage[j], flat.weights->shrinkage[j], 1e-10);
  EXPECT_TRUE(std::ranges::any_of(summary.notes, [](const std::string& note) {
    return note.find("not linear") != std::string::npos;
  }));
}

TEST(Weights, WithoutPoolingAreEachSchoolsOwn) {
  for (const std::string mu_prior : {"flat", "normal:0,5"}) {
    const Weights weights = *fit(eight_schools(), "fixed:inf", mu_prior).weights;
    EXPECT_EQ(weights.shrinkage, std::vector<double>(8, 1.0));
    for (size_t j = 0; j < 8; ++j)
      for (size_t k = 0; k < 8; ++k) EXPECT_EQ(weights.theta[j][k], j == k ? 1.0 : 0.0);
    EXPECT_EQ(std::isnan(weights.mu[0]), mu_prior == "flat");
    if (mu_prior == "flat") continue;
    EXPECT_EQ(weights.mu_prior, 1.0);
  }
}

TEST(Weights, OfOneSchoolAreAllItsOwn) {
  const Weights weights = *fit({{17}, {3}, {}}, "half_cauchy:5", "flat").weights;
  EXPECT_NEAR(weights.mu[0], 1, 1e-14);
  EXPECT_NEAR(weights.theta[0][0], 1, 1e-14);
}

}  // namespace
}  // namespace taugrid
