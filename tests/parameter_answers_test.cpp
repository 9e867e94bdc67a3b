// What is asked of one parameter has the bits of the summary of all, and points are what they are
// elsewhere.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/refusal.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Priors {
  const char* tau;
  const char* mu;
};
void PrintTo(const Priors& priors, std::ostream* out) { *out << priors.tau << " " << priors.mu; }

class ParameterAnswers : public testing::TestWithParam<Priors> {};

TEST_P(ParameterAnswers, QuantilesAndIntervalsHaveTheBitsOfTheSummary) {
  const Posterior posterior(eight_schools(), GetParam().tau, GetParam().mu);
  SummaryOptions options;
  options.more_levels = {0.5, 0.9};
  const FitSummary summary = posterior.summary(options);
  for (const ParameterSummary& p : summary.parameters) {
    EXPECT_SAME_BITS(posterior.quantiles(p.name, summary.probabilities), p.quantiles) << p.name;
    EXPECT_SAME_BITS(posterior.quantiles(p.name, {0.975, 0.025, 0.975}),
                     (std::vector{p.quantiles.back(), p.quantiles.front(), p.quantiles.back()}));
    const auto expect_interval = [&](double level, IntervalKind kind, const Interval& expected) {
      const Interval interval = posterior.interval(p.name, level, kind);
      EXPECT_SAME_BITS((std::vector{interval.lower, interval.upper}),
                       (std::vector{expected.lower, expected.upper}))
          << p.name << " " << level;
    };
    expect_interval(0.95, IntervalKind::kCentral, p.central);
    expect_interval(0.95, IntervalKind::kShortest, p.shortest);
    for (size_t i = 0; i < options.more_levels.size(); ++i) {
      expect_interval(options.more_levels[i], IntervalKind::kCentral, p.more_central[i]);
      expect_interval(options.more_levels[i], IntervalKind::kShortest, p.more_shortest[i]);
    }
  }
}

TEST_P(ParameterAnswers, PointsHaveTheBitsOfWhatIsGivenOnRequest) {
  const Posterior posterior(eight_schools(), GetParam().tau, GetParam().mu);
  for (const char* name : {"tau", "mu", "theta[1]", "theta_new"}) {
    SummaryOptions options;
    options.density = {{name, 0, 12, 7}};
    options.exceed = {{name, 4}, {name, 31}};
    const FitSummary summary = posterior.summary(options);
    const DensityCurve& expected = summary.density[0];
    const DensityCurve curve = posterior.density(name, expected.x);
    EXPECT_SAME_BITS(curve.pdf, expected.pdf) << name;
    EXPECT_SAME_BITS(curve.cdf, expected.cdf) << name;
    EXPECT_SAME_BITS(posterior.exceed(name, {4, 31}),
                     (std::vector{summary.exceed[0].probability, summary.exceed[1].probability}));
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ParameterAnswers,
                         testing::Values(Priors{"uniform", "flat"},
                                         Priors{"half_cauchy:5", "normal:0,5"},
                                         Priors{"half_normal:3", "uniform:-20,20"},
                                         Priors{"fixed:8", "flat"}, Priors{"fixed:inf", "flat"},
                                         Priors{"mixture:0.3*fixed:0+0.7*half_cauchy:5", "flat"}));

TEST(ParameterIndex, IsThePlaceInTheSummary) {
  Data data = eight_schools();
  data.labels = {"A", "B", "C", "D", "E", "F", "G", "H"};
  const Posterior posterior(data, "half_cauchy:5", "flat");
  const FitSummary summary = posterior.summary();
  for (size_t k = 0; k < summary.parameters.size(); ++k)
    EXPECT_EQ(posterior.parameter_index(summary.parameters[k].name), static_cast<int64_t>(k));
  EXPECT_EQ(posterior.parameter_index("C"), 4);
  EXPECT_EQ(refusal([&] { posterior.parameter_index("I"); }).substr(0, 37),
            "posterior: parameter 'I' is unknown, ");
}

// More of them than are computed between two questions whether to stop.
TEST_P(ParameterAnswers, ManyPointsHaveTheBitsOfFew) {
  const Posterior posterior(eight_schools(), GetParam().tau, GetParam().mu);
  std::vector<double> x;
  for (int i = 0; i < 300; ++i) x.push_back(-20 + 0.2 * i);
  const std::vector<double> last(x.end() - 20, x.end());
  const auto end_of = [](const std::vector<double>& values) {
    return std::vector<double>(values.end() - 20, values.end());
  };
  for (const char* name : {"tau", "mu", "theta[3]", "theta_new"}) {
    const DensityCurve many = posterior.density(name, x), few = posterior.density(name, last);
    EXPECT_SAME_BITS(end_of(many.pdf), few.pdf) << name;
    EXPECT_SAME_BITS(end_of(many.cdf), few.cdf) << name;
    EXPECT_SAME_BITS(end_of(posterior.exceed(name, x)), posterior.exceed(name, last)) << name;
  }
}

TEST(ParameterAnswersInNumbers, ManyQuantilesInvertTheCdf) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  std::vector<double> p;
  for (int i = 1; i < 20'000; ++i) p.push_back(i / 20'000.0);
  for (const char* name : {"tau", "theta[3]"}) {
    const std::vector<double> cdf = posterior.density(name, posterior.quantiles(name, p)).cdf;
    for (size_t i = 0; i < p.size(); ++i) ASSERT_NEAR(cdf[i], p[i], 1e-9) << name;
  }
}

