// The law of the sampled tau. A draw's x = log tau is the sampling table's polynomials at a uniform
// u; with u continuous, the distance of its law from p(tau | y) in total variation is computed here
// from the polynomials and from log p(tau | y), which is normalised by adaptive Gauss-Legendre
// integration.
#include "host/taugrid/tau_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/taugrid/engine.h"
#include "kernels/math/inverse_cdf.h"
#include "tests/data_sets.h"
#include "tests/direct_integration.h"
#include "tests/prior_examples.h"

namespace taugrid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Points = std::vector<double>;

// p(x | y), normalised.
class Density {
 public:
  explicit Density(const Engine& engine) : engine_(engine) {
    const Points x = grid();
    const Points log_f = log_at(x);
    peak_ = *std::max_element(log_f.begin(), log_f.end());
    // Rounding of a sum as large as this is noise in the density.
    relative_error_ = std::max(1e-13, 0x1p-48 * std::abs(peak_));
    const auto counts = [&](size_t i) {
      return log_f[i] + std::log1p(std::abs(x[i])) > peak_ - 46.0;
    };
    size_t first = 0, last = x.size() - 1;
    while (!counts(first)) ++first;
    while (!counts(last)) --last;
    first = std::max<size_t>(first, 1) - 1;
    last = std::min(last + 1, x.size() - 1);
    for (size_t i = first; i < last; ++i) {
      pieces_.push_back({x[i], x[i + 1], gauss(x[i], x[i + 1])});
      largest_ = std::max(largest_, pieces_.back().mass);
    }
    double total = 0.0;
    for (Piece& piece : pieces_) {
      piece.mass = integral(piece.lower, piece.upper);
      total += piece.mass;
    }
    for (Piece& piece : pieces_) piece.mass /= total;
    largest_ = 1.0;
    mass_ = total;
  }

  Points at(const Points& x) const {
    Points f = log_at(x);
    for (double& value : f) value = std::exp(value - peak_) / mass_;
    return f;
  }
  double below(double x) const {
    double sum = 0.0;
    for (const Piece& piece : pieces_) {
      if (piece.upper <= x)
        sum += piece.mass;
      else if (piece.lower < x)
        sum += integral(piece.lower, x);
    }
    return sum;
  }
  double above(double x) const {
    double sum = 0.0;
    for (const Piece& piece : pieces_) {
      if (piece.lower >= x)
        sum += piece.mass;
      else if (piece.upper > x)
        sum += integral(x, piece.upper);
    }
    return sum;
  }
  // Whether halving came to an end.
  bool converged() const { return converged_; }

 private:
  struct Piece {
    double lower, upper, mass;
  };

  // Where the density can have a shape: finely over ordinary scales and about a narrow prior, then
  // further and further apart (x itself has a power tail under log_t).
  Points grid() const {
    const PriorRecord& prior = engine_.problem.tau_prior;
    Points x;
    for (int i = -800; i <= 800; ++i) x.push_back(0.1 * i);
    for (double far = 80.0; far < 1e20; far *= 1.2) {
      x.push_back(far);
      x.push_back(-far);
    }
    for (int i = -80; i <= 80; ++i) x.push_back(prior.seed_x + prior.seed_width * i / 8.0);
    x.push_back(prior.lower_x);
    x.push_back(prior.upper_x);
    std::sort(x.begin(), x.end());
    Points inside;
    for (const double at : x)
      if (std::isfinite(at) && at >= prior.lower_x && at <= prior.upper_x) inside.push_back(at);
    return inside;
  }

  Points log_at(Points x) const {
    const size_t n = x.size();
    while (x.size() % kDrawAlignment != 0) x.push_back(x.back());
    Points out(x.size());
    engine_.kernels->log_posterior(engine_.problem, static_cast<int64_t>(x.size()), x.data(),
                                   out.data());
    for (size_t i = 0; i < n; ++i)
      if (x[i] < engine_.problem.tau_prior.lower_x || x[i] > engine_.problem.tau_prior.upper_x)
        out[i] = -kInfinity;
    out.resize(n);
    return out;
  }

