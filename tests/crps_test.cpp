// The CRPS of the predictive law against the integral of its definition over the exact CDF.
#include <gtest/gtest.h>

#include <cmath>

#include "host/taugrid/batch_fitter.h"
#include "kernels/cpu/study_kernels.h"
#include "tests/data_sets.h"
#include "tests/same_bits.h"

namespace taugrid {

#define TAUGRID_KERNELS(name, isa) const CpuKernels* cpu_kernels_##name();
#include "kernels_under_test.inc"
#undef TAUGRID_KERNELS

namespace {

double crps(const CpuKernels& kernels, const Data& data, const char* tau_prior,
            const char* mu_prior, double x, double* definition = nullptr) {
  BatchFitter fitter(parse_tau_prior(tau_prior), parse_mu_prior(mu_prior),
                     parse_batch_columns("theta_new", "q25,q75"), kernels);
  double quartile[2];
  fitter.fit(data.y, data.sigma, quartile);
  if (definition != nullptr) {
    // Simpson's rule in s on either side of x, t = x -+ spread sinh(s).
    const double spread = quartile[1] - quartile[0];
    const int kIntervals = 2000;
    const double most = 16.0, h = most / kIntervals;
    *definition = 0.0;
    for (const double sign : {-1.0, 1.0})
      for (int i = 0; i <= kIntervals; ++i) {
        const double s = i * h;
        const auto tails =
            fitter.tails(ParameterKind::kThetaNew, 0, x + sign * spread * std::sinh(s));
        const double f = sign < 0 ? tails.lower : tails.upper;
        const double weight = i == 0 || i == kIntervals ? 1 : i % 2 == 1 ? 4 : 2;
        *definition += weight * h / 3 * f * f * spread * std::cosh(s);
      }
    fitter.fit(data.y, data.sigma, quartile);
  }
  const Units& units = fitter.units();
  return units.size(
      kernels.study()->crps(fitter.problem(), (x - units.centre) / units.unit, fitter.workspace()));
}

TEST(Crps, IsTheIntegralOfItsDefinition) {
  const Data three{{0.5, -0.2, 1.4}, {0.2, 0.25, 0.2}, {}};
  struct Case {
    Data data;
    const char *tau_prior, *mu_prior;
  };
  const Case cases[] = {{eight_schools(), "half_cauchy:5", "flat"},
                        {eight_schools(), "half_normal:5", "normal:0,10"},
                        {eight_schools(), "uniform:30", "flat"},
                        {eight_schools(), "fixed:0", "flat"},
                        {eight_schools(), "fixed:8", "flat"},
                        {eight_schools(), "mixture:0.4*fixed:0+0.6*half_normal:10", "flat"},
                        {three, "half_cauchy:0.5", "flat"},
                        {three, "half_normal:1", "flat"},
                        {three, "exponential:0.3", "normal:0,1"}};
  for (const Case& c : cases)
    for (const double x : {-3.0, 0.4, 25.0}) {
      double definition;
      const double score = crps(cpu_kernels(), c.data, c.tau_prior, c.mu_prior, x, &definition);
      const double spread = c.data.y.size() == 3 ? 1.0 : 10.0;
      EXPECT_NEAR(score, definition, 1e-7 * (spread + std::abs(x)))
          << c.tau_prior << " " << c.mu_prior << " " << x;
    }
}

TEST(Crps, DoesNotExistWhereTheLawIsNoMixture) {
  EXPECT_TRUE(std::isnan(crps(cpu_kernels(), eight_schools(), "half_normal:5", "uniform:-9,9", 0)));
}

TEST(Crps, HasTheSameBitsOnEveryInstructionSet) {
  const double expected = crps(cpu_kernels(), eight_schools(), "half_cauchy:5", "flat", 3.0);
  for (const CpuKernels* kernels : cpu_kernels_available())
    EXPECT_SAME_BITS(
        (std::vector<double>{crps(*kernels, eight_schools(), "half_cauchy:5", "flat", 3.0)}),
        (std::vector<double>{expected}))
        << kernels->isa;
}

}  // namespace
}  // namespace taugrid
