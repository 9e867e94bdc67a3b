// Draws: which random words make which variate, the exact special cases, lp, and the laws of 10^7
// draws.
#include "kernels/math/draw.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/direct_integration.h"
#include "tests/kolmogorov_smirnov.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

using One = Scalar<>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr uint64_t kSeed = 1;

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// ---- Words to variates ----

Block<One> block_of(uint64_t index, uint32_t block) {
  return draw_block<One>({kSeed, 0, Purpose::kPosteriorDraw}, index, block);
}

TEST(Draw, TauIsTheQuantileOfTheFirstTwoWords) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  const Draws draws = posterior.draw(1000, kSeed, 77);
  for (uint64_t i = 0; i < 1000; ++i) {
    const Block<One> block = block_of(77 + i, 0);
    const double u = uniform_53<One>(block.w[0], block.w[1]);
    EXPECT_NEAR(posterior.tau_cdf(draws.view().tau()[i]), u, 1e-11);
  }
}

TEST(Draw, TruncatedMuIsTheQuantileOfTheNextTwoWords) {
  // Given tau = 1, mu is N(2, (1 + 1)/1) between 0 and 3.
  const Draws draws = Posterior({{2}, {1}, {}}, "fixed:1", "uniform:0,3").draw(1000, kSeed);
  const double sd = std::sqrt(2.0), below = normal_cdf(-2 / sd), above = normal_cdf(1 / sd);
  for (uint64_t i = 0; i < 1000; ++i) {
    const Block<One> block = block_of(i, 0);
    const double u = uniform_53<One>(block.w[2], block.w[3]);
    const double cdf = normal_cdf((draws.view().mu()[i] - 2) / sd);
    EXPECT_NEAR((cdf - below) / (above - below), u, 1e-14);
  }
}

TEST(Draw, NormalsComeFromTheirBlocks) {
  // tau = 1 and sigma = 1: mu = z_0/sqrt 2 (v_mu = 2/4), theta_new = mu + z_1,
  // theta_j = mu/2 + z_(1 + j)/sqrt 2.
  const Draws draws =
      Posterior({{0, 0, 0, 0}, {1, 1, 1, 1}, {}}, "fixed:1", "flat").draw(1000, kSeed);
  for (uint64_t i = 0; i < 1000; ++i) {
    std::vector<double> z;
    for (uint32_t block = 1; block <= 3; ++block) {
      const NormalPair<One> pair = box_muller<One>(block_of(i, block));
      z.insert(z.end(), {pair.z0, pair.z1});
    }
    const DrawBlock view = draws.view();
    const double mu = std::sqrt(0.5) * z[0];
    EXPECT_NEAR(view.mu()[i], mu, 1e-14);
    EXPECT_NEAR(view.theta_new()[i], mu + z[1], 1e-14);
    for (int64_t j = 0; j < 4; ++j)
      EXPECT_NEAR(view.theta(j)[i], 0.5 * mu + std::sqrt(0.5) * z[static_cast<size_t>(2 + j)],
                  1e-14);
  }
}

// ---- Special cases ----

TEST(Draw, AtTauZeroIsOneNumber) {
  for (const char* mu : {"flat", "normal:1,3", "uniform:-2,6"})
    for (const Data& data : {eight_schools(), many_schools(3), many_schools(300)}) {
      const Draws draws = Posterior(data, "fixed:0", mu).draw(1001, kSeed);
      const DrawBlock view = draws.view();
      for (size_t i = 0; i < 1001; ++i) {
        EXPECT_EQ(view.tau()[i], 0.0);
        EXPECT_EQ(view.theta_new()[i], view.mu()[i]);
        for (int64_t j = 0; j < data.n_schools(); ++j)
          ASSERT_EQ(view.theta(j)[i], view.mu()[i])
              << mu << ", J = " << data.n_schools() << ", theta " << j;
      }
    }
}

