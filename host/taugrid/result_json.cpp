// A value that does not exist is NaN here and null once printed: nlohmann-json does that, for
// infinities too.
#include "host/taugrid/result_json.h"

#include <cmath>

#include "host/taugrid/device.h"
#include "kernels/math/philox.h"

namespace taugrid {
namespace {

void add_quantiles(Json& object, const std::vector<double>& probabilities,
                   const std::vector<double>& quantiles) {
  for (size_t i = 0; i < probabilities.size(); ++i) {
    object["q" + percent_text(probabilities[i])] = quantiles[i];
  }
}

Json interval_json(const Interval& interval) {
  return Json::array({interval.lower, interval.upper});
}

Json sample_json(const DrawSummary& draw, const SampleSummary& sample) {
  Json object;
  object["mean"] = sample.mean;
  object["se_mean"] = sample.se_mean;
  object["sd"] = sample.sd;
  add_quantiles(object, draw.probabilities, sample.quantiles);
  // By construction, and only where there is anything to draw.
  const bool exists = !sample.quantiles.empty() && !std::isnan(sample.quantiles.front());
  object["n_eff"] = exists ? Json(draw.draws) : Json();
  object["Rhat"] = exists ? Json(1) : Json();
  object["rank_error"] = sample.rank_error;
  return object;
}

}  // namespace

Json result_head(const Result& result) {
  const FitSummary& fit = result.fit;
  Json object;
  object["taugrid"] = version();
  object["stream"] = kStreamVersion;
  object["backend"] = result.draw != nullptr ? result.draw->backend : fit.backend;
  object["seconds"] = fit.seconds;
  object["model"] = {
      {"J", fit.n_schools}, {"tau_prior", fit.tau_prior}, {"mu_prior", fit.mu_prior}};
  if (result.draw != nullptr) {
    object["draws"] = result.draw->draws;
    object["seed"] = result.draw->seed;
    object["precision"] = result.draw->precision;
    object["draws_per_second"] = result.draw->draws_per_second;
  }
  object["log_marginal_likelihood"] = fit.log_marginal_likelihood;
  return object;
}

Json result_parameter(const Result& result, size_t k) {
  const FitSummary& fit = result.fit;
  const ParameterSummary& parameter = fit.parameters[k];
  Json object;
  object["name"] = parameter.name;
  if (!parameter.label.empty()) object["label"] = parameter.label;
  object["mean"] = parameter.mean;
  object["sd"] = parameter.sd;
  object["mode"] = parameter.mode;
  add_quantiles(object, fit.probabilities, parameter.quantiles);
  const auto add_intervals = [&](double level, const Interval& central, const Interval& shortest) {
    object["central" + percent_text(level)] = interval_json(central);
    object["shortest" + percent_text(level)] = interval_json(shortest);
  };
  add_intervals(fit.level, parameter.central, parameter.shortest);
  for (size_t i = 0; i < fit.more_levels.size(); ++i)
    add_intervals(fit.more_levels[i], parameter.more_central[i], parameter.more_shortest[i]);
  if (result.draw != nullptr)
    object["sample"] = sample_json(*result.draw, result.draw->parameters[k]);
  return object;
}

Json result_tail(const Result& result) {
  const FitSummary& fit = result.fit;
  Json object;
  object["joint"] = {{"mode", {{"tau", fit.joint_mode_tau}, {"mu", fit.joint_mode_mu}}},
                     {"cov_mu_tau", fit.cov_mu_tau},
                     {"corr_mu_tau", fit.corr_mu_tau}};
  add_request_json(fit, object);
  object["notes"] = fit.notes;
  return object;
}

}  // namespace taugrid