TEST(ParameterAnswersInNumbers, StopWhenTheyAreToldTo) {
  const Posterior posterior(many_schools(1024), "half_cauchy:5", "flat", {"cpu", 2});
  int asked;
  const auto expect_stopped = [&](int at, const auto& ask) {
    asked = 0;
    EXPECT_THROW(ask(RunControl{{}, [&] { return ++asked == at; }}), Stopped);
    EXPECT_EQ(asked, at);
  };
  const std::vector<double> x(1000, 1.0);
  expect_stopped(3, [&](const RunControl& c) { posterior.density("mu", x, c); });
  expect_stopped(3, [&](const RunControl& c) { posterior.exceed("theta[5]", x, c); });
  std::vector<double> p;
  for (int i = 1; i < 40'000; ++i) p.push_back(i / 40'000.0);
  expect_stopped(3, [&](const RunControl& c) { posterior.quantiles("mu", p, c); });
  expect_stopped(2, [&](const RunControl& c) { posterior.summary({}, c); });
  SummaryOptions options;
  options.weights = true;
  expect_stopped(5, [&](const RunControl& c) { posterior.summary(options, c); });
}

TEST(ParameterAnswersAtTheEnds, InfinityIsBeyondEverything) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  for (const char* name : {"tau", "mu", "theta[8]", "theta_new"}) {
    const DensityCurve curve = posterior.density(name, {-kInf, kInf});
    EXPECT_EQ(curve.pdf, (std::vector<double>{0, 0})) << name;
    EXPECT_EQ(curve.cdf, (std::vector<double>{0, 1})) << name;
    EXPECT_EQ(posterior.exceed(name, {-kInf, kInf}), (std::vector<double>{1, 0})) << name;
  }
}

TEST(ParameterAnswersOfBadInput, NameTheQuantity) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  EXPECT_EQ(refusal([&] {
              posterior.quantiles("mu", {0.5, 1});
            }),
            "probability is 1.000000, must be between 0 and 1");
  EXPECT_EQ(refusal([&] { posterior.interval("mu", 0, IntervalKind::kCentral); }),
            "level is 0.000000, must be between 0 and 1");
  EXPECT_EQ(refusal([&] {
              posterior.density("mu", {0, std::nan("")});
            }),
            "density mu: x is nan, must be a number");
  EXPECT_EQ(refusal([&] { posterior.exceed("mu", {std::nan("")}); }),
            "exceed mu: x is nan, must be a number");
  EXPECT_EQ(refusal([&] { posterior.quantiles("eta", {0.5}); }).substr(0, 39),
            "quantiles: parameter 'eta' is unknown, ");
}

}  // namespace
}  // namespace taugrid
