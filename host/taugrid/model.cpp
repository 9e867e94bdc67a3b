#include "host/taugrid/model.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "kernels/math/posterior.h"

namespace taugrid {
namespace {

// What p(tau | y) falls as a power of, beside the prior's own exponent: with a flat mu one school's
// worth of information goes into mu.
double likelihood_exponent(const Model& model) {
  const double n_schools = static_cast<double>(model.data.n_schools());
  return model.mu_prior.proper() ? n_schools : n_schools - 1.0;
}

bool moment_exists(const Model& model, int k) {
  if (model.tau_prior.fixed()) return std::isfinite(model.tau_prior.parameters[0]);
  if (k == 0 && model.tau_prior.proper) return true;
  const double exponent = model.tau_prior.tail_exponent + likelihood_exponent(model);
  return exponent > k + 1.0 || (model.tau_prior.log_tail && exponent == k + 1.0);
}

// Beyond these ratios the problem no longer fits the range of a double, squares and products
// included.
constexpr double kWidestRatio = 1e24;

void check_range(const Model& model) {
  double sigma_min = model.data.sigma[0];
  double y_min = model.data.y[0], y_max = y_min;
  for (size_t j = 0; j < model.data.y.size(); ++j) {
    sigma_min = std::min(sigma_min, model.data.sigma[j]);
    y_min = std::min(y_min, model.data.y[j]);
    y_max = std::max(y_max, model.data.y[j]);
  }
  const auto require = [&](bool condition, const std::string& what) {
    if (!condition)
      throw std::invalid_argument(
          what + " differs from the smallest sigma by a factor above 1e24: too wide for " +
          "double precision");
  };
  const MuPrior& mu = model.mu_prior;
  const double widest = kWidestRatio * sigma_min;
  if (mu.form == MuForm::kNormal) {
    require(mu.b <= widest && mu.b >= sigma_min / kWidestRatio, "mu prior " + mu.text + ": sd");
    require(std::abs(mu.a - y_min) <= widest && std::abs(mu.a - y_max) <= widest,
            "mu prior " + mu.text + ": distance of the mean from y");
  }
  if (mu.form == MuForm::kUniform)
    require(std::abs(mu.a - y_min) <= widest && std::abs(mu.b - y_max) <= widest &&
                mu.b - mu.a >= sigma_min / kWidestRatio,
            "mu prior " + mu.text + ": distance of the bounds from y or from each other");
  if (model.tau_prior.fixed() && std::isinf(model.tau_prior.parameters[0])) return;
  const auto check = [&](const TauPrior& prior, const std::string& of) {
    for (const double scale : tau_prior_scales(prior))
      require(scale <= widest && (scale >= sigma_min / kWidestRatio || prior.fixed()),
              "tau prior " + model.tau_prior.text + ": " + of +
                  (prior.fixed() ? "value (no pooling is fixed:inf)" : "scale"));
  };
  check(model.tau_prior, "");
  for (const TauPrior& row : model.tau_prior.rows) check(row, row.text + ": ");
}

}  // namespace

bool Model::tau_moment_exists(int k) const { return moment_exists(*this, k); }

bool Model::mu_moment_exists(int k) const { return mu_prior.proper() || moment_exists(*this, k); }

Model make_model(Data data, const std::string& tau_prior, const std::string& mu_prior) {
  validate(data);
  Model model{std::move(data), parse_tau_prior(tau_prior), parse_mu_prior(mu_prior)};
  check_range(model);
  if (model.data.n_schools() < model.tau_prior.min_schools)
    throw std::invalid_argument("tau prior " + model.tau_prior.text + ": J is " +
                                std::to_string(model.data.n_schools()) + ", must be at least " +
                                std::to_string(model.tau_prior.min_schools));
  if (!model.tau_prior.fixed() && !moment_exists(model, 0)) {
    const int64_t n_schools = model.data.n_schools();
    const double exponent = model.tau_prior.tail_exponent + likelihood_exponent(model);
    const auto needed = static_cast<int64_t>(
        std::floor((model.mu_prior.proper() ? 1.0 : 2.0) - model.tau_prior.tail_exponent) + 1.0);
    char power[32];
    std::snprintf(power, sizeof power, "%g", exponent);
    throw std::invalid_argument(
        "the posterior is improper: with J = " + std::to_string(n_schools) + ", tau prior " +
        model.tau_prior.text + " and mu prior " + model.mu_prior.text +
        ", p(tau|y) falls only as tau^-" + power +
        " and has no finite integral; a proper prior of tau (half_normal:scale, half_cauchy:scale, "
        "uniform:A)" +
        (model.mu_prior.proper() ? "" : ", a proper prior of mu with J = 2 or more,") +
        " or J of at least " + std::to_string(needed) + " would do");
  }
  return model;
}

}  // namespace taugrid
