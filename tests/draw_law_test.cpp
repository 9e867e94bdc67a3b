// The law of the draws: Kolmogorov and Smirnov's distance of 10^7 draws from the exact CDF, which comes from
// direct integration of the model in long double. The distance is taken at 100 places, so the chances in the
// comments are those of a slightly smaller one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/direct_integration.h"
#include "tests/kolmogorov_smirnov.h"

namespace taugrid {
namespace {

constexpr int64_t kDraws = 10'000'000;

double p_value(std::span<const double> draws, const std::function<double(double)>& cdf) {
  std::vector<double> sorted(draws.begin(), draws.end());
  std::sort(sorted.begin(), sorted.end());
  const double n = static_cast<double>(sorted.size());
  double distance = 0.0;
  for (int k = 0; k < 100; ++k) {
    const size_t i = static_cast<size_t>((k + 0.5) * n / 100.0);
    const double below = static_cast<double>(i) / n, above = static_cast<double>(i + 1) / n;
    const double f = cdf(sorted[i]);
    distance = std::max({distance, f - below, above - f});
  }
  return kolmogorov_p_value(distance, n);
}

TEST(DrawLaw, IsThePosteriorsUnderAFlatMu) {
  const Posterior posterior(eight_schools(), "uniform", "flat");
  const Draws draws = posterior.draw(kDraws, 20261122);
  const DirectPosterior direct(eight_schools(), "uniform", "flat", 2);
  const DrawBlock view = draws.view();
  const std::vector<double> p = {
      p_value(view.tau(), [&](double x) { return direct.tau_cdf(x); }),
      p_value(view.mu(), [&](double x) { return direct.mu(x).cdf; }),
      p_value(view.theta(0), [&](double x) { return direct.theta(0, x).cdf; }),
      p_value(view.theta(7), [&](double x) { return direct.theta(7, x).cdf; }),
      p_value(view.theta_new(), [&](double x) { return direct.theta_new(x).cdf; })};
  for (size_t i = 0; i < p.size(); ++i) {
    RecordProperty("p" + std::to_string(i), std::to_string(p[i]));
    EXPECT_GT(p[i], 0.001) << i;
  }
}

TEST(DrawLaw, DistinguishesAnotherPrior) {
  // The same draws are not those of half_cauchy:50: the test can fail.
  const Draws draws = Posterior(eight_schools(), "uniform", "flat").draw(kDraws, 20261122);
  const DirectPosterior other(eight_schools(), "half_cauchy:50", "flat", 2);
  EXPECT_LT(p_value(draws.view().tau(), [&](double x) { return other.tau_cdf(x); }), 1e-9);
}

}  // namespace
}  // namespace taugrid
