// The CRPS of the predictive law against the integral of its definition over the exact CDF.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "host/taugrid/batch_fitter.h"
#include "host/taugrid/predictive_score.h"
#include "kernels/cpu/study_kernels.h"
#include "kernels/math/law_types.h"
#include "tests/data_sets.h"
#include "tests/same_bits.h"

namespace taugrid {

#define TAUGRID_KERNELS(name, isa) const CpuKernels* cpu_kernels_##name();
#include "kernels_under_test.inc"
#undef TAUGRID_KERNELS

namespace {

struct Scored {
  double score, definition;
};

// Simpson's rule in s, t = median + spread sinh(s), |s| <= most, between x, where the integrand
// jumps, and the bounds of mu, where F has kinks.
double integral_of_definition(const CpuKernels& kernels, BatchFitter& fitter, double x,
                              double median, double spread, double most) {
  const int kIntervals = 8000;
  const Units& units = fitter.units();
  std::vector<double> cuts = {-most, most, std::asinh((x - median) / spread)};
  const MuRecord& mu = fitter.problem().mu;
  if (mu.form == MuForm::kUniform)
    for (const double bound : {mu.a, mu.b})
      cuts.push_back(std::asinh((units.place(bound) - median) / spread));
  std::ranges::sort(cuts);
  double sum = 0.0;
  for (size_t c = 0; c + 1 < cuts.size(); ++c) {
    const double h = (cuts[c + 1] - cuts[c]) / kIntervals;
    std::vector<double> t(kIntervals + 1), lower(t.size()), upper(t.size()), density(t.size());
    for (int i = 0; i <= kIntervals; ++i)
      t[static_cast<size_t>(i)] =
          (median + spread * std::sinh(cuts[c] + i * h) - units.centre) / units.unit;
    kernels.law(fitter.problem(),
                {LawOf::kThetaNew, 0, false, static_cast<int64_t>(t.size()), t.data()},
                fitter.workspace(), {lower.data(), upper.data(), density.data()});
    const bool below = median + spread * std::sinh(cuts[c] + 0.5 * kIntervals * h) < x;
    for (int i = 0; i <= kIntervals; ++i) {
      const double f = (below ? lower : upper)[static_cast<size_t>(i)];
      const double weight = i == 0 || i == kIntervals ? 1 : i % 2 == 1 ? 4 : 2;
      sum += weight * h / 3 * f * f * spread * std::cosh(cuts[c] + i * h);
    }
  }
  return sum;
}

Scored crps(const CpuKernels& kernels, const Data& data, const char* tau_prior,
            const char* mu_prior, double x, double most = 0.0) {
  const TauPrior tau = parse_tau_prior(tau_prior);
  const MuPrior mu = parse_mu_prior(mu_prior);
  BatchFitter fitter(tau, mu, parse_batch_columns("theta_new", "q25,q50,q75"), kernels);
  double quartile[3];
  fitter.fit(data.y, data.sigma, quartile);
  Scored scored{};
  if (most > 0.0) {
    scored.definition =
        integral_of_definition(kernels, fitter, x, quartile[1], quartile[2] - quartile[0], most);
    fitter.fit(data.y, data.sigma, quartile);
  }
  PredictiveScore score(tau, mu, data.n_schools(), kernels);
  EXPECT_EQ(score.absent(), "");
  scored.score = score.at(fitter, x);
  return scored;
}

struct Case {
  Data data;
  const char *tau_prior, *mu_prior;
  double spread = 10.0;
};

const Data kThree{{0.5, -0.2, 1.4}, {0.2, 0.25, 0.2}, {}};
const Data kTwo{{0.5, -0.2}, {0.2, 0.25}, {}};
const Data kOne{{0.5}, {0.2}, {}};

TEST(Crps, IsTheIntegralOfItsDefinition) {
  const Case cases[] = {{eight_schools(), "half_cauchy:5", "flat"},
                        {eight_schools(), "half_normal:5", "normal:0,10"},
                        {eight_schools(), "uniform:30", "flat"},
                        {eight_schools(), "fixed:0", "flat"},
                        {eight_schools(), "fixed:8", "flat"},
                        {eight_schools(), "mixture:0.4*fixed:0+0.6*half_normal:10", "flat"},
                        {kThree, "half_cauchy:0.5", "flat", 1.0},
                        {kThree, "half_normal:1", "flat", 1.0},
                        {kThree, "exponential:0.3", "normal:0,1", 1.0}};
  for (const Case& c : cases)
    for (const double x : {-3.0, 0.4, 25.0}) {
      const Scored of = crps(cpu_kernels(), c.data, c.tau_prior, c.mu_prior, x, 16.0);
      EXPECT_NEAR(of.score, of.definition, 1e-7 * (c.spread + std::abs(x)))
          << c.tau_prior << " " << c.mu_prior << " " << x;
    }
}

// p(tau|y) falls as tau^-2 or more slowly: theta_new has no mean, and its score is finite down to
// tau^-1.5.
TEST(Crps, NeedsNoMean) {
  const Case cases[] = {{kThree, "uniform", "flat", 1.0},
                        {kTwo, "jeffreys", "flat", 1.0},
                        {kTwo, "uniform", "normal:0,1", 1.0},
                        {kOne, "half_t:0.9,1", "flat", 1.0}};
  for (const Case& c : cases)
    for (const double x : {-3.0, 0.4, 25.0}) {
      const Scored of = crps(cpu_kernels(), c.data, c.tau_prior, c.mu_prior, x, 64.0);
      EXPECT_NEAR(of.score, of.definition, 1e-7 * (c.spread + std::abs(x)))
          << c.tau_prior << " " << c.mu_prior << " " << x;
    }
}

TEST(Crps, UnderAUniformMuIsTheIntegralOfItsDefinitionToo) {
  const Case cases[] = {{eight_schools(), "half_cauchy:5", "uniform:-20,20"},
                        {eight_schools(), "half_normal:0.01", "uniform:5,6", 1.0},
                        {kThree, "fixed:0", "uniform:0,0.3", 1.0},
                        {kThree, "fixed:0.1", "uniform:-1,0.5", 1.0},
                        {kTwo, "uniform", "uniform:-1,1", 1.0}};
  for (const Case& c : cases)
    for (const double x : {-3.0, 0.4, 25.0}) {
      const Scored of = crps(cpu_kernels(), c.data, c.tau_prior, c.mu_prior, x,
                             std::string_view(c.tau_prior) == "uniform" ? 40.0 : 16.0);
      EXPECT_NEAR(of.score, of.definition, 1e-7 * (c.spread + std::abs(x)))
          << c.tau_prior << " " << c.mu_prior << " " << x;
    }
}

// With bounds that cut nothing off it is that under a flat mu, which is computed otherwise.
TEST(Crps, UnderAWideUniformMuIsThatUnderAFlatOne) {
  for (const double x : {-3.0, 0.4, 25.0})
    EXPECT_NEAR(crps(cpu_kernels(), eight_schools(), "half_normal:5", "uniform:-500,500", x).score,
                crps(cpu_kernels(), eight_schools(), "half_normal:5", "flat", x).score, 1e-7 * 30);
}

TEST(Crps, IsAbsentWhereTheTailIsTooHeavyOrThereIsNoLaw) {
  const auto absent = [](const char* tau, const char* mu, int64_t k) {
    return PredictiveScore(parse_tau_prior(tau), parse_mu_prior(mu), k, cpu_kernels()).absent();
  };
  EXPECT_EQ(absent("sqrt", "flat", 2), "p(tau|y) falls only as tau^-1.5: the score is infinite");
  EXPECT_EQ(absent("half_t:0.25,1", "flat", 1),
            "p(tau|y) falls only as tau^-1.25: the score is infinite");
  EXPECT_EQ(absent("half_t:0.75,1", "flat", 1),
            "p(tau|y) falls as tau^-1.75: the score of so heavy a tail is not computed");
  EXPECT_EQ(absent("sqrt", "normal:0,1", 2), "");
  EXPECT_EQ(absent("fixed:inf", "flat", 3), "without pooling there is no law of theta_new");
  EXPECT_EQ(absent("fixed:2", "flat", 2), "");
}

TEST(Crps, HasTheSameBitsOnEveryInstructionSet) {
  const auto both = [](const CpuKernels& kernels) {
    return std::vector<double>{
        crps(kernels, eight_schools(), "half_cauchy:5", "flat", 3.0).score,
        crps(kernels, eight_schools(), "half_normal:5", "uniform:-9,20", 3.0).score};
  };
  const std::vector<double> expected = both(cpu_kernels());
  for (const CpuKernels* kernels : cpu_kernels_available())
    EXPECT_SAME_BITS(both(*kernels), expected) << kernels->isa;
}

}  // namespace
}  // namespace taugrid
