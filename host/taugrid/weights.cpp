// Given tau every mean is linear in y (Roever 2020, J. Stat. Softw. 93(6)):
//   E[mu | tau, y] = sum_k u_k y_k + u_prior m0,  u_k = v_mu/v_k, u_prior = v_mu/s0^2
//   E[theta_j | tau, y] = B_j y_j + (1 - B_j) E[mu | tau, y]
// and averages of the coefficients over p(tau | y) are the weights in the posterior means.
#include "host/taugrid/weights.h"

#include <limits>

#include "host/taugrid/law.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// tau = infinity: theta_j is y_j, and mu its prior.
Weights weights_without_pooling(const Model& model) {
  const size_t n = model.data.y.size();
  const bool exists = model.mu_prior.proper();
  Weights result{};
  result.shrinkage.assign(n, 1.0);
  result.linear = model.mu_prior.form != MuForm::kUniform;
  if (!result.linear) return result;
  result.mu.assign(n, exists ? 0.0 : kNaN);
  result.mu_prior = exists ? 1.0 : kNaN;
  result.theta.assign(n, std::vector<double>(n, 0.0));
  for (size_t j = 0; j < n; ++j) result.theta[j][j] = 1.0;
  result.theta_prior.assign(n, 0.0);
  return result;
}

}  // namespace

Weights posterior_weights(const Engine& engine, const RunControl& control) {
  if (engine.model.tau_prior.no_pooling()) return weights_without_pooling(engine.model);
  const auto nodes = posterior_nodes(engine);
  const Problem& problem = engine.problem;
  const size_t n = engine.y.size();
  Weights result{};
  result.shrinkage.assign(n, 0.0);
  result.linear = problem.mu.form != MuForm::kUniform;
  if (result.linear) {
    result.mu.assign(n, 0.0);
    result.theta.assign(n, std::vector<double>(n, 0.0));
    result.theta_prior.assign(n, 0.0);
  }
  const double w0 = problem.mu.form == MuForm::kNormal ? 1.0 / (problem.mu.b * problem.mu.b) : 0.0;
  std::vector<double> u(n);
  for (int i = 0; i < nodes->n_nodes; ++i) {
    const double weight = nodes->tau.weight[i], tau2 = nodes->tau2[i], v_mu = nodes->v_mu[i];
    if (!(weight > 0.0)) continue;
    if (control.stop && control.stop()) throw Stopped();
    for (size_t k = 0; k < n; ++k)
      u[k] = weight * (v_mu / (engine.sigma[k] * engine.sigma[k] + tau2));
    const double u0 = weight * (v_mu * w0);
    for (size_t j = 0; j < n; ++j) {
      const double s2 = engine.sigma[j] * engine.sigma[j], v = s2 + tau2;
      const double own = weight * (tau2 / v), passed_on = s2 / v;  // B_j and 1 - B_j
      result.shrinkage[j] += own;
      if (!result.linear) continue;
      result.mu[j] += u[j];
      double* row = result.theta[j].data();
      for (size_t k = 0; k < n; ++k) row[k] += passed_on * u[k];
      row[j] += own;
      result.theta_prior[j] += passed_on * u0;
    }
    result.mu_prior += u0;
  }
  return result;
}

}  // namespace taugrid