  double gauss(double a, double b) const {
    static const auto kRule = gauss_rule(16);
    Points x;
    for (const auto& [t, w] : kRule)
      x.push_back(a + 0.5 * (b - a) * (1.0 + static_cast<double>(t)));
    const Points f = at(x);
    evaluations_ += 16;
    double sum = 0.0;
    for (size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(kRule[i].second) * f[i];
    return 0.5 * (b - a) * sum;
  }

  double integral(double a, double b) const { return integral(a, b, gauss(a, b), 0); }
  double integral(double a, double b, double whole, int depth) const {
    const double middle = a + 0.5 * (b - a);
    const double left = gauss(a, middle), right = gauss(middle, b);
    if (std::abs(left + right - whole) <= relative_error_ * (left + right) + 1e-16 * largest_)
      return left + right;
    if (depth == 40 || evaluations_ > 1'000'000) {
      converged_ = false;
      return left + right;
    }
    return integral(a, middle, left, depth + 1) + integral(middle, b, right, depth + 1);
  }

  const Engine& engine_;
  std::vector<Piece> pieces_;
  double peak_ = 0.0, mass_ = 1.0, largest_ = 0.0, relative_error_ = 0.0;
  mutable bool converged_ = true;
  mutable int64_t evaluations_ = 0;
};

double polynomial(const double* cell, double s) {
  double x = cell[5];
  for (int k = 4; k >= 0; --k) x = x * s + cell[k];
  return x;
}

double polynomial_slope(const double* cell, double s) {
  double slope = 0.0;
  for (int k = 5; k >= 1; --k) slope = slope * s + k * cell[k];
  return slope;
}

// With X(t) the table's x on one side of the median, t the tail's mass, and f the density of x,
// substituting x = X(t) gives for any event A
//   P_table(A) - P(A) = integral over t of [X(t) in A] (1 - f(X(t)) |dX/dt|)
// plus what f has outside and between the cells. So the distance is at most half the integral of |1
// - f X'|, and that is what it is where X nowhere turns back; with the signed derivative it stays a
// bound where X does.
double total_variation(const Engine& engine, const Density& density) {
  const TauTable& table = engine.table();
  double twice = 0x1p-52;  // u nearer than 2^-53 to 0 or 1
  double middle = 0.0;
  for (int side = 0; side < 2; ++side) {
    const double first =
        table.coefficient[static_cast<size_t>(side * kCellsPerSide) * kCellCoefficients];
    const double outside = side == 0 ? density.below(first) : density.above(first);
    twice += outside;
    double joint = first;
    const auto add = [&](const double* cell, double h) {
      const auto of_cell = [&](int n) {
        Points x;
        for (int i = 0; i < n; ++i) x.push_back(polynomial(cell, (i + 0.5) / n));
        const Points f = density.at(x);
        double sum = 0.0;
        for (int i = 0; i < n; ++i) {
          const double slope = (side == 0 ? 1.0 : -1.0) * polynomial_slope(cell, (i + 0.5) / n) / h;
          sum += std::abs(1.0 - f[static_cast<size_t>(i)] * slope);
        }
        return sum * h / n;
      };
      const double coarse = of_cell(16);
      twice += coarse < 1e-13 ? coarse : of_cell(512);
      twice += std::abs(cell[0] - joint) * density.at({cell[0]})[0];
      joint = polynomial(cell, 1.0);
    };
    // A divided cell is its parts.
    const std::function<void(int64_t, double)> visit = [&](int64_t c, double h) {
      const uint64_t first_part = bits_of(table.first_part[static_cast<size_t>(c)]);
      if (first_part == 0) return add(table.coefficient.data() + c * kCellCoefficients, h);
      for (int k = 0; k < kCellsPerOctave; ++k)
        visit(static_cast<int64_t>(first_part) + k, h / kCellsPerOctave);
    };
    for (int c = 0; c < kCellsPerSide; ++c)
      visit(side * kCellsPerSide + c, cell_edge(c + 1) - cell_edge(c));
    if (side == 0)
      middle = joint;
    else
      twice += std::abs(joint - middle) * density.at({middle})[0];
  }
  return 0.5 * twice;
}

double total_variation(const Engine& engine) {
  const Density density(engine);
  EXPECT_TRUE(density.converged());
  return total_variation(engine, density);
}

// ---- every prior ----

std::vector<Data> ordinary_data() {
  return {eight_schools(), {{5}, {2}, {}}, {{5, 9}, {2, 1}, {}}, {{3, 3, 3, 3}, {1, 2, 3, 4}, {}}};
}

std::vector<std::string> random_tau_priors() {
  std::vector<std::string> texts = {"uniform"};
  for (const TauPriorRow& row : tau_prior_rows())
    if (std::string(row.name) != "fixed") texts.push_back(prior_example(row));
  return texts;
}

class TauTableOfPrior : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Priors, TauTableOfPrior, testing::ValuesIn(random_tau_priors()),
                         [](const auto& info) {
                           std::string name;
                           for (const char c : info.param.substr(info.param.rfind('/') + 1))
                             name += std::isalnum(c) ? c : '_';
                           return name;
                         });

