#include "host/taugrid/tau_table.h"

#include <array>
#include <cmath>

#include "kernels/math/inverse_cdf.h"

namespace taugrid {
namespace {

struct Knot {
  double x, first, second;  // value and derivatives in t
};

// Coefficients in s = (t - t0)/h of the quintic that has both knots' values and derivatives.
std::array<double, kCellCoefficients> hermite(const Knot& a, const Knot& b, double h) {
  const double a1 = a.first * h, a2 = a.second * h * h;
  const double b1 = b.first * h, b2 = b.second * h * h;
  const double rise = b.x - a.x;
  const double value = rise - a1 - 0.5 * a2;
  const double first = b1 - a1 - a2;
  const double second = b2 - a2;
  return {a.x, a1, 0.5 * a2, 10.0 * value - 4.0 * first + 0.5 * second, -15.0 * value + 7.0 * first - second,
          6.0 * value - 3.0 * first + 0.5 * second};
}

// Whether the cell moves one way throughout. Where the density all but vanishes between two modes, the
// derivatives at a knot say nothing of the cell.
bool monotone(const std::array<double, kCellCoefficients>& c) {
  double sign = 0.0;
  for (int i = 0; i <= 16; ++i) {
    const double s = i / 16.0;
    const double slope = c[1] + s * (2.0 * c[2] + s * (3.0 * c[3] + s * (4.0 * c[4] + s * 5.0 * c[5])));
    if (!std::isfinite(slope) || slope * sign < 0.0) return false;
    if (slope != 0.0) sign = slope;
  }
  return true;
}

}  // namespace

std::vector<double> make_tau_table(const CpuKernels& kernels, const Panels& posterior) {
  constexpr int kKnots = kCellsPerSide + 1;
  constexpr int kPadded = (kKnots + kDrawAlignment - 1) / kDrawAlignment * kDrawAlignment;
  std::vector<double> table(kTableSize);
  std::vector<double> t(kPadded, 0.5), side(kPadded), x(kPadded), density(kPadded), slope(kPadded);
  for (int c = 0; c < kKnots; ++c) t[c] = cell_edge(c);
  for (int upper = 0; upper < 2; ++upper) {
    side.assign(kPadded, upper);
    kernels.panel_quantiles(posterior, kPadded, t.data(), side.data(), x.data(), density.data(), slope.data());
    const auto knot = [&](int c) {
      const double per_density = 1.0 / density[c];
      return Knot{x[c], upper ? -per_density : per_density, -slope[c] * per_density * per_density * per_density};
    };
    for (int c = 0; c < kCellsPerSide; ++c) {
      std::array<double, kCellCoefficients> cell = hermite(knot(c), knot(c + 1), t[c + 1] - t[c]);
      if (!monotone(cell)) cell = {x[c], x[c + 1] - x[c], 0.0, 0.0, 0.0, 0.0};
      for (int k = 0; k < kCellCoefficients; ++k)
        table[(static_cast<size_t>(upper) * kCellsPerSide + c) * kCellCoefficients + k] = cell[k];
    }
  }
  return table;
}

std::vector<float> round_tau_table(const std::vector<double>& table) {
  std::vector<float> rounded;
  if (table.empty()) return rounded;
  rounded.reserve(kTableSizeOf<float>);
  constexpr int kSide = kCellsPerSide * kCellCoefficients;
  constexpr int kSkipped = (kCellsPerSide - kCellsPerSideOf<float>)*kCellCoefficients;
  for (int upper = 0; upper < 2; ++upper)
    for (int i = kSkipped; i < kSide; ++i) rounded.push_back(static_cast<float>(table[static_cast<size_t>(upper * kSide + i)]));
  return rounded;
}

}  // namespace taugrid
