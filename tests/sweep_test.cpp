#include "host/taugrid/sweep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "host/taugrid/csv_fields.h"
#include "host/taugrid/priors.h"
#include "host/taugrid/readers.h"
#include "host/taugrid/sweep_flips.h"
#include "tests/data_sets.h"
#include "tests/prior_examples.h"
#include "tests/refusal.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

using Texts = std::vector<std::string>;

SweepRequest request(const Texts& tau, const Texts& mu = {"flat"}) {
  SweepRequest request;
  request.tau_priors = tau;
  request.mu_priors = mu;
  request.threads = 1;
  return request;
}

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

Data shifted(Data data, double by) {
  for (double& y : data.y) y += by;
  return data;
}

// The columns of a sweep as a fit has them.
std::vector<double> values_of_fit(const FitSummary& fit, const Texts& columns) {
  std::vector<double> values;
  for (const std::string& column : columns) {
    const size_t dot = column.find('.');
    const std::string name = column.substr(0, dot), statistic = column.substr(dot + 1);
    const auto parameter = std::ranges::find(fit.parameters, name, &ParameterSummary::name);
    const auto quantile = [&](double p) {
      return parameter->quantiles.at(
          static_cast<size_t>(std::ranges::find(fit.probabilities, p) - fit.probabilities.begin()));
    };
    const std::map<std::string, double> known = {{"mean", parameter->mean},
                                                 {"sd", parameter->sd},
                                                 {"mode", parameter->mode},
                                                 {"q2.5", quantile(0.025)},
                                                 {"q50", quantile(0.5)},
                                                 {"q97.5", quantile(0.975)},
                                                 {"shortest95.lower", parameter->shortest.lower},
                                                 {"shortest95.upper", parameter->shortest.upper}};
    values.push_back(known.at(statistic));
  }
  return values;
}

// ---- equality with fit, over the table of priors

class SweepOfEveryPrior : public testing::TestWithParam<TauPriorRow> {};

TEST_P(SweepOfEveryPrior, EqualsFitBitByBit) {
  const std::string prior = prior_example(GetParam());
  const Texts mu_priors = {"flat", "normal:3,10", "uniform:-5,30"};
  SweepRequest sweep_request = request({prior, "half_normal:5"}, mu_priors);
  sweep_request.quantities = "tau,mu,theta_new,theta";
  sweep_request.statistics = "mean,sd,mode,q2.5,q50,q97.5,shortest95";
  const SweepSummary summary = sweep(eight_schools(), sweep_request);
  ASSERT_EQ(summary.rows.size(), 6u);
  ASSERT_EQ(summary.columns.size(), 11u * 8);
  for (const SweepRow& row : summary.rows) {
    EXPECT_EQ(row.error, "");
    const Posterior posterior(eight_schools(), row.tau_prior, row.mu_prior, {"cpu", 1});
    SummaryOptions options;
    options.exceed = {{"mu", 0.0}};
    const FitSummary fit = posterior.summary(options);
    EXPECT_SAME_BITS(row.values, values_of_fit(fit, summary.columns));
    EXPECT_SAME_BITS((std::vector<double>{row.log_marginal_likelihood, row.mu_above_zero}),
                     (std::vector<double>{fit.log_marginal_likelihood, fit.exceed[0].probability}));
  }
  // For each prior of mu all of tau.
  EXPECT_EQ(summary.rows[0].tau_prior, prior);
  EXPECT_EQ(summary.rows[1].tau_prior, "half_normal:5");
  EXPECT_EQ(summary.rows[1].mu_prior, "flat");
  EXPECT_EQ(summary.rows[2].mu_prior, "normal:3,10");
}

