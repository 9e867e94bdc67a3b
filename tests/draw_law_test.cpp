// The laws of the draws: Kolmogorov and Smirnov's distance of 10^6 and 10^7 draws from exact CDFs,
// which come from integration of the model in long double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "host/taugrid/posterior.h"
#include "kernels/math/draw.h"
#include "tests/data_sets.h"
#include "tests/direct_integration.h"
#include "tests/kolmogorov_smirnov.h"

namespace taugrid {
namespace {

constexpr uint64_t kSeed = 1;

using LogPrior = std::function<long double(long double tau)>;

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

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

// The same draws are not those of another prior: the test can fail.
TEST(DrawLaw, IsNotThatOfAnotherPrior) {
  const Data data = eight_schools();
  const GridPosterior other(
      data, [](Wide tau) { return -std::log1p(tau * tau / 2500); }, 1e5, "flat");
  const auto p =
      p_values(Posterior(data, "uniform", "flat"), 1'000'000, {{column_tau(), other.tau()}});
  EXPECT_LT(p[0], 1e-9);
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
