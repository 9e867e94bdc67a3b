// Exceedance probabilities, densities and CDFs: closed forms at a known tau, the direct integration
// of the model otherwise, and each against the quantiles of the summary.
#include "host/taugrid/law.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/data_sets.h"
#include "tests/direct_integration.h"
#include "tests/prior_examples.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

double exceed(const Data& data, const std::string& tau, const std::string& mu,
              const std::string& parameter, double value) {
  SummaryOptions options;
  options.exceed = {{parameter, value}};
  return Posterior(data, tau, mu).summary(options).exceed.at(0).probability;
}

DensityCurve density(const Data& data, const std::string& tau, const std::string& mu,
                     const DensityRequest& request) {
  SummaryOptions options;
  options.density = {request};
  return Posterior(data, tau, mu).summary(options).density.at(0);
}

bool any_note(const FitSummary& summary, const std::string& part) {
  return std::ranges::any_of(
      summary.notes, [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(Exceedance, OfSchoolATwentyEightIsRare) {
  // The notebook's question, by an independent quadrature.
  EXPECT_NEAR(exceed(eight_schools(), "uniform", "flat", "theta[1]", 28), 0.043535, 5e-7);
}

TEST(Exceedance, AtAQuantileIsWhatTheQuantileLeaves) {
  for (const std::string mu_prior : {"flat", "normal:0,5", "uniform:-20,20"}) {
    const Posterior posterior(eight_schools(), "half_cauchy:5", mu_prior);
    const FitSummary fit = posterior.summary({{1e-9, 0.025, 0.5, 0.975}});
    SummaryOptions options;
    for (const ParameterSummary& p : fit.parameters)
      for (const double q : p.quantiles) options.exceed.push_back({p.name, q});
    const FitSummary answered = posterior.summary(options);
    for (size_t i = 0; i < answered.exceed.size(); ++i) {
      const double p = fit.probabilities[i % 4];
      EXPECT_NEAR(answered.exceed[i].probability, 1 - p, 2e-11)
          << mu_prior << " " << answered.exceed[i].parameter << " " << p;
    }
  }
}

TEST(Exceedance, AtAKnownTauIsANormalsFarIntoItsTails) {
  for (const std::string mu_prior : {"flat", "normal:3,6"}) {
    const FitSummary fit = Posterior(eight_schools(), "fixed:8", mu_prior).summary();
    for (const ParameterSummary& p : fit.parameters) {
      if (p.name == "tau") continue;
      for (const double z : {-30.0, -8.0, -1.0, 0.0, 2.0, 10.0, 30.0}) {
        const double x = p.mean + z * p.sd;
        const Wide exact = std::erfc((x - Wide(p.mean)) / p.sd / std::sqrt(2.0L)) / 2;
        // The tail at z is off by z times what z is off by.
        EXPECT_NEAR(
            exceed(eight_schools(), "fixed:8", mu_prior, p.name, x) / static_cast<double>(exact), 1,
            1e-11)
            << p.name << " " << z;
      }
    }
  }
}

TEST(Exceedance, OfAKnownTauIsAStep) {
  EXPECT_EQ(exceed(eight_schools(), "fixed:8", "flat", "tau", 7.999), 1.0);
  EXPECT_EQ(exceed(eight_schools(), "fixed:8", "flat", "tau", 8), 0.0);
  EXPECT_EQ(exceed(eight_schools(), "fixed:inf", "flat", "tau", 1e300), 1.0);
}

// P(parameter > x) of the data is P(parameter < -x) of the mirrored data, where the direct sum has
// no cancellation.
TEST(Exceedance, IsRelativelyAccurateWhereItIsSmall) {
  Data mirrored = eight_schools();
  for (double& y : mirrored.y) y = -y;
  struct Case {
    const char* tau;
    const char* mu;
    const char* mirrored_mu;
  };
  for (const Case& c :
       {Case{"half_normal:5", "flat", "flat"}, Case{"half_cauchy:5", "normal:2,5", "normal:-2,5"},
        Case{"half_normal:5", "uniform:-15,20", "uniform:-20,15"},
        Case{"half_cauchy:5", "uniform:3,6", "uniform:-6,-3"}}) {
    const DirectPosterior direct(mirrored, c.tau, c.mirrored_mu, 1);
    for (const double x : {-10.0, 7.0, 25.0, 45.0, 60.0}) {
      const auto check = [&](const std::string& name, double expected) {
        const double p = exceed(eight_schools(), c.tau, c.mu, name, x);
        EXPECT_NEAR(p, expected, 1e-8 * expected + 1e-14)
            << c.tau << " " << c.mu << " " << name << " > " << x;
      };
      check("mu", direct.mu(-x).cdf);
      check("theta[1]", direct.theta(0, -x).cdf);
      check("theta[5]", direct.theta(4, -x).cdf);
      check("theta_new", direct.theta_new(-x).cdf);
    }
  }
}

TEST(Exceedance, OfTauIsAccurateInBothTails) {
  // One school says nothing of tau.
  const Data one{{17}, {3}, {}};
  for (const double r : {1e-9, 1e-3, 1.0, 1e3, 1e9}) {
    const Wide upper = 2 / kWidePi * std::atan(1 / Wide(r));
    EXPECT_NEAR(exceed(one, "half_cauchy:5", "flat", "tau", 5 * r), static_cast<double>(upper),
                1e-9 * static_cast<double>(upper) + 1e-16);
  }
  EXPECT_EQ(exceed(one, "half_cauchy:5", "flat", "tau", 0), 1.0);
  EXPECT_EQ(exceed(one, "half_cauchy:5", "flat", "tau", -3), 1.0);
}

TEST(Exceedance, AcceptsTheLabelOfASchool) {
  Data data = eight_schools();
  data.labels = {"A", "Hart, H", "C", "tau", "E", "F", "G", "H"};
  const double expected = exceed(data, "uniform", "flat", "theta[2]", 10);
  EXPECT_EQ(exceed(data, "uniform", "flat", "Hart, H", 10), expected);
  // A name comes before a label.
  EXPECT_EQ(exceed(data, "uniform", "flat", "tau", 10),
            exceed(eight_schools(), "uniform", "flat", "tau", 10));
}

TEST(Exceedance, WithoutPoolingIsEachSchoolsOwn) {
  const double upper = 0.5 * std::erfc((30 - 28) / 15.0 / std::sqrt(2.0));
  EXPECT_NEAR(exceed(eight_schools(), "fixed:inf", "flat", "theta[1]", 30), upper, 1e-15);
  EXPECT_TRUE(std::isnan(exceed(eight_schools(), "fixed:inf", "flat", "mu", 30)));
  EXPECT_TRUE(std::isnan(exceed(eight_schools(), "fixed:inf", "normal:0,5", "theta_new", 30)));
  EXPECT_NEAR(exceed(eight_schools(), "fixed:inf", "uniform:-10,30", "mu", 20), 0.25, 1e-15);
  EXPECT_NEAR(exceed(eight_schools(), "fixed:inf", "normal:0,5", "mu", 5), 0.15865525393145705,
              1e-15);
}

TEST(Density, IsTheDirectIntegrationsLaw) {
  for (const auto& [tau, mu] : {std::pair{"half_cauchy:5", "flat"},
                                {"uniform", "normal:0,5"},
                                {"half_normal:3", "uniform:-5,10"}}) {
    const DirectPosterior direct(eight_schools(), tau, mu, 2);
    const auto check = [&](const std::string& name, const auto& law) {
      const DensityCurve curve = density(eight_schools(), tau, mu, {name, -15.5, 29.5, 10});
      EXPECT_EQ(curve.parameter, name);
      ASSERT_EQ(curve.x.size(), 10u);
      EXPECT_EQ(curve.x.front(), -15.5);
      EXPECT_EQ(curve.x.back(), 29.5);
      for (size_t i = 0; i < curve.x.size(); ++i) {
        const DirectPosterior::Point at = law(curve.x[i]);
        EXPECT_NEAR(curve.cdf[i], at.cdf, 2e-11) << mu << " " << name << " " << curve.x[i];
        EXPECT_NEAR(curve.pdf[i], at.density, 2e-11) << mu << " " << name << " " << curve.x[i];
      }
    };
    check("mu", [&](double x) { return direct.mu(x); });
    check("theta[1]", [&](double x) { return direct.theta(0, x); });
    check("theta_new", [&](double x) { return direct.theta_new(x); });
    const DensityCurve curve = density(eight_schools(), tau, mu, {"tau", 0.5, 20.5, 11});
    for (size_t i = 0; i < curve.x.size(); ++i)
      EXPECT_NEAR(curve.cdf[i], direct.tau_cdf(curve.x[i]), 1e-10);
    for (size_t i = 1; i < curve.x.size(); ++i) {
      const Wide ratio =
          std::exp(direct.tau_log_density(curve.x[i]) - direct.tau_log_density(curve.x[0]));
      EXPECT_NEAR(curve.pdf[i] / curve.pdf[0], static_cast<double>(ratio),
                  1e-11 * static_cast<double>(ratio));
    }
  }
}

// Within the bounds of mu, at which the densities of theta_j and theta_new have kinks.
TEST(Density, IntegratesToDifferencesOfItsCdf) {
  for (const std::string mu_prior : {"flat", "normal:0,5", "uniform:-20,20"}) {
    for (const auto& [name, lower, upper] : {std::tuple{"tau", 0.0, 12.0},
                                             {"mu", -4.0, 18.0},
                                             {"theta[3]", -19.0, 19.0},
                                             {"theta_new", -19.0, 19.0}}) {
      const DensityCurve curve =
          density(eight_schools(), "half_cauchy:5", mu_prior, {name, lower, upper, 2001});
      double sum = 0;  // Simpson's rule
      for (size_t i = 0; i < curve.x.size(); ++i)
        sum += curve.pdf[i] * (i == 0 || i == 2000 ? 1 : i % 2 == 1 ? 4 : 2);
      sum *= (upper - lower) / 6000;
      EXPECT_NEAR(sum, curve.cdf.back() - curve.cdf.front(), 1e-9) << mu_prior << " " << name;
    }
  }
}

TEST(Density, OfTauAtZeroIsThePriorsTimesTheLikelihood) {
  struct Case {
    const char* prior;
    double at_zero;
  };
  for (const Case& c :
       {Case{"half_cauchy:5", 2 / (5 * M_PI)}, Case{"half_normal:5", std::sqrt(2 / M_PI) / 5},
        Case{"half_logistic:5", 0.1}, Case{"uniform:50", 0.02}, Case{"exponential:5", 0.2},
        Case{"rayleigh:5", 0}, Case{"gamma:2,0.2", 0}, Case{"log_normal:1,1", 0},
        Case{"inv_gamma:1,5", 0}, Case{"overall_jeffreys", 0}, Case{"gamma:0.5,0.2", kInf},
        Case{"log_t:4,1,1", kInf}, Case{"log_uniform:0.1,100", 0},
        Case{"mixture:0.25*half_normal:5+0.75*rayleigh:2", std::sqrt(2 / M_PI) / 20},
        Case{"mixture:0.5*half_cauchy:5+0.5*uniform:50", 1 / (5 * M_PI) + 0.01},
        Case{"mixture:0.5*half_cauchy:5+0.5*gamma:0.5,0.2", kInf}}) {
    SummaryOptions options;
    options.density = {{"tau", -1, 1, 3}};
    const FitSummary fit = Posterior(eight_schools(), c.prior, "flat").summary(options);
    const double pooled =
        Posterior(eight_schools(), "fixed:0", "flat").summary().log_marginal_likelihood;
    const double expected =
        c.at_zero == 0 ? 0 : c.at_zero * std::exp(pooled - fit.log_marginal_likelihood);
    const DensityCurve& curve = fit.density[0];
    EXPECT_EQ(curve.x, (std::vector<double>{-1, 0, 1})) << c.prior;
    EXPECT_EQ(curve.pdf[0], 0.0);
    EXPECT_EQ(curve.cdf[0], 0.0);
    EXPECT_EQ(curve.cdf[1], 0.0);
    if (std::isinf(expected)) {
      EXPECT_EQ(curve.pdf[1], kInf) << c.prior;
    } else {
      EXPECT_NEAR(curve.pdf[1], expected, 1e-10 * expected) << c.prior;
    }
    EXPECT_EQ(any_note(fit, "infinite at 0"), std::isinf(expected)) << c.prior;
    EXPECT_TRUE(std::isfinite(curve.pdf[2]));
  }
}

TEST(Density, OfTauAtZeroIsTheLimitUnderEveryPrior) {
  for (const TauPriorRow& row : tau_prior_rows()) {
    const std::string prior = prior_example(row);
    if (parse_tau_prior(prior).fixed()) continue;
    const DensityCurve curve = density(eight_schools(), prior, "flat", {"tau", 0, 1e-10, 2});
    const double at_zero = curve.pdf[0], beside = curve.pdf[1];
    if (std::isinf(at_zero)) {
      EXPECT_GT(beside, 10) << prior;
    } else if (at_zero == 0) {
      EXPECT_LT(beside, 1e-8) << prior;
    } else {
      EXPECT_NEAR(beside / at_zero, 1, 1e-8) << prior;
    }
  }
}

TEST(Density, OfTauEndsWithItsPrior) {
  const DensityCurve curve = density(eight_schools(), "uniform:3", "flat", {"tau", 2, 4, 3});
  EXPECT_GT(curve.pdf[1], 0);  // at the bound itself
  EXPECT_EQ(curve.pdf[2], 0.0);
  EXPECT_NEAR(curve.cdf[1], 1, 1e-15);
  EXPECT_NEAR(curve.cdf[2], 1, 1e-15);
}

TEST(Density, OfMuEndsAtItsBounds) {
  const DensityCurve curve =
      density(eight_schools(), "half_cauchy:5", "uniform:0,10", {"mu", -5, 15, 5});
  EXPECT_EQ(curve.pdf[0], 0.0);
  EXPECT_GT(curve.pdf[1], 0.0);
  EXPECT_GT(curve.pdf[3], 0.0);
  EXPECT_EQ(curve.pdf[4], 0.0);
  EXPECT_EQ(curve.cdf[1], 0.0);
  EXPECT_NEAR(curve.cdf[3], 1, 1e-14);
}

TEST(Density, OfAKnownTauIsNone) {
  SummaryOptions options;
  options.density = {{"tau", 7, 9, 3}};
  const FitSummary fit = Posterior(eight_schools(), "fixed:8", "flat").summary(options);
  EXPECT_EQ(fit.density[0].pdf, (std::vector<double>{0, kInf, 0}));
  EXPECT_EQ(fit.density[0].cdf, (std::vector<double>{0, 1, 1}));
  EXPECT_TRUE(any_note(fit, "point mass"));
}

TEST(Density, FollowsTheUnitOfY) {
  Data data = eight_schools();
  for (double& y : data.y) y = 1024 * y + 65536;
  for (double& sigma : data.sigma) sigma *= 1024;
  for (const std::string name : {"mu", "theta[1]", "theta_new"}) {
    const DensityCurve small =
        density(eight_schools(), "half_normal:5", "flat", {name, -10, 30, 5});
    const DensityCurve large =
        density(data, "half_normal:5120", "flat", {name, -10240 + 65536, 30720 + 65536, 5});
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(large.cdf[i], small.cdf[i]);
      EXPECT_EQ(1024 * large.pdf[i], small.pdf[i]);
    }
  }
}

TEST(Density, OfOnePointIsThatPoint) {
  EXPECT_EQ(density(eight_schools(), "uniform", "flat", {"mu", 3, 3, 1}).x, std::vector<double>{3});
}

TEST(Parameter, ThatIsNotThereIsRefused) {
  Data data = eight_schools();
  const auto said = [&](const std::string& name) {
    return refusal([&] { exceed(data, "uniform", "flat", name, 0); });
  };
  const std::string known = ", must be one of tau, mu, theta[1] .. theta[8], theta_new";
  EXPECT_EQ(said("theta"), "exceed: parameter 'theta' is unknown" + known);
  for (const std::string name :
       {"", "Mu", "theta[0]", "theta[9]", "theta[1", "theta[1]x", "theta[-1]", "A"})
    EXPECT_EQ(said(name), "exceed: parameter '" + name + "' is unknown" + known);
  data.labels = {"A", "B", "C", "B", "E", "F", "G", "H"};
  EXPECT_EQ(said("Z"), "exceed: parameter 'Z' is unknown" + known + ", or a label");
  EXPECT_EQ(said("B"),
            "exceed: parameter 'B' is the label of rows 2 and 4: name it theta[2] or theta[4]");
}

// Halley's method is no cube there: the density all but vanishes between the parts of a law.
TEST(Law, QuantilesBesideAGapBetweenItsPartsHoldTheirMass) {
  const Posterior posterior({{0, 0.5, -0.5, 20}, {1, 1, 1, 1}, {}},
                            "mixture:1*fixed:0+1.013672095614219e-61*half_cauchy:5", "flat");
  SummaryOptions options;
  options.probabilities = {0.49995, 0.499995, 0.4999995, 0.5000005, 0.50005};
  const FitSummary fit = posterior.summary(options);
  const ParameterSummary& theta = fit.parameters[5];
  ASSERT_EQ(theta.name, "theta[4]");
  SummaryOptions at_quantiles;
  for (const double q : theta.quantiles) at_quantiles.exceed.push_back({theta.name, q});
  const FitSummary exceed = posterior.summary(at_quantiles);
  for (size_t i = 0; i < options.probabilities.size(); ++i)
    EXPECT_NEAR(1 - exceed.exceed[i].probability, options.probabilities[i], 1e-9);
}

}  // namespace
}  // namespace taugrid
