// The chi-square distribution, df > 0, of kernels/math's operations alone: the same bits
// everywhere. Internal.
#pragma once

#include "host/taugrid/smooth_tables.h"

namespace taugrid {

// log P(X <= x) and log P(X > x) for x > 0.
struct ChiSquareTails {
  double log_lower, log_upper;
};
ChiSquareTails chi_square_tails(double df, double x);

// log(x / df) for the x whose upper tail is Phi(-z).
double log_chi_square_quantile(double df, double z);

// The same as a table for |z| <= 8.4, beyond which no uniform variate leads: 1e-11 absolutely for
// df >= 1.
SmoothTableStorage chi_square_table(double df);

}  // namespace taugrid
