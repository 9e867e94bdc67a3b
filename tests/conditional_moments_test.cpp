// Moments given tau: those of the fit whose tau is fixed there.
#include "host/taugrid/conditional_moments.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "host/taugrid/typical_scale.h"
#include "tests/data_sets.h"
#include "tests/direct_integration.h"

namespace taugrid {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string number(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

ConditionalMoments given(const std::string& tau_prior, const std::string& mu_prior,
                         const std::vector<double>& tau, const Data& data = eight_schools()) {
  SummaryOptions options;
  options.given_tau = tau;
  return *Posterior(data, tau_prior, mu_prior).summary(options).given_tau;
}

TEST(ConditionalMoments, AreThoseOfAFitWithThatTau) {
  for (const std::string mu_prior : {"flat", "normal:3,6", "uniform:-20,20", "uniform:8,9",
                                     "uniform:40,60", "uniform:-1000,-900", "uniform:-1e6,1e7"}) {
    const std::vector<double> taus = {0, 1e-6, 0.5, 8, 300};
    const ConditionalMoments moments = given("half_cauchy:5", mu_prior, taus);
    for (size_t i = 0; i < taus.size(); ++i) {
      const FitSummary fit =
          Posterior(eight_schools(), "fixed:" + number(taus[i]), mu_prior).summary();
      // Under bounds the fit goes by panels of the density, to 1e-9 of the sd.
      const double near = mu_prior[0] == 'u' ? 2e-9 : 1e-12;
      const auto expect = [&](double mean, double sd, const ParameterSummary& p) {
        EXPECT_NEAR(mean, p.mean, near * p.sd + 1e-15 * std::abs(p.mean))
            << mu_prior << " " << taus[i] << " " << p.name;
        EXPECT_NEAR(sd, p.sd, near * p.sd) << mu_prior << " " << taus[i] << " " << p.name;
      };
      expect(moments.mu_mean[i], moments.mu_sd[i], fit.parameters[1]);
      for (size_t j = 0; j < 8; ++j)
        expect(moments.theta_mean[i][j], moments.theta_sd[i][j], fit.parameters[2 + j]);
    }
  }
}

TEST(ConditionalMoments, OfFarBoundsAreAnExponentials) {
  // A hundred thousand sd out, mu less its bound is exponential with mean v/(a - m).
  const FitSummary free = Posterior(eight_schools(), "fixed:4", "flat").summary();
  const double m = free.parameters[1].mean, v = free.parameters[1].sd * free.parameters[1].sd;
  const ConditionalMoments moments = given("fixed:4", "uniform:500000,1000000", {4});
  const double scale = v / (500000 - m);
  EXPECT_NEAR(moments.mu_mean[0], 500000 + scale, 1e-9);
  EXPECT_NEAR(moments.mu_sd[0], scale, 1e-9 * scale);
}

TEST(ConditionalMoments, WithoutPoolingAreTheSchoolsOwn) {
  for (const auto& [mu_prior, mean, sd] : {std::tuple{"flat", std::nan(""), std::nan("")},
                                           {"normal:3,6", 3.0, 6.0},
                                           {"uniform:-10,30", 10.0, 40 / std::sqrt(12.0)}}) {
    const ConditionalMoments moments = given("half_cauchy:5", mu_prior, {kInf});
    EXPECT_EQ(moments.theta_mean[0], eight_schools().y);
    EXPECT_EQ(moments.theta_sd[0], eight_schools().sigma);
    EXPECT_EQ(moments.log_density[0], -kInf);
    EXPECT_EQ(moments.i2[0], 1.0);
    EXPECT_EQ(std::isnan(moments.mu_mean[0]), std::isnan(mean));
    if (std::isnan(mean)) continue;
    EXPECT_EQ(moments.mu_mean[0], mean);
    EXPECT_NEAR(moments.mu_sd[0], sd, 1e-14);
  }
}

TEST(ConditionalMoments, HaveTheDensityOfTau) {
  for (const std::string prior : {"uniform", "half_cauchy:5", "jeffreys", "uniform:10"}) {
    SummaryOptions options;
    options.given_tau = {0, 2, 8, 12};
    options.density = {{"tau", 0, 12, 7}};
    const FitSummary fit = Posterior(eight_schools(), prior, "flat").summary(options);
    const size_t at[4] = {0, 1, 4, 6};
    for (size_t i = 0; i < 4; ++i)
      EXPECT_NEAR(std::exp(fit.given_tau->log_density[i]), fit.density[0].pdf[at[i]], 1e-13)
          << prior;
  }
  // Normalised: p(tau | y) = p(tau) p(y | tau)/p(y).
  const Posterior posterior(eight_schools(), "half_cauchy:5", "normal:0,5");
  const double expected =
      direct_tau_prior("half_cauchy:5").log_density(8) +
      Posterior(eight_schools(), "fixed:8", "normal:0,5").summary().log_marginal_likelihood -
      posterior.summary().log_marginal_likelihood;
  EXPECT_NEAR(given("half_cauchy:5", "normal:0,5", {8}).log_density[0], expected, 1e-11);
  EXPECT_TRUE(std::isnan(given("fixed:8", "flat", {8}).log_density[0]));
}

TEST(ConditionalMoments, HaveTheShareOfVarianceThatIsBetweenStudies) {
  Wide s1 = 0, s2 = 0;
  for (const double sigma : eight_schools().sigma) {
    s1 += 1 / (Wide(sigma) * sigma);
    s2 += 1 / (Wide(sigma) * sigma * sigma * sigma);
  }
  const double variance = static_cast<double>(7 * s1 / (s1 * s1 - s2));
  const ConditionalMoments moments = given("uniform", "flat", {0, 3, 30, 1e20, kInf});
  EXPECT_EQ(moments.i2[0], 0.0);
  EXPECT_NEAR(moments.i2[1], 9 / (9 + variance), 1e-14);
  EXPECT_NEAR(moments.i2[2], 900 / (900 + variance), 1e-14);
  EXPECT_EQ(moments.i2[3], 1.0);
  EXPECT_EQ(moments.i2[4], 1.0);
  // One study has no variance between.
  EXPECT_TRUE(std::isnan(given("half_cauchy:5", "flat", {3}, {{17}, {3}, {}}).i2[0]));
}

TEST(TypicalScale, DoesNotCancel) {
  const std::vector<double> equal = {3, 3, 3};
  EXPECT_NEAR(typical_scale(equal), 3, 1e-15);
  // One study of weight 1e12 beside weights 1e-6 and 1e-8: s^2 = 2 S1/(S1^2 - S2).
  const std::vector<double> uneven = {1e-6, 1e3, 1e4};
  const Wide w[3] = {1e12L, 1e-6L, 1e-8L};
  const Wide cross = 2 * (w[0] * w[1] + w[0] * w[2] + w[1] * w[2]);
  EXPECT_NEAR(
      typical_scale(uneven) / static_cast<double>(std::sqrt(2 * (w[0] + w[1] + w[2]) / cross)), 1,
      1e-14);
}

}  // namespace
}  // namespace taugrid
