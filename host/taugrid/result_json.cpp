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

ParameterMembers::LevelKeys::LevelKeys(double level)
    : central("central" + percent_text(level)), shortest("shortest" + percent_text(level)) {}

ParameterMembers::ParameterMembers(const Result& result) : result_(result) {
  const FitSummary& fit = result.fit;
  for (const double p : fit.probabilities) quantiles_.push_back("q" + percent_text(p));
  levels_.emplace_back(fit.level);
  for (const double level : fit.more_levels) levels_.emplace_back(level);
}

void ParameterMembers::tell(size_t k, ParameterSink& sink) const {
  const ParameterSummary& parameter = result_.fit.parameters[k];
  sink.text("name", parameter.name);
  if (!parameter.label.empty()) sink.text("label", parameter.label);
  sink.number("mean", parameter.mean);
  sink.number("sd", parameter.sd);
  sink.number("mode", parameter.mode);
  for (size_t i = 0; i < quantiles_.size(); ++i) sink.number(quantiles_[i], parameter.quantiles[i]);
  for (size_t i = 0; i < levels_.size(); ++i) {
    sink.interval(levels_[i].central, i == 0 ? parameter.central : parameter.more_central[i - 1]);
    sink.interval(levels_[i].shortest,
                  i == 0 ? parameter.shortest : parameter.more_shortest[i - 1]);
  }
  if (result_.draw != nullptr)
    sink.object("sample", sample_json(*result_.draw, result_.draw->parameters[k]));
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
