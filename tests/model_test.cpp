// Which posteriors are proper and which moments exist: the rule a + J - 1 > k + 1 (flat mu), a + J
// > k + 1 (proper mu), a the prior's tail exponent; and that the rule is what the density does.
#include "host/taugrid/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/direct_integration.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

Data schools(int n) {
  Data data;
  for (int j = 0; j < n; ++j) {
    data.y.push_back(3 * std::sin(2.0 * j + 1));
    data.sigma.push_back(1 + 0.3 * j);
  }
  return data;
}

bool refused(int n, const std::string& tau_prior, const std::string& mu_prior) {
  return refusal([&] { make_model(schools(n), tau_prior, mu_prior); }).find("improper") !=
         std::string::npos;
}

TEST(Propriety, OfAFlatTauNeedsThreeSchoolsOrTwoUnderAProperMu) {
  for (int n = 1; n <= 5; ++n) {
    EXPECT_EQ(refused(n, "uniform", "flat"), n < 3) << n;
    EXPECT_EQ(refused(n, "uniform", "normal:0,1"), n < 2) << n;
    EXPECT_EQ(refused(n, "uniform", "uniform:-1,1"), n < 2) << n;
  }
}

TEST(Propriety, OfAProperTauNeedsOneSchool) {
  for (const std::string tau :
       {"uniform:50", "half_normal:5", "half_cauchy:5", "fixed:0", "fixed:3", "fixed:inf"})
    for (const std::string mu : {"flat", "normal:0,1", "uniform:-1,1"})
      EXPECT_FALSE(refused(1, tau, mu)) << tau << mu;
}

TEST(Propriety, IsDeniedWithTheReasonAndTheRemedy) {
  const std::string flat = refusal([] { make_model(schools(2), "uniform", "flat"); });
  for (const std::string part :
       {"improper", "J = 2", "tau prior uniform", "mu prior flat", "tau^-1", "half_normal:scale",
        "uniform:A", "proper prior of mu", "J of at least 3"})
    EXPECT_NE(flat.find(part), std::string::npos) << flat << " (lacks " << part << ")";
  const std::string proper = refusal([] { make_model(schools(1), "uniform", "normal:0,1"); });
  for (const std::string part : {"J = 1", "mu prior normal:0,1", "J of at least 2"})
    EXPECT_NE(proper.find(part), std::string::npos) << proper << " (lacks " << part << ")";
  EXPECT_EQ(proper.find("proper prior of mu with"), std::string::npos) << proper;
}

// What each remedy promises.
TEST(Propriety, IsRestoredByEveryRemedy) {
  for (const std::string tau : {"half_normal:5", "half_cauchy:5", "uniform:50"})
    EXPECT_FALSE(refused(2, tau, "flat"));
  EXPECT_FALSE(refused(2, "uniform", "normal:0,1"));
  EXPECT_FALSE(refused(3, "uniform", "flat"));
}

// The slope of log p(tau | y) far out, by direct integration over mu, is the exponent that decides.
TEST(MomentExistence, IsDecidedByTheSlopeOfTheDensity) {
  for (const std::string tau_prior : {"uniform", "half_cauchy:2"}) {
    for (const std::string mu_prior : {"flat", "normal:0,3", "uniform:-4,4"}) {
      for (int n = 1; n <= 5; ++n) {
        if (refused(n, tau_prior, mu_prior)) continue;
        const Model model = make_model(schools(n), tau_prior, mu_prior);
        const DirectPosterior direct(schools(n), tau_prior, mu_prior, 0);
        const double exponent =
            -static_cast<double>(direct.tau_log_density(1e9L) - direct.tau_log_density(1e8L)) /
            std::log(10.0);
        for (int k = 0; k <= 3; ++k) {
          // Exponents are whole numbers up to 1e-10.
          EXPECT_EQ(model.tau_moment_exists(k), exponent > k + 1.5)
              << tau_prior << mu_prior << " J = " << n << " k = " << k;
          EXPECT_EQ(model.mu_moment_exists(k), mu_prior != "flat" || exponent > k + 1.5);
        }
      }
    }
  }
}

