// The closed set of forms of a prior for tau, evaluated in x = log tau from a plain record. The switch
// is uniform over one problem, so it costs a lane nothing. The named priors (half_normal, half_cauchy,
// ..) are rows of host/taugrid/priors.cpp, which fill the record.
//
//   kPower         log p(tau) = log_constant + slope x - rate (tau/s)^power - exponent log1p((tau/s)^q)
//   kSchoolSums    log p(tau) = log_constant + slope x + alpha log sum w_j + beta log sum w_j^2
//                               - gamma sum log v_j,   v_j = sigma_j^2 + tau^2, w_j = 1/v_j
//   kLogLocation   log p(tau) = log_constant - x + log density of (x - log_scale)/width, normal or t
//   kHalfLogistic  log p(tau) = log_constant - tau/s - 2 log1p(exp(-tau/s))
//   kPoint         all mass at tau = value, 0 and infinity included
//
// between lower_x and upper_x, and zero outside.
#pragma once

#include "kernels/math/elementary.h"
#include "kernels/math/lanes.h"

namespace taugrid {

enum class PriorForm : int32_t { kPoint, kPower, kSchoolSums, kLogLocation, kHalfLogistic };

// Everything is in the internal unit of tau (a power of two), of which x is the logarithm.
struct PriorRecord {
  PriorForm form;
  double value;         // kPoint: tau
  double log_constant;  // makes the density integrate to 1 over tau; 0 where it cannot
  double slope;         // power of tau
  double log_scale;     // log s; kLogLocation: the location of x
  double rate;          // kPower: >= 0
  double power;         // kPower: of tau/s beside the rate, one of -2, -1, 1, 2
  double exponent;      // kPower: >= 0
  double q;             // kPower: 1 or 2
  double alpha, beta, gamma;  // kSchoolSums
  double width;         // kLogLocation: the scale of x
  double df;            // kLogLocation: degrees of freedom, infinity for the normal
  double lower_x;       // support; -inf and +inf where unbounded
  double upper_x;
  // Where the density itself has its scale: the scan looks at seed_x and, about it, in steps of
  // seed_width. 0 where the prior has no scale of its own.
  double seed_x, seed_width;
};

// Sums over schools at one tau that a prior may need; see posterior.h.
template <class L>
struct SchoolSums {
  typename L::Real sum_w, sum_w2, sum_log_v;
};

// log(1 + e^z), which cannot overflow.
template <class L>
TAUGRID_INLINE typename L::Real log1p_exp(typename L::Real z) {
  const auto positive = z > 0.0;
  const auto larger = L::select(positive, z, L::splat(0.0));
  return larger + log1p<L>(exp<L>(L::select(positive, -z, z)));
}

// log of the density per unit of x = log tau, tau p(tau), inside the support; sums are those at x. (Per unit
// of tau a term -x would cancel against the Jacobian's +x, and with it, where x is large, every digit.)
template <class L>
TAUGRID_INLINE typename L::Real log_prior(const PriorRecord& prior, typename L::Real x, const SchoolSums<L>& sums) {
  using Real = typename L::Real;
  const Real t = x - prior.log_scale;
  Real log_p = prior.log_constant + (prior.slope + 1.0) * x;
  if (prior.form == PriorForm::kPower) {
    if (prior.rate != 0.0) log_p = log_p - prior.rate * exp<L>(prior.power * t);
    if (prior.exponent != 0.0) log_p = log_p - prior.exponent * log1p_exp<L>(prior.q * t);
  } else if (prior.form == PriorForm::kSchoolSums) {
    if (prior.alpha != 0.0) log_p = log_p + prior.alpha * log<L>(sums.sum_w);
    if (prior.beta != 0.0) log_p = log_p + prior.beta * log<L>(sums.sum_w2);
    if (prior.gamma != 0.0) log_p = log_p - prior.gamma * sums.sum_log_v;
  } else if (prior.form == PriorForm::kLogLocation) {
    const Real z = t / prior.width;
    if (prior.df < real_of(0x7FF0000000000000u))
      log_p = log_p - 0.5 * (prior.df + 1.0) * log1p<L>(z * z / prior.df);
    else
      log_p = log_p - 0.5 * (z * z);
  } else {
    const Real r = exp<L>(t);
    log_p = log_p - r - 2.0 * log1p<L>(exp<L>(-r));
  }
  return log_p;
}

}  // namespace taugrid
