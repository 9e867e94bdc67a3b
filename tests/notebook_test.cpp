// The notebook's cases on the eight schools: complete pooling, separate estimates, its two Stan
// models, and the table that it prints for the second one under tau = 8, which is the table of tau
// = 1.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/direct_integration.h"

namespace taugrid {
namespace {

const Data kEightSchools{{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}};
const std::string kStanMu = "uniform:-20,20";

ParameterSummary exact(const std::string& tau_prior, const std::string& mu_prior,
                       const std::string& name) {
  const FitSummary summary = Posterior(kEightSchools, tau_prior, mu_prior).summary();
  for (const ParameterSummary& parameter : summary.parameters)
    if (parameter.name == name) return parameter;
  throw std::out_of_range(name);
}

// Rows of the printed table: mean and se_mean by parameter.
struct Printed {
  double mean, se_mean;
};
std::map<std::string, Printed> printed_table() {
  std::ifstream file(TAUGRID_TEST_DATA_DIR "/notebook_table.csv");
  std::map<std::string, Printed> table;
  std::string line, name, mean, se_mean;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::getline(cells, name, ',');
    std::getline(cells, mean, ',');
    std::getline(cells, se_mean, ',');
    table[name] = {std::stod(mean), std::stod(se_mean)};
  }
  return table;
}

// |printed - exact| in standard errors of the print, by parameter but lp__.
std::map<std::string, double> distances(const std::string& tau_prior) {
  const FitSummary summary = Posterior(kEightSchools, tau_prior, kStanMu).summary();
  std::map<std::string, double> z;
  for (const auto& [name, printed] : printed_table())
    for (const ParameterSummary& parameter : summary.parameters)
      if (parameter.name == name)
        z[name] = std::abs(printed.mean - parameter.mean) / printed.se_mean;
  return z;
}

// Mean and sd of lp__ over draws.
struct Moments {
  double mean, sd;
};
Moments lp_of_draws(const std::string& mu_prior, int64_t n) {
  double sum = 0, squares = 0;
  Posterior(kEightSchools, "fixed:1", mu_prior)
      .draw_blocks(n, 101, true, [&](const DrawBlock& block) {
        for (const double lp : block.lp()) {
          sum += lp;
          squares += (lp + 7) * (lp + 7);
        }
      });
  const double mean = sum / static_cast<double>(n);
  return {mean, std::sqrt(squares / static_cast<double>(n) - (mean + 7) * (mean + 7))};
}

// At a given tau, lp__ = -(Q + chi^2_J + z^2)/2 where Q = sum w_j (y_j - mu_hat)^2, the chi^2 comes
// from theta given mu, and z = (mu - mu_hat)/sqrt(v_mu), a standard normal that the bounds on mu
// truncate.
Moments exact_lp(double tau, double lower, double upper) {
  double precision = 0, weighted = 0;
  for (size_t j = 0; j < 8; ++j) {
    const double v = kEightSchools.sigma[j] * kEightSchools.sigma[j] + tau * tau;
    precision += 1 / v;
    weighted += kEightSchools.y[j] / v;
  }
  const double mu_hat = weighted / precision;
  double q = 0;
  for (size_t j = 0; j < 8; ++j) {
    const double r = kEightSchools.y[j] - mu_hat;
    q += r * r / (kEightSchools.sigma[j] * kEightSchools.sigma[j] + tau * tau);
  }
  // E z^2 and E z^4 between the bounds, by parts.
  const double a = (lower - mu_hat) * std::sqrt(precision),
               b = (upper - mu_hat) * std::sqrt(precision);
  const auto pdf = [](double z) { return std::exp(-z * z / 2) / std::sqrt(2 * std::acos(-1.0)); };
  const double mass = 0.5 * (std::erfc(-b / std::sqrt(2.0)) - std::erfc(-a / std::sqrt(2.0)));
  const double z2 = 1 + (a * pdf(a) - b * pdf(b)) / mass;
  const double z4 = 3 * z2 + (a * a * a * pdf(a) - b * b * b * pdf(b)) / mass;
  return {-(q + 8 + z2) / 2, std::sqrt((16 + z4 - z2 * z2) / 4)};
}

TEST(CompletePooling, GivesEveryParameterThePooledEstimate) {
  // 7.6856 and 4.0719: sum y_j/sigma_j^2 / sum 1/sigma_j^2, and (sum 1/sigma_j^2)^-1/2.
  Wide precision = 0, weighted = 0;
  for (size_t j = 0; j < 8; ++j) {
    precision += 1 / (Wide(kEightSchools.sigma[j]) * kEightSchools.sigma[j]);
    weighted += kEightSchools.y[j] / (Wide(kEightSchools.sigma[j]) * kEightSchools.sigma[j]);
  }
  const double mean = static_cast<double>(weighted / precision),
               sd = static_cast<double>(1 / std::sqrt(precision));
  EXPECT_NEAR(mean, 7.6856, 5e-5);
  EXPECT_NEAR(sd, 4.0719, 5e-5);
  const FitSummary summary = Posterior(kEightSchools, "fixed:0", "flat").summary();
  ASSERT_EQ(summary.parameters.size(), 11u);
  EXPECT_EQ(summary.parameters[0].mean, 0.0);
  EXPECT_EQ(summary.parameters[0].sd, 0.0);
  for (size_t k = 1; k < 11; ++k) {
    EXPECT_NEAR(summary.parameters[k].mean, mean, 1e-9 * sd) << summary.parameters[k].name;
    EXPECT_NEAR(summary.parameters[k].sd, sd, 1e-9 * sd) << summary.parameters[k].name;
  }
}

TEST(SeparateEstimates, AreTheSchoolsOwn) {
  const FitSummary summary = Posterior(kEightSchools, "fixed:inf", "flat").summary();
  for (size_t j = 0; j < 8; ++j) {
    const ParameterSummary& theta = summary.parameters[2 + j];
    EXPECT_EQ(theta.mean, kEightSchools.y[j]);
    EXPECT_EQ(theta.sd, kEightSchools.sigma[j]);
    EXPECT_NEAR(theta.central.upper,
                kEightSchools.y[j] + 1.959963984540054 * kEightSchools.sigma[j],
                1e-9 * kEightSchools.sigma[j]);
  }
  EXPECT_TRUE(std::isnan(summary.parameters[1].mean)) << "mu";
  EXPECT_TRUE(std::isnan(summary.parameters[10].mean)) << "theta_new";
}

TEST(StanModelOne, IsTheDirectIntegrationOfItsDefinition) {
  const DirectPosterior direct(kEightSchools, "uniform:50", kStanMu, 2);
  const FitSummary summary = Posterior(kEightSchools, "uniform:50", kStanMu).summary();
  const auto expect = [&](size_t k, Wide mean, Wide sd) {
    EXPECT_NEAR(summary.parameters[k].mean, static_cast<double>(mean),
                1e-9 * static_cast<double>(sd))
        << summary.parameters[k].name;
    EXPECT_NEAR(summary.parameters[k].sd, static_cast<double>(sd), 1e-9 * static_cast<double>(sd))
        << summary.parameters[k].name;
  };
  expect(0, direct.tau_mean(), direct.tau_sd());
  expect(1, direct.mu_mean(), direct.mu_sd());
  for (size_t j = 0; j < 8; ++j) expect(2 + j, direct.theta_mean(j), direct.theta_sd(j));
  expect(10, direct.mu_mean(), direct.theta_new_sd());
  EXPECT_NEAR(summary.log_marginal_likelihood, static_cast<double>(direct.log_evidence()), 1e-9);
}

TEST(StanModelTwo, AtTauEightPutsThetaOneAtTwelve) {
  // Under a flat mu, closed forms; Stan's bounds on mu move theta[1] by less than 0.1 sd.
  const ParameterSummary flat = exact("fixed:8", "flat", "theta[1]");
  EXPECT_NEAR(flat.mean, 12.45, 0.005);
  EXPECT_NEAR(flat.sd, 8.08, 0.005);
  const ParameterSummary bounded = exact("fixed:8", kStanMu, "theta[1]");
  EXPECT_NEAR(bounded.mean, flat.mean, 0.1 * flat.sd);
  EXPECT_LT(bounded.mean, flat.mean);
  EXPECT_LT(bounded.sd, flat.sd);
}

TEST(PrintedTable, HasARowForEveryParameter) { EXPECT_EQ(printed_table().size(), 10u); }

TEST(PrintedTable, IsThatOfTauOne) {
  const std::map<std::string, double> z = distances("fixed:1");
  ASSERT_EQ(z.size(), 9u);
  for (const auto& [name, distance] : z) EXPECT_LT(distance, 3) << name;
  const Printed lp = printed_table().at("lp__");
  EXPECT_LT(std::abs(lp.mean - exact_lp(1, -20, 20).mean), 3 * lp.se_mean);
}

TEST(PrintedTable, IsNotThatOfTauEight) {
  std::map<std::string, double> z = distances("fixed:8");
  ASSERT_EQ(z.size(), 9u);
  for (const std::string name : {"theta[1]", "theta[5]", "theta[7]"}) {
    EXPECT_GT(z.at(name), 10) << name;
    z.erase(name);
  }
  // The other schools' estimates lie too near the pooled one for ten.
  EXPECT_GT(z.at("theta[3]"), 6);
  EXPECT_GT(z.at("theta[6]"), 6);
}

TEST(LpOfStanModelTwo, HasMeanAndSdInClosedForm) {
  const Moments stan = exact_lp(1, -20, 20), flat = exact_lp(1, -1e3, 1e3);
  EXPECT_NEAR(stan.mean, -6.8295, 5e-5);
  EXPECT_NEAR(stan.sd, 2.1136, 5e-5);
  // Without Stan's bounds on mu, half a chi^2 with 9 degrees of freedom.
  EXPECT_NEAR(flat.mean, -6.8360, 5e-5);
  EXPECT_NEAR(flat.sd, std::sqrt(4.5), 1e-15);
}

// 2^21 draws: mean and sd within 4 standard errors (p = 1.3e-4 in all; the variance of the sample
// variance from the kurtosis of a chi^2 with 9 degrees of freedom, 3 + 12/9).
TEST(LpOfStanModelTwo, OfDrawsHasTheExactMeanAndSd) {
  constexpr int64_t kDraws = int64_t{1} << 21;
  const auto expect = [](const Moments& drawn, const Moments& lp) {
    const double root_n = std::sqrt(static_cast<double>(kDraws));
    EXPECT_NEAR(drawn.mean, lp.mean, 4 * lp.sd / root_n);
    EXPECT_NEAR(drawn.sd, lp.sd, 4 * lp.sd * 0.5 * std::sqrt(2 + 12.0 / 9) / root_n);
  };
  expect(lp_of_draws("flat", kDraws), exact_lp(1, -1e3, 1e3));
  expect(lp_of_draws(kStanMu, kDraws), exact_lp(1, -20, 20));
}

// Draw by draw, what Stan's ~ statements of its model 1 add up to, with log tau for the bound on
// tau (the bounded uniform densities of mu and tau are constants; mu and tau have no upper Jacobian
// in this model).
TEST(LpOfStanModelOne, IsStansTargetAtEveryDraw) {
  const Draws draws = Posterior(kEightSchools, "uniform:50", kStanMu).draw(4096, 7, 0, true);
  const DrawBlock view = draws.view();
  for (size_t i = 0; i < 4096; ++i) {
    const Wide tau = view.tau()[i], mu = view.mu()[i];
    Wide target = std::log(tau);
    for (int64_t j = 0; j < 8; ++j) {
      const Wide theta = view.theta(j)[i], a = (theta - mu) / tau;
      const Wide b = (kEightSchools.y[static_cast<size_t>(j)] - theta) /
                     kEightSchools.sigma[static_cast<size_t>(j)];
      target -= 0.5L * a * a + std::log(tau) + 0.5L * b * b;
    }
    // (theta - mu)/tau here is a difference of rounded numbers.
    const double noise = 1e-12 + 1e-14 / static_cast<double>(tau);
    ASSERT_NEAR(view.lp()[i], static_cast<double>(target), noise * (1 + std::abs(view.lp()[i])))
        << i;
  }
}

}  // namespace
}  // namespace taugrid