TEST(Draw, AtTauInfinityPoolsNothing) {
  const Data data = {{0, 0, 0}, {1, 1, 1}, {}};
  for (const char* mu : {"flat", "normal:1,3", "uniform:-2,6"}) {
    const Draws draws = Posterior(data, "fixed:inf", mu).draw(1001, kSeed);
    const DrawBlock view = draws.view();
    for (uint64_t i = 0; i < 1001; ++i) {
      const NormalPair<One> z0 = box_muller<One>(block_of(i, 1));
      const NormalPair<One> z2 = box_muller<One>(block_of(i, 2)),
                            z4 = box_muller<One>(block_of(i, 3));
      EXPECT_EQ(view.tau()[i], kInfinity);
      EXPECT_TRUE(std::isnan(view.theta_new()[i]));
      EXPECT_EQ(view.theta(0)[i], z2.z0);
      EXPECT_EQ(view.theta(1)[i], z2.z1);
      EXPECT_EQ(view.theta(2)[i], z4.z0);
      if (mu[0] == 'f') {
        EXPECT_TRUE(std::isnan(view.mu()[i]));
      } else if (mu[0] == 'n') {
        EXPECT_NEAR(view.mu()[i], 1 + 3 * z0.z0, 1e-14);
      } else {
        const Block<One> block = block_of(i, 0);
        EXPECT_NEAR(view.mu()[i], -2 + 8 * uniform_53<One>(block.w[2], block.w[3]), 1e-14);
      }
    }
  }
}

TEST(Draw, TruncatedMuStaysWithinItsBounds) {
  struct Bounds {
    const char* mu;
    double lower, upper;
  };
  for (const char* tau : {"half_cauchy:5", "fixed:0", "fixed:1e6", "fixed:inf"})
    for (const Bounds& bounds : {Bounds{"uniform:-2,6", -2, 6},
                                 {"uniform:7.5,7.6", 7.5, 7.6},
                                 {"uniform:300,301", 300, 301},
                                 {"uniform:-1e5,-9e4", -1e5, -9e4},
                                 {"uniform:-1e6,1e6", -1e6, 1e6}}) {
      const Draws draws = Posterior(eight_schools(), tau, bounds.mu).draw(20'000, kSeed);
      for (const double mu : draws.view().mu()) {
        ASSERT_GE(mu, bounds.lower) << tau << ", " << bounds.mu;
        ASSERT_LE(mu, bounds.upper) << tau << ", " << bounds.mu;
      }
    }
}

TEST(Draw, LastIndicesAreDrawn) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  const Draws draws = posterior.draw(3, kSeed, uint64_t{1} << 53);
  for (size_t i = 0; i < draws.values.size(); ++i)
    EXPECT_TRUE(std::isfinite(draws.values.data()[i]));
}

TEST(Draw, NumbersOutOfRangeAreRefused) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  for (const int64_t n : {int64_t{0}, int64_t{-1}, (int64_t{1} << 53) + 1}) {
    const std::string expected =
        "number of draws is " + std::to_string(n) + ", must be from 1 to 2^53";
    EXPECT_EQ(refusal([&] { posterior.draw(n, 1); }), expected);
    EXPECT_EQ(refusal([&] { posterior.draw_blocks(n, 1, false, [](const DrawBlock&) {}); }),
              expected);
    EXPECT_EQ(refusal([&] { posterior.draw_summary(n, 1); }), expected);
  }
}

// ---- lp ----

// What Stan's ~ statements of the model add up to at a draw, with the log Jacobian log tau of tau >
// 0, and the rounding that the stored columns allow.
struct StanTarget {
  long double value = 0, rounding = 0;

  // -(x - location)^2 / (2 scale^2), x and location known to a few ulp of `size`.
  void normal(double x, double location, double scale, double size) {
    const long double z = (static_cast<long double>(x) - location) / scale;
    value -= z * z / 2;
    rounding += kEpsilon * (z * z + std::abs(z) * size / scale);
  }
};

using LogPrior = std::function<long double(long double tau)>;

