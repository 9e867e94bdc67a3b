// The sampling table: u -> x = log tau, built from the exact quantile function of p(tau | y).
#pragma once

#include <vector>

#include "kernels/kernels.h"

namespace taugrid {

// A table with its memory; empty where tau is known. Laid out as kernels/math/inverse_cdf.h reads
// it.
template <class T>
struct TauTableOf {
  std::vector<T> coefficient;  // (n_cells, 6)
  std::vector<T> first_part;   // (n_cells), bits of whole numbers
  int depth = 0;

  int64_t n_cells() const { return static_cast<int64_t>(first_part.size()); }
  SamplingTable<T> view() const {
    return {coefficient.data(), first_part.data(), n_cells(), depth};
  }
};
using TauTable = TauTableOf<double>;

// Quintic Hermite interpolation of the quantile function in t = min(u, 1 - u), of which value and
// two derivatives are known at every cell's ends: dx/du = 1/f, d2x/du2 = -f'/f^3, f the density per
// unit of x. With u continuous the law of x is within 1e-9 of p(x | y) in total variation.
TauTable make_tau_table(const CpuKernels& kernels, const Panels& posterior);

// One that can be looked into, and says 0.
TauTable empty_tau_table();

// The table in single: the cells that it has, each number rounded once. Empty from an empty one.
TauTableOf<float> round_tau_table(const TauTable& table);

}  // namespace taugrid
