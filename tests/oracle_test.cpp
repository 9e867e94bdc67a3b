// tests/data/oracles.json, computed by another program, against the exact summary: moments within
// 1e-9 sd plus 4 eps of the value, quantiles and intervals within 1e-8 sd. The file's modes and
// shortest intervals come from an optimiser that compares values, good to 1e-6 sd; here they must
// also be roots of derivatives, taken by the direct integration of the model's definition.
#include "taugrid/posterior.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/direct_integration.h"
#include "tests/prior_formulas.h"

namespace taugrid {
namespace {

using Json = nlohmann::json;

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kOptimiser = 1e-6;  // of an sd

const Json& oracles() {
  static const Json kFile =
      Json::parse(std::ifstream(TAUGRID_TEST_DATA_DIR "/oracles.json")).at("oracles");
  return kFile;
}

Data data_of(const Json& oracle) {
  return {
      oracle.at("y").get<std::vector<double>>(), oracle.at("sigma").get<std::vector<double>>(), {}};
}

// Null where the prior of the oracle is not implemented.
std::unique_ptr<Posterior> posterior_of(const Json& oracle) {
  try {
    parse_tau_prior(oracle.at("tau_prior"));
  } catch (const std::invalid_argument& error) {
    if (std::string(error.what()).find("unknown") == std::string::npos) throw;
    return nullptr;
  }
  return std::make_unique<Posterior>(data_of(oracle), oracle.at("tau_prior").get<std::string>(),
                                     oracle.at("mu_prior").get<std::string>());
}

const ParameterSummary& named(const FitSummary& summary, const std::string& name) {
  for (const ParameterSummary& parameter : summary.parameters)
    if (parameter.name == name) return parameter;
  throw std::out_of_range(name);
}

class Oracle : public testing::TestWithParam<size_t> {
 protected:
  void SetUp() override {
    oracle_ = oracles()[GetParam()];
    posterior_ = posterior_of(oracle_);
    if (!posterior_) GTEST_SKIP() << oracle_.at("tau_prior") << " is not implemented yet";
    summary_ = posterior_->summary();
  }

  // body(parameter, the oracle's record of it)
  template <class Body>
  void for_parameters(const Body& body) const {
    for (const auto& [name, record] : oracle_.at("results").items()) {
      if (!record.is_object()) continue;
      SCOPED_TRACE(name);
      body(named(summary_, name), record);
    }
  }

  Json oracle_;
  std::unique_ptr<Posterior> posterior_;
  FitSummary summary_;
};

// Those whose record of mu has this field, or whose results have it.
testing::internal::ParamGenerator<size_t> having(const std::string& field) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < oracles().size(); ++i) {
    const Json& results = oracles()[i].at("results");
    if (results.contains(field) || results.at("mu").contains(field)) indices.push_back(i);
  }
  return testing::ValuesIn(indices);
}

std::string test_name(const testing::TestParamInfo<size_t>& info) {
  std::string name;
  for (const char c : oracles()[info.param].at("name").get<std::string>())
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  return name;
}

class OracleWithQuantiles : public Oracle {};
class OracleWithEvidence : public Oracle {};
class OracleWithModes : public Oracle {};
INSTANTIATE_TEST_SUITE_P(File, Oracle, having("mean"), test_name);
INSTANTIATE_TEST_SUITE_P(File, OracleWithQuantiles, having("q50"), test_name);
INSTANTIATE_TEST_SUITE_P(File, OracleWithEvidence, having("log_marginal_likelihood"), test_name);
INSTANTIATE_TEST_SUITE_P(File, OracleWithModes, having("mode"), test_name);

