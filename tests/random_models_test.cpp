// Random models (seeds fixed): every prior of tau with random parameters, one to fifty schools,
// against integration in long double: of flat and normal mu in one dimension, for any prior
// (marginal_posterior.h), and of every mu in two, for the smooth ones (direct_integration.h).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/marginal_posterior.h"
#include "tests/prior_examples.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

// SplitMix64: the same numbers everywhere, unlike the standard library's distributions.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  double uniform(double a, double b) {
    return a + (b - a) * (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53;
  }
  double log_uniform(double a, double b) { return std::exp(uniform(std::log(a), std::log(b))); }
  int integer(int a, int b) {
    return a + static_cast<int>(next() % static_cast<uint64_t>(b - a + 1));
  }
  double normal() {
    return std::sqrt(-2 * std::log(uniform(0, 1))) * std::cos(2 * 3.14159265358979 * uniform(0, 1));
  }

 private:
  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

Data random_data(Random& random, int n) {
  Data data;
  const double scale = random.log_uniform(0.01, 100), origin = scale * random.uniform(-10, 10);
  const double tau = scale * (random.integer(0, 3) == 0 ? 0 : random.log_uniform(0.01, 30));
  for (int j = 0; j < n; ++j) {
    data.sigma.push_back(scale * random.log_uniform(0.3, 3));
    data.y.push_back(origin + data.sigma.back() * random.normal() + tau * random.normal());
  }
  return data;
}

double median_sigma(const Data& data) {
  std::vector<double> sigma = data.sigma;
  std::sort(sigma.begin(), sigma.end());
  return sigma[sigma.size() / 2];
}

// A density at 2 to 60 values of tau, smooth or not, perhaps from 0 on, perhaps 0 at its ends.
std::string random_table(Random& random, double scale, const ScratchFolder& folder) {
  static int number = 0;
  const int n = random.integer(2, 60);
  double tau = random.integer(0, 1) == 0 ? 0 : scale * random.log_uniform(1e-4, 1);
  const double step = scale * random.log_uniform(0.3, 30) / n,
               rough = random.integer(0, 1) == 0 ? 0.5 : 0;
  std::string text = "# random\ntau,density\n";
  double log_density = random.uniform(-3, 3);
  const double bend = random.uniform(0.5, 3);
  for (int i = 0; i < n; ++i) {
    log_density += rough * random.normal() +
                   (n < 10 ? random.uniform(-2, 1) : bend * (0.3 - 1.5 * i / n) * 4 / n);
    const bool zero = n > 4 && (i == 0 || i == n - 1) && random.integer(0, 2) == 0;
    text += fmt::format("{},{}\n", tau, zero ? 0.0 : std::exp(log_density));
    tau += step * (random.integer(0, 3) == 0 ? random.log_uniform(0.02, 5) : 1);
  }
  return "table:" + folder.write(fmt::format("table{}.csv", number++), text);
}

// A prior of the row's name about the scale of the data. Numbers without exponents: mixtures are
// joined by '+'.
std::string random_prior(const std::string& name, Random& random, double sigma,
                         const ScratchFolder& folder, double narrowest = 0.05) {
  const auto number = [](double x) { return fmt::format("{:.12f}", x); };
  const double scale = sigma * random.log_uniform(0.03, 30), shape = random.log_uniform(0.4, 8);
  const double width = random.log_uniform(narrowest, 3);
  if (name == "uniform" || name == "half_normal" || name == "half_cauchy" ||
      name == "half_logistic" || name == "exponential" || name == "rayleigh")
    return name + ":" + number(scale);
  if (name == "half_t" || name == "lomax" || name == "inv_gamma" || name == "inv_chi_scaled")
    return name + ":" + number(shape) + "," + number(scale);
  if (name == "inv_gamma_var") return name + ":" + number(shape) + "," + number(scale * scale);
  if (name == "gamma") return name + ":" + number(shape) + "," + number(shape / scale);
  if (name == "log_normal") return name + ":" + number(std::log(scale)) + "," + number(width);
  if (name == "log_t")
    return name + ":" + number(10 + shape) + "," + number(std::log(scale)) + "," + number(width);
  if (name == "log_uniform")
    return name + ":" + number(scale) + "," + number(scale * random.log_uniform(1.1, 1000));
  if (name == "table") return random_table(random, sigma, folder);
  if (name == "mixture_with_atoms") {
    const double spike = random.uniform(0.01, 0.6), other = random.uniform(0.01, 0.3);
    const std::string rest = random_prior(random.integer(0, 1) == 0 ? "half_cauchy" : "log_uniform",
                                          random, sigma, folder);
    return fmt::format("mixture:{:.17f}*fixed:{}+{:.17f}*{}+{:.17f}*fixed:{:.12f}", spike, 0,
                       1 - spike - other, rest, other, scale);
  }
  if (name == "mixture") {
    const std::vector<std::string> rows = {"uniform",    "half_normal",  "half_cauchy", "half_t",
                                           "log_normal", "log_normal",   "log_uniform", "gamma",
                                           "dumouchel",  "conventional", "exponential", "table",
                                           "inv_gamma",  "shrinkage"};
    const int n = random.integer(2, 4);
    std::vector<double> weights;
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += weights.emplace_back(random.log_uniform(0.01, 1));
    std::string text = "mixture:";
    for (int i = 0; i < n; ++i)
      text += fmt::format(
          "{}{:.17f}*{}", i == 0 ? "" : "+", weights[static_cast<size_t>(i)] / sum,
          random_prior(
              rows[static_cast<size_t>(random.integer(0, static_cast<int>(rows.size()) - 1))],
              random, sigma, folder, 1e-4));
    return text;
  }
  return name;
}