TEST(MomentExistence, OfABoundedOrLightPriorIsUnlimited) {
  for (const std::string tau : {"uniform:50", "half_normal:5", "fixed:0", "fixed:7"}) {
    const Model model = make_model(schools(1), tau, "flat");
    for (int k = 0; k <= 20; ++k) {
      EXPECT_TRUE(model.tau_moment_exists(k)) << tau;
      EXPECT_TRUE(model.mu_moment_exists(k)) << tau;
    }
  }
}

TEST(MomentExistence, OfNoPoolingIsMusPriors) {
  EXPECT_FALSE(make_model(schools(3), "fixed:inf", "flat").tau_moment_exists(1));
  EXPECT_FALSE(make_model(schools(3), "fixed:inf", "flat").mu_moment_exists(1));
  EXPECT_TRUE(make_model(schools(3), "fixed:inf", "normal:0,1").mu_moment_exists(2));
}

TEST(Model, KeepsDataAndPriors) {
  Data data = schools(3);
  data.labels = {"a", "b", "c"};
  const Model model = make_model(data, "half_normal:5", "normal:0,1");
  EXPECT_EQ(model.data.y, data.y);
  EXPECT_EQ(model.data.sigma, data.sigma);
  EXPECT_EQ(model.data.labels, data.labels);
  EXPECT_EQ(model.tau_prior.text, "half_normal:5");
  EXPECT_EQ(model.mu_prior.text, "normal:0,1");
}

TEST(Model, RefusesBadDataAndBadPriors) {
  EXPECT_NE(refusal([] {
              make_model({{1, 2}, {1, 0}, {}}, "half_normal:5", "flat");
            }).find("row 2: sigma"),
            std::string::npos);
  EXPECT_NE(refusal([] { make_model(schools(3), "half_normal:0", "flat"); }).find("scale is 0"),
            std::string::npos);
  EXPECT_NE(
      refusal([] { make_model(schools(3), "half_normal:5", "normal:0,-1"); }).find("sd is -1"),
      std::string::npos);
}

// Beyond 1e24 smallest sigmas the squares of a problem no longer fit a double's range; up to there
// they do.
TEST(Model, RefusesPriorsTooFarFromTheData) {
  for (const std::string mu : {"normal:0,1e26", "normal:0,1e-26", "normal:1e26,1",
                               "uniform:1e26,1e27", "uniform:0,1e26"}) {
    const std::string message = refusal([&] { make_model(schools(3), "half_normal:5", mu); });
    EXPECT_NE(message.find("mu prior " + mu), std::string::npos) << message;
    EXPECT_NE(message.find("1e24"), std::string::npos) << message;
  }
  for (const std::string tau :
       {"half_normal:1e26", "half_cauchy:1e-26", "uniform:1e200", "uniform:1e-200"}) {
    const std::string message = refusal([&] { make_model(schools(3), tau, "flat"); });
    EXPECT_NE(message.find("tau prior " + tau), std::string::npos) << message;
    EXPECT_NE(message.find("1e24"), std::string::npos) << message;
  }
  const std::string message = refusal([] { make_model(schools(3), "fixed:1e26", "flat"); });
  EXPECT_NE(message.find("fixed:inf"), std::string::npos) << message;
}

TEST(Model, ComputesUpToTheFarthestPriorsAllowed) {
  for (const std::string tau : {"half_normal:5", "half_cauchy:1.1e-24", "half_cauchy:9e23",
                                "uniform:1.1e-24", "uniform:9e23", "fixed:9e23", "fixed:1e-300"})
    for (const std::string mu :
         {"flat", "normal:0,9e23", "normal:0,1.1e-24", "normal:9e23,1", "uniform:-9e23,9e23"}) {
      const Posterior posterior(schools(3), tau, mu);
      if (tau == "half_normal:5" && mu == "normal:9e23,1") {
        // log p(tau | y) is about -1e23 everywhere: doubles have nothing of its shape.
        EXPECT_THROW(posterior.summary(), std::runtime_error);
        continue;
      }
      const FitSummary summary = posterior.summary();
      for (const ParameterSummary& p : summary.parameters)
        for (const double q : p.quantiles)
          EXPECT_TRUE(std::isfinite(q)) << tau << " " << mu << " " << p.name;
    }
}

}  // namespace
}  // namespace taugrid
