// Input at the edge of what is ordinary: few schools and many, sigma over 12 decades, y far from
// the origin, outliers, two modes, prior scales far from the data's. Each against direct
// integration of the definition (direct_integration.h), with what any answer must satisfy: finite,
// ordered, intervals of their mass.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/direct_integration.h"

namespace taugrid {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

struct Extreme {
  std::string name;
  Data data;
  std::string tau_prior, mu_prior;
};
void PrintTo(const Extreme& extreme, std::ostream* out) {
  *out << extreme.name << ": " << extreme.tau_prior << ", " << extreme.mu_prior;
}

Data equal_sigmas(std::vector<double> y, double sigma) {
  const size_t n = y.size();
  return {std::move(y), std::vector<double>(n, sigma), {}};
}

// n schools in an irregular order, tau of them about 1.5 sigma.
Data many(size_t n) {
  Data data;
  for (size_t j = 0; j < n; ++j) {
    const double u = std::fmod(static_cast<double>(j + 1) * 0.61803398874989485, 1.0);
    const double v = std::fmod(static_cast<double>(j + 1) * 0.41421356237309515, 1.0);
    data.sigma.push_back(0.5 + u);
    data.y.push_back(10 + 5 * (v - 0.5) + 2 * std::sin(static_cast<double>(j)));
  }
  return data;
}

std::vector<Extreme> extremes() {
  const Data eight{{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}};
  Data decades, far, outlier = equal_sigmas({0.3, -0.8, 1.1, 0.2, -0.4, 0.9, -1.2, 1e6}, 1);
  for (int k = -6; k <= 6; ++k) {
    decades.sigma.push_back(std::pow(10, k));
    decades.y.push_back(std::pow(10, k) * (k % 2 == 0 ? 1.3 : -0.7));
    far.sigma.push_back(1e-3 * (1 + 0.05 * (k + 6)));
    far.y.push_back(1e8 + 1e-3 * std::sin(3.0 * k));
  }
  Data clusters;
  for (int k = 0; k < 5; ++k) {
    clusters.y.push_back(-50 + 0.3 * k);
    clusters.y.push_back(50 - 0.2 * k);
    clusters.sigma.insert(clusters.sigma.end(), {1 + 0.1 * k, 0.9 + 0.1 * k});
  }
  // Two modes of tau: the prior's at 1e-3, the likelihood's at 10.
  const Data split = equal_sigmas({-4, 4.3, -3.6}, 1.5);
  const std::string flat = "flat";
  return {
      {"OneSchoolHalfCauchy", {{3}, {2}, {}}, "half_cauchy:1", flat},
      {"OneSchoolHalfNormalNormal", {{3}, {2}, {}}, "half_normal:4", "normal:-5,1"},
      {"OneSchoolUniformUniform", {{3}, {2}, {}}, "uniform:9", "uniform:2,5"},
      {"TwoSchoolsHalfCauchy", {{3, -8}, {2, 0.01}, {}}, "half_cauchy:1", flat},
      {"TwoSchoolsUniformNormal", {{3, -8}, {2, 1}, {}}, "uniform", "normal:0,10"},
      {"ThreeSchoolsUniform", {{3, -8, 4}, {2, 1, 5}, {}}, "uniform", flat},
      {"ThreeSchoolsHalfNormalUniform",
       {{3, -8, 4}, {2, 1, 5}, {}},
       "half_normal:3",
       "uniform:-2,1"},
      {"SigmaOverTwelveDecades", decades, "uniform", flat},
      {"SigmaOverTwelveDecadesHalfCauchy", decades, "half_cauchy:1e-3", flat},
      {"SigmaOverTwelveDecadesNormal", decades, "half_normal:1e3", "normal:0,1"},
      {"FarFromTheOrigin", far, "uniform", flat},
      {"FarFromTheOriginHalfCauchyNormal", far, "half_cauchy:0.001", "normal:100000000,0.01"},
      {"AllEqual", equal_sigmas({5, 5, 5, 5, 5, 5}, 2), "uniform", flat},
      {"AllEqualHalfCauchy", equal_sigmas({5, 5, 5, 5, 5, 5}, 2), "half_cauchy:0.01", flat},
      {"OutlierAtAMillion", outlier, "uniform", flat},
      {"OutlierAtAMillionHalfNormal", outlier, "half_normal:1", flat},
      {"OutlierAtAMillionHalfCauchy", outlier, "half_cauchy:1", "normal:0,1"},
      {"OutlierAtAMillionTinyHalfNormal", equal_sigmas({0, 0.5, 1e6}, 1), "half_normal:0.1", flat},
      {"OutlierAtAMillionTinierHalfNormal", equal_sigmas({0, 0.5, 1e6}, 1), "half_normal:0.01",
       flat},
      {"OutlierAndTinyHalfNormal", equal_sigmas({0, 0.5, 1e4}, 1), "half_normal:0.001", flat},
      {"MuPriorFarAndTinyHalfNormal", equal_sigmas({0, 0.5, -0.3}, 1), "half_normal:0.01",
       "normal:3e5,0.1"},
      {"TwoClusters", clusters, "half_cauchy:1", flat},
      {"TwoClustersUniformMu", clusters, "half_cauchy:1", "uniform:-1,1"},
      {"BimodalTau", split, "half_cauchy:1e-4", flat},
      {"BimodalTauNormal", split, "half_cauchy:1e-3", "normal:0,2"},
      {"TinyPriorScale", eight, "half_normal:1e-8", flat},
      {"TinyPriorScaleHalfCauchy", eight, "half_cauchy:1e-8", flat},
      {"TinyPriorBound", eight, "uniform:1e-8", flat},
      {"PriorBoundFarBelowTheSpread", equal_sigmas({0, 0.5, 1e6}, 1), "uniform:5", flat},
      {"PriorBoundBelowTheSpread", equal_sigmas({0, 0.5, 3e3}, 1), "uniform:0.1", "normal:0,10"},
      {"HugePriorScale", eight, "half_normal:1e10", flat},
      {"HugePriorScaleHalfCauchy", eight, "half_cauchy:1e10", flat},
      {"HugePriorBound", eight, "uniform:1e10", flat},
      {"HugePriorScaleTwoSchools", {{1, 2}, {1, 1}, {}}, "half_cauchy:1e9", flat},
      {"TinyMuSd", eight, "half_cauchy:5", "normal:3,1e-8"},
      {"HugeMuSd", eight, "half_cauchy:5", "normal:3,1e10"},
      {"MuMeanFarAway", eight, "half_cauchy:5", "normal:1e6,3"},
      {"MuMeanFarAwayUniformTau", eight, "uniform", "normal:-1e6,10"},
      {"MuBoundsFarAbove", equal_sigmas({28, 8, -3}, 10), "half_cauchy:5", "uniform:1000,1001"},
      {"MuBoundsFarBelowUniformTau", equal_sigmas({28, 8, -3}, 10), "uniform:100",
       "uniform:-3000,-1000"},
      {"MuBoundsNarrow", equal_sigmas({28, 8, -3}, 10), "half_cauchy:5", "uniform:7,7.000001"},
      {"MuBoundsWide", equal_sigmas({28, 8, -3}, 10), "half_cauchy:5", "uniform:-1e6,1e6"},
      {"MuBoundsOneFarAway", equal_sigmas({0.3, -0.2, 0.5}, 0.1), "half_normal:1",
       "uniform:0,1e10"},
      {"MuBoundAtTheEdge", equal_sigmas({28, 8, -3}, 10), "half_normal:0.01", "uniform:11,400"},
      {"ThousandSchools", many(1000), "uniform", flat},
      {"ThousandSchoolsHalfCauchyNormal", many(1000), "half_cauchy:1", "normal:0,1"},
  };
}

class Extremes : public testing::TestWithParam<Extreme> {};

const std::vector<double> kProbabilities = {0.001, 0.025, 0.25, 0.5, 0.75, 0.975, 0.999};

// |F(q) - p| <= 1e-9, allowing q the rounding of a double.
template <class Cdf>
void expect_mass(const Cdf& cdf, double q, double p, const std::string& what) {
  const double f = cdf(q);
  if (std::abs(f - p) <= 1e-9) return;
  const double slack = 4 * kEps * std::abs(q);
  EXPECT_TRUE(cdf(q - slack) - 1e-9 <= p && p <= cdf(q + slack) + 1e-9)
      << what << ": F(" << testing::PrintToString(q) << ") - " << p << " = " << f - p;
}

template <class Cdf>
void expect_law(const Cdf& cdf, const ParameterSummary& parameter, double lower_end) {
  SCOPED_TRACE(parameter.name);
  for (size_t i = 0; i < kProbabilities.size(); i += 3)
    expect_mass(cdf, parameter.quantiles[i], kProbabilities[i], "quantile");
  // The shortest interval's mass; its ends may be rounded like quantiles.
  const Interval shortest = parameter.shortest;
  const double slack = 4 * kEps * std::max(std::abs(shortest.lower), std::abs(shortest.upper));
  const auto below = [&](double q) { return q <= lower_end ? 0 : cdf(q); };
  const double mass = below(shortest.upper) - below(shortest.lower);
  if (std::abs(mass - 0.95) > 1e-9) {
    EXPECT_GE(below(shortest.upper + slack) - below(shortest.lower - slack), 0.95 - 1e-9);
    EXPECT_LE(below(shortest.upper - slack) - below(shortest.lower + slack), 0.95 + 1e-9);
  }
}

void expect_moment(double value, Wide exact, Wide sd, const std::string& what) {
  EXPECT_NEAR(value, static_cast<double>(exact),
              static_cast<double>(1e-9L * sd + 4 * kEps * std::abs(exact)))
      << what;
}

// A law narrower than the spacing of doubles about it allows has an sd as good as the bounds that
// make it so.
void expect_sd(double value, Wide exact, Wide mean, const std::string& what) {
  EXPECT_NEAR(value, static_cast<double>(exact),
              static_cast<double>(1e-9L * exact + kEps * std::abs(mean)))
      << what;
}

TEST_P(Extremes, AreTheDirectIntegration) {
  const Extreme& c = GetParam();
  const Posterior posterior(c.data, c.tau_prior, c.mu_prior);
  const FitSummary summary = posterior.summary({kProbabilities, 0.95});
  const int moments = posterior.model().tau_moment_exists(2)   ? 2
                      : posterior.model().tau_moment_exists(1) ? 1
                                                               : 0;
  const DirectPosterior direct(c.data, c.tau_prior, c.mu_prior, moments);
  const ParameterSummary &tau = summary.parameters[0], &mu = summary.parameters[1],
                         &theta = summary.parameters[2], &theta_new = summary.parameters.back();
  const double iqr = tau.quantiles[4] - tau.quantiles[2],
               mu_iqr = mu.quantiles[4] - mu.quantiles[2];
  const bool mu_has_sd = posterior.model().mu_moment_exists(2);
  if (moments >= 1)
    expect_moment(tau.mean, direct.tau_mean(), moments == 2 ? direct.tau_sd() : iqr, "tau.mean");
  if (moments == 2) expect_sd(tau.sd, direct.tau_sd(), direct.tau_mean(), "tau.sd");
  if (posterior.model().mu_moment_exists(1))
    expect_moment(mu.mean, direct.mu_mean(), mu_has_sd ? direct.mu_sd() : mu_iqr, "mu.mean");
  if (mu_has_sd) expect_sd(mu.sd, direct.mu_sd(), direct.mu_mean(), "mu.sd");
  expect_moment(theta.mean, direct.theta_mean(0), direct.theta_sd(0), "theta[1].mean");
  expect_moment(theta.sd, direct.theta_sd(0), direct.theta_sd(0), "theta[1].sd");
  if (moments == 2)
    expect_moment(theta_new.sd, direct.theta_new_sd(), direct.theta_new_sd(), "theta_new.sd");
  if (posterior.model().tau_prior.proper) {
    const double exact = static_cast<double>(direct.log_evidence());
    EXPECT_NEAR(summary.log_marginal_likelihood, exact, 1e-9 + 1e-14 * std::abs(exact));
  }
  expect_law([&](double q) { return direct.tau_cdf(q); }, tau, 0);
  expect_law([&](double q) { return direct.mu(q).cdf; }, mu, -INFINITY);
  expect_law([&](double q) { return direct.theta(0, q).cdf; }, theta, -INFINITY);
  expect_law([&](double q) { return direct.theta_new(q).cdf; }, theta_new, -INFINITY);
}

TEST_P(Extremes, AreFiniteAndInOrder) {
  const Extreme& c = GetParam();
  const Posterior posterior(c.data, c.tau_prior, c.mu_prior);
  const FitSummary summary = posterior.summary({kProbabilities, 0.95});
  for (const ParameterSummary& p : summary.parameters) {
    SCOPED_TRACE(p.name);
    for (size_t i = 0; i < p.quantiles.size(); ++i) {
      EXPECT_TRUE(std::isfinite(p.quantiles[i])) << i;
      if (i > 0) {
        EXPECT_LE(p.quantiles[i - 1], p.quantiles[i]);
      }
    }
    EXPECT_LT(p.quantiles.front(), p.quantiles.back());
    EXPECT_TRUE(std::isfinite(p.mode));
    EXPECT_FALSE(std::isinf(p.mean) || std::isinf(p.sd));
    EXPECT_TRUE(p.shortest.lower < p.shortest.upper) << p.shortest.lower << " " << p.shortest.upper;
    const double slack = 8 * kEps * (std::abs(p.central.lower) + std::abs(p.central.upper));
    EXPECT_LE(p.shortest.upper - p.shortest.lower,
              (p.central.upper - p.central.lower) * (1 + 1e-9) + slack);
    // A nearly flat law has nearly as short an interval anywhere.
    const double near = slack + 0.02 * (p.central.upper - p.central.lower);
    EXPECT_GE(p.mode, p.shortest.lower - near);
    EXPECT_LE(p.mode, p.shortest.upper + near);
  }
}

// Draws of extreme input are finite, and tau and mu follow their exact laws: at each of seven
// quantiles the share below is within 4.5 standard errors and two draws (p = 7e-6 a comparison).
TEST_P(Extremes, AreDrawn) {
  const Extreme& c = GetParam();
  constexpr int64_t kDraws = 1 << 14;
  const Posterior posterior(c.data, c.tau_prior, c.mu_prior);
  const Draws draws = posterior.draw(kDraws, 11);
  const DrawBlock view = draws.view();
  for (int64_t k = 0; k < c.data.n_schools() + 3; ++k)
    for (const double x : view.column(k)) ASSERT_TRUE(std::isfinite(x)) << k;
  const ParameterSummary mu = posterior.summary({kProbabilities, 0.95}).parameters[1];
  for (size_t i = 0; i < kProbabilities.size(); ++i) {
    const double p = kProbabilities[i], tau = posterior.tau_quantile(p);
    double below_tau = 0, below_mu = 0;
    for (const double x : view.tau()) below_tau += x < tau;
    for (const double x : view.mu()) below_mu += x < mu.quantiles[i];
    const double near = 4.5 * std::sqrt(p * (1 - p) / kDraws) + 2.0 / kDraws;
    EXPECT_NEAR(below_tau / kDraws, p, near) << "tau";
    EXPECT_NEAR(below_mu / kDraws, p, near) << "mu";
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Extremes, testing::ValuesIn(extremes()),
                         [](const testing::TestParamInfo<Extreme>& info) {
                           return info.param.name;
                         });

// Ten thousand schools: the law of tau against a one-dimensional sum of p(tau | y) (BDA3, eq. 5.21)
// in long double.
TEST(TenThousandSchools, HaveTheExactLawOfTau) {
  const Data data = many(10000);
  const auto log_p = [&](Wide tau) {
    Wide precision = 0, weighted = 0, logs = 0, squares = 0;
    for (size_t j = 0; j < data.y.size(); ++j) {
      const Wide v = Wide(data.sigma[j]) * data.sigma[j] + tau * tau;
      precision += 1 / v;
      weighted += data.y[j] / v;
      logs += std::log(static_cast<double>(v));
    }
    for (size_t j = 0; j < data.y.size(); ++j) {
      const Wide r = data.y[j] - weighted / precision;
      squares += r * r / (Wide(data.sigma[j]) * data.sigma[j] + tau * tau);
    }
    return -0.5L * (std::log(precision) + logs + squares);
  };
  const Posterior posterior(data, "uniform", "flat");
  const double median = posterior.tau_quantile(0.5), sd = posterior.tau_quantile(0.8413) - median;
  // The trapezoid rule on a Gaussian-like density: steps of sd/3 are exact to 1e-16.
  Wide total = 0, first = 0, second = 0, peak = log_p(median);
  for (int k = -30; k <= 30; ++k) {
    const Wide t = k / 3.0L, f = std::exp(log_p(median + t * sd) - peak);
    total += f;
    first += f * t;
    second += f * t * t;
  }
  const double mean = static_cast<double>(median + sd * first / total);
  double tau_mean = 0, tau_square = 0;  // by the quantile function, midpoint rule in Phi's argument
  double weight = 0;
  for (int k = -30; k <= 30; ++k) {
    const double z = k / 4.0, w = std::exp(-z * z / 2);
    const double tau = posterior.tau_quantile(0.5 * std::erfc(-z / std::sqrt(2.0)));
    tau_mean += w * tau;
    tau_square += w * (tau - mean) * (tau - mean);
    weight += w;
  }
  const double exact_sd =
      static_cast<double>(sd * std::sqrt(second / total - (first / total) * (first / total)));
  EXPECT_NEAR(tau_mean / weight, mean, 1e-8 * exact_sd);
  EXPECT_NEAR(std::sqrt(tau_square / weight), exact_sd, 1e-7 * exact_sd);
}

// The likelihood is constant there, or a power of tau.
TEST(SupportsApartFromTheData, GiveTheirOwnQuantiles) {
  const auto tau = [](const std::string& prior, const std::string& mu) {
    SummaryOptions options;
    options.probabilities = kProbabilities;
    return Posterior(eight_schools(), prior, mu).summary(options).parameters[0].quantiles;
  };
  const auto below = tau("log_uniform:1e-9,1e-8", "flat");
  const auto above = tau("log_uniform:1e10,1e11", "normal:0,5");  // p(tau | y) as tau^-9
  for (size_t i = 0; i < kProbabilities.size(); ++i) {
    const double p = kProbabilities[i];
    EXPECT_NEAR(below[i] / (1e-9 * std::pow(10, p)), 1, 1e-9);
    EXPECT_NEAR(above[i] / (1e10 * std::pow(1 - p * (1 - 1e-8), -1.0 / 8)), 1, 1e-9);
  }
}

// A spike with tails like 1/|x| beside it, where steps of a root finder go from one side to the
// other and back: one study far more precise than the rest, and a prior of tau without a scale.
TEST(SpikesBesideHeavyTails, HaveTheirQuantiles) {
  const Data data{{-0.1338361624718065, -0.00023354874266924683, 0.0038823760252089724,
                   0.04319582868229817, 0.22341126751825005},
                  {0.41884267531556985, 3.301656680417404e-10, 0.014774430953376664,
                   0.08654506607466438, 2.9714638308738284},
                  {}};
  const std::vector<double> probabilities = {0.025, 0.25, 0.4, 0.5, 0.6, 0.75, 0.975};
  for (const char* mu_prior : {"flat", "normal:0,1", "normal:-0.0002,1e-8"}) {
    const Posterior posterior(data, "log_t:1,-0.66863254843216313,3", mu_prior);
    for (const char* parameter : {"mu", "theta_new", "theta[1]", "theta[2]", "theta[5]"}) {
      const std::vector<double> q = posterior.quantiles(parameter, probabilities);
      for (size_t i = 0; i < q.size(); ++i) {
        const auto cdf = [&](double x) { return posterior.density(parameter, {x}).cdf[0]; };
        expect_mass(cdf, q[i], probabilities[i], std::string(mu_prior) + " " + parameter);
      }
    }
  }
}

// Of the second moment of tau, 6e-6 is beyond e^88.
TEST(HeavyTails, CountInTheStandardDeviationsOfMuAndThetaNew) {
  const double y = -2.8399164750520116;
  const FitSummary fit =
      Posterior({{y, y, y}, {1.7594154189772533, 0.3556491597259383, 1.2922840686372725}, {}},
                "log_normal:0.68839887613818407,20", "flat")
          .summary();
  // Integrals over log tau by mpmath, with 40 digits.
  EXPECT_NEAR(fit.parameters[1].sd, 0.7782241087206461, 1e-9);
  EXPECT_NEAR(fit.parameters.back().sd, 1.432517908488209, 1e-9);
}

// y_j is 1e10 sd of theta_j away from it: with B_j near 0 a mean as y_j + (1 - B_j) (mu - y_j)
// would lose the digits of theta_j's law.
TEST(StudiesOfHardlyAnyWeight, HaveTheirLaws) {
  struct Case {
    Data data;
    const char *tau_prior, *mu_prior, *theta;
    double x, probability;  // P(theta <= x | y), by integration at 40 digits
  };
  const Case cases[] = {
      {{{3.8033381147276738e-06, 7.484991280363682, 460679.7519009214, -0.22860986119971702,
         2.5922653106322865e-05},
        {5.560396397434788e-05, 21.28589199461944, 740462.144829566, 0.1361204151105825,
         4.042216915272636e-05},
        {}},
       "half_cauchy:0.070658353718582909",
       "normal:7.1318857359430599,1361.2041511058251",
       "theta[3]",
       4.919577644295462e-06,
       0.500000011562175},
      {{{-0.0002561176059813961, 127.66119892175574, -99.25036853488616, -66650.42930773147,
         -64810.96770649079, 0.043556963906077335, -0.47192482650129536, -7.049753344884748e-08,
         -0.07308749142244772, 0.00010799722290509627, 0.396406620093877, 19.149008379829873},
        {0.0003241417117085974, 121.7686023315831, 55.52013226678383, 98676.55761982565,
         63914.90082615972, 0.7656964067183636, 0.35329675620750745, 6.9322450756231634e-06,
         0.0721153139602678, 0.0006135089326379756, 14.120000133016124, 125.3238804814454},
        {}},
       "shrinkage",
       "flat",
       "theta[5]",
       -1.3820075415310994e-06,
       0.500000010345274}};
  const std::vector<double> probabilities = {0.025, 0.25, 0.5, 0.75, 0.975};
  for (const Case& of : cases) {
    const Posterior posterior(of.data, of.tau_prior, of.mu_prior);
    const auto cdf = [&](double x) { return posterior.density(of.theta, {x}).cdf[0]; };
    EXPECT_NEAR(cdf(of.x), of.probability, 1e-11) << of.theta;
    const std::vector<double> q = posterior.quantiles(of.theta, probabilities);
    for (size_t i = 0; i < q.size(); ++i) expect_mass(cdf, q[i], probabilities[i], of.theta);
  }
}

// A posterior narrow beside its distance from 0: moments are to a fraction of its own width.
TEST(NarrowLaws, HaveTheirMeans) {
  const Data data{{7.117041957129504, 7.227526980435395, 14700.484639637467, 11.174247852618677,
                   6.320363063706152, 7.5512692396576915, 9.595985891736063, 5.166900575150163,
                   7.023896644908273, 7.60903581930603, 9.520825823189186, 7.075326317542392},
                  {1.4311123125379737, 0.6097283503458978, 2.2237328441390622, 1.3380916050131457,
                   2.1930533919481534, 0.8557556010889461, 1.7580975340328726, 0.46318541195406476,
                   1.2818335508939476, 0.47628154045140736, 1.5000602985930858, 0.6725624458458183},
                  {}};
  const double upper = 3.2472429480694487;
  const FitSummary fit = Posterior(data, "uniform:3.2472429480694487", "flat").summary();
  // By integration at 60 digits; the density falls as an exponential from the upper end.
  EXPECT_NEAR(fit.parameters[0].mean, 3.2472425888794917,
              1e-9 * fit.parameters[0].sd + 4 * kEps * upper);
  EXPECT_NEAR(fit.parameters[0].sd / (upper - 3.2472425888794917), 1, 1e-3);

  const Data outlier{{10002.787385297986, 652649.593619328, 9999.788968513389},
                     {0.6037723302442172, 2.27857290715151, 1.0666235817592116},
                     {}};
  const FitSummary far = Posterior(outlier, "exponential:0.0055076447172327236", "flat").summary();
  EXPECT_NEAR(far.parameters[3].mean, 652647.9083750524,
              1e-9 * far.parameters[3].sd + 4 * kEps * 652647.9);
}

// The mean of mu is 200 sd of theta from where theta lies.
TEST(WideBoundsOfMu, LeaveThetaItsLawUnderAHeavyTail) {
  const double y = -7.5081700727453953;
  const Posterior posterior({{y, y}, {0.685895321863674, 0.685895321863674}, {}}, "sqrt",
                            "uniform:-7.5081700727453953,685887.81369360129");
  const FitSummary fit = posterior.summary();
  for (const size_t theta : {2u, 3u}) {
    // Integrals over log tau by mpmath, with 40 digits.
    EXPECT_NEAR(fit.parameters[theta].mean - y, 0.2319116339163199, 1e-9);
    EXPECT_NEAR(fit.parameters[theta].sd, 0.5468202769385601, 1e-9);
  }
}

// The second moment's integral reaches past the largest double, the first's does not.
TEST(HeavyTails, KeepTheMeanWhereOnlyTheStandardDeviationIsOutOfRange) {
  const Posterior posterior(
      {{14454242.805543615, 14088084.612398472}, {804.2523804261838, 1641.393730599268}, {}},
      "lomax:1.0001,10171.608606250971", "flat");
  const FitSummary summary = posterior.summary();
  // E tau by mpmath, with 40 digits.
  EXPECT_NEAR(summary.parameters[0].mean, 335738.49178655446, 1e-9 * 335738);
  EXPECT_TRUE(std::isnan(summary.parameters[0].sd));
  EXPECT_FALSE(std::isnan(summary.parameters[1].mean));
  ASSERT_FALSE(summary.notes.empty());
  EXPECT_NE(summary.notes.back().find("the standard deviation of tau and theta_new, and of mu, "
                                      "exists, but its integral leaves the range"),
            std::string::npos)
      << summary.notes.back();
}

}  // namespace
}  // namespace taugrid