class RandomModels : public testing::TestWithParam<std::string> {};

const std::vector<double> kProbabilities = {1e-6, 0.001, 0.025, 0.25,    0.5,
                                            0.75, 0.975, 0.999, 1 - 1e-6};

TEST_P(RandomModels, AreTheOneDimensionalIntegration) {
  constexpr int kModels = 12;
  const std::string& name = GetParam();
  uint64_t seed = 1;
  for (const char c : name) seed = 31 * seed + static_cast<uint64_t>(c);
  Random random(seed);
  const ScratchFolder folder;
  int done = 0;
  for (int model = 0; model < kModels; ++model) {
    const int n = model < 3 ? model + 1 : random.integer(3, 50);
    const Data data = random_data(random, n);
    const std::string tau_prior = random_prior(name, random, median_sigma(data), folder);
    std::string mu_prior = "flat";
    if (model % 3 == 2)
      mu_prior = fmt::format("normal:{},{}", data.y[0] + median_sigma(data) * random.normal(),
                             median_sigma(data) * random.log_uniform(0.1, 30));
    SCOPED_TRACE(fmt::format("model {}: J = {}, {}, {}", model, n, tau_prior, mu_prior));
    std::optional<Posterior> posterior;
    try {
      posterior.emplace(data, tau_prior, mu_prior, DeviceOptions{"cpu", 1});
    } catch (const std::invalid_argument& error) {
      const std::string why = error.what();
      ASSERT_TRUE(why.find("improper") != std::string::npos ||
                  why.find("J is 1") != std::string::npos)
          << why;
      continue;
    }
    ++done;
    const FitSummary fit = posterior->summary({kProbabilities, 0.95});
    for (const std::string& note : fit.notes)
      EXPECT_EQ(note.find("panels"), std::string::npos) << note;
    const Model& m = posterior->model();
    const int moments = m.tau_moment_exists(2) ? 2 : m.tau_moment_exists(1) ? 1 : 0;
    const MarginalPosterior exact(data, tau_prior, mu_prior, moments);
    if (m.tau_prior.proper) {
      EXPECT_NEAR(fit.log_marginal_likelihood, static_cast<double>(exact.log_evidence()), 1e-9);
    }
    const ParameterSummary& tau = fit.parameters[0];
    const double iqr = tau.quantiles[5] - tau.quantiles[3];
    if (moments >= 1) {
      const auto law = exact.moments(MarginalPosterior::tau());
      const double sd = moments == 2 ? static_cast<double>(law.sd) : iqr;
      EXPECT_NEAR(tau.mean, static_cast<double>(law.mean), 1e-9 * sd + 4 * kEps * tau.mean);
      if (moments == 2) {
        EXPECT_NEAR(tau.sd, sd, 1e-9 * sd);
      }
    }
    for (size_t i = 0; i < kProbabilities.size(); ++i) {
      const double p = kProbabilities[i], q = tau.quantiles[i];
      if (exact.atom_mass(q) > 0) {
        EXPECT_GE(exact.tau_cdf(q), p - 1e-9);
        EXPECT_LE(exact.tau_cdf(q) - exact.atom_mass(q), p + 1e-9);
      } else {
        EXPECT_NEAR(exact.tau_cdf(q), p, 1e-9) << "tau " << q;
      }
    }
    const auto check = [&](const ParameterSummary& parameter, const MarginalPosterior::Given& given,
                           bool has_moments) {
      SCOPED_TRACE(parameter.name);
      if (has_moments) {
        const auto law = exact.moments(given);
        const double sd = static_cast<double>(law.sd), mean = static_cast<double>(law.mean);
        EXPECT_NEAR(parameter.mean, mean, 1e-9 * sd + 4 * kEps * std::abs(mean));
        EXPECT_NEAR(parameter.sd, sd, 1e-9 * sd);
      }
      for (size_t i = 2; i < kProbabilities.size(); i += 2)
        EXPECT_NEAR(exact.cdf(given, parameter.quantiles[i]), kProbabilities[i], 1e-9);
    };
    check(fit.parameters[1], MarginalPosterior::mu(), m.mu_moment_exists(2));
    check(fit.parameters.back(), MarginalPosterior::theta_new(),
          moments == 2 && m.mu_moment_exists(2));
    const size_t j = static_cast<size_t>(random.integer(0, n - 1));
    check(fit.parameters[2 + j], exact.theta(j), true);
  }
  EXPECT_GE(done, kModels - 3);
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const TauPriorRow& row : tau_prior_rows())
    if (std::string(row.name) != "fixed") all.emplace_back(row.name);
  all.emplace_back("mixture_with_atoms");
  return all;
}
INSTANTIATE_TEST_SUITE_P(Priors, RandomModels, testing::ValuesIn(names()),
                         [](const auto& info) { return info.param; });

