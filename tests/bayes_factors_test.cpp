// Bayes factors against marginal likelihoods of fits, Savage and Dickey's ratio, and the direct
// integration.
#include "host/taugrid/bayes_factors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "tests/data_sets.h"
#include "tests/direct_integration.h"

namespace taugrid {
namespace {

FitSummary fit(const Data& data, const std::string& tau_prior, const std::string& mu_prior) {
  SummaryOptions options;
  options.bayes_factors = true;
  options.density = {{"mu", 0, 0, 1}};
  return Posterior(data, tau_prior, mu_prior).summary(options);
}

bool any_note(const FitSummary& summary, const std::string& part) {
  return std::ranges::any_of(
      summary.notes, [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(BayesFactors, OfNoHeterogeneityAreRatiosOfMarginalLikelihoods) {
  for (const std::string tau_prior :
       {"half_cauchy:5", "half_normal:0.1", "uniform:50", "overall_jeffreys", "log_normal:1,1"}) {
    for (const std::string mu_prior : {"flat", "normal:0,5", "uniform:-20,20"}) {
      const FitSummary summary = fit(eight_schools(), tau_prior, mu_prior);
      const double pooled =
          Posterior(eight_schools(), "fixed:0", mu_prior).summary().log_marginal_likelihood;
      const BayesFactors& factors = *summary.bayes_factors;
      EXPECT_NEAR(factors.log_tau_zero, pooled - summary.log_marginal_likelihood, 1e-11)
          << tau_prior << " " << mu_prior;
      EXPECT_NEAR(factors.tau_zero, std::exp(factors.log_tau_zero), 1e-14 * factors.tau_zero);
    }
  }
}

TEST(BayesFactors, OfNoEffectAreSavageAndDickeysRatio) {
  for (const std::string tau_prior :
       {"half_cauchy:5", "uniform", "jeffreys", "fixed:0", "fixed:8", "overall_jeffreys"}) {
    for (const auto& [mu_prior, prior_density] :
         {std::pair{"normal:0,5", 0.3989422804014327 / 5},
          {"normal:3,6", 0.3989422804014327 / 6 * std::exp(-0.125)},
          {"uniform:-20,20", 1 / 40.0},
          {"uniform:0,9", 1 / 9.0}}) {
      const FitSummary summary = fit(eight_schools(), tau_prior, mu_prior);
      const double expected = summary.density[0].pdf[0] / prior_density;
      EXPECT_NEAR(summary.bayes_factors->mu_zero, expected, 1e-9 * expected)
          << tau_prior << " " << mu_prior;
      EXPECT_NEAR(summary.bayes_factors->log_mu_zero, std::log(expected), 1e-9);
    }
  }
}

TEST(BayesFactors, FarFromTheDataAreLogsBeyondTheRangeOfADouble) {
  // Known tau: both are ratios of normal densities, by long double.
  Data data = eight_schools();
  for (double& y : data.y) y += 3000;
  const BayesFactors factors = *fit(data, "fixed:1", "normal:3000,5").bayes_factors;
  long double precision = 0, weighted = 0;
  for (size_t j = 0; j < 8; ++j) {
    const long double w = 1 / (data.sigma[j] * static_cast<long double>(data.sigma[j]) + 1);
    precision += w;
    weighted += w * data.y[j];
  }
  // p(mu = 0 | y)/p(mu = 0)
  const long double v = 1 / (precision + 1 / 25.0L), m = v * (weighted + 3000 / 25.0L);
  const long double expected =
      -0.5L * (std::log(v) + m * m / v) + 0.5L * (std::log(25.0L) + 3000.0L * 3000 / 25);
  EXPECT_NEAR(factors.log_mu_zero / static_cast<double>(expected), 1, 1e-12);
  EXPECT_EQ(factors.mu_zero, 0.0);
}

TEST(BayesFactors, OfAnEffectThatOnlyALargeTauExplainsIsIntegratedWhereThatTauIs) {
  // All schools at 500: mu = 0 calls for tau near 500, where p(tau | y) has nothing.
  Data data = eight_schools();
  for (double& y : data.y) y += 500;
  const FitSummary summary = fit(data, "half_cauchy:5", "normal:500,10");
  const DirectPosterior free(data, "half_cauchy:5", "normal:500,10", 0);
  const DirectPosterior at_zero(data, "half_cauchy:5", "normal:0,0.000001", 0);
  EXPECT_NEAR(summary.bayes_factors->log_mu_zero,
              static_cast<double>(at_zero.log_evidence() - free.log_evidence()), 1e-8);
}

TEST(BayesFactors, WithBoundsThatLeaveZeroOutCompareTwoModels) {
  const FitSummary summary = fit(eight_schools(), "half_cauchy:5", "uniform:1,10");
  const double null =
      fit(eight_schools(), "half_cauchy:5", "normal:0,5").bayes_factors->log_mu_zero +
      Posterior(eight_schools(), "half_cauchy:5", "normal:0,5").summary().log_marginal_likelihood;
  EXPECT_NEAR(summary.bayes_factors->log_mu_zero, null - summary.log_marginal_likelihood, 1e-10);
}

TEST(BayesFactors, ThatAreNotDefinedHaveTheirReason) {
  const FitSummary improper = fit(eight_schools(), "uniform", "flat");
  EXPECT_TRUE(std::isnan(improper.bayes_factors->tau_zero));
  EXPECT_TRUE(std::isnan(improper.bayes_factors->log_mu_zero));
  EXPECT_TRUE(any_note(improper, "tau = 0: the prior of tau is improper"));
  EXPECT_TRUE(any_note(improper, "mu = 0: the prior of mu is flat"));
  const FitSummary fixed = fit(eight_schools(), "fixed:8", "normal:0,5");
  EXPECT_TRUE(std::isnan(fixed.bayes_factors->tau_zero));
  EXPECT_TRUE(std::isfinite(fixed.bayes_factors->mu_zero));
  EXPECT_TRUE(any_note(fixed, "tau = 0: tau is fixed"));
  const FitSummary infinite = fit(eight_schools(), "fixed:inf", "normal:0,5");
  EXPECT_TRUE(std::isnan(infinite.bayes_factors->mu_zero));
  EXPECT_TRUE(any_note(infinite, "mu = 0: the marginal likelihood is 0"));
}

}  // namespace
}  // namespace taugrid
