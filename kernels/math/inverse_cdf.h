// u -> x = log tau through the sampling table: quintic polynomials in t = min(u, 1 - u), on 32
// equal cells a binary octave of t from 2^-53 to 2^-1. The cell's number is bits of t, so a lookup
// needs no search; host/taugrid/tau_table.cpp builds the cells from the exact quantile function.
// Where one polynomial will not do (a density with a gap, a narrow mode) a cell is divided into 32
// equal ones, by the next 5 bits of t, and those again. The table in single is that in double,
// rounded once, from 2^-33 on, where the uniforms of single begin.
#pragma once

#include "kernels/math/lanes.h"
#include "kernels/math/philox.h"

namespace taugrid {

inline constexpr int kCellBits = 5;
inline constexpr int kCellsPerOctave = 1 << kCellBits;  // and parts of a divided cell
inline constexpr int kCellCoefficients = 6;
// t has bits for as many divisions.
inline constexpr int kMaxTableDepth = 9;

// The octaves of t in the table for T; cell 0 begins at 2^-(1 + kOctavesOf<T>).
template <class T>
inline constexpr int kOctavesOf = sizeof(T) == sizeof(float) ? 32 : 52;
template <class T>
inline constexpr int kCellsPerSideOf = kCellsPerOctave* kOctavesOf<T>;

inline constexpr int kCellsPerSide = kCellsPerSideOf<double>;

template <class T>
struct SamplingTable {
  // (n_cells, 6): lower side, then upper side, then parts of divided cells; coefficients in
  // ascending powers of the fraction s of the cell, 0 <= s < 1.
  const T* coefficient;
  // (n_cells): as bits, the number of the first part of a divided cell; 0 of one that is whole.
  const T* first_part;
  int64_t n_cells;
  int depth;  // the most divisions on the way to a cell
};

// Cell c of a side of the table in double covers t in [edge(c), edge(c + 1)).
TAUGRID_INLINE double cell_edge(int c) {
  return real_of((static_cast<uint64_t>(1023 - 53) << 52) + (static_cast<uint64_t>(c) << 47));
}

template <class L>
TAUGRID_INLINE typename L::Real inverse_cdf(const SamplingTable<typename L::Element>& table,
                                            const TailUniform<L>& u) {
  using Real = typename L::Real;
  using Element = typename L::Element;
  using Format = RealFormat<Element>;
  using Bits = typename Format::Bits;
  constexpr int kShift = Format::kMantissaBits - kCellBits;
  constexpr Bits kFirst =
      static_cast<Bits>(Format::kBias - 1 - kOctavesOf<Element>) * kCellsPerOctave;
  const auto bits = L::bits(u.tail);
  const auto mantissa = L::splat_bits(Format::kMantissa);
  auto cell = (bits >> kShift) - L::splat_bits(kFirst) +
              L::select_bits(u.upper, L::splat_bits(kCellsPerSideOf<Element>), L::splat_bits(0));
  auto place = (bits << kCellBits) & mantissa;  // within the cell, in units of 2^-kMantissaBits
  for (int level = 0; level < table.depth; ++level) {
    const auto first_part = L::bits(L::gather(table.first_part, cell));
    const auto whole = first_part == L::splat_bits(0);
    cell = L::select_bits(whole, cell, first_part + (place >> kShift));
    place = L::select_bits(whole, place, (place << kCellBits) & mantissa);
  }
  const Real s = L::real(place | L::splat_bits(Format::kOne)) - Element(1.0);
  const auto at = (cell << 2) + (cell << 1);
  Real x = L::gather(table.coefficient + 5, at);
  x = L::fma(x, s, L::gather(table.coefficient + 4, at));
  x = L::fma(x, s, L::gather(table.coefficient + 3, at));
  x = L::fma(x, s, L::gather(table.coefficient + 2, at));
  x = L::fma(x, s, L::gather(table.coefficient + 1, at));
  return L::fma(x, s, L::gather(table.coefficient, at));
}

// The same of u itself.
template <class L>
TAUGRID_INLINE typename L::Real inverse_cdf(const SamplingTable<typename L::Element>& table,
                                            typename L::Real u) {
  return inverse_cdf<L>(table, split_tail<L>(u));
}

}  // namespace taugrid