// From the model's definition: mu is integrated over too, and nothing is known of its law given
// tau.
class RandomModelsInTwoDimensions : public testing::TestWithParam<std::string> {};

TEST_P(RandomModelsInTwoDimensions, AreTheTwoDimensionalIntegration) {
  constexpr int kModels = 12;
  const std::string& name = GetParam();
  uint64_t seed = 2;
  for (const char c : name) seed = 31 * seed + static_cast<uint64_t>(c);
  Random random(seed);
  const ScratchFolder folder;
  int done = 0;
  for (int model = 0; model < kModels; ++model) {
    const int n = model < 3 ? model + 1 : static_cast<int>(random.log_uniform(3, 51));
    const Data data = random_data(random, n);
    const double sigma = median_sigma(data);
    const std::string tau_prior = random_prior(name, random, sigma, folder);
    std::string mu_prior = "flat";
    const double centre = data.y[0] + sigma * random.normal(),
                 width = sigma * random.log_uniform(0.1, 30);
    if (model % 3 == 1) mu_prior = fmt::format("normal:{},{}", centre, width);
    if (model % 3 == 2) mu_prior = fmt::format("uniform:{},{}", centre - width, centre + 2 * width);
    SCOPED_TRACE(fmt::format("model {}: J = {}, {}, {}", model, n, tau_prior, mu_prior));
    std::optional<Posterior> posterior;
    try {
      posterior.emplace(data, tau_prior, mu_prior, DeviceOptions{"cpu", 1});
    } catch (const std::invalid_argument& error) {
      const std::string why = error.what();
      ASSERT_TRUE(why.find("improper") != std::string::npos ||
                  why.find("J is 1") != std::string::npos)
          << why;
      continue;
    }
    ++done;
    const FitSummary fit = posterior->summary({kProbabilities, 0.95});
    // The direct integration ends 55 e-folds out: moments of tails that fall slowly are not for it.
    const Model& m = posterior->model();
    const double exponent = m.tau_prior.tail_exponent + n - (m.mu_prior.proper() ? 0 : 1);
    const int moments = exponent > 4 ? 2 : exponent > 3 ? 1 : 0;
    const PriorOracle prior = prior_oracle(tau_prior, data.sigma);
    const std::vector<Wide> numbers = prior_numbers(tau_prior);
    const Wide upper = name == "uniform" ? numbers[0] : kWideInfinity;
    const DirectPosterior exact(data, DirectTauPrior{prior.log_density, prior.places[0], upper},
                                mu_prior, moments);
    if (m.tau_prior.proper) {
      EXPECT_NEAR(fit.log_marginal_likelihood, static_cast<double>(exact.log_evidence()), 1e-9);
    }
    const ParameterSummary &tau = fit.parameters[0], &mu = fit.parameters[1];
    const auto near = [](double value, Wide right, Wide sd) {
      EXPECT_NEAR(value, static_cast<double>(right),
                  static_cast<double>(1e-9L * sd + 4 * kEps * std::abs(right)));
    };
    if (moments >= 1)
      near(tau.mean, exact.tau_mean(),
           moments == 2 ? exact.tau_sd() : Wide(tau.quantiles[5]) - tau.quantiles[3]);
    if (moments == 2) near(tau.sd, exact.tau_sd(), exact.tau_sd());
    if (m.mu_prior.proper() ? exponent > 2 : moments == 2) {
      near(mu.mean, exact.mu_mean(), exact.mu_sd());
      near(mu.sd, exact.mu_sd(), exact.mu_sd());
    }
    for (size_t i = 2; i < kProbabilities.size(); i += 2) {
      EXPECT_NEAR(exact.tau_cdf(tau.quantiles[i]), kProbabilities[i], 1e-9) << "tau";
      EXPECT_NEAR(exact.mu(mu.quantiles[i]).cdf, kProbabilities[i], 1e-9) << "mu";
    }
    if (model % 4 != 2) continue;  // of each prior of mu one
    const size_t j = static_cast<size_t>(random.integer(0, n - 1));
    const ParameterSummary& theta = fit.parameters[2 + j];
    near(theta.mean, exact.theta_mean(j), exact.theta_sd(j));
    near(theta.sd, exact.theta_sd(j), exact.theta_sd(j));
    for (size_t i = 2; i < kProbabilities.size(); i += 2)
      EXPECT_NEAR(exact.theta(j, theta.quantiles[i]).cdf, kProbabilities[i], 1e-9) << theta.name;
  }
  EXPECT_GE(done, kModels - 3);
}

