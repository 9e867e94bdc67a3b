// What must hold of every row of the table of priors however it is computed: y, sigma and the
// prior's scales times a power of two, a shift of y, another order of the schools, and a school
// split in two halves; and of a mixture, that it is its rows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

// A prior's text when the unit of y is c of the old ones, c a power of two.
struct Scaled {
  std::string name;
  std::function<std::string(double c)> text;
  bool looks_at_sigma = false;
  bool exact = true;  // whether its scale in another unit is exact: that of a logarithm is not
};
void PrintTo(const Scaled& prior, std::ostream* out) { *out << prior.name; }

std::string table(double c) {
  static const ScratchFolder kFolder;
  std::string text = "tau,density\n";
  for (int i = 0; i <= 20; ++i)
    text += fmt::format("{},{}\n", c * 1.5 * i, std::exp(-0.01 * i * i) * (1 + i % 3));
  return "table:" + kFolder.write(fmt::format("table{}.csv", std::log2(c)), text);
}

std::vector<Scaled> priors() {
  const auto one = [](const std::string& name, double s) {
    return Scaled{name, [=](double c) { return fmt::format("{}:{}", name, c * s); }};
  };
  const auto shaped = [](const std::string& name, double shape, double s, int power) {
    return Scaled{name, [=](double c) {
                    return fmt::format("{}:{},{}", name, shape, s * std::pow(c, power));
                  }};
  };
  const auto plain = [](const std::string& name, bool looks_at_sigma) {
    return Scaled{name, [=](double) { return name; }, looks_at_sigma};
  };
  std::vector<Scaled> all = {plain("uniform", false),
                             one("uniform", 40),
                             one("half_normal", 5),
                             one("half_cauchy", 3),
                             shaped("half_t", 4, 5, 1),
                             one("half_logistic", 5),
                             one("exponential", 5),
                             shaped("lomax", 3, 10, 1),
                             one("rayleigh", 5),
                             shaped("gamma", 2, 0.25, -1),
                             shaped("inv_gamma", 2, 5, 1),
                             shaped("inv_gamma_var", 1, 20, 2),
                             shaped("inv_chi_scaled", 4, 5, 1),
                             plain("sqrt", false),
                             plain("jeffreys", true),
                             plain("overall_jeffreys", true),
                             plain("berger_deely", true),
                             plain("conventional", true),
                             plain("dumouchel", true),
                             plain("shrinkage", true),
                             plain("i2", true),
                             one("fixed", 6)};
  all[1].name = "uniform_bounded";
  all.push_back({"log_uniform",
                 [](double c) { return fmt::format("log_uniform:{},{}", 0.25 * c, 64 * c); }, false,
                 false});
  all.push_back({"log_normal",
                 [](double c) { return fmt::format("log_normal:{},0.8", 1.5 + std::log(c)); },
                 false, false});
  all.push_back({"log_t", [](double c) { return fmt::format("log_t:4,{},0.5", 1.5 + std::log(c)); },
                 false, false});
  all.push_back({"table", table, false, false});
  all.push_back({"mixture", [](double c) {
                   return fmt::format("mixture:0.25*half_normal:{}+0.75*half_cauchy:{}", c, 9 * c);
                 }});
  all.push_back(
      {"mixture_of_all_kinds",
       [](double c) {
         return fmt::format(
             "mixture:0.25*fixed:0+0.125*fixed:{}+0.25*{}+0.25*dumouchel+0.125*uniform:{}", 7 * c,
             table(c), 3 * c);
       },
       true, false});
  return all;
}

FitSummary fit(const Data& data, const std::string& prior) {
  return Posterior(data, prior, "flat", {"cpu", 1}).summary();
}

std::vector<double> sizes(const ParameterSummary& p) {
  std::vector<double> all = p.quantiles;
  all.insert(all.end(), {p.mean, p.mode, p.central.lower, p.central.upper, p.shortest.lower,
                         p.shortest.upper, p.sd});
  return all;
}

class EveryPrior : public testing::TestWithParam<Scaled> {};

TEST_P(EveryPrior, ScalesWithTheUnit) {
  const FitSummary base = fit(eight_schools(), GetParam().text(1));
  for (const double c : {0x1p-40, 0x1p9}) {
    Data data = eight_schools();
    for (double& y : data.y) y *= c;
    for (double& sigma : data.sigma) sigma *= c;
    const FitSummary scaled = fit(data, GetParam().text(c));
    for (size_t k = 0; k < base.parameters.size(); ++k) {
      const std::vector<double> from = sizes(base.parameters[k]), to = sizes(scaled.parameters[k]);
      for (size_t i = 0; i < from.size(); ++i) {
        if (GetParam().exact) {
          EXPECT_EQ(to[i], c * from[i]) << base.parameters[k].name << " " << i;
        } else {
          EXPECT_NEAR(to[i] / c, from[i], 2e-9 * base.parameters[k].sd)
              << base.parameters[k].name << " " << i;
        }
      }
    }
  }
}

