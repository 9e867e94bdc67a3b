#include "host/taugrid/prior_integral.h"

#include <memory>
#include <vector>

#include "kernels/cpu/team.h"
#include "kernels/math/fit_types.h"
#include "kernels/math/quadrature.h"

namespace taugrid {

double prior_panels(const PriorRecord& prior, std::span<const double> sigma, FitWorkspace& w) {
  // The posterior's own scan and panels, of the prior alone.
  using L = Scalar<>;
  const std::vector<double> y(sigma.size(), 0.0);
  Problem problem{};
  problem.y = y.data();
  problem.sigma = sigma.data();
  problem.n_schools = static_cast<int64_t>(sigma.size());
  problem.tau_prior = prior;
  const auto log_density = [&](double x) {
    GivenTau<L> at;
    log_likelihood<L>(problem, x, at);  // for the sums over schools
    return log_prior_at<L>(problem, x, at);
  };
  CpuTeam<L> team;
  make_panel_rule(team, w.rule);
  scan_tau(team, problem, 0, log_density, w);
  PanelTolerance tolerance{1e-13, 1.0, 1e-7, 1e-19, 0.0, 0.0, real_of(0x7FF0000000000000u)};
  if (prior.numbers != nullptr) tolerance.most = kMaxPanels;
  cut_panels(team, problem, tolerance, log_density, w);
  build_panels(
      team, w.rule, [&](double x, int) { return log_density(x); }, w.peak, w.cuts, w.n_cuts,
      tolerance, w.scratch, w.tau, AtKink{prior.numbers + prior.kinks.first, prior.kinks.n});
  return w.tau.log_mass;
}

double log_prior_integral(const PriorRecord& prior, std::span<const double> sigma) {
  return prior_panels(prior, sigma, *std::make_unique_for_overwrite<FitWorkspace>());
}

}  // namespace taugrid