void expect_lp(const std::string& tau_prior, const LogPrior& log_prior,
               const std::string& mu_prior) {
  const bool fixed = tau_prior.rfind("fixed", 0) == 0;
  for (const Data& data : {eight_schools(), many_schools(3), many_schools(300)}) {
    const Draws draws = Posterior(data, tau_prior, mu_prior).draw(2000, kSeed, 0, true);
    const DrawBlock view = draws.view();
    double size = 0;
    for (const double y : data.y) size = std::max(size, std::abs(y));
    for (size_t i = 0; i < 2000; ++i) {
      const double tau = view.tau()[i], mu = view.mu()[i];
      StanTarget target;
      if (!fixed) {
        const long double log_tau = std::log(static_cast<long double>(tau));
        target.value +=
            log_prior(tau) + log_tau - static_cast<long double>(data.n_schools()) * log_tau;
        target.rounding +=
            kEpsilon * (1 + static_cast<long double>(data.n_schools()) * std::abs(log_tau));
      }
      if (mu_prior[0] == 'n') target.normal(mu, 1, 3, size + std::abs(mu));
      for (int64_t j = 0; j < data.n_schools(); ++j) {
        const double theta = view.theta(j)[i], sizes = size + std::abs(mu) + std::abs(theta);
        if (tau > 0 && std::isfinite(tau)) target.normal(theta, mu, tau, sizes);
        target.normal(data.y[static_cast<size_t>(j)], theta, data.sigma[static_cast<size_t>(j)],
                      size + std::abs(theta));
      }
      ASSERT_NEAR(view.lp()[i], static_cast<double>(target.value),
                  static_cast<double>(8 * target.rounding))
          << "tau " << tau_prior << " = " << tau << ", mu " << mu_prior
          << ", J = " << data.n_schools();
    }
  }
}

TEST(Lp, IsStansTarget) {
  for (const char* mu : {"flat", "normal:1,3", "uniform:-2,6"}) {
    expect_lp(
        "uniform", [](long double) { return 0.0L; }, mu);
    expect_lp(
        "uniform:50", [](long double) { return 0.0L; }, mu);
    expect_lp(
        "half_normal:5", [](long double tau) { return -tau * tau / 50; }, mu);
    expect_lp(
        "half_cauchy:5", [](long double tau) { return -std::log1p(tau * tau / 25); }, mu);
    expect_lp(
        "sqrt", [](long double tau) { return -std::log(tau) / 2; }, mu);
    expect_lp("fixed:8", {}, mu);
  }
}

// There theta given mu is no term of the model: all are one parameter, or none depends on mu.
TEST(Lp, HasNoTermOfThetaGivenMuAtTheEndsOfTau) {
  for (const char* mu : {"normal:1,3", "uniform:-2,6"}) {
    expect_lp("fixed:0", {}, mu);
    expect_lp("fixed:inf", {}, mu);
  }
  expect_lp("fixed:0", {}, "flat");
}

// ---- Laws ----

// A law's CDF and density at equal steps of t(x), with cubic Hermite interpolation between.
class GridCdf {
 public:
  template <class ToT>
  GridCdf(double first, double step, ToT to_t)
      : first_(first), step_(step), to_t_(std::move(to_t)) {}
  // The next knot; density per unit of t.
  void add(double cdf, double density) { knots_.push_back({cdf, density * step_}); }
  double operator()(double x) const {
    const double place = (to_t_(x) - first_) / step_;
    if (!(place > 0)) return knots_.front().cdf;
    if (place >= static_cast<double>(knots_.size() - 1)) return knots_.back().cdf;
    const size_t k = static_cast<size_t>(place);
    const double s = place - static_cast<double>(k), r = 1 - s;
    const Knot &a = knots_[k], &b = knots_[k + 1];
    return r * r * (1 + 2 * s) * a.cdf + s * s * (3 - 2 * s) * b.cdf +
           r * s * (r * a.slope - s * b.slope);
  }

 private:
  struct Knot {
    double cdf, slope;
  };
  double first_, step_;
  std::function<double(double)> to_t_;
  std::vector<Knot> knots_;
};

