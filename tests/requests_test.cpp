// What is asked for beside the table: what is refused, and that it leaves the rest as it is.
#include "host/taugrid/requests.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "tests/data_sets.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string said(const std::function<void(SummaryOptions&)>& ask,
                 const Data& data = eight_schools()) {
  SummaryOptions options;
  ask(options);
  return refusal([&] { Posterior(data, "half_cauchy:5", "flat").summary(options); });
}

TEST(Requests, OfBadInputAreRefusedWithTheirNames) {
  EXPECT_EQ(said([](auto& o) {
              o.exceed = {{"mu", kInf}};
            }),
            "exceed mu: value is inf, must be finite");
  EXPECT_EQ(said([](auto& o) {
              o.exceed = {{"mu", std::nan("")}};
            }),
            "exceed mu: value is nan, must be finite");
  EXPECT_EQ(said([](auto& o) {
              o.density = {{"mu", 3, 1, 5}};
            }),
            "density mu: lo is 3, must not be above hi, 1");
  EXPECT_EQ(said([](auto& o) {
              o.density = {{"mu", -kInf, 1, 5}};
            }),
            "density mu: the range is -inf:1, must be finite");
  EXPECT_EQ(said([](auto& o) {
              o.density = {{"mu", -1e308, 1e308, 5}};
            }).substr(0, 20),
            "density mu: the rang");
  EXPECT_EQ(said([](auto& o) {
              o.density = {{"mu", 0, 1, 0}};
            }),
            "density mu: the number of points is 0, must be from 1 to 1000000");
  EXPECT_EQ(said([](auto& o) {
              o.density = {{"mu", 0, 1, 1}};
            }),
            "density mu: the number of points is 1, must be 2 or more for a range, whose ends are "
            "among them");
  EXPECT_EQ(said([](auto& o) {
              o.density = {{"mu", 1, 1, 2}};
            }),
            "density mu: the number of points is 2, must be 1 where lo is hi");
  EXPECT_EQ(said([](auto& o) {
              o.density = {{"eta", 0, 1, 2}};
            }).substr(0, 34),
            "density: parameter 'eta' is unknow");
  for (const double tau : {-1.0, 1e26, std::nan("")})
    EXPECT_EQ(said([&](auto& o) { o.given_tau = {0, tau}; }).substr(0, 17), "given tau: tau is");
  EXPECT_EQ(said([](auto& o) { o.more_levels = {0.9, 1.0}; }).substr(0, 8), "level is");
  EXPECT_EQ(said([](auto& o) { o.weights = true; }, many_schools(4097)),
            "weights: J is 4097, must be at most 4096, because they are J x J");
  EXPECT_EQ(said([](auto& o) { o.loo = true; }, many_schools(10'001)).substr(0, 38),
            "loo: J is 10001, must be at most 10000");
  EXPECT_EQ(said([](auto& o) { o.given_tau.assign(10'001, 1.0); }, many_schools(1000)),
            "given tau: 10001 values with J = 1000, must be at most 10000000 moments in all");
}

TEST(Requests, OfProbabilitiesThatAreThereAlreadyAddNone) {
  SummaryOptions options;
  options.probabilities.insert(options.probabilities.end(), {0.99, 0.5, 0.01, 0.99});
  const FitSummary fit = Posterior(eight_schools(), "half_cauchy:5", "flat").summary(options);
  EXPECT_EQ(fit.probabilities,
            (std::vector<double>{0.01, 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975, 0.99}));
  const FitSummary plain = Posterior(eight_schools(), "half_cauchy:5", "flat").summary();
  EXPECT_EQ(fit.parameters[1].quantiles[4], plain.parameters[1].quantiles[3]);
}

TEST(Requests, OfLevelsAddTheIntervalsOfAFitAtThatLevel) {
  for (const std::string mu_prior : {"flat", "uniform:-20,20"}) {
    const Posterior posterior(eight_schools(), "half_cauchy:5", mu_prior);
    SummaryOptions options;
    options.more_levels = {0.9, 0.5, 0.95, 0.9};
    const FitSummary fit = posterior.summary(options);
    EXPECT_EQ(fit.level, 0.95);
    EXPECT_EQ(fit.more_levels, (std::vector<double>{0.5, 0.9}));
    for (size_t i = 0; i < 2; ++i) {
      const FitSummary alone = posterior.summary({{0.5}, fit.more_levels[i]});
      for (size_t k = 0; k < fit.parameters.size(); ++k) {
        const ParameterSummary &p = fit.parameters[k], &q = alone.parameters[k];
        EXPECT_NEAR(p.more_central[i].lower, q.central.lower, 1e-11 * q.sd) << p.name;
        EXPECT_NEAR(p.more_central[i].upper, q.central.upper, 1e-11 * q.sd) << p.name;
        EXPECT_EQ(p.more_shortest[i].lower, q.shortest.lower) << p.name;
        EXPECT_EQ(p.more_shortest[i].upper, q.shortest.upper) << p.name;
      }
    }
  }
}

TEST(Requests, LeaveTheSummaryAsItIs) {
  SummaryOptions all;
  all.more_levels = {0.9};
  all.exceed = {{"mu", 0}};
  all.density = {{"theta_new", 0, 1, 3}};
  all.given_tau = {0, 3};
  all.weights = all.bayes_factors = all.loo = true;
  for (const std::string mu_prior : {"flat", "normal:0,5", "uniform:-20,20"}) {
    const Posterior posterior(eight_schools(), "half_cauchy:5", mu_prior);
    const FitSummary with = posterior.summary(all), plain = posterior.summary();
    EXPECT_EQ(with.log_marginal_likelihood, plain.log_marginal_likelihood);
    for (size_t k = 0; k < plain.parameters.size(); ++k) {
      EXPECT_EQ(with.parameters[k].mean, plain.parameters[k].mean);
      EXPECT_EQ(with.parameters[k].quantiles, plain.parameters[k].quantiles);
    }
    EXPECT_TRUE(plain.exceed.empty());
    EXPECT_FALSE(plain.given_tau || plain.weights || plain.bayes_factors || plain.loo);
  }
}

TEST(EquallySpaced, HasBothEnds) {
  EXPECT_EQ(equally_spaced(0, 30, 4, ""), (std::vector<double>{0, 10, 20, 30}));
  EXPECT_EQ(equally_spaced(-1, 1, 2, ""), (std::vector<double>{-1, 1}));
  EXPECT_EQ(equally_spaced(7, 7, 1, ""), (std::vector<double>{7}));
  const std::vector<double> many = equally_spaced(0.1, 0.7, 1'000'000, "");
  EXPECT_EQ(many.size(), 1'000'000u);
  EXPECT_EQ(many.back(), 0.7);
}

}  // namespace
}  // namespace taugrid
