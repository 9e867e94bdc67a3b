// u -> x = log tau through the sampling table: quintic polynomials in t = min(u, 1 - u), on 32 equal
// cells a binary octave of t from 2^-53 to 2^-1. The cell's number is bits of t, so a lookup needs no
// search; host/taugrid/tau_table.cpp builds the cells from the exact quantile function.
#pragma once

#include "kernels/math/lanes.h"

namespace taugrid {

inline constexpr int kCellsPerOctave = 32;
inline constexpr int kOctaves = 52;
inline constexpr int kCellsPerSide = kCellsPerOctave * kOctaves;
inline constexpr int kCellCoefficients = 6;
// Lower side, then upper side; a cell's coefficients are adjacent, in ascending powers of the
// fraction s of the cell, 0 <= s < 1.
inline constexpr int kTableSize = 2 * kCellsPerSide * kCellCoefficients;

// Cell c of a side covers t in [edge(c), edge(c + 1)).
TAUGRID_INLINE double cell_edge(int c) {
  return real_of((static_cast<uint64_t>(1023 - 53) << 52) + (static_cast<uint64_t>(c) << 47));
}

template <class L>
TAUGRID_INLINE typename L::Real inverse_cdf(const double* table, typename L::Real u) {
  using Real = typename L::Real;
  const auto upper = u > 0.5;
  const Real t = L::select(upper, 1.0 - u, u);  // exact
  const auto bits = L::bits(t);
  const auto cell = (bits >> 47) - L::splat_bits(static_cast<uint64_t>(1023 - 53) << 5) +
                    L::select_bits(upper, L::splat_bits(kCellsPerSide), L::splat_bits(0));
  const Real s = L::real(((bits << 5) & L::splat_bits(0x000FFFFFFFFFFFFFu)) |
                         L::splat_bits(0x3FF0000000000000u)) - 1.0;
  const auto at = (cell << 2) + (cell << 1);
  Real x = L::gather(table + 5, at);
  x = L::fma(x, s, L::gather(table + 4, at));
  x = L::fma(x, s, L::gather(table + 3, at));
  x = L::fma(x, s, L::gather(table + 2, at));
  x = L::fma(x, s, L::gather(table + 1, at));
  return L::fma(x, s, L::gather(table, at));
}

}  // namespace taugrid