TEST_P(TauTableOfPrior, HasTheLawOfThePosterior) {
  int done = 0;
  for (const Data& data : ordinary_data())
    for (const char* mu : {"flat", "normal:1,3", "normal:0,1e6", "uniform:-2,6"}) {
      std::optional<Engine> engine;
      try {
        engine.emplace(make_model(data, GetParam(), mu), "cpu", 1);
      } catch (const std::invalid_argument&) {
        continue;  // improper
      }
      EXPECT_LT(total_variation(*engine), 1e-9) << "J = " << data.n_schools() << ", mu " << mu;
      ++done;
    }
  EXPECT_GE(done, 8);
}

// ---- hard data ----

struct Hard {
  const char* name;
  Data data;
  const char* tau_prior;
  const char* mu_prior;
};
void PrintTo(const Hard& hard, std::ostream* out) {
  *out << hard.name << ": tau " << hard.tau_prior << ", mu " << hard.mu_prior;
}

std::vector<Hard> hard_cases() {
  Data decades;
  for (int k = -6; k <= 6; ++k) {
    decades.sigma.push_back(std::pow(10.0, k));
    decades.y.push_back(1.5 * k);
  }
  const Data clusters{{0, 1, -1, 0.5, 1000, 1001, 999, 1000.5}, std::vector<double>(8, 1.0), {}};
  Data outlier = eight_schools();
  outlier.y[7] = 1e6;
  const Data two{{5, 9}, {2, 1}, {}};
  return {
      {"OneSchoolHalfCauchy", {{5}, {2}, {}}, "half_cauchy:5", "flat"},
      {"ThreeSchoolsUniform", many_schools(3), "uniform", "flat"},
      {"TwoClusters", clusters, "half_cauchy:5", "flat"},
      {"TwoClustersNarrowPrior", clusters, "half_normal:5", "flat"},
      {"OutlierUniform", outlier, "uniform", "flat"},
      {"OutlierHalfCauchy", outlier, "half_cauchy:5", "normal:0,10"},
      {"TwelveDecadesUniform", decades, "uniform", "flat"},
      {"TwelveDecadesHalfCauchy", decades, "half_cauchy:1e-3", "flat"},
      {"TinyScaleHalfNormal", eight_schools(), "half_normal:1e-9", "flat"},
      {"TinyScaleHalfCauchy", eight_schools(), "half_cauchy:1e-9", "flat"},
      {"HugeScaleHalfNormal", eight_schools(), "half_normal:1e9", "flat"},
      {"HugeScaleHalfCauchy", eight_schools(), "half_cauchy:1e9", "flat"},
      {"TinyBound", eight_schools(), "uniform:1e-9", "flat"},
      {"ThousandSchools", many_schools(1000), "half_normal:5", "flat"},
      {"NarrowPrior", many_schools(3), "log_normal:1,0.001", "flat"},
      {"PriorAndDataApart", many_schools(30), "half_cauchy:0.01", "flat"},
      {"PriorAndDataApartUniformMu", two, "half_cauchy:0.01", "uniform:-2,6"},
      {"DataFarFromThePriorOfMu",
       {{1e5, 1e5 + 1, 1e5 - 2}, {1, 2, 1}, {}},
       "half_normal:5",
       "normal:1,3"},
      {"HeavyTailOfLogTau", two, "log_t:1,0,1", "flat"},
      {"AlmostLogUniform", many_schools(30), "gamma:0.01,1", "flat"},
      {"AlmostLogUniformOneSchool", {{5}, {2}, {}}, "inv_gamma_var:0.001,0.001", "normal:1,3"},
  };
}

