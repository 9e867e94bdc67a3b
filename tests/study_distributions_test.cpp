// Student's t and chi-square of the library's own arithmetic, against closed forms and integration
// in long double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "host/taugrid/calibration.h"
#include "host/taugrid/chi_square.h"
#include "host/taugrid/student_t.h"
#include "tests/kolmogorov_smirnov.h"

namespace taugrid {
namespace {

using Wide = long double;

Wide simpson(const std::function<Wide(Wide)>& f, Wide a, Wide b, int n = 4000) {
  Wide sum = f(a) + f(b);
  for (int i = 1; i < n; ++i) sum += (i % 2 == 1 ? 4 : 2) * f(a + (b - a) * i / n);
  return sum * (b - a) / (3 * n);
}

Wide t_density(Wide df, Wide t) {
  return std::exp(std::lgamma((df + 1) / 2) - std::lgamma(df / 2) -
                  (std::log(df) + std::log(std::acos(Wide(-1)))) / 2 -
                  (df + 1) / 2 * std::log1p(t * t / df));
}

// P(0 < T < t), in s = asinh(t).
Wide t_between(Wide df, Wide t) {
  return simpson([df](Wide s) { return t_density(df, std::sinh(s)) * std::cosh(s); }, 0,
                 std::asinh(t));
}

// Even df = 2 m: P(X > x) = e^(-x/2) sum over i < m of (x/2)^i / i!, and the rest is below.
struct Tails {
  Wide lower, upper;
};
Tails chi_square_oracle(int df, Wide x) {
  Tails tails{0, 0};
  if (df == 1) return {std::erf(std::sqrt(x / 2)), std::erfc(std::sqrt(x / 2))};
  for (int i = 0; i < 4000; ++i)
    (i < df / 2 ? tails.upper : tails.lower) +=
        std::exp(-x / 2 + i * std::log(x / 2) - std::lgamma(Wide(i + 1)));
  return tails;
}

TEST(StudentT, QuantilesOfOneAndTwoDegreesAreInClosedForm) {
  for (const double p : {0.975, 0.995, 0.75, 0.5, 0.025, 1e-4}) {
    const Wide cauchy = std::tan(std::acos(Wide(-1)) * (p - Wide(0.5)));
    const Wide two = (2 * Wide(p) - 1) / std::sqrt(2 * Wide(p) * (1 - Wide(p)));
    EXPECT_NEAR(student_t_quantile(1, p), cauchy, 1e-11 * std::abs(cauchy)) << p;
    EXPECT_NEAR(student_t_quantile(2, p), two, 1e-11 * std::abs(two)) << p;
  }
}

TEST(StudentT, QuantilesInvertTheIntegralOfTheDensity) {
  for (const double df : {1.0, 3.0, 9.0, 12.0, 49.0, 998.0})
    for (const double p : {0.975, 0.9, 0.999}) {
      const double t = student_t_quantile(df, p);
      EXPECT_NEAR(t_between(df, t), p - 0.5, 1e-12) << df << " " << p;
      EXPECT_EQ(student_t_quantile(df, 1 - p), -student_t_quantile(df, 1 - (1 - p)));
    }
}

TEST(StudentT, CdfAndDensityAreTheDefinitions) {
  for (const double df : {1.0, 2.5, 7.0, 300.0})
    for (const double t : {0.0, 1e-8, 0.3, 2.0, 40.0, 1e5}) {
      EXPECT_NEAR(student_t_between(df, t), t_between(df, t), 1e-13) << df << " " << t;
      if (t_density(df, t) > 1e-300L) {
        EXPECT_NEAR(student_t_density(df, t) / t_density(df, t), 1.0, 1e-12) << df << " " << t;
      }
    }
}

TEST(StudentT, CrpsIsTheIntegralOfItsDefinition) {
  for (const double df : {1.0, 2.0, 5.0, 48.0})
    for (const double x : {0.0, 0.7, -3.0}) {
      const auto tail = [df](Wide t) {
        return Wide(0.5) - student_t_between(df, static_cast<double>(t));
      };
      const auto cdf = [&](Wide t) { return t < 0 ? tail(-t) : 1 - tail(t); };
      const Wide at = std::asinh(Wide(x));
      const auto side = [&](Wide from, Wide to, bool above) {
        return simpson(
            [&](Wide s) {
              const Wide t = std::sinh(s), f = above ? cdf(-t) : cdf(t);
              return f * f * std::cosh(s);
            },
            from, to, 2000);
      };
      EXPECT_NEAR(student_t_crps(df, x), side(-24, at, false) + side(at, 24, true), 1e-9)
          << df << " " << x;
    }
}

TEST(StudentT, CrpsTableKeepsItsError) {
  for (const double df : {1.0, 2.0, 3.0, 18.0, 48.0, 998.0}) {
    const StudentTCrps table(df);
    for (double s = -7.0; s < 7.0; s += 0.0731) {
      const double x = std::sinh(s), exact = student_t_crps(df, x);
      EXPECT_NEAR(table.at(x) / exact, 1.0, 1e-10) << df << " " << x;
    }
    EXPECT_NEAR(table.at(1e9) / 1e9, 1.0, df == 1.0 ? 4e-6 : 1e-6);
  }
}

TEST(ChiSquare, TailsAreInClosedForm) {
  for (const int df : {1, 2, 6, 98, 998})
    for (const double ratio : {0.01, 0.5, 0.9, 1.0, 1.1, 1.5, 4.0}) {
      const Tails exact = chi_square_oracle(df, Wide(ratio * df));
      const ChiSquareTails tails = chi_square_tails(df, ratio * df);
      if (exact.lower > 1e-300L) {
        EXPECT_NEAR(tails.log_lower, std::log(exact.lower), 2e-12) << df << " " << ratio;
      }
      if (exact.upper > 1e-300L) {
        EXPECT_NEAR(tails.log_upper, std::log(exact.upper), 2e-12) << df << " " << ratio;
      }
    }
}

TEST(ChiSquare, TableKeepsItsError) {
  for (const int df : {1, 2, 6, 98, 998}) {
    const SmoothTableStorage table = chi_square_table(df);
    for (double z = -8.2; z < 8.2; z += 0.0771) {
      const double x = df * std::exp(smooth_value<Scalar<>>(table.view(), z));
      const Tails tails = chi_square_oracle(df, Wide(x));
      // The relative error of x from that of the tail.
      const Wide density = std::exp((Wide(df) / 2 - 1) * std::log(Wide(x) / 2) - Wide(x) / 2 -
                                    std::lgamma(Wide(df) / 2)) /
                           2;
      const Wide wanted = std::erfc(std::abs(Wide(z)) / std::sqrt(Wide(2))) / 2;
      const Wide tail = z < 0 ? tails.lower : tails.upper;
      EXPECT_NEAR((tail - wanted) / (density * x), 0.0L, 1e-11L) << df << " at z = " << z;
    }
  }
}

TEST(PValues, AreThoseOfTheirTests) {
  for (const double x : {60.0, 98.0, 123.2, 148.2})
    EXPECT_NEAR(chi_square_p_value(98, x), chi_square_oracle(98, x).upper, 1e-12);
  for (const double x : {0.4, 0.9, 1.0, 1.36, 2.0})
    EXPECT_NEAR(kolmogorov_p_value_of(x / 1000, 1e6), kolmogorov_p_value(x / 1000, 1e6), 1e-13);
}

}  // namespace
}  // namespace taugrid
