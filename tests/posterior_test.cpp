// The public interface's exact answers: closed forms, what does not exist, and the options of a
// summary.
#include "host/taugrid/posterior.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/direct_integration.h"
#include "tests/places.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr double kInf = std::numeric_limits<double>::infinity();
const Data kEightSchools{{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}};

std::string number(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

FitSummary fit(const Data& data, const std::string& tau_prior, const std::string& mu_prior,
               const SummaryOptions& options = {}) {
  return Posterior(data, tau_prior, mu_prior).summary(options);
}

const std::vector<double> kFarProbabilities = {1e-12, 1e-6,  0.001,    0.1,      0.5,
                                               0.9,   0.999, 0.999999, 1 - 1e-12};

// With one school and a flat mu, y says nothing about tau: its posterior is its prior, and theta_1
// ~ N(y, sigma^2).
TEST(OneSchool, LeavesTauItsPrior) {
  const SummaryOptions options{kFarProbabilities, 0.95};
  for (const double scale : {1e-3, 1.0, 37.0, 1e6}) {
    const auto tau = [&](const std::string& name) {
      return fit({{17}, {3}, {}}, name + ":" + number(scale), "flat", options)
          .parameters[0]
          .quantiles;
    };
    const std::vector<double> cauchy = tau("half_cauchy"), normal = tau("half_normal"),
                              uniform = tau("uniform");
    for (size_t i = 0; i < kFarProbabilities.size(); ++i) {
      const Wide p = kFarProbabilities[i], tail = std::min(p, 1 - p);
      // The range of tau ends where p(tau | y) is e^-38 of its largest: 1e-16 of mass at most.
      const auto expect = [&](Wide q, Wide lower, Wide upper, const char* name) {
        EXPECT_NEAR(static_cast<double>((p < 0.5L ? lower : upper)), static_cast<double>(tail),
                    static_cast<double>(1e-9L * tail + 1e-16L))
            << name << " " << p << " at " << q;
      };
      const Wide c = cauchy[i] / Wide(scale), n = normal[i] / Wide(scale),
                 u = uniform[i] / Wide(scale);
      expect(c, 2 / kWidePi * std::atan(c), 2 / kWidePi * std::atan(1 / c), "half_cauchy");
      expect(n, std::erf(n / std::sqrt(2.0L)), std::erfc(n / std::sqrt(2.0L)), "half_normal");
      // exp of the upper bound's rounded logarithm.
      EXPECT_NEAR(static_cast<double>(u), static_cast<double>(p),
                  1e-9 * static_cast<double>(tail) + 8 * kEps);
    }
  }
}

// Where large terms of the prior cancel, and the likelihood says nothing.
TEST(OneSchool, LeavesTauTheModeOfAStrongPrior) {
  for (const double shape : {300.0, 1e3, 1e4}) {
    const FitSummary summary = fit({{3}, {2}, {}}, "gamma:" + number(shape) + ",7", "flat");
    EXPECT_NEAR(summary.parameters[0].mode, (shape - 1) / 7, 1e-8 * std::sqrt(shape) / 7);
    EXPECT_EQ(summary.notes.size(), 1u) << shape;  // that mu is flat
  }
}

TEST(OneSchool, LeavesThetaItsOwnEstimate) {
  for (const std::string prior : {"half_cauchy:0.5", "half_normal:100", "uniform:7"}) {
    const ParameterSummary theta = fit({{17}, {3}, {}}, prior, "flat").parameters[2];
    EXPECT_NEAR(theta.mean, 17, 3e-12);
    EXPECT_NEAR(theta.sd, 3, 3e-12);
    EXPECT_NEAR(theta.mode, 17, 3e-9);
    EXPECT_NEAR(theta.central.upper, 17 + 3 * 1.9599639845400545, 3e-11);
    EXPECT_NEAR(theta.shortest.lower, 17 - 3 * 1.9599639845400545, 3e-8);
  }
}

TEST(OneSchool, HasTheMarginalLikelihoodOne) {
  // A flat mu of density 1 integrates N(y; mu, v) to 1 whatever tau.
  EXPECT_NEAR(fit({{17}, {3}, {}}, "half_cauchy:2", "flat").log_marginal_likelihood, 0, 1e-12);
  EXPECT_NEAR(fit({{17}, {3}, {}}, "uniform:2", "flat").log_marginal_likelihood, 0, 1e-12);
}

// At a given tau everything is normal: precision-weighted means, by long double arithmetic.
void expect_normal(const ParameterSummary& p, Wide mean, Wide variance) {
  const double sd = static_cast<double>(std::sqrt(variance)), m = static_cast<double>(mean);
  const double near = 1e-13 * sd + 2 * kEps * std::abs(m);
  EXPECT_NEAR(p.mean, m, near) << p.name;
  EXPECT_NEAR(p.mode, m, near) << p.name;
  EXPECT_NEAR(p.sd, sd, 1e-13 * sd) << p.name;
  const double z[7] = {-1.9599639845400545, -1.6448536269514729, -0.67448975019608171, 0,
                       0.67448975019608171, 1.6448536269514722,  1.9599639845400545};
  for (size_t i = 0; i < 7; ++i)
    EXPECT_NEAR(p.quantiles[i], m + z[i] * sd, near + 1e-12 * sd) << p.name << " " << i;
  EXPECT_NEAR(p.shortest.lower, m + z[0] * sd, near + 1e-8 * sd) << p.name;
  EXPECT_NEAR(p.shortest.upper, m + z[6] * sd, near + 1e-8 * sd) << p.name;
}

TEST(FixedTau, MakesEverythingNormal) {
  for (const double tau : {0.0, 1e-9, 0.3, 8.0, 1e7}) {
    for (const std::string mu_prior : {"flat", "normal:3,6", "normal:-1000,0.001"}) {
      SCOPED_TRACE(number(tau) + " " + mu_prior);
      const FitSummary summary = fit(kEightSchools, "fixed:" + number(tau), mu_prior);
      Wide precision = 0, weighted = 0;
      if (mu_prior != "flat") {
        const std::vector<Wide> p = prior_numbers(mu_prior);
        precision = 1 / (p[1] * p[1]);
        weighted = p[0] * precision;
      }
      for (size_t j = 0; j < 8; ++j) {
        const Wide v = Wide(kEightSchools.sigma[j]) * kEightSchools.sigma[j] + Wide(tau) * tau;
        precision += 1 / v;
        weighted += kEightSchools.y[j] / v;
      }
      const Wide mu = weighted / precision;
      EXPECT_EQ(summary.parameters[0].mean, tau);
      EXPECT_EQ(summary.parameters[0].sd, 0.0);
      EXPECT_EQ(summary.parameters[0].quantiles, std::vector<double>(7, tau));
      EXPECT_EQ(summary.cov_mu_tau, 0.0);
      expect_normal(summary.parameters[1], mu, 1 / precision);
      expect_normal(summary.parameters[10], mu, 1 / precision + Wide(tau) * tau);
      for (size_t j = 0; j < 8; ++j) {
        const Wide s2 = Wide(kEightSchools.sigma[j]) * kEightSchools.sigma[j],
                   b = Wide(tau) * tau / (s2 + Wide(tau) * tau);
        expect_normal(summary.parameters[2 + j], mu + b * (kEightSchools.y[j] - mu),
                      s2 * b + (1 - b) * (1 - b) / precision);
      }
    }
  }
}

TEST(FixedTau, AtInfinityLeavesMuItsPrior) {
  const FitSummary normal = fit(kEightSchools, "fixed:inf", "normal:3,6");
  expect_normal(normal.parameters[1], 3, 36);
  for (size_t j = 0; j < 8; ++j)
    expect_normal(normal.parameters[2 + j], kEightSchools.y[j],
                  kEightSchools.sigma[j] * kEightSchools.sigma[j]);
  const ParameterSummary uniform = fit(kEightSchools, "fixed:inf", "uniform:-10,30").parameters[1];
  EXPECT_NEAR(uniform.mean, 10, 1e-13);
  EXPECT_NEAR(uniform.sd, 40 / std::sqrt(12.0), 1e-13);
  EXPECT_NEAR(uniform.quantiles[1], -8, 1e-13);
  EXPECT_EQ(uniform.mode, -10.0);
  EXPECT_EQ(uniform.shortest.lower, -10.0);
  EXPECT_NEAR(uniform.shortest.upper, 28, 1e-13);
}

TEST(FixedTau, UnderBoundsOnMuTruncatesItsNormal) {
  const FitSummary free = fit(kEightSchools, "fixed:4", "flat");
  const Wide m = free.parameters[1].mean, sd = free.parameters[1].sd, root = std::sqrt(2.0L);
  for (const auto& [lower, upper] : {std::pair{-20.0, 20.0}, {8.0, 9.0}, {40.0, 60.0}}) {
    const FitSummary bound =
        fit(kEightSchools, "fixed:4", "uniform:" + number(lower) + "," + number(upper));
    const ParameterSummary& mu = bound.parameters[1];
    const Wide a = (lower - m) / sd, b = (upper - m) / sd;
    const auto phi = [](Wide z) { return std::exp(-z * z / 2) / std::sqrt(2 * kWidePi); };
    const auto upper_tail = [&](Wide z) { return std::erfc(z / root) / 2; };
    const Wide mass = upper_tail(a) - upper_tail(b), mean = (phi(a) - phi(b)) / mass;
    const Wide variance = 1 + (a * phi(a) - b * phi(b)) / mass - mean * mean;
    const double near = 1e-9 * mu.sd;
    EXPECT_NEAR(mu.mean, static_cast<double>(m + sd * mean), near) << lower;
    EXPECT_NEAR(mu.sd, static_cast<double>(sd * std::sqrt(variance)), near) << lower;
    EXPECT_NEAR(mu.mode, std::clamp(static_cast<double>(m), lower, upper), near) << lower;
    const double p[7] = {0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975};
    for (size_t i = 0; i < 7; ++i) {
      const Wide z = (mu.quantiles[i] - m) / sd;
      EXPECT_NEAR(static_cast<double>((upper_tail(a) - upper_tail(z)) / mass), p[i], 1e-9)
          << lower << " " << i;
    }
    // What the bounds take from the marginal likelihood.
    EXPECT_NEAR(bound.log_marginal_likelihood,
                static_cast<double>(free.log_marginal_likelihood + std::log(mass) -
                                    std::log(Wide(upper) - lower)),
                1e-11);
  }
}

TEST(TauCdf, InvertsTheQuantile) {
  for (const std::string prior : {"uniform", "half_cauchy:5", "half_normal:0.01", "uniform:3"}) {
    const Posterior posterior(kEightSchools, prior, "flat");
    double before = 0;
    for (const double p :
         {1e-15, 1e-9, 1e-4, 0.025, 0.3, 0.5, 0.500001, 0.8, 0.999, 1 - 1e-9, 1 - 1e-13}) {
      const double tau = posterior.tau_quantile(p);
      EXPECT_GT(tau, before) << prior << " " << p;
      before = tau;
      EXPECT_NEAR(posterior.tau_cdf(tau), p, 1e-9 * std::min(p, 1 - p) + 8 * kEps) << prior;
    }
    EXPECT_EQ(posterior.tau_cdf(0), 0.0);
    EXPECT_EQ(posterior.tau_cdf(-1), 0.0);
    EXPECT_NEAR(posterior.tau_cdf(1e300), 1, 1e-15);
    const FitSummary summary = posterior.summary();
    for (size_t i = 0; i < 7; ++i)
      EXPECT_EQ(posterior.tau_quantile(summary.probabilities[i]),
                summary.parameters[0].quantiles[i]);
  }
  const Posterior fixed(kEightSchools, "fixed:8", "flat");
  EXPECT_EQ(fixed.tau_quantile(0.3), 8.0);
  EXPECT_EQ(fixed.tau_cdf(7.999), 0.0);
  EXPECT_EQ(fixed.tau_cdf(8), 1.0);
}

// p(tau | y) falls as tau^-(a + J - 1) under a flat mu and tau^-(a + J) under a proper one, a = 0
// (uniform), 2 (half_cauchy): E tau^k, and under a flat mu E mu^k, exist iff that exponent exceeds
// k + 1.
struct Existence {
  const char* tau_prior;
  const char* mu_prior;
  size_t n_schools;
  int tau_moments, mu_moments;
};

Data first_schools(size_t n) {
  Data data = kEightSchools;
  data.y.resize(n);
  data.sigma.resize(n);
  return data;
}

bool any_note(const FitSummary& summary, const std::string& part) {
  return std::any_of(summary.notes.begin(), summary.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(Moments, ThatDoNotExistAreNaNAndNoted) {
  const Existence cases[] = {{"uniform", "flat", 3, 0, 0},
                             {"uniform", "flat", 4, 1, 1},
                             {"uniform", "flat", 5, 2, 2},
                             {"uniform", "normal:0,5", 2, 0, 2},
                             {"uniform", "normal:0,5", 3, 1, 2},
                             {"uniform", "normal:0,5", 4, 2, 2},
                             {"uniform", "uniform:-50,50", 2, 0, 2},
                             {"half_cauchy:5", "flat", 1, 0, 0},
                             {"half_cauchy:5", "flat", 2, 1, 1},
                             {"half_cauchy:5", "flat", 3, 2, 2},
                             {"half_cauchy:5", "normal:0,5", 1, 1, 2},
                             {"half_cauchy:5", "normal:0,5", 2, 2, 2},
                             {"half_normal:5", "flat", 1, 2, 2},
                             {"uniform:50", "flat", 1, 2, 2},
                             // The other exponents: 1/2, 1, 2, 3, that of a row's parameters, and
                             // of a mixture the least.
                             {"sqrt", "flat", 2, 0, 0},
                             {"sqrt", "flat", 3, 1, 1},
                             {"sqrt", "normal:0,5", 3, 2, 2},
                             {"jeffreys", "flat", 2, 0, 0},
                             {"jeffreys", "flat", 3, 1, 1},
                             {"berger_deely", "normal:0,5", 3, 2, 2},
                             {"overall_jeffreys", "flat", 1, 0, 0},
                             {"dumouchel", "flat", 2, 1, 1},
                             {"conventional", "uniform:-50,50", 1, 1, 2},
                             {"shrinkage", "flat", 1, 1, 1},
                             {"i2", "flat", 2, 2, 2},
                             {"half_t:1,5", "flat", 1, 0, 0},
                             {"half_t:2,5", "flat", 1, 1, 1},
                             {"half_t:2.5,5", "flat", 1, 2, 2},
                             {"lomax:0.5,5", "normal:0,5", 1, 1, 2},
                             {"inv_gamma:1.5,5", "flat", 1, 1, 1},
                             {"inv_gamma_var:0.75,5", "flat", 1, 1, 1},
                             {"inv_chi_scaled:3,5", "flat", 1, 2, 2},
                             {"log_t:4,1,1", "flat", 1, 0, 0},
                             {"mixture:0.5*half_normal:1+0.5*half_cauchy:5", "flat", 1, 0, 0},
                             {"mixture:0.5*half_t:4,5+0.5*half_cauchy:5", "flat", 2, 1, 1}};
  for (const Existence& c : cases) {
    SCOPED_TRACE(std::string(c.tau_prior) + " " + c.mu_prior +
                 " J = " + std::to_string(c.n_schools));
    const FitSummary summary = fit(first_schools(c.n_schools), c.tau_prior, c.mu_prior);
    const ParameterSummary &tau = summary.parameters[0], &mu = summary.parameters[1],
                           &fresh = summary.parameters.back();
    EXPECT_EQ(std::isfinite(tau.mean), c.tau_moments >= 1);
    EXPECT_EQ(std::isfinite(tau.sd), c.tau_moments >= 2);
    EXPECT_EQ(std::isfinite(mu.mean), c.mu_moments >= 1);
    EXPECT_EQ(std::isfinite(mu.sd), c.mu_moments >= 2);
    EXPECT_EQ(std::isfinite(fresh.mean), c.tau_moments >= 1);
    EXPECT_EQ(std::isfinite(fresh.sd), c.tau_moments >= 2);
    // E |tau mu| is E tau^2 where mu spreads with tau.
    EXPECT_EQ(std::isfinite(summary.cov_mu_tau), c.mu_moments >= 2 ? c.tau_moments >= 1 : false);
    for (size_t j = 0; j < c.n_schools; ++j) {
      EXPECT_TRUE(std::isfinite(summary.parameters[2 + j].mean));
      EXPECT_TRUE(std::isfinite(summary.parameters[2 + j].sd));
    }
    for (const ParameterSummary& parameter : summary.parameters)
      for (const double q : parameter.quantiles) EXPECT_TRUE(std::isfinite(q)) << parameter.name;
    EXPECT_EQ(any_note(summary, "too heavy for the mean"), c.tau_moments < 1);
    EXPECT_EQ(any_note(summary, "too heavy for the standard deviation"), c.tau_moments == 1);
    if (c.tau_moments < 2) {
      EXPECT_TRUE(any_note(summary, "tau"));
      EXPECT_TRUE(any_note(summary, "theta_new"));
      EXPECT_EQ(any_note(summary, ", mu"), c.mu_moments < 2);
    }
  }
}

TEST(Moments, BesideTheEdgeOfExistenceAreFiniteAndRight) {
  // J = 5, uniform, flat: E tau^2 exists by one power of tau.
  const Data data = first_schools(5);
  const DirectPosterior direct(data, "uniform", "flat", 2);
  const FitSummary summary = fit(data, "uniform", "flat");
  EXPECT_NEAR(summary.parameters[0].sd, static_cast<double>(direct.tau_sd()),
              1e-9 * summary.parameters[0].sd);
  EXPECT_NEAR(summary.parameters.back().sd, static_cast<double>(direct.theta_new_sd()),
              1e-9 * summary.parameters.back().sd);
}

TEST(Notes, SayWhatTheMarginalLikelihoodIs) {
  EXPECT_TRUE(any_note(fit(kEightSchools, "uniform", "flat"), "no marginal likelihood"));
  EXPECT_TRUE(std::isnan(fit(kEightSchools, "uniform", "flat").log_marginal_likelihood));
  EXPECT_TRUE(any_note(fit(kEightSchools, "half_normal:5", "flat"),
                       "flat prior of mu counts as density 1"));
  EXPECT_TRUE(fit(kEightSchools, "half_normal:5", "normal:0,5").notes.empty());
}

TEST(Notes, SayWhatInfinityMeans) {
  const FitSummary summary = fit(kEightSchools, "fixed:inf", "flat");
  EXPECT_TRUE(any_note(summary, "no pooling"));
  EXPECT_TRUE(any_note(summary, "mu does not exist"));
  for (const size_t k : {size_t{1}, size_t{10}}) {
    for (const double x : places(summary.parameters[k]))
      EXPECT_TRUE(std::isnan(x)) << summary.parameters[k].name;
    EXPECT_TRUE(std::isnan(summary.parameters[k].sd));
  }
}

TEST(Level, MovesBothIntervals) {
  const DirectPosterior direct(kEightSchools, "half_cauchy:5", "flat", 2);
  double narrower = 0;
  for (const double level : {0.5, 0.9, 0.99}) {
    const std::vector<double> ends = {(1 - level) / 2, 1 - (1 - level) / 2};
    const FitSummary summary = fit(kEightSchools, "half_cauchy:5", "flat", {ends, level});
    EXPECT_EQ(summary.level, level);
    for (const ParameterSummary& p : summary.parameters) {
      EXPECT_EQ(p.central.lower, p.quantiles[0]) << p.name;
      EXPECT_EQ(p.central.upper, p.quantiles[1]) << p.name;
      EXPECT_LE(p.shortest.upper - p.shortest.lower,
                (p.central.upper - p.central.lower) * (1 + 1e-12))
          << p.name;
    }
    const Interval tau = summary.parameters[0].shortest, mu = summary.parameters[1].shortest;
    EXPECT_NEAR(direct.tau_cdf(tau.upper), level, 1e-9);  // the density falls from tau = 0
    EXPECT_EQ(tau.lower, 0.0);
    EXPECT_NEAR(direct.mu(mu.upper).cdf - direct.mu(mu.lower).cdf, level, 1e-9);
    EXPECT_GT(mu.upper - mu.lower, narrower);
    narrower = mu.upper - mu.lower;
  }
}

TEST(Level, OutsideZeroToOneIsRefused) {
  const Posterior posterior(kEightSchools, "uniform", "flat");
  for (const double level : {0.0, 1.0, -0.5, 95.0, std::nan("")}) {
    const std::string message = refusal([&] { posterior.summary({{0.5}, level}); });
    EXPECT_NE(message.find("level"), std::string::npos) << message;
  }
}

TEST(Probabilities, FarOutAreExactToo) {
  const SummaryOptions options{{1e-6, 0.999999}, 0.95};
  const DirectPosterior direct(kEightSchools, "half_cauchy:5", "flat", 2);
  const FitSummary summary = fit(kEightSchools, "half_cauchy:5", "flat", options);
  for (size_t i = 0; i < 2; ++i) {
    const double p = options.probabilities[i];
    EXPECT_NEAR(direct.tau_cdf(summary.parameters[0].quantiles[i]), p, 1e-13);
    EXPECT_NEAR(direct.mu(summary.parameters[1].quantiles[i]).cdf, p, 1e-13);
    EXPECT_NEAR(direct.theta(0, summary.parameters[2].quantiles[i]).cdf, p, 1e-13);
    EXPECT_NEAR(direct.theta_new(summary.parameters.back().quantiles[i]).cdf, p, 1e-13);
  }
}

TEST(Probabilities, ComeBackAscendingWithTheirQuantiles) {
  const FitSummary sorted = fit(kEightSchools, "half_cauchy:5", "flat", {{0.1, 0.5, 0.9}, 0.95});
  const FitSummary given = fit(kEightSchools, "half_cauchy:5", "flat", {{0.9, 0.1, 0.5}, 0.95});
  EXPECT_EQ(given.probabilities, (std::vector<double>{0.1, 0.5, 0.9}));
  for (size_t k = 0; k < sorted.parameters.size(); ++k) {
    EXPECT_TRUE(
        std::is_sorted(given.parameters[k].quantiles.begin(), given.parameters[k].quantiles.end()));
    EXPECT_EQ(given.parameters[k].quantiles, sorted.parameters[k].quantiles);
  }
}

TEST(Probabilities, MayBeNone) {
  const FitSummary summary = fit(kEightSchools, "uniform", "flat", {{}, 0.95});
  EXPECT_TRUE(summary.parameters[0].quantiles.empty());
  EXPECT_NEAR(summary.parameters[0].central.upper, 20.752456128624566, 1e-8);
}

TEST(Probabilities, OutsideZeroToOneAreRefused) {
  const Posterior posterior(kEightSchools, "uniform", "flat");
  for (const double p : {0.0, 1.0, -0.1, 50.0, kInf, std::nan("")}) {
    const std::string message = refusal([&] { posterior.summary({{0.5, p}, 0.95}); });
    EXPECT_NE(message.find("probability is"), std::string::npos) << message;
    EXPECT_NE(refusal([&] { posterior.tau_quantile(p); }).find("probability is"),
              std::string::npos);
  }
}

// The joint mode of (tau, mu): both derivatives of the log joint density vanish, by differences in
// long double.
// One school is nearly all of log p(y | tau), which a bound holds where it is steep: its rounding
// is more than that of many like terms, and no panel may be halved for it.
TEST(ManySchools, OfWhichOneIsFarOffAreResolvedAgainstABound) {
  for (const int n : {255, 300, 600}) {
    Data data;
    for (int j = 0; j < n; ++j) {
      data.y.push_back(3 * std::sin(1.7 * j));
      data.sigma.push_back(1 + 0.01 * (j % 200));
    }
    data.y[3] = 1e5;
    const FitSummary summary = fit(data, "uniform:3", "flat");
    EXPECT_EQ(summary.parameters[0].shortest.upper, 3) << n;
    for (const std::string& note : summary.notes)
      EXPECT_EQ(note.find("panels"), std::string::npos) << note;
  }
}

// exp(log 0.7) is 0.70000000000000007, and exp(log 10) 10.000000000000002.
TEST(Support, HoldsAllThatIsSaidOfTau) {
  SummaryOptions options;
  options.probabilities = {1e-16, 0.5, 1 - 1e-16};
  const struct {
    const char* prior;
    double lower, upper;
  } cases[] = {{"log_uniform:0.7,0.9", 0.7, 0.9},
               {"log_uniform:7,10", 7, 10},
               {"uniform:10", 0, 10},
               {"mixture:0.5*log_uniform:0.7,0.9+0.5*log_uniform:7,10", 0.7, 10}};
  for (const auto& [prior, lower, upper] : cases)
    for (const double y : {0.0, 100.0}) {  // the mode at one end and at the other
      const FitSummary summary = fit({{-y, y}, {1, 1}, {}}, prior, "flat", options);
      const ParameterSummary& tau = summary.parameters[0];
      for (const double value : {tau.quantiles.front(), tau.quantiles.back(), tau.mode,
                                 tau.shortest.lower, tau.shortest.upper, summary.joint_mode_tau}) {
        EXPECT_GE(value, lower) << prior;
        EXPECT_LE(value, upper) << prior;
      }
      EXPECT_EQ(y == 0 ? tau.shortest.lower : tau.shortest.upper, y == 0 ? lower : upper) << prior;
    }
}

TEST(JointMode, IsARootOfTheJointDensitysGradient) {
  Data data = kEightSchools;
  for (double& y : data.y) y *= 4;
  for (const std::string mu_prior : {"flat", "normal:0,20", "uniform:-100,100"}) {
    const FitSummary summary = fit(data, "half_cauchy:25", mu_prior);
    const auto log_joint = [&](Wide tau, Wide mu) {
      Wide sum = direct_tau_prior("half_cauchy:25").log_density(tau);
      if (mu_prior[0] == 'n') sum -= 0.5L * mu * mu / 400;
      for (size_t j = 0; j < 8; ++j) {
        const Wide v = Wide(data.sigma[j]) * data.sigma[j] + tau * tau;
        sum -= 0.5L * (std::log(v) + (data.y[j] - mu) * (data.y[j] - mu) / v);
      }
      return sum;
    };
    const Wide tau = summary.joint_mode_tau, mu = summary.joint_mode_mu, h = 1e-3L;
    ASSERT_GT(tau, 1) << mu_prior;
    const auto root = [&](const auto& f) {
      const Wide slope = (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
      return slope / ((f(h) - 2 * f(0) + f(-h)) / (h * h));
    };
    EXPECT_LT(std::abs(root([&](Wide d) { return log_joint(tau + d, mu); })), 1e-7L) << mu_prior;
    EXPECT_LT(std::abs(root([&](Wide d) { return log_joint(tau, mu + d); })), 1e-7L) << mu_prior;
    for (const Wide other : {0.001L, 0.5L * tau, 2 * tau, 10 * tau})
      EXPECT_LT(log_joint(other, mu), log_joint(tau, mu));
  }
}

TEST(JointMode, OfAgreeingSchoolsIsAtZeroAndThePooledMean) {
  const FitSummary summary = fit(kEightSchools, "uniform", "flat");
  EXPECT_EQ(summary.joint_mode_tau, 0.0);
  EXPECT_NEAR(summary.joint_mode_mu, 7.685616724956036, 1e-9);
}

}  // namespace
}  // namespace taugrid
