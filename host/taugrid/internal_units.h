// From data and priors to a problem as the kernels see it, and back: the one place that says which
// units those are. Internal.
//
//   y = centre + unit * internal
//
// The unit is a power of two, so that scaling is exact, and the centre is one of the y, so that
// shifting is; the smallest internal sigma is in [1, 2).
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "host/taugrid/priors.h"
#include "kernels/math/fit_types.h"
#include "kernels/math/posterior.h"

namespace taugrid {

struct Units {
  double centre, unit, log_unit;
  // Internal units -> units of y, of a place (mu, theta) and of a length (tau, an sd).
  double place(double x) const { return std::fma(unit, x, centre); }
  double size(double x) const { return unit * x; }
};

// Of valid data (validate()): the centre is the y of the smallest sigma, of several the least.
Units units_of(std::span<const double> y, std::span<const double> sigma);

// y and sigma (J) in internal units.
void to_internal(const Units& units, std::span<const double> y, std::span<const double> sigma,
                 double* internal_y, double* internal_sigma);

MuRecord mu_record(const MuPrior& prior, const Units& units);

// A request for nothing but the nodes of tau, with the moments that exist.
FitRequest nodes_request(const TauPrior& tau, const MuPrior& mu, int64_t n_schools);

}  // namespace taugrid