std::vector<std::string> smooth_names() {
  std::vector<std::string> smooth;
  for (const std::string& name : names())
    if (name != "table" && name != "log_uniform" && name.rfind("mixture", 0) != 0)
      smooth.push_back(name);
  return smooth;
}
INSTANTIATE_TEST_SUITE_P(Priors, RandomModelsInTwoDimensions, testing::ValuesIn(smooth_names()),
                         [](const auto& info) { return info.param; });

// Prior scales 1e-9 and 1e9 of sigma in one prior, and of a J of 1 too.
TEST(MixturesOfFarScales, AreTheOneDimensionalIntegration) {
  const std::vector<Data> sets = {
      {{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}},
      {{28, 8, -3, 300}, {15, 10, 16, 11}, {}},
      {{3}, {2}, {}}};
  for (const Data& data : sets)
    for (const std::string prior : {"mixture:0.5*half_normal:1e-8+0.5*half_normal:1e10",
                                    "mixture:0.999*half_cauchy:1e-8+0.001*half_cauchy:1e10",
                                    "mixture:0.3*exponential:1e10+0.7*half_t:4,1e-8"}) {
      SCOPED_TRACE(fmt::format("J = {}, {}", data.n_schools(), prior));
      const Posterior posterior(data, prior, "flat", {"cpu", 1});
      const FitSummary fit = posterior.summary({kProbabilities, 0.95});
      const int moments = posterior.model().tau_moment_exists(2) ? 2 : 0;
      const MarginalPosterior exact(data, prior, "flat", moments);
      EXPECT_NEAR(fit.log_marginal_likelihood, static_cast<double>(exact.log_evidence()), 1e-9);
      for (size_t i = 0; i < kProbabilities.size(); ++i) {
        EXPECT_NEAR(exact.tau_cdf(fit.parameters[0].quantiles[i]), kProbabilities[i], 1e-9);
        EXPECT_NEAR(exact.cdf(MarginalPosterior::mu(), fit.parameters[1].quantiles[i]),
                    kProbabilities[i], 1e-9);
        EXPECT_NEAR(exact.cdf(exact.theta(0), fit.parameters[2].quantiles[i]), kProbabilities[i],
                    1e-9);
      }
      if (moments < 2) continue;
      const auto tau = exact.moments(MarginalPosterior::tau());
      EXPECT_NEAR(fit.parameters[0].mean, static_cast<double>(tau.mean),
                  1e-9 * static_cast<double>(tau.sd));
      EXPECT_NEAR(fit.parameters[0].sd, static_cast<double>(tau.sd),
                  1e-9 * static_cast<double>(tau.sd));
    }
}

