// The few nodes of tau that mixtures are taken over, against the panels' many: the same CDFs, and
// fewer nodes wherever the posterior of log tau is smooth.
#include "kernels/math/mixture_nodes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/taugrid/engine.h"
#include "kernels/cpu/team.h"
#include "kernels/math/fit.h"
#include "tests/data_sets.h"

namespace taugrid {
namespace {

using Team = CpuTeam<Scalar<>>;

// The largest difference of the CDFs of mu, theta_1 .. theta_3 and theta_new at places from -4 to 4
// of their sds about their means.
double cdf_difference(const Engine& engine, const MixtureNodes& nodes) {
  Team team;
  const auto all = std::make_unique<FitWorkspace>(*engine.posterior);
  const auto few = std::make_unique<FitWorkspace>(*engine.posterior);
  std::vector<std::pair<MixtureOf, int64_t>> laws = {{MixtureOf::kMu, 0},
                                                     {MixtureOf::kThetaNew, 0}};
  for (int64_t j = 0; j < std::min<int64_t>(3, engine.problem.n_schools); ++j)
    laws.emplace_back(MixtureOf::kTheta, j);
  double worst = 0;
  for (const auto& [of, j] : laws) {
    const MixtureNodes panels = panel_nodes(*all);
    prepare_mixture(team, engine.problem, of, j, panels, *all);
    prepare_mixture(team, engine.problem, of, j, nodes, *few);
    const Mixture<Team> exact{team, panels.weight, all->mean, all->inverse_sd, panels.n};
    const Mixture<Team> law{team, nodes.weight, few->mean, few->inverse_sd, nodes.n};
    double centre = 0, scale = 0;
    for (int i = 0; i < panels.n; ++i) {
      centre += panels.weight[i] * all->mean[i];
      scale += panels.weight[i] / all->inverse_sd[i];
    }
    for (int k = -40; k <= 40; ++k) {
      const double x = centre + 0.1 * k * scale;
      const auto a = exact.at(x), b = law.at(x);
      worst = std::max({worst, std::abs(a.lower - b.lower), std::abs(a.upper - b.upper)});
    }
  }
  return worst;
}

std::vector<Data> data_sets() {
  Data outlier = eight_schools();
  outlier.y[7] = 1e6;
  return {eight_schools(),
          many_schools(2),
          many_schools(3),
          many_schools(30),
          many_schools(300),
          {{5}, {2}, {}},
          {{3, 3, 3, 3}, {1, 2, 3, 4}, {}},
          {{0, 1, -1, 0.5, 1000, 1001, 999, 1000.5}, std::vector<double>(8, 1.0), {}},
          outlier};
}

TEST(MixtureNodes, GiveTheCdfsOfThePanelsNodes) {
  Team team;
  int fewer = 0, all = 0;
  for (const TauPriorRow& row : tau_prior_rows())
    for (const Data& data : data_sets())
      for (const char* mu : {"flat", "normal:0,5"}) {
        std::optional<Engine> engine;
        try {
          engine.emplace(make_model(data, row.example, mu), "cpu", 1);
        } catch (const std::invalid_argument&) {
          continue;  // improper
        }
        if (!engine->tau_is_random) continue;
        const MixtureNodes nodes = make_mixture_nodes(team, engine->problem, *engine->posterior);
        ++all;
        if (nodes.weight != engine->posterior->mixture_weight) continue;
        ++fewer;
        EXPECT_LT(cdf_difference(*engine, nodes), 1e-11)
            << row.example << ", mu " << mu << ", J = " << data.n_schools() << ", nodes "
            << nodes.n;
      }
  // Not where the support ends or the prior is a table or a mixture, nor where the rule fails its
  // own test.
  EXPECT_GT(fewer, all / 3) << "of " << all;
}

TEST(MixtureNodes, AreFewOnTheEightSchools) {
  Team team;
  for (const char* prior : {"uniform", "half_normal:5", "half_cauchy:5", "half_t:4,5", "sqrt"}) {
    const Engine engine(make_model(eight_schools(), prior, "flat"), "cpu", 1);
    EXPECT_LE(make_mixture_nodes(team, engine.problem, *engine.posterior).n, 80) << prior;
  }
}

TEST(MixtureNodes, AreThePanelsWhereTheRuleDoesNotHold) {
  Team team;
  for (const char* prior :
       {"uniform:10", "log_uniform:0.1,100", "table:" TAUGRID_SOURCE_DIR "/data/tau_prior.csv"}) {
    const Engine engine(make_model(eight_schools(), prior, "flat"), "cpu", 1);
    const FitWorkspace& w = *engine.posterior;
    EXPECT_EQ(make_mixture_nodes(team, engine.problem, *engine.posterior).weight,
              w.tau.weight + w.first_node)
        << prior;
  }
}

}  // namespace
}  // namespace taugrid
