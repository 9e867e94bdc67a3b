// u -> x = log tau through the sampling table: quintic polynomials in t = min(u, 1 - u), on 32 equal
// cells a binary octave of t from 2^-53 to 2^-1. The cell's number is bits of t, so a lookup needs no
// search; host/taugrid/tau_table.cpp builds the cells from the exact quantile function. The table in
// single is that in double, rounded once, from 2^-33 on, where the uniforms of single begin.
#pragma once

#include "kernels/math/lanes.h"
#include "kernels/math/philox.h"

namespace taugrid {

inline constexpr int kCellsPerOctave = 32;
inline constexpr int kCellCoefficients = 6;

// The octaves of t in the table for T; cell 0 begins at 2^-(1 + kOctavesOf<T>).
template <class T>
inline constexpr int kOctavesOf = sizeof(T) == sizeof(float) ? 32 : 52;
template <class T>
inline constexpr int kCellsPerSideOf = kCellsPerOctave * kOctavesOf<T>;
// Lower side, then upper side; a cell's coefficients are adjacent, in ascending powers of the
// fraction s of the cell, 0 <= s < 1.
template <class T>
inline constexpr int kTableSizeOf = 2 * kCellsPerSideOf<T> * kCellCoefficients;

inline constexpr int kCellsPerSide = kCellsPerSideOf<double>;
inline constexpr int kTableSize = kTableSizeOf<double>;

// Cell c of a side of the table in double covers t in [edge(c), edge(c + 1)).
TAUGRID_INLINE double cell_edge(int c) {
  return real_of((static_cast<uint64_t>(1023 - 53) << 52) + (static_cast<uint64_t>(c) << 47));
}

template <class L>
TAUGRID_INLINE typename L::Real inverse_cdf(const typename L::Element* table, const TailUniform<L>& u) {
  using Real = typename L::Real;
  using Element = typename L::Element;
  using Format = RealFormat<Element>;
  using Bits = typename Format::Bits;
  constexpr Bits kFirst = static_cast<Bits>(Format::kBias - 1 - kOctavesOf<Element>) * kCellsPerOctave;
  const auto bits = L::bits(u.tail);
  const auto cell = (bits >> (Format::kMantissaBits - 5)) - L::splat_bits(kFirst) +
                    L::select_bits(u.upper, L::splat_bits(kCellsPerSideOf<Element>), L::splat_bits(0));
  const Real s = L::real(((bits << 5) & L::splat_bits(Format::kMantissa)) | L::splat_bits(Format::kOne)) -
                 Element(1.0);
  const auto at = (cell << 2) + (cell << 1);
  Real x = L::gather(table + 5, at);
  x = L::fma(x, s, L::gather(table + 4, at));
  x = L::fma(x, s, L::gather(table + 3, at));
  x = L::fma(x, s, L::gather(table + 2, at));
  x = L::fma(x, s, L::gather(table + 1, at));
  return L::fma(x, s, L::gather(table, at));
}

// The same of u itself.
template <class L>
TAUGRID_INLINE typename L::Real inverse_cdf(const typename L::Element* table, typename L::Real u) {
  return inverse_cdf<L>(table, split_tail<L>(u));
}

}  // namespace taugrid
