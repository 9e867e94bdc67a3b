// p(y | tau = 0)/p(y) needs no integral but p(y), and p(y | mu = 0) is the evidence of the model
// whose mu is known to be 0. By Savage & Dickey it is p(mu = 0 | y)/p(mu = 0) times p(y), but the
// nodes of tau that p(tau | y) needs are not those that p(tau | y, mu = 0) needs where 0 is far
// from the data: it is integrated anew.
#include "host/taugrid/bayes_factors.h"

#include <cmath>
#include <limits>

namespace taugrid {
namespace {

using S = Scalar<>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

BayesFactors bayes_factors(const Engine& engine, const Evidence& evidence,
                           std::vector<std::string>& notes) {
  const Model& model = engine.model;
  BayesFactors result{kNaN, kNaN, kNaN, kNaN};
  const bool infinite = model.tau_prior.no_pooling();
  const double log_p = evidence.log_p;
  if (!infinite && std::isnan(log_p))
    notes.push_back("no Bayes factors: the posterior could not be integrated to the last digits");
  if (model.tau_prior.fixed()) {
    notes.push_back("no Bayes factor of tau = 0: tau is fixed");
  } else if (!model.tau_prior.proper) {
    notes.push_back("no Bayes factor of tau = 0: the prior of tau is improper");
  } else {
    GivenTau<S> at;
    result.log_tau_zero = log_likelihood_at_tau2<S>(engine.problem, 0.0, at) - log_p;
  }
  if (!model.mu_prior.proper()) {
    notes.push_back("no Bayes factor of mu = 0: the prior of mu is flat");
  } else if (infinite) {
    notes.push_back("no Bayes factor of mu = 0: the marginal likelihood is 0 at tau = infinity");
  } else {
    // Known, as a normal prior about 0 so narrow that its width is far below rounding. About that
    // 0, not about the data: the place of so narrow a prior must be exact.
    std::vector<double> y;
    for (const double value : model.data.y) y.push_back(value / engine.unit);
    Problem at_zero = engine.problem;
    at_zero.y = y.data();
    at_zero.mu = mu_record(MuForm::kNormal, 0.0, 1e-18);
    const auto constant = [&](MuForm form) {
      return log_evidence_constant(form, model.data.n_schools(), engine.log_unit);
    };
    const auto workspace = std::make_unique_for_overwrite<FitWorkspace>();
    result.log_mu_zero = log_evidence(engine, at_zero, *workspace) - log_p +
                         (constant(at_zero.mu.form) - constant(engine.problem.mu.form));
  }
  if (!std::isnan(result.log_tau_zero)) result.tau_zero = exp<S>(result.log_tau_zero);
  if (!std::isnan(result.log_mu_zero)) result.mu_zero = exp<S>(result.log_mu_zero);
  return result;
}

}  // namespace taugrid