TEST_P(Oracle, AgreesOnEveryMoment) {
  int moments = 0;
  for_parameters([&](const ParameterSummary& parameter, const Json& record) {
    const double mean = record.at("mean"), sd = record.at("sd");
    EXPECT_NEAR(parameter.mean, mean, 1e-9 * sd + 4 * kEps * std::abs(mean));
    EXPECT_NEAR(parameter.sd, sd, 1e-9 * sd);
    moments += 2;
  });
  const Json& results = oracle_.at("results");
  if (results.contains("cov_mu_tau")) {
    const double scale =
        results.at("mu").at("sd").get<double>() * results.at("tau").at("sd").get<double>();
    EXPECT_NEAR(summary_.cov_mu_tau, results.at("cov_mu_tau").get<double>(), 1e-9 * scale);
    EXPECT_NEAR(summary_.corr_mu_tau, results.at("cov_mu_tau").get<double>() / scale, 2e-9);
    ++moments;
  }
  EXPECT_GE(moments, 4);
}

TEST_P(OracleWithQuantiles, AgreesOnEveryQuantileAndCentralInterval) {
  const std::map<std::string, size_t> keys = {{"q2.5", 0}, {"q5", 1},  {"q25", 2},  {"q50", 3},
                                              {"q75", 4},  {"q95", 5}, {"q97.5", 6}};
  int quantiles = 0;
  for_parameters([&](const ParameterSummary& parameter, const Json& record) {
    const double near = 1e-8 * record.at("sd").get<double>();
    for (const auto& [key, value] : record.items()) {
      if (key[0] == 'q') {
        EXPECT_NEAR(parameter.quantiles.at(keys.at(key)), value.get<double>(), near) << key;
        ++quantiles;
      }
    }
    if (record.contains("central95")) {
      EXPECT_NEAR(parameter.central.lower, record.at("central95")[0].get<double>(), near);
      EXPECT_NEAR(parameter.central.upper, record.at("central95")[1].get<double>(), near);
    }
  });
  EXPECT_GE(quantiles, 7);
}

TEST_P(OracleWithEvidence, AgreesOnTheMarginalLikelihood) {
  EXPECT_NEAR(summary_.log_marginal_likelihood,
              oracle_.at("results").at("log_marginal_likelihood").get<double>(), 1e-9);
}

TEST_P(OracleWithModes, AgreesOnModesAndShortestIntervalsAsFarAsAnOptimiserGoes) {
  for_parameters([&](const ParameterSummary& parameter, const Json& record) {
    const double near = kOptimiser * record.at("sd").get<double>();
    EXPECT_NEAR(parameter.mode, record.at("mode").get<double>(), near);
    EXPECT_NEAR(parameter.shortest.lower, record.at("shortest95")[0].get<double>(), near);
    EXPECT_NEAR(parameter.shortest.upper, record.at("shortest95")[1].get<double>(), near);
  });
}

// P(mu > 0) = q makes 0 the quantile of 1 - q.
TEST_P(OracleWithModes, AgreesOnTheProbabilityThatMuIsPositive) {
  const Json& results = oracle_.at("results");
  SummaryOptions options;
  options.probabilities = {1 - results.at("P(mu>0)").get<double>()};
  EXPECT_NEAR(named(posterior_->summary(options), "mu").quantiles[0], 0,
              1e-8 * results.at("mu").at("sd").get<double>());
}

// Of 10^6 draws, the share with theta_1 > theta_3 lies within 4 standard errors (p = 6e-5 a prior).
TEST_P(OracleWithModes, AgreesOnTheProbabilityThatTheta1ExceedsTheta3) {
  constexpr int64_t kDraws = 1'000'000;
  int64_t count = 0;
  posterior_->draw_blocks(kDraws, 20260, false, [&](const DrawBlock& block) {
    for (size_t i = 0; i < static_cast<size_t>(block.size()); ++i)
      count += block.theta(0)[i] > block.theta(2)[i];
  });
  const double p = oracle_.at("results").at("P(theta1>theta3)");
  EXPECT_NEAR(static_cast<double>(count) / kDraws, p, 4 * std::sqrt(p * (1 - p) / kDraws));
}