// The laws as sums over a grid of log tau, given which everything is normal. (quadrature_test.cpp
// holds the library's own integration against one in two dimensions, which takes those normals from
// no formula.)
class GridPosterior {
 public:
  // log_prior is per unit of tau, `upper` the end of its support or past all mass.
  GridPosterior(const Data& data, LogPrior log_prior, double upper, const std::string& mu_prior)
      : data_(data),
        log_prior_(std::move(log_prior)),
        kind_(mu_prior[0]),
        step_((std::log(upper) - kFirst) / kCells) {
    const std::vector<Wide> p = prior_numbers(mu_prior);
    if (kind_ == 'n') {
      mean0_ = p[0];
      precision0_ = 1 / (p[1] * p[1]);
    } else if (kind_ == 'u') {
      lower_ = p[0];
      upper_ = p[1];
    }
    for (int cell = 0; cell < kCells; ++cell)
      for (const auto& [t, weight] : gauss_rule(kPerCell)) {
        nodes_.push_back(node_at(std::exp(kFirst + step_ * (cell + 0.5L + 0.5L * t))));
        nodes_.back().log_weight += std::log(weight * step_ / 2);
        peak_ = std::max(peak_, nodes_.back().log_weight);
      }
    for (Node& node : nodes_) total_ += node.weight = std::exp(node.log_weight - peak_);
    for (Node& node : nodes_) node.weight /= total_;
  }

  GridCdf tau() const {
    GridCdf law(kFirst, static_cast<double>(step_), [](double tau) { return std::log(tau); });
    Wide below = 0;
    for (int cell = 0; cell <= kCells; ++cell) {
      const Node knot = node_at(std::exp(kFirst + step_ * cell));
      law.add(static_cast<double>(below),
              static_cast<double>(std::exp(knot.log_weight - peak_) / total_));
      for (int i = 0; cell < kCells && i < kPerCell; ++i)
        below += nodes_[static_cast<size_t>(kPerCell * cell + i)].weight;
    }
    return law;
  }
  GridCdf mu() const {
    if (kind_ != 'u')
      return mixture([](const Node& node) { return Normal{node.mu_hat, std::sqrt(node.v_mu)}; });
    constexpr int kSteps = 500;
    const Wide step = (upper_ - lower_) / kSteps;
    GridCdf law(static_cast<double>(lower_), static_cast<double>(step),
                [](double mu) { return mu; });
    for (int i = 0; i <= kSteps; ++i) {
      Wide cdf = 0, density = 0;
      for (const Node& node : nodes_) {
        if (node.weight < 1e-12L) continue;
        const Wide sd = std::sqrt(node.v_mu), z = (lower_ + step * i - node.mu_hat) / sd;
        cdf += node.weight * (0.5L * std::erfc(-z / std::sqrt(2.0L)) - node.below) / node.mass;
        density += node.weight * std::exp(-z * z / 2) / std::sqrt(2 * kWidePi) / sd / node.mass;
      }
      law.add(static_cast<double>(cdf), static_cast<double>(density));
    }
    return law;
  }
  GridCdf theta(size_t j) const {
    const Wide y = data_.y[j], s2 = Wide(data_.sigma[j]) * data_.sigma[j];
    return mixture([=](const Node& node) {
      const Wide b = node.tau * node.tau / (s2 + node.tau * node.tau);
      return Normal{b * y + (1 - b) * node.mu_hat,
                    std::sqrt(s2 * b + (1 - b) * (1 - b) * node.v_mu)};
    });
  }
  GridCdf theta_new() const {
    return mixture([](const Node& node) {
      return Normal{node.mu_hat, std::sqrt(node.v_mu + node.tau * node.tau)};
    });
  }

 private:
  static constexpr double kFirst = -20;  // log tau
  static constexpr int kCells = 300;
  static constexpr int kPerCell = 4;
  struct Node {
    Wide tau, mu_hat, v_mu;
    Wide below, mass;         // of mu given tau: below and between the bounds
    Wide log_weight, weight;  // per unit of log tau
  };
  struct Normal {
    Wide mean, sd;
  };

