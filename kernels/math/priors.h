// The closed set of forms of a prior for tau, evaluated in x = log tau from a plain record. The
// switch is uniform over one problem, so it costs a lane nothing. The named priors (half_normal,
// half_cauchy, ..) are rows of host/taugrid/priors.cpp, which fill the record.
//
// clang-format off
//   kPower         log p(tau) = log_constant + slope x - rate (tau/s)^power
//                               - exponent log1p((tau/s)^q)
//   kSchoolSums    log p(tau) = log_constant + slope x + alpha log sum w_j + beta log sum w_j^2
//                               - gamma sum log v_j,   v_j = sigma_j^2 + tau^2, w_j = 1/v_j
//   kLogLocation   log p(tau) = log_constant - x + log density of (x - log_scale)/width,
//                               normal or t
//   kHalfLogistic  log p(tau) = log_constant - tau/s - 2 log1p(exp(-tau/s))
//   kPoint         all mass at tau = value, 0 and infinity included
//   kTable         log p(tau) = log_constant + a cubic in tau between each two knots
//   kMixture       p(tau) = sum of its rows, each with its weight in its log_constant, and of
//                           its atoms
// clang-format on
//
// between lower_x and upper_x, and zero outside. What a table and a mixture have in any number lies
// outside the record, in two arrays (host/taugrid/prior_storage.h, and a copy of them on a device).
#pragma once

#include "kernels/math/elementary.h"
#include "kernels/math/lanes.h"

namespace taugrid {

enum class PriorForm : int32_t {
  kPoint,
  kPower,
  kSchoolSums,
  kLogLocation,
  kHalfLogistic,
  kTable,
  kMixture
};

// A cubic of a table: tau where it begins, the inverse of its width, and four coefficients of
// ascending powers of (tau - begin)/width.
inline constexpr int kTableStride = 6;

// A part of `numbers`.
struct NumberRange {
  int32_t first, n;
};

// Everything is in the internal unit of tau (a power of two), of which x is the logarithm.
struct PriorRecord {
  PriorForm form;
  double value;               // kPoint: tau
  double log_constant;        // makes the density integrate to 1 over tau; 0 where it cannot
  double slope;               // power of tau
  double log_scale;           // log s; kLogLocation: the location of x
  double inverse_scale;       // 1/s; not of kLogLocation
  double rate;                // kPower: >= 0
  double power;               // kPower: of tau/s beside the rate, one of -2, -1, 1, 2
  double exponent;            // kPower: >= 0
  double q;                   // kPower: 1 or 2
  double alpha, beta, gamma;  // kSchoolSums
  double width;               // kLogLocation: the scale of x
  double df;                  // kLogLocation: degrees of freedom, infinity for the normal
  double lower_x;             // support; -inf and +inf where unbounded
  double upper_x;
  double lower_tau, upper_tau;  // the same of tau itself, of which exp(x) may be an ulp outside
  // Where the density itself has its scale: the scan looks at seed_x and, about it, in steps of
  // seed_width. 0 where the prior has no scale of its own.
  double seed_x, seed_width;