DirectPosterior direct_posterior(const Json& oracle) {
  const Data data = data_of(oracle);
  const std::string text = oracle.at("tau_prior");
  const auto log_density = [text, sigma = data.sigma](Wide tau) {
    return prior_formula(text, sigma, tau).log_density;
  };
  const Wide upper = text.rfind("uniform:", 0) == 0 ? prior_numbers(text)[0] : kWideInfinity;
  return {data, DirectTauPrior{log_density, 0, upper}, oracle.at("mu_prior"), 2};
}

// The density at `at` is largest (Newton's step from there is 1e-8 sd) and no smaller than anywhere
// on a grid.
template <class Law>
void expect_mode(const Law& law, const ParameterSummary& parameter) {
  const auto at = law(parameter.mode);
  EXPECT_LT(at.curvature, 0);
  EXPECT_LT(std::abs(at.slope / at.curvature), 1e-8 * parameter.sd);
  for (int i = -3; i <= 3; ++i)
    EXPECT_LE(law(parameter.mode + 0.7 * i * parameter.sd).density, at.density * (1 + 1e-14)) << i;
}

// Mass 0.95, equal densities at the ends, and no longer than the central interval.
template <class Law>
void expect_shortest(const Law& law, const ParameterSummary& parameter) {
  const auto a = law(parameter.shortest.lower), b = law(parameter.shortest.upper);
  EXPECT_NEAR(b.cdf - a.cdf, 0.95, 1e-9);
  // By how much the ends would have to move, together at constant mass.
  EXPECT_LT(std::abs((b.density - a.density) / (a.slope - b.slope)), 1e-8 * parameter.sd);
  EXPECT_GT(a.slope, 0);
  EXPECT_LT(b.slope, 0);
}

TEST_P(OracleWithQuantiles, ModesAndShortestIntervalsAreRootsOfTheDensitysDerivative) {
  const DirectPosterior direct = direct_posterior(oracle_);
  const auto check = [&](const std::string& name, const auto& law) {
    SCOPED_TRACE(name);
    expect_mode(law, named(summary_, name));
    expect_shortest(law, named(summary_, name));
  };
  check("mu", [&](double q) { return direct.mu(q); });
  check("theta[1]", [&](double q) { return direct.theta(0, q); });
  check("theta_new", [&](double q) { return direct.theta_new(q); });
}

TEST_P(OracleWithQuantiles, ModeOfTauIsARootOfTheDensitysDerivative) {
  const DirectPosterior direct = direct_posterior(oracle_);
  const ParameterSummary& tau = named(summary_, "tau");
  const double mode = tau.mode;
  if (mode == 0) {
    const Wide first = direct.tau_log_density(1e-6L);
    for (int i = 1; i <= 60; ++i) EXPECT_LT(direct.tau_log_density(0.1L * i * tau.sd), first) << i;
    EXPECT_EQ(tau.shortest.lower, 0.0);
    EXPECT_NEAR(tau.shortest.upper, tau.quantiles[5], 1e-8 * tau.sd);
    return;
  }
  // Five points: truncated at h^4, noise 1e-15/h.
  const Wide h = 3e-3L * mode;
  const auto f = [&](int k) { return direct.tau_log_density(mode + k * h); };
  const Wide slope = (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * h),
             curvature = (f(1) - 2 * f(0) + f(-1)) / (h * h);
  EXPECT_LT(curvature, 0);
  EXPECT_LT(std::abs(slope / curvature), 1e-8L * tau.sd);
  for (int i = 1; i <= 60; ++i)
    EXPECT_LE(direct.tau_log_density(0.1L * i * tau.sd), f(0) + 1e-14L) << i;
}

TEST(OracleFile, HasElevenOraclesWhosePriorsAreAllImplemented) {
  EXPECT_EQ(oracles().size(), 11u);
  for (const Json& oracle : oracles())
    EXPECT_NE(posterior_of(oracle), nullptr) << oracle.at("tau_prior");
}

}  // namespace
}  // namespace taugrid
