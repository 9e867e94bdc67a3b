// The closed set of forms of a prior for tau, evaluated in x = log tau from a plain record. The switch
// is uniform over one problem, so it costs a lane nothing. The named priors (half_normal, half_cauchy,
// ..) are rows of host/taugrid/priors.cpp, which fill the record.
//
//   kPower   log p(tau) = log_constant + slope x - rate (tau/s)^power - exponent log1p((tau/s)^q)
//            between lower_x and upper_x, and zero outside
//   kPoint   all mass at tau = value, 0 and infinity included
#pragma once

#include "kernels/math/elementary.h"
#include "kernels/math/lanes.h"

namespace taugrid {

enum class PriorForm : int32_t { kPoint, kPower };

// Everything is in the internal unit of tau (a power of two), of which x is the logarithm.
struct PriorRecord {
  PriorForm form;
  double value;         // kPoint: tau
  double log_constant;  // kPower: makes the density integrate to 1 over tau, 0 where it cannot
  double slope;         // kPower: power of tau
  double log_scale;     // kPower: log s
  double rate;          // kPower: >= 0
  double power;         // kPower: of tau/s beside the rate, one of -2, -1, 1, 2
  double exponent;      // kPower: >= 0
  double q;             // kPower: 1 or 2
  double lower_x;       // kPower: support; -inf and +inf where unbounded
  double upper_x;
};

// log p(tau), density per unit of tau, at x = log tau inside the support.
template <class L>
TAUGRID_INLINE typename L::Real log_prior(const PriorRecord& prior, typename L::Real x) {
  using Real = typename L::Real;
  const Real t = x - prior.log_scale;
  Real log_p = prior.log_constant + prior.slope * x;
  if (prior.rate != 0.0) log_p = log_p - prior.rate * exp<L>(prior.power * t);
  if (prior.exponent != 0.0) {
    // log1p(e^z) = max(z, 0) + log1p(e^-|z|), which cannot overflow.
    const Real z = prior.q * t;
    const auto positive = z > 0.0;
    const Real larger = L::select(positive, z, L::splat(0.0));
    const Real magnitude = L::select(positive, z, -z);
    log_p = log_p - prior.exponent * (larger + log1p<L>(exp<L>(-magnitude)));
  }
  return log_p;
}

}  // namespace taugrid