  Node node_at(Wide tau) const {
    Wide precision = precision0_, weighted = precision0_ * mean0_, twice = 0;
    const auto variance = [&](size_t j) {
      return Wide(data_.sigma[j]) * data_.sigma[j] + tau * tau;
    };
    for (size_t j = 0; j < data_.y.size(); ++j) {
      precision += 1 / variance(j);
      weighted += data_.y[j] / variance(j);
    }
    Node node{tau, weighted / precision, 1 / precision, 0, 1, 0, 0};
    const auto squared = [&](Wide y) { return (y - node.mu_hat) * (y - node.mu_hat); };
    for (size_t j = 0; j < data_.y.size(); ++j)
      twice += std::log(variance(j)) + squared(data_.y[j]) / variance(j);
    twice += precision0_ * squared(mean0_) - std::log(node.v_mu);
    if (kind_ == 'u') {
      const Wide root = std::sqrt(2 * node.v_mu);
      node.below = 0.5L * std::erfc((node.mu_hat - lower_) / root);
      node.mass = 0.5L * std::erfc((node.mu_hat - upper_) / root) - node.below;
      twice -= 2 * std::log(node.mass);
    }
    node.log_weight = log_prior_(tau) + std::log(tau) - twice / 2;
    return node;
  }

  // Knots at x = centre + scale t/sqrt(1 - t^2), |t| <= 1.
  template <class F>
  GridCdf mixture(const F& normal_of) const {
    struct Part {
      double weight, mean, sd;
    };
    std::vector<Part> parts;
    double centre = 0;
    for (const Node& node : nodes_) {
      if (node.weight < 1e-12L) continue;
      const Normal normal = normal_of(node);
      parts.push_back({static_cast<double>(node.weight), static_cast<double>(normal.mean),
                       static_cast<double>(normal.sd)});
      centre += parts.back().weight * parts.back().mean;
    }
    constexpr int kSteps = 500;
    const double scale = 10, step = 2.0 / kSteps;
    GridCdf law(-1, step, [=](double x) {
      const double v = (x - centre) / scale;
      return v / std::sqrt(1 + v * v);
    });
    law.add(0, 0);
    for (int i = 1; i < kSteps; ++i) {
      const double t = -1 + step * i, root = std::sqrt(1 - t * t), x = centre + scale * t / root;
      double cdf = 0, density = 0;
      for (const Part& part : parts) {
        const double z = (x - part.mean) / part.sd;
        cdf += part.weight * normal_cdf(z);
        density += part.weight / part.sd * std::exp(-0.5 * z * z) / std::sqrt(2 * std::acos(-1.0));
      }
      law.add(cdf, density * scale / (root * root * root));
    }
    law.add(1, 0);
    return law;
  }

  const Data& data_;
  LogPrior log_prior_;
  char kind_;
  Wide mean0_ = 0, precision0_ = 0, lower_ = 0, upper_ = 0;
  Wide step_, peak_ = -kWideInfinity, total_ = 0;
  std::vector<Node> nodes_;
};

// Kolmogorov and Smirnov's distance from counts of F(x) in 2^18 bins: right to 4 10^-6.
class CountedCdf {
 public:
  void add(double cdf) {
    ++counts_[static_cast<size_t>(std::clamp(cdf * kBins, 0.0, kBins - 1.0))];
    ++n_;
  }
  double p_value() const {
    double distance = 0, below = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      below += static_cast<double>(counts_[i]);
      distance = std::max(distance, std::abs(below / n_ - static_cast<double>(i + 1) / kBins));
    }
    return kolmogorov_p_value(distance, n_);
  }

 private:
  static constexpr double kBins = 262144;
  std::vector<uint32_t> counts_ = std::vector<uint32_t>(static_cast<size_t>(kBins));
  double n_ = 0;
};

struct Column {
  int64_t index;
  GridCdf cdf;
};

// p-values of n draws' columns.
std::vector<double> p_values(const Posterior& posterior, int64_t n,
                             const std::vector<Column>& columns) {
  std::vector<CountedCdf> counted(columns.size());
  posterior.draw_blocks(n, kSeed, false, [&](const DrawBlock& block) {
    for (size_t k = 0; k < columns.size(); ++k)
      for (const double x : block.column(columns[k].index)) counted[k].add(columns[k].cdf(x));
  });
  std::vector<double> p;
  for (const CountedCdf& c : counted) p.push_back(c.p_value());
  return p;
}

