#include "host/taugrid/model.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "host/taugrid/model_checks.h"
#include "kernels/math/posterior.h"

namespace taugrid {
namespace {

// What p(tau | y) falls as a power of, beside the prior's own exponent: with a flat mu one school's
// worth of information goes into mu.
double likelihood_exponent(const MuPrior& mu, int64_t n_schools) {
  return static_cast<double>(mu.proper() ? n_schools : n_schools - 1);
}

// Beyond these ratios the problem no longer fits the range of a double, squares and products
// included.
constexpr double kWidestRatio = 1e24;

[[noreturn]] void refuse_range(const std::string& what) {
  throw std::invalid_argument(what +
                              " differs from the smallest sigma by a factor above 1e24: too wide "
                              "for double precision");
}

[[noreturn]] void refuse_improper(const TauPrior& tau, const MuPrior& mu, int64_t n_schools) {
  const double exponent = posterior_exponent(tau, mu, n_schools);
  const auto needed =
      static_cast<int64_t>(std::floor((mu.proper() ? 1.0 : 2.0) - tau.tail_exponent) + 1.0);
  char power[32];
  std::snprintf(power, sizeof power, "%g", exponent);
  throw std::invalid_argument(
      "the posterior is improper: with J = " + std::to_string(n_schools) + ", tau prior " +
      tau.text + " and mu prior " + mu.text + ", p(tau|y) falls only as tau^-" + power +
      " and has no finite integral; a proper prior of tau (half_normal:scale, half_cauchy:scale, "
      "uniform:A)" +
      (mu.proper() ? "" : ", a proper prior of mu with J = 2 or more,") + " or J of at least " +
      std::to_string(needed) + " would do");
}

}  // namespace

double posterior_exponent(const TauPrior& tau, const MuPrior& mu, int64_t n_schools) {
  return tau.tail_exponent + likelihood_exponent(mu, n_schools);
}

bool tau_moment_exists(const TauPrior& tau, const MuPrior& mu, int64_t n_schools, int k) {
  if (tau.fixed()) return std::isfinite(tau.parameters[0]);
  if (k == 0 && tau.proper) return true;
  const double exponent = posterior_exponent(tau, mu, n_schools);
  return exponent > k + 1.0 || (tau.log_tail && exponent == k + 1.0);
}

bool mu_moment_exists(const TauPrior& tau, const MuPrior& mu, int64_t n_schools, int k) {
  return mu.proper() || tau_moment_exists(tau, mu, n_schools, k);
}

ModelChecks::ModelChecks(const TauPrior& tau, const MuPrior& mu) : tau_(tau), mu_(mu) {
  if (tau.no_pooling()) return;
  const auto add = [&](const TauPrior& prior, const std::string& row) {
    for (const double scale : tau_prior_scales(prior))
      scales_.push_back({scale, prior.fixed(), row});
  };
  add(tau, "");
  for (const TauPrior& row : tau.rows) add(row, row.text + ": ");
}

void ModelChecks::check(std::span<const double> y, std::span<const double> sigma) const {
  validate(y, sigma);
  const double sigma_min = *std::ranges::min_element(sigma);
  const auto [y_min, y_max] = std::ranges::minmax(y);
  const double widest = kWidestRatio * sigma_min, narrowest = sigma_min / kWidestRatio;
  if (mu_.form == MuForm::kNormal) {
    if (!(mu_.b <= widest && mu_.b >= narrowest)) refuse_range("mu prior " + mu_.text + ": sd");
    if (!(std::abs(mu_.a - y_min) <= widest && std::abs(mu_.a - y_max) <= widest))
      refuse_range("mu prior " + mu_.text + ": distance of the mean from y");
  }
  if (mu_.form == MuForm::kUniform &&
      !(std::abs(mu_.a - y_min) <= widest && std::abs(mu_.b - y_max) <= widest &&
        mu_.b - mu_.a >= narrowest))
    refuse_range("mu prior " + mu_.text + ": distance of the bounds from y or from each other");
  for (const Scale& scale : scales_)
    if (!(scale.value <= widest && (scale.value >= narrowest || scale.fixed)))
      refuse_range("tau prior " + tau_.text + ": " + scale.row +
                   (scale.fixed ? "value (no pooling is fixed:inf)" : "scale"));

  const auto n_schools = static_cast<int64_t>(y.size());
  if (n_schools < tau_.min_schools)
    throw std::invalid_argument("tau prior " + tau_.text + ": J is " + std::to_string(n_schools) +
                                ", must be at least " + std::to_string(tau_.min_schools));
  if (!tau_.fixed() && !taugrid::tau_moment_exists(tau_, mu_, n_schools, 0))
    refuse_improper(tau_, mu_, n_schools);
}

bool Model::tau_moment_exists(int k) const {
  return taugrid::tau_moment_exists(tau_prior, mu_prior, data.n_schools(), k);
}

bool Model::mu_moment_exists(int k) const {
  return taugrid::mu_moment_exists(tau_prior, mu_prior, data.n_schools(), k);
}

Model make_model(Data data, const std::string& tau_prior, const std::string& mu_prior) {
  validate(data);
  Model model{std::move(data), parse_tau_prior(tau_prior), parse_mu_prior(mu_prior)};
  ModelChecks(model.tau_prior, model.mu_prior).check(model.data.y, model.data.sigma);
  return model;
}

}  // namespace taugrid
