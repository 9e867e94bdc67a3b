// What a BatchFitter gives is what Posterior::summary gives, bit by bit: over every row of the
// prior table, over priors of mu, and over data sets one after another in one fitter.
#include "host/taugrid/batch_fitter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "host/taugrid/law.h"
#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/prior_examples.h"
#include "tests/refusal.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kEverything =
    "mean,sd,mode,q2.5,q5,q33.3,q50,q97.5,central95,shortest95,central90,shortest90";

// A statistic of a summary that has the probabilities and levels of kEverything.
std::vector<double> value_of(const FitSummary& summary, const ParameterSummary& parameter,
                             const Statistic& statistic) {
  const auto interval = [&](const Interval& main, const std::vector<Interval>& more) {
    if (statistic.share == summary.level) return main;
    for (size_t i = 0; i < summary.more_levels.size(); ++i)
      if (statistic.share == summary.more_levels[i]) return more[i];
    ADD_FAILURE() << statistic.name;
    return main;
  };
  switch (statistic.kind) {
    case StatisticKind::kMean:
      return {parameter.mean};
    case StatisticKind::kSd:
      return {parameter.sd};
    case StatisticKind::kMode:
      return {parameter.mode};
    case StatisticKind::kQuantile:
      for (size_t i = 0; i < summary.probabilities.size(); ++i)
        if (summary.probabilities[i] == statistic.share) return {parameter.quantiles[i]};
      ADD_FAILURE() << statistic.name;
      return {};
    case StatisticKind::kCentral: {
      const Interval of = interval(parameter.central, parameter.more_central);
      return {of.lower, of.upper};
    }
    case StatisticKind::kShortest: {
      const Interval of = interval(parameter.shortest, parameter.more_shortest);
      return {of.lower, of.upper};
    }
  }
  return {};
}

// The row of a data set read off its summary.
std::vector<double> expected_row(const Data& data, const std::string& tau, const std::string& mu,
                                 const BatchColumns& columns) {
  SummaryOptions options;
  options.probabilities.push_back(0.333);
  options.more_levels = {0.9};
  const FitSummary summary = Posterior(data, tau, mu, {"cpu", 1}).summary(options);
  std::vector<double> row;
  const auto add = [&](size_t k) {
    for (const Statistic& statistic : columns.statistics)
      for (const double value : value_of(summary, summary.parameters[k], statistic))
        row.push_back(value);
  };
  for (const ParameterKind kind : columns.quantities) {
    if (kind == ParameterKind::kTau) add(0);
    if (kind == ParameterKind::kMu) add(1);
    if (kind == ParameterKind::kThetaNew) add(summary.parameters.size() - 1);
    if (kind != ParameterKind::kTheta) continue;
    for (size_t j = 0; j < data.y.size(); ++j) add(2 + j);
    size_t width = 0;
    for (const Statistic& statistic : columns.statistics) width += statistic.is_interval() ? 2 : 1;
    const size_t n_absent = static_cast<size_t>(columns.n_theta) - data.y.size();
    row.resize(row.size() + n_absent * width, kNaN);
  }
  return row;
}

std::vector<double> fitted_row(BatchFitter& fitter, const Data& data) {
  std::vector<double> row(fitter.columns().size());
  fitter.fit(data.y, data.sigma, row.data());
  return row;
}

// Data sets that have little in common, their units included.
std::vector<Data> some_data() {
  return {eight_schools(),
          {{0.3, -0.1, 0.4}, {0.2, 0.1, 0.3}, {}},
          many_schools(12),
          {{1e6, 1.2e6, 0.9e6, 1.1e6}, {1e5, 2e5, 1e5, 4e5}, {}},
          {{0.3, -0.1, 0.4, 0.2}, {0.02, 0.01, 0.03, 0.01}, {}}};
}

class BatchFitterPriors : public testing::TestWithParam<TauPriorRow> {};

