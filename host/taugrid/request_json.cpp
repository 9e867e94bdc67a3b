// The keys of what was asked for beside the table.
#include <cmath>

#include "host/taugrid/result_json.h"

namespace taugrid {
namespace {

// tau = infinity is a value like others, for which JSON has no number.
Json tau_json(const std::vector<double>& tau) {
  Json list = Json::array();
  for (const double value : tau) list.push_back(std::isinf(value) ? Json("inf") : Json(value));
  return list;
}

Json weights_json(const Weights& weights) {
  if (!weights.linear) return {};
  Json object;
  object["mu"] = weights.mu;
  object["theta"] = weights.theta;
  object["prior"] = {{"mu", weights.mu_prior}, {"theta", weights.theta_prior}};
  return object;
}

Json loo_json(const LeaveOneOut& loo) {
  if (loo.pointwise.empty()) return {};
  Json object;
  object["elpd"] = loo.elpd;
  object["se"] = loo.se;
  object["p_loo"] = loo.p_loo;
  object["pointwise"] = loo.pointwise;
  object["lpd"] = loo.lpd;
  object["pit"] = loo.pit;
  return object;
}

}  // namespace

void add_request_json(const FitSummary& fit, Json& object) {
  for (const Exceedance& e : fit.exceed)
    object["exceed"].push_back(
        Json{{"parameter", e.parameter}, {"value", e.value}, {"probability", e.probability}});
  for (const DensityCurve& curve : fit.density)
    object["density"].push_back(Json{
        {"parameter", curve.parameter}, {"x", curve.x}, {"pdf", curve.pdf}, {"cdf", curve.cdf}});
  if (fit.given_tau) {
    const ConditionalMoments& given = *fit.given_tau;
    object["given_tau"] = {{"tau", tau_json(given.tau)},
                           {"log_density", given.log_density},
                           {"mu", {{"mean", given.mu_mean}, {"sd", given.mu_sd}}},
                           {"theta", {{"mean", given.theta_mean}, {"sd", given.theta_sd}}},
                           {"I2", given.i2}};
  }
  if (fit.weights) {
    object["shrinkage"] = fit.weights->shrinkage;
    object["weights"] = weights_json(*fit.weights);
  }
  if (fit.bayes_factors) {
    const BayesFactors& factors = *fit.bayes_factors;
    object["bayes_factors"] = {
        {"tau=0", factors.tau_zero},
        {"mu=0", factors.mu_zero},
        {"log", {{"tau=0", factors.log_tau_zero}, {"mu=0", factors.log_mu_zero}}}};
  }
  if (fit.loo) object["loo"] = loo_json(*fit.loo);
}

}  // namespace taugrid