  // kTable and kMixture; nothing elsewhere.
  const double* numbers;    // (n_numbers)
  const PriorRecord* rows;  // kMixture: (n_rows), of any other form but kPoint and kMixture
  int32_t n_numbers, n_rows;
  bool school_sums;    // whether any row is of the form kSchoolSums
  NumberRange cubics;  // kTable: kTableStride numbers each
  // In x, ascending: where the scan looks besides its own points; where panels are cut; where the
  // density jumps; and where its second derivative does, at which a panel that must be halved is
  // cut rather than at its middle.
  NumberRange scan, cuts, jumps, kinks;
  NumberRange atoms;  // kMixture: tau and log weight of each, ascending
};

TAUGRID_INLINE bool has_school_sums(const PriorRecord& prior) {
  return prior.form == PriorForm::kSchoolSums || prior.school_sums;
}

// For |x| > kFarX the equations of the model are those at kFarX extended by their exact power law
// in tau: v_j stays below 2^255, and a product of four does not overflow.
inline constexpr double kFarX = 88.0;

// x within +-kFarX.
template <class L>
TAUGRID_INLINE typename L::Real near_x(typename L::Real x) {
  x = L::select(x > kFarX, L::splat(kFarX), x);
  return L::select(x < -kFarX, L::splat(-kFarX), x);
}

// What a prior may need to know at one tau: exp(near_x(x)), its square as the likelihood has it,
// and sums over schools; see posterior.h.
template <class L>
struct SchoolSums {
  typename L::Real tau, tau2, sum_w, sum_w2, sum_log_v;
  typename L::Real
      beyond;  // by how much x is past where the sums stand still, to go on as powers of tau
  double n_schools;
};

// (tau/s)^power at x = log tau, power one of -2, -1, 1, 2. Where this is large so is the likelihood
// that holds against it, and the rounding of tau and tau^2, the same in both, cancels.
template <class L>
TAUGRID_INLINE typename L::Real scaled_power(const PriorRecord& prior, double power,
                                             typename L::Real x, const SchoolSums<L>& at) {
  const bool squared = power == 2.0 || power == -2.0;
  auto r = squared ? at.tau2 * (prior.inverse_scale * prior.inverse_scale)
                   : at.tau * prior.inverse_scale;
  if (power < 0.0) r = 1.0 / r;
  const auto far = L::either(x > kFarX, x < -kFarX);
  if (!L::any(far)) return r;
  // What rounding takes from t would show in a large power.
  const auto t = x - prior.log_scale;
  const auto z = t - x;
  const auto lost = (x - (t - z)) - (prior.log_scale + z);
  const auto term = exp<L>(power * t);
  const auto finite = L::select(term < 1e300, term, L::splat(0.0));
  return L::select(far, L::fma(finite, power * lost, term), r);
}

// The cubic of a table at tau, clamped to none: the caller is inside the support.
template <class L>
TAUGRID_OUTLINE typename L::Real table_log_density(const PriorRecord& prior, typename L::Real tau) {
  const double* cubics = prior.numbers + prior.cubics.first;
  // The last that begins at or before tau: as many steps whatever tau is.
  auto at = L::splat_bits(0);
  const auto offset = [](typename L::Bits i) { return (i << 2) + (i << 1); };
  for (int left = prior.cubics.n; left > 1;) {
    const int half = left / 2;
    const auto middle = at + L::splat_bits(static_cast<uint64_t>(half));
    at = L::select_bits(L::gather(cubics, offset(middle)) <= tau, middle, at);
    left -= half;
  }
  at = offset(at);
  const auto s = (tau - L::gather(cubics, at)) * L::gather(cubics + 1, at);
  auto log_p = L::gather(cubics + 5, at);
  log_p = L::fma(log_p, s, L::gather(cubics + 4, at));
  log_p = L::fma(log_p, s, L::gather(cubics + 3, at));
  return L::fma(log_p, s, L::gather(cubics + 2, at));
}

// log of the density per unit of x = log tau, tau p(tau), inside the support, of any form but a
// mixture; sums are those at x. (Per unit of tau a term -x would cancel against the Jacobian's +x,
// and with it, where x is large, every digit.)
template <class L>
TAUGRID_INLINE typename L::Real log_prior_row(const PriorRecord& prior, typename L::Real x,
                                              const SchoolSums<L>& sums) {
  using Real = typename L::Real;
  const Real t = x - prior.log_scale;
  Real log_p = prior.log_constant + (prior.slope + 1.0) * x;
  if (prior.form == PriorForm::kPower) {
    if (prior.rate != 0.0)
      log_p = log_p - prior.rate * scaled_power<L>(prior, prior.power, x, sums);
    if (prior.exponent != 0.0) {
      // log(1 + (tau/s)^q), to the spacing of doubles about 1.
      const Real log_ratio = prior.q * t;
      const auto large = log_ratio > 40.0;
      const Real ratio = scaled_power<L>(prior, prior.q, x, sums);
      const Real sum = 1.0 + L::select(large, L::splat(0.0), ratio);
      log_p = log_p - prior.exponent * L::select(large, log_ratio, log<L>(sum));
    }
  } else if (prior.form == PriorForm::kSchoolSums) {
    if (prior.alpha != 0.0) log_p = log_p + prior.alpha * log<L>(sums.sum_w);
    if (prior.beta != 0.0) log_p = log_p + prior.beta * log<L>(sums.sum_w2);
    if (prior.gamma != 0.0) log_p = log_p - prior.gamma * sums.sum_log_v;
    const double power = 2.0 * prior.alpha + 4.0 * prior.beta + 2.0 * prior.gamma * sums.n_schools;
    log_p = log_p - power * sums.beyond;
  } else if (prior.form == PriorForm::kLogLocation) {
    const Real z = t / prior.width;
    if (prior.df < real_of(0x7FF0000000000000u))
      log_p = log_p - 0.5 * (prior.df + 1.0) * log1p<L>(z * z / prior.df);
    else
      log_p = log_p - 0.5 * (z * z);
  } else if (prior.form == PriorForm::kTable) {
    log_p = log_p + table_log_density<L>(prior, exp<L>(x));
  } else {
    const Real r = exp<L>(t);
    log_p = log_p - r - 2.0 * log1p<L>(exp<L>(-r));
  }
  return log_p;
}

// What stands for the logarithm of 0: finite, so that differences are no NaN.
inline constexpr double kLogNothing = -1e300;

// The same of any form. A mixture between its rows' supports is kLogNothing.
template <class L>
TAUGRID_INLINE typename L::Real log_prior(const PriorRecord& prior, typename L::Real x,
                                          const SchoolSums<L>& sums) {
  using Real = typename L::Real;
  if (prior.form != PriorForm::kMixture) return log_prior_row<L>(prior, x, sums);
  // log of the sum so far is largest + log(sum).
  Real largest = L::splat(kLogNothing), sum = L::splat(0.0);
  for (int i = 0; i < prior.n_rows; ++i) {
    const PriorRecord& row = prior.rows[i];
    const Real log_p = log_prior_row<L>(row, x, sums);
    // Past its support a row may be anything, NaN included; and log p can be -inf far out.
    const auto inside = L::both(L::both(x >= row.lower_x, x <= row.upper_x), log_p > kLogNothing);
    const Real term = L::select(inside, log_p, L::splat(kLogNothing));
    const Real next = L::select(term > largest, term, largest);
    sum = sum * exp<L>(largest - next) + L::select(inside, exp<L>(term - next), L::splat(0.0));
    largest = next;
  }
  return L::select(sum > 0.0, largest + log<L>(sum), L::splat(kLogNothing));
}

}  // namespace taugrid