TEST_P(BatchFitterPriors, GiveWhatFitGives) {
  const std::string tau = prior_example(GetParam());
  for (const char* mu : {"flat", "normal:0,5"}) {
    const BatchColumns columns = parse_batch_columns("mu,theta,tau,theta_new", kEverything, 12);
    const TauPrior prior = parse_tau_prior(tau);
    // Of scales near 1, where every prior row makes sense.
    BatchFitter fitter(prior, parse_mu_prior(mu), columns);
    for (const Data& data : {some_data()[1], eight_schools(), some_data()[1]})
      EXPECT_SAME_BITS(fitted_row(fitter, data), expected_row(data, tau, mu, columns)) << mu;
  }
}
INSTANTIATE_TEST_SUITE_P(Table, BatchFitterPriors, testing::ValuesIn(tau_prior_rows()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(BatchFitter, GivesWhatFitGivesUnderAUniformMu) {
  for (const char* tau : {"half_normal:5", "fixed:0", "fixed:3", "fixed:inf"}) {
    const BatchColumns columns = parse_batch_columns("theta_new,mu", "mean,sd,q2.5,q97.5");
    BatchFitter fitter(parse_tau_prior(tau), parse_mu_prior("uniform:-20,20"), columns);
    for (const Data& data : {some_data()[1], eight_schools()})
      EXPECT_SAME_BITS(fitted_row(fitter, data), expected_row(data, tau, "uniform:-20,20", columns))
          << tau;
  }
}

// Any choice has the numbers that it has among all the others.
TEST(BatchFitter, GivesTheSameNumbersHoweverFewAreAskedFor) {
  const char* kQuantities[] = {"tau", "mu", "theta_new", "theta"};
  const char* kStatistics[] = {"mean",  "sd",        "mode",      "q2.5",       "q50",
                               "q33.3", "central95", "central90", "shortest95", "shortest90"};
  for (const char* mu : {"flat", "uniform:-5,20"})
    for (const char* tau : {"half_cauchy:5", "mixture:0.3*fixed:0+0.7*half_cauchy:5"})
      for (const char* quantity : kQuantities) {
        if (std::string(mu) != "flat" && std::string(tau) != "half_cauchy:5") continue;
        if (std::string(mu) != "flat" && std::string(quantity) == "theta") continue;
        for (const char* statistic : kStatistics) {
          if (std::string(mu) != "flat" && std::string(statistic).starts_with("shortest")) continue;
          const BatchColumns columns = parse_batch_columns(quantity, statistic, 8);
          BatchFitter fitter(parse_tau_prior(tau), parse_mu_prior(mu), columns);
          // All that a first fit has of it.
          static std::map<std::string, FitSummary> summaries;
          const auto found = summaries.find(std::string(tau) + mu);
          if (found == summaries.end()) {
            SummaryOptions options;
            options.probabilities.push_back(0.333);
            options.more_levels = {0.9};
            summaries.emplace(std::string(tau) + mu,
                              Posterior(eight_schools(), tau, mu, {"cpu", 1}).summary(options));
          }
          const FitSummary& summary = summaries.at(std::string(tau) + mu);
          std::vector<double> expected;
          for (size_t k = 0; k < summary.parameters.size(); ++k) {
            const std::string& name = summary.parameters[k].name;
            const bool theta = name.starts_with("theta[");
            if (theta ? std::string(quantity) != "theta" : name != quantity) continue;
            for (const double value :
                 value_of(summary, summary.parameters[k], columns.statistics[0]))
              expected.push_back(value);
          }
          EXPECT_SAME_BITS(fitted_row(fitter, eight_schools()), expected)
              << tau << " " << mu << " " << quantity << " " << statistic;
        }
      }
}

// No trace of one data set in the next, whatever their sizes and units.
TEST(BatchFitter, KeepsNothingFromOneDataSetToTheNext) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  const BatchColumns columns = parse_batch_columns("tau,mu,theta_new,theta", "mean,sd,q50", 20);
  for (const char* tau :
       {"half_normal:2", "dumouchel", "table:" TAUGRID_SOURCE_DIR "/data/tau_prior.csv"}) {
    BatchFitter fitter(parse_tau_prior(tau), parse_mu_prior("flat"), columns);
    for (int k = 0; k < 30; ++k) {
      Data data;
      const double scale = std::exp(3.0 * normal(random));
      for (int j = 0; j < 1 + k % 20; ++j) {
        data.y.push_back(scale * normal(random));
        data.sigma.push_back(scale * (0.2 + uniform(random)));
      }
      EXPECT_SAME_BITS(fitted_row(fitter, data), expected_row(data, tau, "flat", columns)) << k;
    }
  }
}

TEST(BatchFitter, RefusesAsFitDoesAndGoesOn) {
  BatchFitter fitter(parse_tau_prior("uniform"), parse_mu_prior("flat"),
                     parse_batch_columns("mu", "mean"));
  const std::vector<double> before = fitted_row(fitter, eight_schools());
  for (const Data& bad :
       {Data{{1, 2, 3}, {1, 0, 1}, {}}, Data{{1, kNaN, 3}, {1, 1, 1}, {}}, Data{{1, 2}, {1, 1}, {}},
        Data{{1, 2, 3}, {1, 1e30, 1}, {}}, Data{{}, {}, {}}, Data{{1, 2, 3}, {1, 1}, {}}}) {
    const std::string expected = refusal([&] { make_model(bad, "uniform", "flat"); });
    EXPECT_EQ(refusal([&] { fitted_row(fitter, bad); }), expected);
  }
  EXPECT_SAME_BITS(fitted_row(fitter, eight_schools()), before);
  // What depends on the priors' scales.
  BatchFitter narrow(parse_tau_prior("half_normal:1e-30"), parse_mu_prior("normal:0,1e30"),
                     parse_batch_columns("mu", "mean"));
  EXPECT_EQ(refusal([&] { fitted_row(narrow, eight_schools()); }),
            refusal([&] { make_model(eight_schools(), "half_normal:1e-30", "normal:0,1e30"); }));
}

TEST(BatchFitter, RefusesMoreThetasThanColumns) {
  BatchFitter fitter(parse_tau_prior("uniform"), parse_mu_prior("flat"),
                     parse_batch_columns("theta", "mean", 7));
  EXPECT_EQ(refusal([&] { fitted_row(fitter, eight_schools()); }),
            "J is 8, and there are columns for theta[1] .. theta[7]");
}

TEST(BatchFitter, KnowsTheLawOfItsLastFit) {
  for (const char* tau : {"half_cauchy:5", "fixed:3", "fixed:0", "fixed:inf",
                          "mixture:0.3*fixed:0+0.7*half_cauchy:5"})
    for (const char* mu : {"flat", "normal:0,5", "uniform:-20,20"}) {
      const Engine engine(make_model(eight_schools(), tau, mu), "cpu", 1);
      BatchFitter fitter(parse_tau_prior(tau), parse_mu_prior(mu),
                         parse_batch_columns("mu", "mean"));
      fitted_row(fitter, eight_schools());
      for (const auto& [kind, j] :
           std::initializer_list<std::pair<ParameterKind, int64_t>>{{ParameterKind::kTau, 0},
                                                                    {ParameterKind::kMu, 0},
                                                                    {ParameterKind::kTheta, 6},
                                                                    {ParameterKind::kThetaNew, 0},
                                                                    {ParameterKind::kTheta, 0}})
        for (const double x : {0.0, 3.0, 12.5}) {
          const double at[] = {x};
          const LawPoint expected = law_at(engine, {kind, j}, at, false)[0];
          const BatchFitter::Tails tails = fitter.tails(kind, j, x);
          EXPECT_SAME_BITS((std::vector<double>{tails.lower, tails.upper}),
                           (std::vector<double>{expected.lower, expected.upper}))
              << tau << " " << mu << " " << static_cast<int>(kind) << " " << x;
        }
    }
}

TEST(BatchColumns, NamesAreTheKeysOfJsonJoinedByADot) {
  EXPECT_EQ(
      parse_batch_columns("mu,theta", "sd,q2.5,central95", 2).names(),
      (std::vector<std::string>{"mu.sd", "mu.q2.5", "mu.central95.lower", "mu.central95.upper",
                                "theta[1].sd", "theta[1].q2.5", "theta[1].central95.lower",
                                "theta[1].central95.upper", "theta[2].sd", "theta[2].q2.5",
                                "theta[2].central95.lower", "theta[2].central95.upper"}));
  EXPECT_EQ(parse_batch_columns("mu,theta", "sd,q2.5,central95", 2).size(), 12u);
  EXPECT_EQ(parse_batch_columns("tau", "q33.3").statistics[0].share, 0.333);
}

TEST(BatchColumns, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(refusal([] { parse_batch_columns("tau,nu", "mean"); }),
            "quantity 'nu' is unknown, must be tau, mu, theta_new or theta");
  for (const char* bad : {"q", "q0", "q100", "q-5", "q5e1", "central", "shortest101", "median", ""})
    EXPECT_NE(refusal([&] { parse_batch_columns("tau", bad); }).find("statistic '"),
              std::string::npos)
        << bad;
  EXPECT_EQ(refusal([] { parse_batch_columns("tau,tau", "mean"); }),
            "quantity 'tau' is listed twice");
  EXPECT_EQ(refusal([] { parse_batch_columns("tau", "sd,mean,sd"); }),
            "statistic 'sd' is listed twice");
}

}  // namespace
}  // namespace taugrid