void expect_ordinary(const std::vector<double>& p) {
  for (size_t k = 0; k < p.size(); ++k) EXPECT_GT(p[k], 0.01) << "column " << k << " of the test";
}

TEST(DrawLaw, OfTenMillionDrawsIsExact) {
  const Data data = eight_schools();
  const GridPosterior exact(
      data, [](Wide) { return 0.0L; }, 1e5, "flat");
  // p = 0.58, 0.82, 0.69, 0.71, 0.16
  expect_ordinary(p_values(Posterior(data, "uniform", "flat"), 10'000'000,
                           {{column_tau(), exact.tau()},
                            {column_mu(), exact.mu()},
                            {column_theta(0), exact.theta(0)},
                            {column_theta(6), exact.theta(6)},
                            {column_theta_new(8), exact.theta_new()}}));
}

TEST(DrawLaw, UnderNormalMuIsExact) {
  const Data data = eight_schools();
  const GridPosterior exact(
      data, [](Wide tau) { return -std::log1p(tau * tau / 25); }, 1e5, "normal:1,3");
  // p = 0.93, 0.60, 0.97, 0.035
  expect_ordinary(p_values(Posterior(data, "half_cauchy:5", "normal:1,3"), 1'000'000,
                           {{column_tau(), exact.tau()},
                            {column_mu(), exact.mu()},
                            {column_theta(0), exact.theta(0)},
                            {column_theta_new(8), exact.theta_new()}}));
}

// Stan's model 1.
TEST(DrawLaw, UnderUniformMuIsExact) {
  const Data data = eight_schools();
  const GridPosterior exact(
      data, [](Wide) { return 0.0L; }, 50, "uniform:-20,20");
  // p = 0.93, 0.13
  expect_ordinary(p_values(Posterior(data, "uniform:50", "uniform:-20,20"), 1'000'000,
                           {{column_tau(), exact.tau()}, {column_mu(), exact.mu()}}));
}

TEST(DrawLaw, OfMuFarInATailIsExact) {
  const Data data = eight_schools();
  const GridPosterior exact(
      data, [](Wide tau) { return -tau * tau / 50; }, 1e3, "uniform:25,60");
  // p = 0.93, 0.30
  expect_ordinary(p_values(Posterior(data, "half_normal:5", "uniform:25,60"), 1'000'000,
                           {{column_tau(), exact.tau()}, {column_mu(), exact.mu()}}));
}

// Against the direct integration of quadrature_test.cpp: chi-square of 16 cells, between the 16ths
// of the draws' own law as the library gives them.
TEST(DrawLaw, OfThetaUnderUniformMuIsExact) {
  const Data data = eight_schools();
  const Posterior posterior(data, "uniform:50", "uniform:-20,20");
  const DirectPosterior exact(data, "uniform:50", "uniform:-20,20", 2);
  std::vector<double> sixteenths;
  for (int i = 1; i < 16; ++i) sixteenths.push_back(i / 16.0);
  const std::vector<double> ends = posterior.summary({sixteenths, 0.95}).parameters[2].quantiles;
  std::vector<double> count(16);
  constexpr int64_t kDraws = 1'000'000;
  posterior.draw_blocks(kDraws, kSeed, false, [&](const DrawBlock& block) {
    for (const double x : block.theta(0))
      ++count[static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), x) - ends.begin())];
  });
  double chi_square = 0, below = 0;
  for (size_t i = 0; i < 16; ++i) {
    const double next = i < 15 ? exact.theta(0, ends[i]).cdf : 1.0;
    const double expected = static_cast<double>(kDraws) * (next - below);
    chi_square += (count[i] - expected) * (count[i] - expected) / expected;
    below = next;
  }
  // 15 degrees of freedom: 30.58 is p = 0.01. It is 20.0, p = 0.17.
  EXPECT_LT(chi_square, 30.58);
}

}  // namespace
}  // namespace taugrid