TEST_P(EveryPrior, ShiftsWithY) {
  const FitSummary base = fit(eight_schools(), GetParam().text(1));
  Data data = eight_schools();
  for (double& y : data.y) y += 1024;
  const FitSummary shifted = fit(data, GetParam().text(1));
  EXPECT_EQ(sizes(shifted.parameters[0]), sizes(base.parameters[0]));
  for (size_t k = 1; k < base.parameters.size(); ++k) {
    EXPECT_EQ(shifted.parameters[k].sd, base.parameters[k].sd);
    EXPECT_NEAR(shifted.parameters[k].mean, base.parameters[k].mean + 1024, 1e-12);
    EXPECT_NEAR(shifted.parameters[k].quantiles[2], base.parameters[k].quantiles[2] + 1024, 1e-12);
  }
}

TEST_P(EveryPrior, DoesNotSeeTheOrderOfSchools) {
  const FitSummary base = fit(eight_schools(), GetParam().text(1));
  const size_t order[8] = {5, 2, 7, 0, 4, 6, 1, 3};
  Data data;
  for (const size_t j : order) {
    data.y.push_back(eight_schools().y[j]);
    data.sigma.push_back(eight_schools().sigma[j]);
  }
  const FitSummary permuted = fit(data, GetParam().text(1));
  for (size_t k = 0; k < base.parameters.size(); ++k) {
    const size_t from = k >= 2 && k < 10 ? 2 + order[k - 2] : k;
    const ParameterSummary &p = base.parameters[from], &q = permuted.parameters[k];
    EXPECT_NEAR(q.mean, p.mean, 1e-11 * (p.sd + std::abs(p.mean))) << p.name;
    EXPECT_NEAR(q.sd, p.sd, 1e-11 * p.sd) << p.name;
    for (size_t i = 0; i < 7; ++i)
      EXPECT_NEAR(q.quantiles[i], p.quantiles[i], 1e-11 * (p.sd + std::abs(p.mean))) << p.name;
  }
}

// A school of sigma and two of sigma sqrt(2) with the same y say the same where tau = 0; where it
// is not they do not, so the whole is compared in a unit of tau that leaves next to nothing but tau
// = 0.
TEST_P(EveryPrior, SaysTheSameOfMuFromASplitSchoolNearCompletePooling) {
  const std::string prior = GetParam().text(0x1p-40);
  if (GetParam().looks_at_sigma || prior == GetParam().text(1))
    GTEST_SKIP() << prior << " has no scale of its own";
  if (GetParam().name == "log_t") GTEST_SKIP() << "a tail in log tau reaches every scale";
  Data halves = eight_schools();
  halves.sigma[0] *= std::sqrt(2.0);
  halves.y.push_back(halves.y[0]);
  halves.sigma.push_back(halves.sigma[0]);
  const ParameterSummary one = fit(eight_schools(), prior).parameters[1],
                         two = fit(halves, prior).parameters[1];
  EXPECT_NEAR(two.mean, one.mean, 1e-11 * one.sd);
  EXPECT_NEAR(two.sd, one.sd, 1e-11 * one.sd);
  for (size_t i = 0; i < 7; ++i)
    EXPECT_NEAR(two.quantiles[i], one.quantiles[i], 1e-11 * one.sd) << i;
}

INSTANTIATE_TEST_SUITE_P(Rows, EveryPrior, testing::ValuesIn(priors()),
                         [](const auto& info) { return info.param.name; });

// Where the density jumps from and to nothing: a mixture is its rows, weighted by their evidence.
TEST(PriorMixture, OfDisjointRowsIsTheirWeightedAverage) {
  for (const int n : {2, 8, 16}) {
    std::string prior = "mixture:";
    double evidence = 0, mean_mu = 0, mean_tau = 0;
    for (int k = 0; k < n; ++k) {
      const double lo = 1 + 1.5 * k;
      const std::string row = "log_uniform:" + std::to_string(lo) + "," + std::to_string(1.05 * lo);
      prior += (k == 0 ? "" : "+") + std::to_string(1.0 / n) + "*" + row;
      const FitSummary summary = Posterior(eight_schools(), row, "flat").summary();
      const double weight = std::exp(summary.log_marginal_likelihood) / n;
      evidence += weight;
      mean_tau += weight * summary.parameters[0].mean;
      mean_mu += weight * summary.parameters[1].mean;
    }
    const FitSummary summary = Posterior(eight_schools(), prior, "flat").summary();
    EXPECT_NEAR(summary.log_marginal_likelihood, std::log(evidence), 1e-10) << prior;
    EXPECT_NEAR(summary.parameters[0].mean, mean_tau / evidence, 1e-9) << prior;
    EXPECT_NEAR(summary.parameters[1].mean, mean_mu / evidence, 1e-9) << prior;
  }
}

}  // namespace
}  // namespace taugrid
