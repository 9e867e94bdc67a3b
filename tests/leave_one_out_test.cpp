// Leave-one-out: closed forms at a known tau, the direct integration of both evidences, and
// integrals over what the left-out y might have been.
#include "host/taugrid/leave_one_out.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "tests/data_sets.h"
#include "tests/direct_integration.h"
#include "tests/prior_formulas.h"

namespace taugrid {
namespace {

FitSummary fit(const Data& data, const std::string& tau_prior, const std::string& mu_prior) {
  SummaryOptions options;
  options.loo = true;
  return Posterior(data, tau_prior, mu_prior).summary(options);
}

double log_marginal_likelihood(const Data& data, const std::string& tau_prior,
                               const std::string& mu_prior) {
  return Posterior(data, tau_prior, mu_prior).summary().log_marginal_likelihood;
}

Data without(const Data& data, size_t j) {
  Data rest = data;
  rest.y.erase(rest.y.begin() + static_cast<std::ptrdiff_t>(j));
  rest.sigma.erase(rest.sigma.begin() + static_cast<std::ptrdiff_t>(j));
  rest.labels.clear();
  return rest;
}

bool any_note(const FitSummary& summary, const std::string& part) {
  return std::ranges::any_of(
      summary.notes, [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

TEST(LeaveOneOut, AtAKnownTauIsNormal) {
  for (const double tau : {0.0, 3.0, 50.0}) {
    for (const double s0 : {0.0, 6.0}) {  // 0: flat
      const LeaveOneOut loo =
          *fit(eight_schools(), "fixed:" + std::to_string(tau), s0 > 0 ? "normal:3,6" : "flat").loo;
      for (size_t j = 0; j < 8; ++j) {
        const Data rest = without(eight_schools(), j);
        Wide precision = s0 > 0 ? 1 / 36.0L : 0, weighted = s0 > 0 ? 3 / 36.0L : 0;
        for (size_t k = 0; k < 7; ++k) {
          const Wide w = 1 / (Wide(rest.sigma[k]) * rest.sigma[k] + Wide(tau) * tau);
          precision += w;
          weighted += w * rest.y[k];
        }
        const Wide variance = 1 / precision + Wide(tau) * tau +
                              Wide(eight_schools().sigma[j]) * eight_schools().sigma[j];
        const Wide z = (eight_schools().y[j] - weighted / precision) / std::sqrt(variance);
        EXPECT_NEAR(loo.pointwise[j],
                    static_cast<double>(-0.5L * (std::log(2 * kWidePi * variance) + z * z)), 1e-12);
        EXPECT_NEAR(loo.pit[j], static_cast<double>(std::erfc(-z / std::sqrt(2.0L)) / 2), 1e-13);
      }
    }
  }
}

TEST(LeaveOneOut, IsARatioOfDirectlyIntegratedEvidences) {
  for (const auto& [tau_prior, mu_prior] : {std::pair{"half_cauchy:5", "flat"},
                                            {"half_normal:5", "normal:0,5"},
                                            {"uniform:50", "uniform:-20,20"},
                                            {"uniform", "flat"}}) {
    const LeaveOneOut loo = *fit(eight_schools(), tau_prior, mu_prior).loo;
    const Wide all = DirectPosterior(eight_schools(), tau_prior, mu_prior, 0).log_evidence();
    for (const size_t j : {size_t{0}, size_t{4}}) {
      const DirectPosterior rest(without(eight_schools(), j), tau_prior, mu_prior, 0);
      EXPECT_NEAR(loo.pointwise[j], static_cast<double>(all - rest.log_evidence()), 1e-10)
          << tau_prior << " " << mu_prior;
    }
  }
}

// A prior made of the sigmas is that of all eight in every refit.
TEST(LeaveOneOut, KeepsThePriorOfTheWholeDataSet) {
  for (const std::string prior : {"jeffreys", "overall_jeffreys", "berger_deely", "conventional",
                                  "dumouchel", "shrinkage", "i2"}) {
    const FitSummary summary = fit(eight_schools(), prior, "flat");
    EXPECT_TRUE(any_note(summary, "the sigmas of all 8 studies")) << prior;
    const DirectTauPrior of_all{
        [&](Wide tau) { return prior_formula(prior, eight_schools().sigma, tau).log_density; }, 0,
        kWideInfinity};
    const Wide all = DirectPosterior(eight_schools(), of_all, "flat", 0).log_evidence();
    for (const size_t j : {size_t{0}, size_t{4}}) {
      const DirectPosterior rest(without(eight_schools(), j), of_all, "flat", 0);
      EXPECT_NEAR(summary.loo->pointwise[j], static_cast<double>(all - rest.log_evidence()), 1e-10)
          << prior << " " << j;
    }
  }
  EXPECT_FALSE(any_note(fit(eight_schools(), "half_cauchy:5", "flat"), "studies make"));
}

TEST(LeaveOneOut, KeepsTheWholeDataSetsRowsOfAMixture) {
  const FitSummary summary =
      fit(eight_schools(), "mixture:0.5*dumouchel+0.5*half_normal:5", "flat");
  EXPECT_TRUE(any_note(summary, "the sigmas of all 8 studies"));
  EXPECT_FALSE(any_note(fit(eight_schools(), "mixture:0.5*half_cauchy:5+0.5*half_normal:5", "flat"),
                        "studies make"));
  const DirectTauPrior of_all{
      [&](Wide tau) {
        return std::log(
            0.5L * std::exp(prior_formula("dumouchel", eight_schools().sigma, tau).log_density) +
            0.5L * std::exp(direct_tau_prior("half_normal:5").log_density(tau)));
      },
      0, kWideInfinity};
  const Wide all = DirectPosterior(eight_schools(), of_all, "flat", 0).log_evidence();
  const Wide rest = DirectPosterior(without(eight_schools(), 4), of_all, "flat", 0).log_evidence();
  EXPECT_NEAR(summary.loo->pointwise[4], static_cast<double>(all - rest), 1e-10);
}

// P(Y_j < y_j | y_-j) is the integral of p(y_j = t | y_-j) = p(y_-j, t)/p(y_-j) over t < y_j.
TEST(LeaveOneOut, HasThePitOfItsOwnDensity) {
  const std::vector<std::pair<Wide, Wide>> rule = gauss_rule(24);
  for (const auto& [tau_prior, mu_prior] : {std::pair{"half_normal:5", "flat"},
                                            {"half_normal:5", "normal:0,5"},
                                            {"half_normal:5", "uniform:-20,12"}}) {
    const FitSummary summary = fit(eight_schools(), tau_prior, mu_prior);
    for (const size_t j : {size_t{0}, size_t{4}}) {
      const double rest = log_marginal_likelihood(without(eight_schools(), j), tau_prior, mu_prior);
      Data data = eight_schools();
      double mass = 0;
      const double upper = data.y[j], lower = -120;
      for (int panel = 0; panel < 2; ++panel) {
        const double half = (upper - lower) / 4, middle = lower + (2 * panel + 1) * half;
        for (const auto& [t, weight] : rule) {
          data.y[j] = middle + half * static_cast<double>(t);
          mass += static_cast<double>(weight) * half *
                  std::exp(log_marginal_likelihood(data, tau_prior, mu_prior) - rest);
        }
      }
      EXPECT_NEAR(summary.loo->pit[j], mass, 1e-9) << mu_prior << " " << j;
    }
  }
}

// Two observations y_j of the same theta_j are one with sigma_j/sqrt(2), times N(0; 0, 2
// sigma_j^2).
TEST(LeaveOneOut, HasTheLogPredictiveDensityOfASecondObservation) {
  for (const std::string tau_prior : {"half_cauchy:5", "fixed:4", "fixed:0"}) {
    for (const std::string mu_prior : {"flat", "normal:0,5", "uniform:-20,20", "uniform:8,9"}) {
      const FitSummary summary = fit(eight_schools(), tau_prior, mu_prior);
      for (size_t j = 0; j < 8; ++j) {
        Data twice = eight_schools();
        twice.sigma[j] /= std::sqrt(2.0);
        const double expected =
            log_marginal_likelihood(twice, tau_prior, mu_prior) - summary.log_marginal_likelihood -
            0.5 * std::log(4 * M_PI * eight_schools().sigma[j] * eight_schools().sigma[j]);
        EXPECT_NEAR(summary.loo->lpd[j], expected, 1e-10)
            << tau_prior << " " << mu_prior << " " << j;
      }
    }
  }
}

TEST(LeaveOneOut, SumsItsPoints) {
  const LeaveOneOut loo = *fit(eight_schools(), "half_cauchy:5", "flat").loo;
  const double elpd = std::accumulate(loo.pointwise.begin(), loo.pointwise.end(), 0.0);
  EXPECT_NEAR(loo.elpd, elpd, 1e-13);
  EXPECT_NEAR(loo.p_loo, std::accumulate(loo.lpd.begin(), loo.lpd.end(), 0.0) - elpd, 1e-13);
  double squares = 0;
  for (const double x : loo.pointwise) squares += (x - elpd / 8) * (x - elpd / 8);
  EXPECT_NEAR(loo.se, std::sqrt(8 * squares / 7), 1e-13);
}

TEST(LeaveOneOut, OfAnOutlierReachesBeyondWhatTheRestCallsFor) {
  // Only a tau near 1e4 explains it, of which p(tau | y_-j) has next to nothing.
  Data data = eight_schools();
  data.y[0] = 1e4;
  const LeaveOneOut loo = *fit(data, "half_cauchy:5", "flat").loo;
  const Wide all = DirectPosterior(data, "half_cauchy:5", "flat", 0).log_evidence();
  const Wide rest = DirectPosterior(without(data, 0), "half_cauchy:5", "flat", 0).log_evidence();
  EXPECT_NEAR(loo.pointwise[0], static_cast<double>(all - rest), 1e-9);
  EXPECT_GT(loo.pit[0], 0.999);
  EXPECT_LE(loo.pit[0], 1.0);
}

TEST(LeaveOneOut, IsTheSameForAnyNumberOfThreads) {
  SummaryOptions options;
  options.loo = true;
  const LeaveOneOut one =
      *Posterior(many_schools(30), "half_cauchy:5", "flat", {"cpu", 1}).summary(options).loo;
  const LeaveOneOut three =
      *Posterior(many_schools(30), "half_cauchy:5", "flat", {"cpu", 3}).summary(options).loo;
  EXPECT_EQ(one.pointwise, three.pointwise);
  EXPECT_EQ(one.pit, three.pit);
  EXPECT_EQ(one.elpd, three.elpd);
}

TEST(LeaveOneOut, OfShiftedAndScaledDataIsTheSame) {
  Data moved = eight_schools();
  for (double& y : moved.y) y = 4096 * y + 65536;
  for (double& sigma : moved.sigma) sigma *= 4096;
  const LeaveOneOut a = *fit(eight_schools(), "half_cauchy:5", "flat").loo;
  const LeaveOneOut b = *fit(moved, "half_cauchy:20480", "flat").loo;
  EXPECT_EQ(a.pit, b.pit);
  for (size_t j = 0; j < 8; ++j)
    EXPECT_NEAR(a.pointwise[j] - std::log(4096.0), b.pointwise[j], 1e-12);
}

TEST(LeaveOneOut, ThatIsNotDefinedHasItsReason) {
  Data three = eight_schools();
  three.y.resize(3);
  three.sigma.resize(3);
  const FitSummary improper = fit(three, "uniform", "flat");
  EXPECT_TRUE(improper.loo->pointwise.empty());
  EXPECT_TRUE(std::isnan(improper.loo->elpd));
  EXPECT_TRUE(any_note(improper,
                       "no leave-one-out cross-validation: with J = 2 the posterior is improper"));
  EXPECT_TRUE(any_note(fit({{17}, {3}, {}}, "half_cauchy:5", "normal:0,5"), "J is 1"));
  EXPECT_TRUE(any_note(fit(eight_schools(), "fixed:inf", "normal:0,5"), "at tau = infinity"));
  EXPECT_EQ(fit(three, "half_cauchy:5", "flat").loo->pointwise.size(), 3u);
}

TEST(LeaveOneOut, TellsItsProgressAndStops) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat", {"cpu", 2});
  SummaryOptions options;
  options.loo = true;
  std::vector<int64_t> told;
  RunControl control;
  control.progress = [&](int64_t done) { told.push_back(done); };
  posterior.summary(options, control);
  EXPECT_EQ(told, (std::vector<int64_t>{1, 2, 3, 4, 5, 6, 7, 8}));
  control.stop = [&] { return told.size() >= 10; };
  EXPECT_THROW(posterior.summary(options, control), Stopped);
  EXPECT_EQ(told.size(), 10u);
}

}  // namespace
}  // namespace taugrid
