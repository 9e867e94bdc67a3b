#include "host/taugrid/kolmogorov_distance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace taugrid {
namespace {

struct Component {
  double weight, mean, sd;
};

// A mixture of normals by the standard library.
struct NormalMixture {
  std::vector<Component> components;
  mutable int evaluations = 0;

  LawPoint at(double x) const {
    LawPoint point{0, 0, 0};
    for (const auto& [weight, mean, sd] : components) {
      const double z = (x - mean) / sd;
      point.lower += weight * 0.5 * std::erfc(-z / std::sqrt(2.0));
      point.upper += weight * 0.5 * std::erfc(z / std::sqrt(2.0));
      point.density += weight * std::exp(-0.5 * z * z) / (sd * std::sqrt(2 * M_PI));
    }
    return point;
  }
  LawFunction function() const {
    return [this](std::span<const double> x, std::span<LawPoint> law) {
      for (size_t i = 0; i < x.size(); ++i) law[i] = at(x[i]);
      evaluations += static_cast<int>(x.size());
    };
  }
};

double phi(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

double distance(const NormalMixture& f, const NormalMixture& g, const std::vector<double>& points) {
  return kolmogorov_distance(f.function(), g.function(), points);
}

// The largest |F - G| on a grid from lo to hi.
double on_grid(const NormalMixture& f, const NormalMixture& g, double lo, double hi, int n) {
  double most = 0;
  for (int i = 0; i <= n; ++i) {
    const double x = lo + (hi - lo) * i / n;
    most = std::max(most, std::abs(f.at(x).lower - g.at(x).lower));
  }
  return most;
}

const std::vector<double> kFive = {-2, -1, 0, 1, 2};

TEST(KolmogorovDistance, IsZeroOfALawToItself) {
  const NormalMixture f{{{0.3, -1, 1}, {0.7, 2, 0.1}}};
  EXPECT_EQ(distance(f, f, kFive), 0.0);
}

// N(0, 1) and N(d, 1): the densities cross at d/2 alone, and the distance is 2 Phi(d/2) - 1.
TEST(KolmogorovDistance, OfShiftedNormalsIsClosed) {
  for (const double d : {1e-9, 1e-3, 0.1, 1.0, 3.0, 8.0, 30.0, 1e6}) {
    const NormalMixture f{{{1, 0, 1}}}, g{{{1, d, 1}}};
    EXPECT_NEAR(distance(f, g, kFive), std::erf(d / 2 / std::sqrt(2.0)), 2e-10) << d;
    EXPECT_NEAR(distance(g, f, {0.1}), std::erf(d / 2 / std::sqrt(2.0)), 2e-10) << d;
  }
}

// N(0, 1) and N(0, s^2): they cross at +-z, z^2 = 2 log(s) s^2/(s^2 - 1).
TEST(KolmogorovDistance, OfScaledNormalsIsClosed) {
  for (const double s : {1.0001, 1.5, 10.0, 1e4, 1e9}) {
    const NormalMixture f{{{1, 0, 1}}}, g{{{1, 0, s}}};
    const double z = std::sqrt(2 * std::log(s) * s * s / (s * s - 1));
    EXPECT_NEAR(distance(f, g, kFive), phi(z) - phi(z / s), 2e-10) << s;
    EXPECT_NEAR(distance(f, g, {-s, s}), phi(z) - phi(z / s), 2e-10) << s;
  }
}

// Wherever the search begins, and where one law is a spike that no first point comes near.
TEST(KolmogorovDistance, DoesNotDependOnWhereItBegins) {
  const NormalMixture f{{{0.5, 0, 1}, {0.3, 7.123, 1e-6}, {0.2, -4, 0.01}}};
  const NormalMixture g{{{0.6, 0.2, 1.3}, {0.4, 7.12301, 1e-5}}};
  const double expected = distance(f, g, {-4.1, -4, -3.9, 0, 7.1229, 7.123, 7.12301, 7.1231});
  for (const std::vector<double>& points :
       {std::vector<double>{}, {0.0}, kFive, {1e3}, {-1e9, 1e9}, {7.123}})
    EXPECT_NEAR(distance(f, g, points), expected, 2e-10);
  EXPECT_NEAR(expected, on_grid(f, g, 7.12298, 7.12304, 60000), 1e-8);
}

// Many crossings: combs of normals, interleaved.
TEST(KolmogorovDistance, FindsTheLargestOfManyExtrema) {
  NormalMixture f, g;
  for (int i = 0; i < 20; ++i) {
    f.components.push_back({0.05, i + 0.0, 0.08});
    g.components.push_back({i == 13 ? 0.06 : 0.94 / 19, i + 0.35, 0.12});
  }
  EXPECT_NEAR(distance(f, g, {0, 20}), on_grid(f, g, -1, 21, 220000), 5e-9);
  EXPECT_GT(distance(f, g, {0, 20}), 0.04);
}

TEST(KolmogorovDistance, AgreesWithADenseGridOverManyMixtures) {
  uint64_t state = 1;
  const auto uniform = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-53;
  };
  const auto random = [&] {
    NormalMixture law;
    double left = 1;
    for (int i = 0; i < 4; ++i) {
      const double weight = i == 3 ? left : left * uniform();
      left -= weight;
      law.components.push_back({weight, 6 * uniform() - 3, std::exp(4 * uniform() - 3)});
    }
    return law;
  };
  for (int i = 0; i < 40; ++i) {
    const NormalMixture f = random(), g = random();
    const double grid = on_grid(f, g, -20, 20, 10000);
    const double found = distance(f, g, kFive);
    EXPECT_GE(found, grid - 2e-10);
    EXPECT_LE(found, grid + 1e-4);  // steps h = 0.004 miss a maximum by (f - g)' h^2/8 at most
  }
}

// What a user pays: two laws near each other and of one shape.
TEST(KolmogorovDistance, TakesFewEvaluationsOfOrdinaryLaws) {
  const NormalMixture f{{{0.5, 0, 1}, {0.5, 0.5, 2}}}, g{{{0.5, 0.1, 1.1}, {0.5, 0.6, 2.3}}};
  distance(f, g, {-4, -3, -2, -1, 0, 1, 2, 3, 4});
  EXPECT_LT(f.evaluations, 100);
}

// U(0, 1) against U(0.2, 1.5), with points on either side of the four jumps.
TEST(KolmogorovDistance, TakesJumpsOfADensity) {
  const auto uniform = [](double a, double b) -> LawFunction {
    return [a, b](std::span<const double> x, std::span<LawPoint> law) {
      for (size_t i = 0; i < x.size(); ++i) {
        const double lower = std::clamp((x[i] - a) / (b - a), 0.0, 1.0);
        law[i] = {lower, 1 - lower, x[i] >= a && x[i] <= b ? 1 / (b - a) : 0.0};
      }
    };
  };
  std::vector<double> points;
  for (const double jump : {0.0, 1.0, 0.2, 1.5}) {
    points.push_back(jump - 1e-13);
    points.push_back(jump + 1e-13);
  }
  const double found = kolmogorov_distance(uniform(0, 1), uniform(0.2, 1.5), points);
  EXPECT_NEAR(found, 1 - 0.8 / 1.3, 1e-12);  // at 1
}

}  // namespace
}  // namespace taugrid