class TauTableOfHardData : public testing::TestWithParam<Hard> {};

INSTANTIATE_TEST_SUITE_P(Hard, TauTableOfHardData, testing::ValuesIn(hard_cases()),
                         [](const auto& info) { return info.param.name; });

TEST_P(TauTableOfHardData, HasTheLawOfThePosterior) {
  const Engine engine(make_model(GetParam().data, GetParam().tau_prior, GetParam().mu_prior), "cpu",
                      1);
  EXPECT_LT(total_variation(engine), 1e-9);
}

// ---- the table itself ----

TEST(TauTable, HoldsExactQuantilesAtTheEdgesOfCells) {
  const Engine engine(make_model(eight_schools(), "half_cauchy:5", "flat"), "cpu", 1);
  const SamplingTable<double> table = engine.table().view();
  for (int c = 0; c < kCellsPerSide; c += 7) {
    const double t = cell_edge(c);
    for (const bool upper : {false, true}) {
      const auto exact = panel_quantile<Scalar<>>(engine.posterior->tau, t, upper);
      EXPECT_EQ(inverse_cdf<Scalar<>>(table, {t, upper}), exact.x) << t;
    }
  }
}

TEST(TauTable, RisesFromEndToEnd) {
  for (const Data& data : ordinary_data()) {
    const Engine engine(make_model(data, "half_cauchy:5", "flat"), "cpu", 1);
    const SamplingTable<double> table = engine.table().view();
    double last = -kInfinity;
    const auto expect_above_last = [&](double t, bool upper) {
      const double x = inverse_cdf<Scalar<>>(table, {t, upper});
      ASSERT_GE(x, last) << t << (upper ? " above" : " below");
      last = x;
    };
    for (int c = 0; c < kCellsPerSide; ++c)
      for (const double s : {0.0, 0.3, 0.7})
        expect_above_last(cell_edge(c) + s * (cell_edge(c + 1) - cell_edge(c)), false);
    for (int c = kCellsPerSide; c-- > 0;)
      for (const double s : {0.7, 0.3, 0.0})
        expect_above_last(cell_edge(c) + s * (cell_edge(c + 1) - cell_edge(c)), true);
  }
}

TEST(TauTable, ReachesTheEndsOfTheSupportAndNoFurther) {
  for (const char* prior : {"uniform:50", "uniform:1e-3", "log_uniform:2,3"}) {
    const Engine engine(make_model(eight_schools(), prior, "flat"), "cpu", 1);
    const PriorRecord& record = engine.problem.tau_prior;
    const SamplingTable<double> table = engine.table().view();
    const double least = inverse_cdf<Scalar<>>(table, 0x1p-53),
                 most = inverse_cdf<Scalar<>>(table, 1.0 - 0x1p-53);
    EXPECT_GT(most, record.upper_x - 1e-12);
    EXPECT_LE(most, record.upper_x + 4e-15) << "rounding of x";
    if (std::isinf(record.lower_x)) continue;
    EXPECT_LT(least, record.lower_x + 1e-12);
    EXPECT_GE(least, record.lower_x - 4e-15) << "rounding of x";
  }
}

}  // namespace
}  // namespace taugrid
