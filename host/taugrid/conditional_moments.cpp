// mu | tau, y is normal, truncated under a uniform prior of mu; theta_j | tau, y = B_j y_j + (1 -
// B_j) mu + noise of variance sigma_j^2 B_j, so its moments follow from mu's whether it is normal
// or not:
//   E = B_j y_j + (1 - B_j) E mu,  Var = sigma_j^2 B_j + (1 - B_j)^2 Var mu       (BDA3,
//   eqs. 5.17, 5.20)
#include "host/taugrid/conditional_moments.h"

#include <cmath>
#include <limits>

#include "host/taugrid/law.h"
#include "host/taugrid/typical_scale.h"

namespace taugrid {
namespace {

using S = Scalar<>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Moments {
  double mean, variance;
};

// Internal units.
Moments mu_given_tau(const Problem& problem, const GivenTau<S>& at) {
  if (problem.mu.form != MuForm::kUniform) return {at.mu_hat, at.v_mu};
  const double inverse_sd = 1.0 / std::sqrt(at.v_mu);
  return {truncated_mean<S>(problem.mu.a, problem.mu.b, at.mu_hat, inverse_sd),
          truncated_variance<S>(problem.mu.a, problem.mu.b, at.mu_hat, inverse_sd)};
}

// tau = infinity leaves mu its prior; units of y.
Moments mu_of_prior(const MuPrior& prior) {
  if (prior.form == MuForm::kNormal) return {prior.a, prior.b * prior.b};
  const double width = prior.b - prior.a;
  if (prior.form == MuForm::kUniform) return {prior.a + 0.5 * width, width * width / 12.0};
  return {kNaN, kNaN};
}

// tau^2/(tau^2 + s^2)
double share(double tau, double s) {
  if (std::isinf(tau)) return 1.0;
  const double ratio = tau > s ? s / tau : tau / s;
  const double square = ratio * ratio;
  return tau > s ? 1.0 / (1.0 + square) : square / (1.0 + square);
}

}  // namespace

ConditionalMoments conditional_moments(const Engine& engine, const std::vector<double>& tau) {
  const Data& data = engine.model.data;
  const size_t n_schools = data.y.size();
  const double s = n_schools > 1 ? typical_scale(engine.sigma) * engine.unit : kNaN;
  ConditionalMoments result;
  result.tau = tau;
  result.log_density = log_tau_density(engine, tau);
  for (const double t : tau) {
    result.i2.push_back(share(t, s));
    std::vector<double> mean(n_schools), sd(n_schools);
    if (std::isinf(t)) {
      const Moments mu = mu_of_prior(engine.model.mu_prior);
      result.mu_mean.push_back(mu.mean);
      result.mu_sd.push_back(std::sqrt(mu.variance));
      mean = data.y;
      sd = data.sigma;
    } else {
      const double tau2 = (t / engine.unit) * (t / engine.unit);
      const Moments mu = mu_given_tau(engine.problem, given_tau<S>(engine.problem, tau2));
      result.mu_mean.push_back(std::fma(engine.unit, mu.mean, engine.centre));
      result.mu_sd.push_back(engine.unit * std::sqrt(mu.variance));
      // theta_given_tau is linear in mu: its normal with mu's own mean and variance has theta_j's.
      const GivenTau<S> moments{tau2, mu.mean, mu.variance};
      for (size_t j = 0; j < n_schools; ++j) {
        double m, v;
        theta_given_tau<S>(engine.problem, static_cast<int64_t>(j), moments, m, v);
        mean[j] = std::fma(engine.unit, m, engine.centre);
        sd[j] = engine.unit * std::sqrt(v);
      }
    }
    result.theta_mean.push_back(std::move(mean));
    result.theta_sd.push_back(std::move(sd));
  }
  if (n_schools < 2) result.i2.assign(tau.size(), kNaN);
  return result;
}

}  // namespace taugrid
