// The sampling table: u -> x = log tau, built from the exact quantile function of p(tau | y).
#pragma once

#include <vector>

#include "kernels/kernels.h"

namespace taugrid {

// Quintic Hermite interpolation of the quantile function in t = min(u, 1 - u), of which value and two
// derivatives are known at every cell's ends: dx/du = 1/f, d2x/du2 = -f'/f^3, f the density per unit of x.
// Laid out as kernels/math/inverse_cdf.h reads it (kTableSize).
std::vector<double> make_tau_table(const CpuKernels& kernels, const Panels& posterior);

// The table in single: the cells that it has, each number rounded once. Empty from an empty one.
std::vector<float> round_tau_table(const std::vector<double>& table);

}  // namespace taugrid
