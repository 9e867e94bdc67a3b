// Counts what one fit evaluates, for every row of the table of priors: the second table of
// docs/performance.md. Lanes are single, so that a density at eight taus counts as eight. Build the
// target taugrid_fit_counts; nothing else needs it.
//
//   nodes  of tau, at which p(tau | y) is integrated
//
//   log p  evaluations of log p(tau | y): scan, panels, tau's mode and shortest interval
//
//   CDF    evaluations of a mixture's CDF, for quantiles and shortest intervals
//
//   terms  normal CDFs in them: a mixture is over nodes of its own, and coarsely over half
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>

#include "bench/bench_data.h"
#include "host/taugrid/engine.h"
#include "kernels/cpu/team.h"
#include "kernels/math/fit.h"

namespace taugrid {
namespace {

struct Counts {
  long log_densities, cdfs, terms;
} counts;

struct Counting {};

}  // namespace

// The lane sets of a fit whose team counts, L and the S made of it, and what they count.
using CountingLanes = Scalar<double, Counting>;
using CountingScalar = Scalar<double, CountingLanes>;

template <class L>
double counted_log_posterior(const Problem& problem, double x, GivenTau<L>& at, double reference) {
  ++counts.log_densities;
  GivenTau<Scalar<>> plain;
  const double log_p = log_posterior<Scalar<>>(problem, x, plain, reference);
  at = {plain.tau2, plain.mu_hat, plain.v_mu, plain.tau, plain.sum_log_v};
  return log_p;
}
template <>
double log_posterior(const Problem& problem, double x, GivenTau<CountingLanes>& at,
                     double reference) {
  return counted_log_posterior(problem, x, at, reference);
}
template <>
double log_posterior(const Problem& problem, double x, GivenTau<CountingScalar>& at,
                     double reference) {
  return counted_log_posterior(problem, x, at, reference);
}
template <>
NormalTails<CountingLanes> normal_tails<CountingLanes>(double x) {
  ++counts.terms;
  const auto tails = normal_tails<Scalar<>>(x);
  return {tails.pdf, tails.lower, tails.upper};
}

namespace {

struct CountingTeam : CpuTeam<CountingLanes> {
  // Four sums are a mixture's CDFs, density and slope (mixture.h).
  template <int K, class F>
  void sum(int n, double (&total)[K], const F& f) {
    if (K == 4) ++counts.cdfs;
    CpuTeam<CountingLanes>::sum<K>(n, total, f);
  }
};

// Effects with tau about sigma, as sweeps and simulations have them.
Data fifty_schools() {
  Data data;
  for (int j = 0; j < 50; ++j) {
    const double u = std::fmod((j + 1) * 0.61803398874989485, 1.0),
                 v = std::fmod((j + 1) * 0.41421356237309515, 1.0);
    data.sigma.push_back(8 + 10 * u);
    data.y.push_back(8 + 60 * (v - 0.5));
  }
  return data;
}

Counts count(const Engine& engine, int n_probabilities, bool everything, int& nodes) {
  const double three[] = {0.025, 0.5, 0.975}, seven[] = {0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975};
  FitStorage storage(engine.model.data.n_schools(), n_probabilities);
  FitRequest request = engine.request();
  request.probabilities = n_probabilities == 3 ? three : seven;
  request.n_probabilities = n_probabilities;
  request.theta = request.mode_and_shortest = request.joint = everything;
  const auto workspace = std::make_unique<FitWorkspace>();
  CountingTeam team;
  counts = {};
  fit(team, engine.problem, request, *workspace, storage.result);
  nodes = storage.result.nodes;
  return counts;
}

void table(const char* title, const Data& data) {
  std::printf(
      "\n%s, flat mu\n\n| prior of tau | nodes | log p | CDF | terms | log p, all | CDF, all | "
      "terms, all |\n|---|---|---|---|---|---|---|---|\n",
      title);
  for (const TauPriorRow& row : tau_prior_rows()) {
    const Engine engine(make_model(data, row.example, "flat"), "cpu", 1);
    int nodes;
    const Counts some = count(engine, 3, false, nodes), all = count(engine, 7, true, nodes);
    std::printf("| `%s` | %d | %ld | %ld | %ld | %ld | %ld | %ld |\n", row.example, nodes,
                some.log_densities, some.cdfs, some.terms, all.log_densities, all.cdfs, all.terms);
  }
}

}  // namespace
}  // namespace taugrid

int main() {
  taugrid::table("The eight schools", taugrid::eight_schools());
  taugrid::table("50 schools", taugrid::fifty_schools());
}
