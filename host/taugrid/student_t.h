// Student's t distribution, df > 0, of kernels/math's operations alone: the same bits everywhere.
// Internal.
#pragma once

#include "host/taugrid/smooth_tables.h"

namespace taugrid {

// P(0 < T < t) for t >= 0, to about 1e-15: with t = sqrt(df) sinh(s) its density is proportional
// to cosh(s)^-df, which is integrated by Gauss and Legendre's rule.
double student_t_between(double df, double t);

// The density at t.
double student_t_density(double df, double t);

// t with P(T <= t) = p, for p in (0, 1): relative error below 1e-12 down to p = 1e-6.
double student_t_quantile(double df, double p);

// The CRPS of T at x, the integral of (F(t) - 1{t >= x})^2, for df > 1
//   x (2 F(x) - 1) + 2 f(x) (df + x^2) / (df - 1) - C    (Jordan, Krueger & Lerch 2019, J. Stat.
// Softw. 90(12)), C = E|T - T'| / 2, and for df = 1, which has no mean,
//   x (2 F(x) - 1) + (log 4 - log(1 + x^2)) / pi.
double student_t_crps(double df, double x);

// The same for many x, from a table: 1e-10 of it.
class StudentTCrps {
 public:
  explicit StudentTCrps(double df);
  double at(double x) const;

 private:
  SmoothTableStorage table_;  // of CRPS / sqrt(1 + x^2) in asinh |x|
};

}  // namespace taugrid
