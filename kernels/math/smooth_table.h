// A smooth function of one variable as polynomials of degree 11 on equal panels, for functions that
// cost too much to be evaluated for every lane: quantiles of chi-square, the CRPS of Student's t.
// host/taugrid/smooth_tables.cpp builds them.
#pragma once

#include "kernels/math/lanes.h"

namespace taugrid {

inline constexpr int kSmoothCoefficients = 12;

struct SmoothTable {
  // (n_panels, 12): ascending powers of t in [-1, 1] over the panel.
  const double* coefficient;
  double lower;          // of the first panel
  double inverse_width;  // of a panel
  int n_panels;
};

// At x; beyond the ends, the end panel's polynomial goes on.
template <class L>
TAUGRID_INLINE typename L::Real smooth_value(const SmoothTable& table, typename L::Real x) {
  const auto place = (x - table.lower) * table.inverse_width;
  auto nearest = place - 0.5;
  nearest = L::select(nearest > 0.0, nearest, L::splat(0.0));
  const double last = static_cast<double>(table.n_panels - 1);
  nearest = L::select(nearest < last, nearest, L::splat(last));
  // The low bits of 2^52 + n are n.
  const auto shifted = nearest + 0x1p52;
  const auto panel = L::bits(shifted) & L::splat_bits(RealFormat<double>::kMantissa);
  const auto t = L::fma(place - (shifted - 0x1p52), L::splat(2.0), L::splat(-1.0));
  const auto at = (panel << 3) + (panel << 2);
  auto value = L::gather(table.coefficient + kSmoothCoefficients - 1, at);
  for (int n = kSmoothCoefficients - 2; n >= 0; --n)
    value = L::fma(value, t, L::gather(table.coefficient + n, at));
  return value;
}

}  // namespace taugrid
