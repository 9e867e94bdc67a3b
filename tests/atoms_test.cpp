// Mixtures with fixed rows: what is documented of tau where it has atoms, and that draws take them
// as the exact law says. (Their moments and quantiles against integration: random_models_test.cpp.)
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/marginal_posterior.h"

namespace taugrid {
namespace {

const char* const kSpike = "mixture:0.3*fixed:0+0.7*half_cauchy:5";
const char* const kThree = "mixture:0.2*fixed:0+0.1*fixed:3+0.3*fixed:6+0.4*uniform:20";

TEST(Atoms, OfOneKnownTauAreThatTau) {
  for (const std::string value : {"0", "4"}) {
    const FitSummary known = Posterior(eight_schools(), "fixed:" + value, "flat").summary();
    const FitSummary atom =
        Posterior(eight_schools(), "mixture:1*fixed:" + value, "flat").summary();
    EXPECT_NEAR(atom.log_marginal_likelihood, known.log_marginal_likelihood, 1e-13);
    for (size_t k = 0; k < known.parameters.size(); ++k) {
      const ParameterSummary &a = atom.parameters[k], &b = known.parameters[k];
      EXPECT_NEAR(a.mean, b.mean, 1e-13 * (1 + std::abs(b.mean))) << a.name;
      EXPECT_NEAR(a.sd, b.sd, 1e-13 * (1 + b.sd)) << a.name;
      EXPECT_NEAR(a.mode, b.mode, 1e-9) << a.name;
      EXPECT_NEAR(a.shortest.lower, b.shortest.lower, 1e-7) << a.name;
      EXPECT_NEAR(a.shortest.upper, b.shortest.upper, 1e-7) << a.name;
      for (size_t i = 0; i < b.quantiles.size(); ++i)
        EXPECT_NEAR(a.quantiles[i], b.quantiles[i], 1e-11) << a.name;
    }
  }
}

TEST(Atoms, AreTheModeAndTheJointMode) {
  const FitSummary spike = Posterior(eight_schools(), kSpike, "flat").summary();
  EXPECT_EQ(spike.parameters[0].mode, 0.0);
  EXPECT_EQ(spike.joint_mode_tau, 0.0);
  EXPECT_NEAR(spike.joint_mode_mu,
              Posterior(eight_schools(), "fixed:0", "flat").summary().parameters[1].mean, 1e-13);
  const FitSummary three = Posterior(eight_schools(), kThree, "flat").summary();
  EXPECT_EQ(three.parameters[0].mode, 6.0);
}

TEST(Atoms, CountInProbabilitiesAndDensitiesOnRequest) {
  for (const char* prior : {kSpike, kThree, "mixture:1*fixed:4"}) {
    const Posterior posterior(eight_schools(), prior, "flat");
    const MarginalPosterior exact(eight_schools(), prior, "flat", 0);
    SummaryOptions options;
    for (const double x : {0.0, 1.5, 3.0, 4.0, 6.0, 30.0}) options.exceed.push_back({"tau", x});
    options.density.push_back({"tau", 0.0, 12.0, 49});
    const FitSummary summary = posterior.summary(options);
    for (const Exceedance& e : summary.exceed)
      EXPECT_NEAR(e.probability, 1 - exact.tau_cdf(e.value), 1e-9) << prior << " at " << e.value;
    const DensityCurve& curve = summary.density[0];
    for (size_t i = 0; i < curve.x.size(); ++i) {
      EXPECT_NEAR(curve.cdf[i], exact.tau_cdf(curve.x[i]), 1e-9) << prior << " at " << curve.x[i];
      EXPECT_EQ(std::isinf(curve.pdf[i]), exact.atom_mass(curve.x[i]) > 0) << curve.x[i];
    }
    // Between two points without an atom between them the density integrates to the CDF's rise.
    const double h = curve.x[1] - curve.x[0];
    for (const size_t i : {30u, 34u, 40u}) {  // 7.5, 8.5 and 10: Simpson's rule
      const double simpson = h / 3 * (curve.pdf[i] + 4 * curve.pdf[i + 1] + curve.pdf[i + 2]);
      EXPECT_NEAR(simpson, curve.cdf[i + 2] - curve.cdf[i], 1e-7) << prior;
    }
  }
}

TEST(Atoms, AreToldWithTheirProbability) {
  const FitSummary summary = Posterior(eight_schools(), "mixture:1*fixed:4", "flat").summary();
  EXPECT_EQ(std::count(summary.notes.begin(), summary.notes.end(), "P(tau = 4 | y) = 1"), 1);
}

TEST(Atoms, HoldEveryQuantileThatTheirProbabilityCovers) {
  for (const char* prior : {kSpike, kThree}) {
    const Posterior posterior(eight_schools(), prior, "flat");
    const MarginalPosterior exact(eight_schools(), prior, "flat", 0);
    for (int i = 1; i < 400; ++i) {
      const double p = i / 400.0, q = posterior.tau_quantile(p), mass = exact.atom_mass(q);
      EXPECT_GE(exact.tau_cdf(q), p - 1e-9);
      EXPECT_LE(exact.tau_cdf(q) - mass, p + 1e-9);
      EXPECT_NEAR(posterior.tau_cdf(q), exact.tau_cdf(q), 1e-9);
    }
  }
}

// At least the level, and no interval from any quantile to any other is shorter.
TEST(Atoms, LeaveAShortestIntervalThatNoOtherBeats) {
  for (const char* prior :
       {kSpike, kThree, "mixture:0.02*fixed:9+0.98*rayleigh:7", "mixture:0.4*fixed:2+0.6*fixed:5"})
    for (const double level : {0.3, 0.5, 0.8, 0.95}) {
      const Posterior posterior(eight_schools(), prior, "flat");
      const MarginalPosterior exact(eight_schools(), prior, "flat", 0);
      SummaryOptions options;
      options.level = level;
      const Interval shortest = posterior.summary(options).parameters[0].shortest;
      const double mass = exact.tau_cdf(shortest.upper) - exact.tau_cdf(shortest.lower) +
                          exact.atom_mass(shortest.lower);
      EXPECT_GE(mass, level - 1e-9) << prior << level;
      for (int i = 0; i <= 400; ++i) {
        const double p = (1 - level) * i / 400;
        const double a = i == 0 ? 0.0 : posterior.tau_quantile(p);
        const double below = posterior.tau_cdf(a) - exact.atom_mass(a);
        const double upper_p = below + level + 1e-7;
        if (!(upper_p < 1)) continue;
        EXPECT_GE(posterior.tau_quantile(upper_p) - a,
                  (shortest.upper - shortest.lower) * (1 - 1e-6))
            << prior << level << " " << i;
      }
    }
}

// The share of draws at each atom within 4.5 standard errors (p = 7e-6 a comparison), those between
// them too.
template <class Draws>
void expect_shares(const Draws& draws, const MarginalPosterior& exact,
                   const std::vector<double>& atoms) {
  const auto tau = draws.view().tau();
  const double n = static_cast<double>(tau.size());
  const auto expect = [&](double count, double p) {
    EXPECT_NEAR(count / n, p, 4.5 * std::sqrt(p * (1 - p) / n));
  };
  for (const double atom : atoms) {
    double count = 0;
    for (const double x : tau) count += x == atom;
    expect(count, exact.atom_mass(atom));
  }
  for (const double q : {0.01, 0.5, 2.0, 5.0, 12.0}) {
    double count = 0;
    for (const double x : tau) count += x <= q;
    expect(count, exact.tau_cdf(q));
  }
}

TEST(Atoms, AreDrawnAsOftenAsTheyAreLikely) {
  for (const char* prior : {kSpike, kThree}) {
    const Posterior posterior(eight_schools(), prior, "normal:3,8");
    const MarginalPosterior exact(eight_schools(), prior, "normal:3,8", 0);
    const std::vector<double> atoms =
        prior == kSpike ? std::vector<double>{0} : std::vector<double>{0, 3, 6};
    expect_shares(posterior.draw(400000, 3), exact, atoms);
    expect_shares(posterior.draw_single(400000, 4), exact, atoms);
  }
}

TEST(Atoms, AtZeroPoolCompletely) {
  const Posterior posterior(eight_schools(), kSpike, "flat");
  const Draws draws = posterior.draw(20000, 3, 0, true);
  const DrawBlock view = draws.view();
  int pooled = 0;
  for (size_t i = 0; i < 20000; ++i) {
    EXPECT_TRUE(std::isfinite(view.lp()[i]));
    if (view.tau()[i] != 0.0) continue;
    ++pooled;
    for (int64_t j = 0; j < 8; ++j) EXPECT_EQ(view.theta(j)[i], view.mu()[i]);
    EXPECT_EQ(view.theta_new()[i], view.mu()[i]);
    // log weight and the terms of y given mu.
    double lp = std::log(0.3);
    for (int64_t j = 0; j < 8; ++j) {
      const double z = (posterior.model().data.y[static_cast<size_t>(j)] - view.mu()[i]) /
                       posterior.model().data.sigma[static_cast<size_t>(j)];
      lp -= 0.5 * z * z;
    }
    EXPECT_NEAR(view.lp()[i], lp, 1e-11 * std::abs(lp));
  }
  EXPECT_GT(pooled, 5000);
}

// Of streamed draws the quantiles at an atom are the atom, and no rank is off.
TEST(Atoms, AreTheQuantilesOfStreamedDraws) {
  for (const Precision precision : {Precision::kDouble, Precision::kSingle}) {
    const DrawSummary summary =
        Posterior(eight_schools(), "mixture:0.5*fixed:0+0.5*fixed:0.1", "flat")
            .draw_summary(200000, 1, {}, false, {}, precision);
    EXPECT_EQ(summary.parameters[0].quantiles[0], 0.0);
    EXPECT_EQ(summary.parameters[0].quantiles[4], 0.1);
    EXPECT_EQ(summary.parameters[0].rank_error, 0.0);
  }
}

// In two dimensions, where mu is bounded: an atom at 0 gives theta the bounds of mu.
TEST(Atoms, UnderBoundsOnMuAreWhatNarrowPriorsTendTo) {
  const Data data{{8, -3, 7, 12}, {10, 16, 11, 9}, {}};
  const FitSummary atom =
      Posterior(data, "mixture:0.4*fixed:0+0.6*half_normal:5", "uniform:-1,6").summary();
  const FitSummary narrow =
      Posterior(data, "mixture:0.4*half_normal:0.0001+0.6*half_normal:5", "uniform:-1,6").summary();
  EXPECT_NEAR(atom.log_marginal_likelihood, narrow.log_marginal_likelihood, 1e-8);
  for (size_t k = 1; k < atom.parameters.size(); ++k) {
    const ParameterSummary &a = atom.parameters[k], &b = narrow.parameters[k];
    EXPECT_NEAR(a.mean, b.mean, 1e-4) << a.name;
    EXPECT_NEAR(a.sd, b.sd, 1e-4) << a.name;
    for (size_t i = 0; i < a.quantiles.size(); ++i)
      EXPECT_NEAR(a.quantiles[i], b.quantiles[i], 5e-4) << a.name;
  }
}

}  // namespace
}  // namespace taugrid
