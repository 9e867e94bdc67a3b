// Study files: what they describe, and what is refused, with the line.
#include <gtest/gtest.h>

#include <cmath>

#include "host/taugrid/study.h"
#include "kernels/math/comparators.h"
#include "kernels/math/synthetic.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

const std::string kStudy = R"(seed = 7
replicates = 1e3
methods = ["reml", "dl:hk", { tau_prior = "half_normal:0.5" },
           { tau_prior = "uniform:4", mu_prior = "normal:0,4", name = "mine" }]
[scenarios]
k = [3, 5]
sigma = ["two_arm:500,50", "uniform:0.2,1"]
theta = ["normal", "skew_normal:-4"]
mu = -0.3
i2 = [0, 0.9]
)";

TEST(Study, IsTheFactorialOfItsLists) {
  const Study study = parse_study(kStudy, "s.toml");
  EXPECT_EQ(study.kind, StudyKind::kSimulation);
  EXPECT_EQ(study.seed, 7u);
  EXPECT_EQ(study.replicates, 1000);
  ASSERT_EQ(study.scenarios.size(), 16u);
  const Scenario& last = study.scenarios.back();
  EXPECT_EQ(last.number, 15);
  EXPECT_EQ(last.k, 5);
  EXPECT_EQ(last.sigma.text, "uniform:0.2,1");
  EXPECT_EQ(last.theta.form, ThetaForm::kSkewNormal);
  EXPECT_EQ(last.i2, 0.9);
  // E sigma^2 of U(0.2, 1) is 0.4133..; times 0.9/0.1.
  EXPECT_NEAR(last.tau * last.tau, 9 * (0.04 + 0.2 + 1) / 3, 1e-14);
  // k = 3: one arm of 500, two of 50.
  EXPECT_NEAR(std::pow(study.scenarios[1].tau, 2), 9 * (2 / 500.0 + 2 * 2 / 50.0) / 3, 1e-15);
  EXPECT_EQ(study.scenarios[0].tau, 0.0);
}

TEST(Study, NamesItsMethods) {
  const Study study = parse_study(kStudy, "s.toml");
  std::string names;
  for (const Method& method : study.methods) names += method.name + "|";
  EXPECT_EQ(names, "reml:wald|reml:hk|dl:hk|half_normal:0.5|mine|");
  EXPECT_EQ(study.methods[2].estimator, Estimator::kDerSimonianLaird);
  EXPECT_TRUE(study.methods[2].hartung_knapp);
}

TEST(Study, TakesTauInPlaceOfI2) {
  const Study study = parse_study(
      "replicates = 10\nmethods = 'dl'\n[scenarios]\nk = 2\nsigma = 'fixed:1'\nmu = 0\ntau = 2\n",
      "s.toml");
  EXPECT_EQ(study.scenarios[0].tau, 2.0);
  EXPECT_NEAR(study.scenarios[0].i2, 0.8, 1e-15);
}

struct BadStudy {
  const char* name;
  const char* from;  // of kStudy, replaced
  const char* to;
  const char* message;
};
void PrintTo(const BadStudy& bad, std::ostream* out) { *out << bad.name; }

class StudyRefuses : public testing::TestWithParam<BadStudy> {};

TEST_P(StudyRefuses, WithTheLine) {
  std::string text = kStudy;
  const size_t at = text.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string(GetParam().from).size(), GetParam().to);
  EXPECT_EQ(refusal([&] { parse_study(text, "s.toml"); }), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    BadInput, StudyRefuses,
    testing::Values(
        BadStudy{
            "UnknownKey", "seed = 7", "sed = 7",
            "s.toml:1: key sed is unknown; known are crps, estimate, interval, kind, level, "
            "methods, misspecify, parameters, replicates, scenarios, seed; did you mean seed?"},
        BadStudy{"UnknownScenarioKey", "mu = -0.3", "mu = -0.3\nn = 4",
                 "s.toml:10: key scenarios.n is unknown; known in scenarios are i2, k, mu, sigma, "
                 "tau, theta, theta_scale"},
        BadStudy{"NoReplicates", "replicates = 1e3", "", "s.toml:1: replicates is missing"},
        BadStudy{"HalfReplicates", "1e3", "1.5",
                 "s.toml:2: replicates is 1.5, must be a whole number from 2 to 1099511627776"},
        BadStudy{"UnknownMethod", "dl:hk", "dl:kh",
                 "s.toml:3: method 'dl:kh' is unknown, must be one of common, dl, pm, ml, reml, "
                 "alone or with :wald or :hk, or a table with tau_prior"},
        BadStudy{"MethodTwice", "dl:hk", "reml:hk",
                 "s.toml:3: method 'reml:hk' appears twice; give it another name"},
        BadStudy{"BadPrior", "half_normal:0.5", "half_normal:-1",
                 "s.toml:3: tau prior half_normal:-1: scale is -1, must be positive and finite"},
        BadStudy{"OneStudy", "k = [3, 5]", "k = [3, 1]",
                 "s.toml:6: scenarios.k is 1, must be a whole number from 2 to 10000"},
        BadStudy{"BadSigma", "uniform:0.2,1", "uniform:1,0.2",
                 "s.toml:7: sigma 'uniform:1,0.2' must be uniform:LOWER,UPPER with 0 < LOWER < "
                 "UPPER"},
        BadStudy{"LongSigma", "two_arm:500,50", "two_arm:500,50,50,50",
                 "s.toml:7: sigma 'two_arm:500,50,50,50' lists 4 studies, more than k = 3"},
        BadStudy{"SigmaIsText", "uniform:0.2,1", "uniform:0.2,abc",
                 "s.toml:7: sigma 'uniform:0.2,abc' is 'abc', not a number"},
        BadStudy{"BadTheta", "skew_normal:-4", "t:2",
                 "s.toml:8: theta 't:2' must be t:DF with 2 < DF <= 1e6 (below, there is no sd)"},
        BadStudy{"BadI2", "0.9", "1.0", "s.toml:10: scenarios.i2 is 1, must be below 1"},
        BadStudy{"BothTauAndI2", "mu = -0.3", "mu = -0.3\ntau = 1",
                 "s.toml:11: both scenarios.tau and scenarios.i2 are given; one says it all"},
        BadStudy{"NoToml", "[scenarios]", "[scenarios",
                 "s.toml:5: Error while parsing table header: expected ']', saw '\\n'"}),
    [](const auto& info) { return info.param.name; });

TEST(Study, RefusesACalibrationThatCannotDraw) {
  const auto text = [](const std::string& tau, const std::string& mu) {
    return "kind = 'calibration'\nreplicates = 10\ntau_prior = '" + tau + "'\nmu_prior = '" + mu +
           "'\n[scenarios]\nk = 3\nsigma = 'fixed:1'\n";
  };
  EXPECT_NO_THROW(parse_study(text("half_normal:1", "normal:0,4"), "c"));
  EXPECT_EQ(refusal([&] { parse_study(text("uniform", "normal:0,4"), "c"); }),
            "c:3: tau prior uniform is improper: a calibration draws tau from it");
  EXPECT_EQ(refusal([&] { parse_study(text("half_normal:1", "flat"), "c"); }),
            "c:4: mu prior flat is improper: a calibration draws mu from it");
}

}  // namespace
}  // namespace taugrid
