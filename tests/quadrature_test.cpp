// The exact summary against direct integration of the model's definition (direct_integration.h), on
// random data sets and priors: J from 1 to 50, sigma over up to four decades, prior scales from
// 1e-3 to 1e3 sigma.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/direct_integration.h"

namespace taugrid {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

struct Case {
  Data data;
  std::string tau_prior, mu_prior;
  std::string text() const {
    std::string all = tau_prior + " " + mu_prior + " y sigma:";
    for (size_t j = 0; j < data.y.size(); ++j)
      all += " " + testing::PrintToString(data.y[j]) + " " + testing::PrintToString(data.sigma[j]) +
             ";";
    return all;
  }
};

// The n-th random case; `form` picks the priors in turn so that all combinations occur.
Case random_case(int n) {
  std::mt19937_64 words(1234 + static_cast<uint64_t>(n));
  const auto uniform = [&](double lo, double hi) {
    return lo + (hi - lo) * static_cast<double>(words() >> 11) * 0x1p-53;
  };
  const auto normal = [&] {
    return std::sqrt(-2 * std::log(uniform(1e-300, 1))) *
           std::cos(6.283185307179586 * uniform(0, 1));
  };
  Case c;
  const int mu_form = n / 4 % 3;
  // A parameter under a uniform mu prior costs a hundred times one under the others.
  const double largest_j = mu_form == 2 ? 5 : n % 4 == 0 ? 50 : 12;
  const int n_schools = static_cast<int>(std::exp(uniform(0, std::log(largest_j + 0.99))));
  const double unit = std::exp(uniform(-10, 10)), place = unit * 100 * normal();
  const double decades = uniform(0, 4);
  double smallest = 1e300;
  const double tau = std::exp(uniform(-3, 3));
  for (int j = 0; j < n_schools; ++j) {
    const double sigma = std::pow(10, uniform(0, decades));
    c.data.sigma.push_back(unit * sigma);
    smallest = std::min(smallest, unit * sigma);
    c.data.y.push_back(place + unit * (tau * normal() + sigma * normal()));
  }
  const double scale = smallest * std::pow(10, uniform(-3, 3));
  const auto number = [](double x) { return testing::PrintToString(x); };
  const int form = n % 4;
  if (form == 0) c.tau_prior = "half_normal:" + number(scale);
  if (form == 1) c.tau_prior = "half_cauchy:" + number(scale);
  if (form == 2) c.tau_prior = "uniform:" + number(scale);
  if (form == 3)
    c.tau_prior = n_schools >= (mu_form == 0 ? 3 : 2) ? "uniform" : "half_normal:" + number(scale);
  c.mu_prior = "flat";
  const double width = smallest * std::pow(10, uniform(-2, 3));
  const double centre = c.data.y[0] + width * uniform(-3, 3);
  if (mu_form == 1) c.mu_prior = "normal:" + number(centre) + "," + number(width);
  if (mu_form == 2) c.mu_prior = "uniform:" + number(centre - width) + "," + number(centre + width);
  return c;
}

// |F(q) - p| <= 1e-9, allowing q the rounding of a double.
template <class Cdf>
void expect_quantile(const Cdf& cdf, double q, double p, const std::string& what) {
  const double f = cdf(q);
  if (std::abs(f - p) <= 1e-9) return;
  const double slack = 4 * kEps * std::abs(q);
  EXPECT_TRUE(cdf(q - slack) - 1e-9 <= p && p <= cdf(q + slack) + 1e-9)
      << what << ": F(" << testing::PrintToString(q) << ") - " << p << " = " << f - p;
}

void expect_moment(double value, Wide exact, Wide sd, const std::string& what) {
  EXPECT_NEAR(value, static_cast<double>(exact),
              static_cast<double>(1e-9L * sd + 4 * kEps * std::abs(exact)))
      << what;
}

const SummaryOptions kOptions{{0.001, 0.025, 0.5, 0.9}, 0.95};

int tau_moments(const Posterior& posterior) {
  return posterior.model().tau_moment_exists(2)   ? 2
         : posterior.model().tau_moment_exists(1) ? 1
                                                  : 0;
}

class Quadrature : public testing::TestWithParam<int> {};

// 240 cases, in tens.
TEST_P(Quadrature, OfTauAndMuIsTheDirectIntegration) {
  for (int n = 10 * GetParam(); n < 10 * GetParam() + 10; ++n) {
    const Case c = random_case(n);
    SCOPED_TRACE(testing::PrintToString(n) + ": " + c.text());
    const Posterior posterior(c.data, c.tau_prior, c.mu_prior);
    const FitSummary summary = posterior.summary(kOptions);
    const int moments = tau_moments(posterior);
    const DirectPosterior direct(c.data, c.tau_prior, c.mu_prior, moments);
    const ParameterSummary &tau = summary.parameters[0], &mu = summary.parameters[1];
    const bool mu_has_moments = posterior.model().mu_moment_exists(2);

    const Wide tau_width = moments == 2 ? direct.tau_sd() : tau.quantiles[3] - tau.quantiles[1];
    const Wide mu_width = mu_has_moments ? direct.mu_sd() : mu.quantiles[3] - mu.quantiles[1];
    if (moments >= 1) expect_moment(tau.mean, direct.tau_mean(), tau_width, "tau.mean");
    if (moments == 2) expect_moment(tau.sd, direct.tau_sd(), tau_width, "tau.sd");
    EXPECT_EQ(std::isnan(tau.mean), moments < 1);
    EXPECT_EQ(std::isnan(tau.sd), moments < 2);
    if (posterior.model().mu_moment_exists(1))
      expect_moment(mu.mean, direct.mu_mean(), mu_width, "mu.mean");
    if (mu_has_moments) expect_moment(mu.sd, direct.mu_sd(), mu_width, "mu.sd");
    EXPECT_EQ(std::isnan(mu.sd), !mu_has_moments);
    if (moments >= 1 && mu_has_moments) {
      EXPECT_NEAR(summary.cov_mu_tau, static_cast<double>(direct.cov_mu_tau()),
                  static_cast<double>(1e-9L * tau_width * mu_width));
    }
    if (posterior.model().tau_prior.proper) {
      EXPECT_NEAR(summary.log_marginal_likelihood, static_cast<double>(direct.log_evidence()),
                  1e-9 + 1e-14 * std::abs(summary.log_marginal_likelihood));
    }
    for (size_t i = 0; i < kOptions.probabilities.size(); ++i) {
      const double p = kOptions.probabilities[i];
      expect_quantile([&](double q) { return direct.tau_cdf(q); }, tau.quantiles[i], p, "tau");
      expect_quantile([&](double q) { return direct.mu(q).cdf; }, mu.quantiles[i], p, "mu");
    }
    for (size_t j = 0; j < c.data.y.size(); j += 7) {
      const ParameterSummary& theta = summary.parameters[2 + j];
      expect_moment(theta.mean, direct.theta_mean(j), direct.theta_sd(j), theta.name + ".mean");
      expect_moment(theta.sd, direct.theta_sd(j), direct.theta_sd(j), theta.name + ".sd");
    }
    const ParameterSummary& theta_new = summary.parameters.back();
    EXPECT_EQ(std::isnan(theta_new.sd), moments < 2);
    if (moments == 2) {
      expect_moment(theta_new.mean, direct.mu_mean(), direct.theta_new_sd(), "theta_new.mean");
      expect_moment(theta_new.sd, direct.theta_new_sd(), direct.theta_new_sd(), "theta_new.sd");
    }
    if (HasFailure()) return;  // one case at a time is enough to read
  }
}
INSTANTIATE_TEST_SUITE_P(Tens, Quadrature, testing::Range(0, 24));

// Newton's step from the mode to where the density's derivative vanishes, within 5e-8 of the
// distance from 2.5% to 50% (a mode is the root of an interpolated derivative), and the shortest
// interval's mass and densities.
template <class Law>
void expect_mode_and_shortest(const Law& law, const ParameterSummary& parameter, double width) {
  SCOPED_TRACE(parameter.name);
  const auto at = law(parameter.mode);
  EXPECT_LT(at.curvature, 0);
  EXPECT_LT(std::abs(at.slope / at.curvature), 5e-8 * width)
      << "mode " << testing::PrintToString(parameter.mode);
  const auto a = law(parameter.shortest.lower), b = law(parameter.shortest.upper);
  EXPECT_NEAR(b.cdf - a.cdf, 0.95, 1e-9);
  EXPECT_LT(std::abs((b.density - a.density) / (a.slope - b.slope)), 1e-8 * width)
      << "shortest interval";
  EXPECT_LE(parameter.shortest.upper - parameter.shortest.lower,
            (parameter.central.upper - parameter.central.lower) * (1 + 1e-12));
}

// Fresh random cases, the laws of theta_1 and theta_new.
class QuadratureOfTheta : public testing::TestWithParam<int> {};

TEST_P(QuadratureOfTheta, IsTheDirectIntegration) {
  for (int n = 1000 + 12 * GetParam(); n < 1000 + 12 * GetParam() + 12; ++n) {
    const Case c = random_case(n);
    SCOPED_TRACE(testing::PrintToString(n) + ": " + c.text());
    const Posterior posterior(c.data, c.tau_prior, c.mu_prior);
    const FitSummary summary = posterior.summary(kOptions);
    const DirectPosterior direct(c.data, c.tau_prior, c.mu_prior, tau_moments(posterior));
    for (size_t i = 0; i < kOptions.probabilities.size(); i += 1) {
      const double p = kOptions.probabilities[i];
      expect_quantile([&](double q) { return direct.theta(0, q).cdf; },
                      summary.parameters[2].quantiles[i], p, "theta[1]");
      expect_quantile([&](double q) { return direct.theta_new(q).cdf; },
                      summary.parameters.back().quantiles[i], p, "theta_new");
    }
    const auto width = [](const ParameterSummary& parameter) {
      return parameter.quantiles[2] - parameter.quantiles[1];
    };
    const ParameterSummary &theta = summary.parameters[2], &theta_new = summary.parameters.back();
    expect_mode_and_shortest([&](double q) { return direct.theta(0, q); }, theta, width(theta));
    expect_mode_and_shortest([&](double q) { return direct.theta_new(q); }, theta_new,
                             width(theta_new));
    if (HasFailure()) return;
  }
}
INSTANTIATE_TEST_SUITE_P(Dozens, QuadratureOfTheta, testing::Range(0, 4));

}  // namespace
}  // namespace taugrid