INSTANTIATE_TEST_SUITE_P(PriorTable, SweepOfEveryPrior, testing::ValuesIn(tau_prior_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Sweep, GivesOnlyTheColumnsThatAreAskedFor) {
  SweepRequest sweep_request = request({"half_normal:5", "half_normal:10"});
  sweep_request.quantities = "tau";
  sweep_request.statistics = "q90,mean";
  const SweepSummary summary = sweep(eight_schools(), sweep_request);
  EXPECT_EQ(summary.columns, (Texts{"tau.q90", "tau.mean"}));
  for (const SweepRow& row : summary.rows) EXPECT_EQ(row.values.size(), 2u);
  // What is of mu needs none of its columns.
  const SweepSummary of_mu = sweep(eight_schools(), request({"half_normal:5", "half_normal:10"}));
  EXPECT_EQ(summary.rows[1].ks_mu, of_mu.rows[1].ks_mu);
  EXPECT_EQ(summary.rows[1].shift_mu, of_mu.rows[1].shift_mu);
  EXPECT_GT(of_mu.rows[1].ks_mu, 0.0);
}

// ---- ks_mu and shift_mu

// With tau fixed, mu | y is normal: mean and sd by hand, and the distance of two normals where
// their densities cross, by the roots of a quadratic.
TEST(Sweep, DistancesOfNormalPosteriorsAreClosed) {
  const Data data = eight_schools();
  struct Normal {
    double mean, sd;
  };
  const auto posterior = [&](double tau, double m0, double s0) {
    double w = s0 > 0 ? 1 / (s0 * s0) : 0, wy = w * m0;
    for (size_t j = 0; j < data.y.size(); ++j) {
      const double v = data.sigma[j] * data.sigma[j] + tau * tau;
      w += 1 / v;
      wy += data.y[j] / v;
    }
    return Normal{wy / w, std::sqrt(1 / w)};
  };
  const auto distance = [](Normal f, Normal g) {
    // log f = log g: a x^2 + b x + c = 0 with x from the mean of f.
    const double d = g.mean - f.mean, vf = f.sd * f.sd, vg = g.sd * g.sd;
    const double a = 1 / vf - 1 / vg, b = 2 * d / vg, c = -d * d / vg + 2 * std::log(f.sd / g.sd);
    double most = 0;
    const double root = std::sqrt(std::max(0.0, b * b - 4 * a * c));
    for (const double x : {(-b + root) / (2 * a), (-b - root) / (2 * a), -c / b})
      if (std::isfinite(x))
        most = std::max(most, std::abs(normal_cdf(x / f.sd) - normal_cdf((x - d) / g.sd)));
    return most;
  };
  const SweepSummary summary =
      sweep(data, request({"fixed:3;fixed:0;fixed:3.01;fixed:10;fixed:1e4"},
                          {"flat", "normal:0,1", "normal:20,0.01"}));
  const double taus[] = {3, 0, 3.01, 10, 1e4};
  const Normal mus[] = {{0, 0}, {0, 1}, {20, 0.01}};
  const Normal base = posterior(3, 0, 0);
  for (size_t i = 0; i < summary.rows.size(); ++i) {
    const Normal here = posterior(taus[i % 5], mus[i / 5].mean, mus[i / 5].sd);
    const SweepRow& row = summary.rows[i];
    EXPECT_NEAR(row.shift_mu, (here.mean - base.mean) / base.sd, 1e-12) << row.tau_prior;
    EXPECT_NEAR(row.ks_mu, i == 0 ? 0.0 : distance(here, base), 3e-10)
        << row.tau_prior << ", " << row.mu_prior;
    EXPECT_NEAR(row.mu_above_zero, normal_cdf(here.mean / here.sd), 1e-11);
  }
}

// Against F - F0 on a dense grid, from `fit --density`; smooth mixtures and truncated ones.
TEST(Sweep, DistanceOfMuAgreesWithADenseGridOfFits) {
  const Texts tau = {"half_cauchy:5", "uniform:1", "mixture:0.5*fixed:0+0.5*half_normal:20"};
  const Texts mu = {"flat", "normal:-5,4", "uniform:-5,9"};
  const SweepSummary summary = sweep(eight_schools(), request(tau, mu));
  const int64_t n = 4001;
  const auto cdf = [&](const std::string& tau_prior, const std::string& mu_prior) {
    SummaryOptions options;
    options.density = {{"mu", -40.0, 60.0, n}};
    const Posterior posterior(eight_schools(), tau_prior, mu_prior, {"cpu", 1});
    return posterior.summary(options).density[0].cdf;
  };
  const std::vector<double> base = cdf(tau[0], mu[0]);
  for (const SweepRow& row : summary.rows) {
    const std::vector<double> here = cdf(row.tau_prior, row.mu_prior);
    double most = 0;
    for (size_t i = 0; i < base.size(); ++i) most = std::max(most, std::abs(here[i] - base[i]));
    // A maximum between points of the grid, 0.025 apart, is higher by |f' - f0'| h^2/8, 4e-6; where
    // a density jumps, at -5 and 9, there is a point.
    EXPECT_GE(row.ks_mu, most - 1e-9) << row.tau_prior << ", " << row.mu_prior;
    EXPECT_LE(row.ks_mu, most + 5e-6) << row.tau_prior << ", " << row.mu_prior;
  }
  EXPECT_EQ(summary.rows[0].ks_mu, 0.0);
  EXPECT_EQ(summary.rows[0].shift_mu, 0.0);
}

TEST(Sweep, BaseMayBeNamed) {
  SweepRequest named = request({"half_normal:1", "half_normal:20"}, {"flat", "normal:0,3"});
  named.base_tau_prior = "half_cauchy:4";
  named.base_mu_prior = "normal:1,9";
  const SweepSummary summary = sweep(eight_schools(), named);
  EXPECT_EQ(summary.base_tau_prior, "half_cauchy:4");
  EXPECT_EQ(summary.base_mu_prior, "normal:1,9");
  // From the other side: the distance is symmetric.
  const SweepSummary turned = sweep(
      eight_schools(), request({"half_normal:20", "half_cauchy:4"}, {"normal:0,3", "normal:1,9"}));
  EXPECT_NEAR(summary.rows[3].ks_mu, turned.rows[3].ks_mu, 1e-10);
  EXPECT_GT(summary.rows[3].ks_mu, 0.1);
}

// ---- flips

// Schools moved up, so that a scale decides whether the interval of mu holds 0; as they are, one
// decides whether P(mu > 0) is above 0.95.
const Data kUp = shifted(eight_schools(), 0.32);

double mu_above_zero(const Data& data, const std::string& tau, const std::string& mu) {
  SummaryOptions options;
  options.exceed = {{"mu", 0.0}};
  return Posterior(data, tau, mu, {"cpu", 1}).summary(options).exceed[0].probability;
}

class SweepFlips : public testing::TestWithParam<double> {};

TEST_P(SweepFlips, AreWhereTheProbabilityCrosses) {
  const bool of_interval = GetParam() == 0.975;
  const Data data = of_interval ? kUp : eight_schools();
  const SweepSummary summary =
      sweep(data, request({"half_normal:0.5..200:40", "half_cauchy:0.2..200:7"}));
  ASSERT_EQ(summary.flips.size(), of_interval ? 1u : 2u);
  for (const SweepFlip& flip : summary.flips) {
    EXPECT_TRUE(flip.of_tau);
    EXPECT_EQ(flip.parameter, "scale");
    EXPECT_FALSE(flip.rises);
    EXPECT_EQ(flip.probability, GetParam());
    EXPECT_EQ(parse_tau_prior(flip.tau_prior).parameters, (std::vector<double>{flip.value}));
    EXPECT_EQ(flip.mu_prior, "flat");
    const std::string name = flip.range.substr(0, flip.range.find(':') + 1);
    const auto at = [&](double scale) {
      return mu_above_zero(data, name + csv_number(scale), "flat");
    };
    EXPECT_GT(at(flip.value * (1 - 1e-6)), flip.probability) << flip.range;
    EXPECT_LT(at(flip.value * (1 + 1e-6)), flip.probability) << flip.range;
  }
}

INSTANTIATE_TEST_SUITE_P(Probabilities, SweepFlips, testing::Values(0.95, 0.975));

// Where 0.975 is crossed, the interval's lower end is 0.
TEST(Sweep, IntervalFlipsWhereItsEndIsZero) {
  const SweepSummary summary = sweep(kUp, request({"half_normal:0.5..200:5"}));
  const auto flip =
      std::ranges::find(summary.flips, 0.975, [](const SweepFlip& f) { return f.probability; });
  ASSERT_NE(flip, summary.flips.end());
  EXPECT_EQ(flip->event(), "the central 95% interval of mu holds 0 from here on");
  const FitSummary fit = Posterior(kUp, flip->tau_prior, "flat", {"cpu", 1}).summary();
  EXPECT_NEAR(fit.parameters[1].central.lower, 0.0, 1e-6);
}

// Below 0 everything is mirrored.
TEST(Sweep, FlipsMirrorWithTheData) {
  Data down = kUp;
  for (double& y : down.y) y = -y;
  const Texts ranges = {"half_normal:0.5..200:9"};
  const auto up = sweep(kUp, request(ranges)).flips, mirrored = sweep(down, request(ranges)).flips;
  ASSERT_EQ(up.size(), 1u);
  ASSERT_EQ(mirrored.size(), 1u);
  EXPECT_NEAR(up[0].value, mirrored[0].value, 1e-6 * up[0].value);
  EXPECT_EQ(up[0].probability, 0.975);
  EXPECT_EQ(mirrored[0].probability, 0.025);
  EXPECT_FALSE(up[0].rises);
  EXPECT_TRUE(mirrored[0].rises);
  EXPECT_EQ(mirrored[0].event(), up[0].event());
}

// A prior of mu whose mean runs from far below to far above, with tau known: Phi(mean/sd) by hand.
TEST(Sweep, FlipsAlongAPriorOfMuAreThoseOfItsNormalPosterior) {
  const SweepSummary summary =
      sweep(eight_schools(), request({"fixed:3", "fixed:8"}, {"normal:-30..30:13,5"}));
  ASSERT_EQ(summary.flips.size(), 8u);  // four probabilities at each tau
  const double probabilities[] = {0.025, 0.05, 0.95, 0.975},
               z[] = {-1.959963984540054, -1.644853626951473, 1.644853626951473, 1.959963984540054};
  for (size_t i = 0; i < 8; ++i) {
    const SweepFlip& flip = summary.flips[i];
    EXPECT_FALSE(flip.of_tau);
    EXPECT_TRUE(flip.rises);
    EXPECT_EQ(flip.parameter, "mean");
    EXPECT_EQ(flip.tau_prior, i < 4 ? "fixed:3" : "fixed:8");
    EXPECT_EQ(flip.probability, probabilities[i % 4]);
    const double tau = i < 4 ? 3 : 8;
    double w = 0, wy = 0;
    for (size_t j = 0; j < 8; ++j) {
      const double v = eight_schools().sigma[j] * eight_schools().sigma[j] + tau * tau;
      w += 1 / v;
      wy += eight_schools().y[j] / v;
    }
    // (wy + m/25)/sqrt(w + 1/25) = z
    EXPECT_NEAR(flip.value, 25 * (z[i % 4] * std::sqrt(w + 0.04) - wy), 1e-6);
  }
  EXPECT_EQ(summary.flips[0].event(), "the central 95% interval of mu holds 0 from here on");
  EXPECT_EQ(summary.flips[1].event(), "P(mu > 0) rises above 0.05");
  EXPECT_EQ(summary.flips[3].event(), "the central 95% interval of mu is above 0 from here on");
}

TEST(Sweep, HasNoFlipsWithoutARangeOrACrossing) {
  const SweepSummary listed = sweep(kUp, request({"half_normal:0.5", "half_normal:200"}));
  EXPECT_TRUE(listed.flips.empty());
  EXPECT_FALSE(listed.has_ranges);
  const SweepSummary far = sweep(shifted(kUp, 1000), request({"half_normal:0.5..20:5"}));
  EXPECT_TRUE(far.flips.empty());
  EXPECT_TRUE(far.has_ranges);
}

TEST(FindCrossing, EndsWithinItsToleranceAndInFewSteps) {
  const std::function<double(double)> functions[] = {
      [](double x) { return x * x * x - 2; }, [](double x) { return std::atan(1e6 * (x - 1.3)); },
      [](double x) { return 1e-9 * (x - 1.7); }, [](double x) { return x < 1.1 ? -1.0 : 1e-12; }};
  const double roots[] = {std::cbrt(2.0), 1.3, 1.7, 1.1};
  for (size_t i = 0; i < 4; ++i) {
    int evaluations = 0;
    const auto f = [&](double x) {
      ++evaluations;
      return functions[i](x);
    };
    EXPECT_NEAR(find_crossing(f, 1.0, functions[i](1.0), 2.0, functions[i](2.0), 1e-8), roots[i],
                1e-8);
    EXPECT_LE(evaluations, 28);  // bisection: 26
    if (i == 0) EXPECT_LE(evaluations, 10);
  }
}

// A fit at a value between those of the range may fail where all of the range's do not.
TEST(FindFlips, LeavesOutOneThatCannotBeFoundAndSaysSo) {
  const std::vector<PriorFamily> tau =
      parse_prior_families(Texts{"half_normal:1..4:2", "half_cauchy:1..4:2"}, PriorOf::kTau);
  const std::vector<PriorFamily> mu = parse_prior_families(Texts{"flat"}, PriorOf::kMu);
  std::vector<SweepRow> rows(4);
  rows[0].mu_above_zero = rows[2].mu_above_zero = 0.955;
  rows[1].mu_above_zero = rows[3].mu_above_zero = 0.945;
  const auto scale = [](const std::string& prior) { return parse_tau_prior(prior).parameters[0]; };
  for (const int threads : {1, 3}) {
    const FoundFlips found = find_flips(
        tau, mu, rows,
        [&](const std::string& tau_prior, const std::string&) {
          if (tau_prior.starts_with("half_normal")) throw std::runtime_error("not integrated");
          return 0.955 - 0.005 * std::log2(scale(tau_prior));
        },
        threads);
    ASSERT_EQ(found.flips.size(), 1u);
    EXPECT_EQ(found.flips[0].range, "half_cauchy:1..4:2");
    EXPECT_NEAR(found.flips[0].value, 2.0, 1e-6);
    EXPECT_EQ(found.notes,
              Texts{"tau ~ half_normal:1..4:2, mu ~ flat: between scale 1 and 4 P(mu > 0) crosses "
                    "0.95, but where could not be found: not integrated"});
  }
  EXPECT_THROW(find_flips(
                   tau, mu, rows,
                   [](const std::string&, const std::string&) -> double { throw Stopped(); }, 2),
               Stopped);
}

// ---- what has no posterior

TEST(Sweep, AnImproperCombinationIsARowWithItsReason) {
  const Data two = {{1, 3}, {1, 2}, {}};
  const SweepSummary summary =
      sweep(two, request({"half_normal:1", "uniform", "sqrt"}, {"flat", "normal:0,5"}));
  ASSERT_EQ(summary.rows.size(), 6u);
  const SweepRow& improper = summary.rows[1];
  EXPECT_EQ(improper.error.substr(0, 26), "the posterior is improper:");
  for (const double value : improper.values) EXPECT_TRUE(std::isnan(value));
  EXPECT_TRUE(std::isnan(improper.ks_mu) && std::isnan(improper.shift_mu) &&
              std::isnan(improper.log_marginal_likelihood) && std::isnan(improper.mu_above_zero));
  for (const size_t i : {0u, 2u, 3u, 4u, 5u}) {
    EXPECT_EQ(summary.rows[i].error, "");
    EXPECT_GE(summary.rows[i].ks_mu, 0.0);
  }
}

TEST(Sweep, WithoutABaseThereAreNoDistances) {
  const Data two = {{1, 3}, {1, 2}, {}};
  const SweepSummary summary = sweep(two, request({"uniform", "half_normal:1"}));
  EXPECT_NE(summary.rows[0].error, "");
  EXPECT_EQ(summary.rows[1].error, "");
  EXPECT_TRUE(std::isnan(summary.rows[1].ks_mu));
  EXPECT_EQ(summary.notes.at(0).substr(0, 67),
            "no ks_mu and shift_mu: the base prior has no posterior: the posteri");
  SweepRequest named = request({"half_normal:1"});
  named.base_tau_prior = "uniform";
  EXPECT_EQ(refusal([&] { sweep(two, named); }).substr(0, 41),
            "the base prior: the posterior is improper");
}

// mu does not exist without pooling under a flat prior, and without a mean there is no shift.
TEST(Sweep, WhatDoesNotExistIsNaN) {
  const SweepSummary summary =
      sweep(eight_schools(), request({"half_normal:5", "fixed:inf"}, {"flat", "uniform:-9,9"}));
  const SweepRow& absent = summary.rows[1];
  EXPECT_EQ(absent.error, "");
  EXPECT_TRUE(std::isnan(absent.ks_mu) && std::isnan(absent.mu_above_zero));
  EXPECT_NEAR(summary.rows[3].mu_above_zero, 0.5, 1e-15);
  EXPECT_GT(summary.rows[3].ks_mu, 0.3);
  const Data three = {{1, 3, 8}, {1, 2, 1}, {}};
  const SweepSummary heavy = sweep(three, request({"half_normal:5", "uniform"}));
  EXPECT_TRUE(std::isnan(heavy.rows[1].shift_mu));
  EXPECT_GT(heavy.rows[1].ks_mu, 0.01);
}

// ---- threads, progress, limits

void expect_same_sweep(const SweepSummary& a, const SweepSummary& b) {
  ASSERT_EQ(a.rows.size(), b.rows.size());
  for (size_t i = 0; i < a.rows.size(); ++i) {
    const SweepRow &x = a.rows[i], &y = b.rows[i];
    EXPECT_EQ(x.tau_prior, y.tau_prior);
    EXPECT_EQ(x.mu_prior, y.mu_prior);
    EXPECT_EQ(x.error, y.error);
    EXPECT_SAME_BITS(x.values, y.values);
    EXPECT_SAME_BITS(
        (std::vector<double>{x.log_marginal_likelihood, x.ks_mu, x.shift_mu, x.mu_above_zero}),
        (std::vector<double>{y.log_marginal_likelihood, y.ks_mu, y.shift_mu, y.mu_above_zero}));
  }
  ASSERT_EQ(a.flips.size(), b.flips.size());
  for (size_t i = 0; i < a.flips.size(); ++i) {
    EXPECT_EQ(a.flips[i].value, b.flips[i].value);
    EXPECT_EQ(a.flips[i].tau_prior, b.flips[i].tau_prior);
    EXPECT_EQ(a.flips[i].mu_prior, b.flips[i].mu_prior);
  }
}

TEST(Sweep, AnyNumberOfThreadsGivesTheSameBits) {
  SweepRequest many =
      request({"half_normal:0.5..200:12", "uniform", "fixed:inf"}, {"flat", "normal:0,1..50:4"});
  const SweepSummary one = sweep(kUp, many);
  EXPECT_FALSE(one.flips.empty());
  for (const int threads : {2, 3, 8}) {
    many.threads = threads;
    expect_same_sweep(one, sweep(kUp, many));
  }
}

TEST(Sweep, TellsProgressInOrderAndStops) {
  SweepRequest many = request({"half_normal:0.5..200:50"});
  many.threads = 3;
  std::vector<int64_t> done;
  sweep(kUp, many, {[&](int64_t n) { done.push_back(n); }, {}});
  ASSERT_EQ(done.size(), 50u);
  EXPECT_EQ(sweep_size(many), 50);
  for (size_t i = 0; i < done.size(); ++i) EXPECT_EQ(done[i], static_cast<int64_t>(i) + 1);
  int asked = 0;
  EXPECT_THROW(sweep(kUp, many, {{}, [&] { return ++asked > 5; }}), Stopped);
}

TEST(Sweep, RefusesWhatIsNoSweep) {
  const Data data = eight_schools();
  EXPECT_EQ(refusal([&] { sweep(data, request({})); }), "there is no prior of tau");
  EXPECT_EQ(
      refusal([&] { sweep(data, request({"half_normal:1..2:1000"}, {"normal:0..1:101,1"})); }),
      "there are 1000 priors of tau and 101 of mu, must be at most 100000 combinations");
  EXPECT_EQ(refusal([&] {
              sweep({{1, 2}, {1, -1}, {}}, request({"half_normal:1"}));
            }),
            "row 2: sigma is -1, must be positive and finite");
  SweepRequest columns = request({"half_normal:1"});
  columns.statistics = "mean,median";
  EXPECT_EQ(refusal([&] { sweep(data, columns); }).substr(0, 29), "statistic 'median' is unknown");
  SweepRequest base = request({"half_normal:1"});
  base.base_tau_prior = "half_normal:1..2:3";
  EXPECT_NE(refusal([&] { sweep(data, base); }), "(nothing was refused)");
}

}  // namespace
}  // namespace taugrid
