#include "host/taugrid/internal_units.h"

#include "host/taugrid/data.h"
#include "host/taugrid/model_checks.h"
#include "kernels/math/elementary.h"

namespace taugrid {

Units units_of(std::span<const double> y, std::span<const double> sigma) {
  const size_t best = most_precise_school(y, sigma);
  int exponent;
  std::frexp(sigma[best], &exponent);
  const double unit = std::ldexp(1.0, exponent - 1);
  return {y[best], unit, log<Scalar<>>(unit)};
}

void to_internal(const Units& units, std::span<const double> y, std::span<const double> sigma,
                 double* internal_y, double* internal_sigma) {
  for (size_t j = 0; j < y.size(); ++j) {
    internal_y[j] = (y[j] - units.centre) / units.unit;
    internal_sigma[j] = sigma[j] / units.unit;
  }
}

MuRecord mu_record(const MuPrior& prior, const Units& units) {
  return mu_record(
      prior.form, (prior.a - units.centre) / units.unit,
      (prior.form == MuForm::kUniform ? prior.b - units.centre : prior.b) / units.unit);
}

FitRequest nodes_request(const TauPrior& tau, const MuPrior& mu, int64_t n_schools) {
  FitRequest request{};
  request.level = 0.95;
  for (int k = 1; k <= 2; ++k) {
    if (tau_moment_exists(tau, mu, n_schools, k)) request.tau_moments = k;
    if (mu_moment_exists(tau, mu, n_schools, k)) request.mu_moments = k;
  }
  return request;
}

}  // namespace taugrid