// 10^5 schools of one sigma: p(tau | y) needs nothing but S = sum (y_j - mean)^2, being
// (sigma^2 + tau^2)^(-(J - 1)/2) exp(-S/(2 (sigma^2 + tau^2))), and mu | tau, y ~ N(mean, (sigma^2
// + tau^2)/J).
TEST(HundredThousandSchools, OfOneSigmaHaveTheirClosedForm) {
  constexpr int kSchools = 100'000;
  Data data;
  Random random(9);
  Wide mean = 0, s = 0;
  for (int j = 0; j < kSchools; ++j) {
    data.y.push_back(5 + 1.5 * random.normal());
    data.sigma.push_back(0.75);
    mean += Wide(data.y.back()) / kSchools;
  }
  for (const double y : data.y) s += (y - mean) * (y - mean);
  const auto v = [](Wide tau) { return 0.5625L + tau * tau; };
  const auto log_p = [&](Wide tau) {
    return -0.5L * (kSchools - 1) * std::log(v(tau)) - s / (2 * v(tau));
  };
  const Wide peak = std::sqrt(s / (kSchools - 1) - 0.5625L);
  Wide total = 0, first = 0, second = 0, mu_variance = 0;
  const Wide step = peak / 3000;  // a fifth of the sd; the trapezoid rule on all but a normal
  for (int k = -90; k <= 90; ++k) {
    const Wide tau = peak + k * step, w = std::exp(log_p(tau) - log_p(peak));
    total += w;
    first += w * k;
    second += w * k * k;
    mu_variance += w * v(tau) / kSchools;
  }
  const Wide tau_mean = peak + step * first / total,
             tau_sd = step * std::sqrt(second / total - (first / total) * (first / total)),
             mu_sd = std::sqrt(mu_variance / total);
  const FitSummary fit = Posterior(data, "uniform", "flat", {"cpu", 2}).summary();
  EXPECT_NEAR(fit.parameters[0].mean, static_cast<double>(tau_mean),
              static_cast<double>(1e-9L * tau_sd));
  EXPECT_NEAR(fit.parameters[0].sd, static_cast<double>(tau_sd),
              static_cast<double>(1e-9L * tau_sd));
  EXPECT_NEAR(fit.parameters[1].mean, static_cast<double>(mean),
              static_cast<double>(1e-9L * mu_sd + 4 * kEps * mean));
  EXPECT_NEAR(fit.parameters[1].sd, static_cast<double>(mu_sd), static_cast<double>(1e-9L * mu_sd));
  // theta_j = B y_j + (1 - B) mu + noise: at B of the peak, to what B varies.
  const Wide b = 1 - 0.5625L / v(peak);
  EXPECT_NEAR(fit.parameters[2].mean, static_cast<double>(mean + b * (data.y[0] - mean)), 1e-4);
}

// Tables of many rows: 10^4 of a smooth density, and several hundred with noise in every row.
TEST(LongTables, AreTheOneDimensionalIntegration) {
  const Data data{{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}};
  const ScratchFolder folder;
  Random random(5);
  struct Long {
    int n;
    double noise;
  };
  for (const Long& c : {Long{10000, 0}, Long{100, 0.3}, Long{600, 0.3}}) {
    std::string text = "tau,density\n";
    for (int i = 0; i < c.n; ++i) {
      const double tau = 40.0 * i / c.n;
      text += fmt::format("{},{}\n", tau,
                          std::exp(-tau / 7 + std::log1p(tau) + c.noise * random.normal()));
    }
    const std::string prior = "table:" + folder.write(fmt::format("long{}.csv", c.n), text);
    SCOPED_TRACE(fmt::format("{} rows, noise {}", c.n, c.noise));
    const FitSummary fit =
        Posterior(data, prior, "flat", {"cpu", 1}).summary({kProbabilities, 0.95});
    for (const std::string& note : fit.notes)
      EXPECT_EQ(note.find("panels"), std::string::npos) << note;
    const MarginalPosterior exact(data, prior, "flat", 2);
    EXPECT_NEAR(fit.log_marginal_likelihood, static_cast<double>(exact.log_evidence()), 1e-9);
    const auto tau = exact.moments(MarginalPosterior::tau()),
               mu = exact.moments(MarginalPosterior::mu());
    EXPECT_NEAR(fit.parameters[0].mean, static_cast<double>(tau.mean),
                1e-9 * static_cast<double>(tau.sd));
    EXPECT_NEAR(fit.parameters[0].sd, static_cast<double>(tau.sd),
                1e-9 * static_cast<double>(tau.sd));
    EXPECT_NEAR(fit.parameters[1].sd, static_cast<double>(mu.sd),
                1e-9 * static_cast<double>(mu.sd));
    for (size_t i = 0; i < kProbabilities.size(); ++i) {
      EXPECT_NEAR(exact.tau_cdf(fit.parameters[0].quantiles[i]), kProbabilities[i], 1e-9);
      EXPECT_NEAR(exact.cdf(MarginalPosterior::mu(), fit.parameters[1].quantiles[i]),
                  kProbabilities[i], 1e-9);
    }
  }
}

}  // namespace
}  // namespace taugrid
