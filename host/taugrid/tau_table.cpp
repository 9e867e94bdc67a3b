#include "host/taugrid/tau_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "kernels/math/inverse_cdf.h"

namespace taugrid {
namespace {

using Cell = std::array<double, kCellCoefficients>;

// What one cell may add to the total variation distance before it is divided. Few cells come near
// it: tests/tau_table_test.cpp holds the sum over all below 1e-9.
constexpr double kMostOfOneCell = 3e-12;
// The rounding of x, as mass: where p(x | y) is so narrow that this counts, smaller cells do not
// help.
double rounding(double x, double density) { return 0x1p-48 * std::max(1.0, std::abs(x)) * density; }
// 4 MB: no table of the tests needs a tenth of it.
constexpr int64_t kMostCells = int64_t{1} << 16;

struct Knot {
  double x, first, second;  // value and derivatives in t
};

// Coefficients in s = (t - t0)/h of the quintic that has both knots' values and derivatives.
Cell hermite(const Knot& a, const Knot& b, double h) {
  const double a1 = a.first * h, a2 = a.second * h * h;
  const double b1 = b.first * h, b2 = b.second * h * h;
  const double rise = b.x - a.x;
  const double value = rise - a1 - 0.5 * a2;
  const double first = b1 - a1 - a2;
  const double second = b2 - a2;
  return {a.x,
          a1,
          0.5 * a2,
          10.0 * value - 4.0 * first + 0.5 * second,
          -15.0 * value + 7.0 * first - second,
          6.0 * value - 3.0 * first + 0.5 * second};
}

double value_at(const Cell& c, double s) {
  return c[0] + s * (c[1] + s * (c[2] + s * (c[3] + s * (c[4] + s * c[5]))));
}

double slope_at(const Cell& c, double s) {
  return c[1] + s * (2.0 * c[2] + s * (3.0 * c[3] + s * (4.0 * c[4] + s * 5.0 * c[5])));
}

// Whether the cell moves one way throughout. Where the density all but vanishes between two modes,
// the derivatives at a knot say nothing of the cell.
bool monotone(const Cell& c) {
  double sign = 0.0;
  for (int i = 0; i <= 16; ++i) {
    const double slope = slope_at(c, i / 16.0);
    if (!std::isfinite(slope) || slope * sign < 0.0) return false;
    if (slope != 0.0) sign = slope;
  }
  return true;
}

// A run of cells that lie side by side, `width` of t each, from `begin` on.
struct Run {
  double begin, width;
  int n;
  bool upper;
  int64_t first_cell;  // where they stand in the table
};

constexpr size_t padded(size_t n) {
  return (n + kDrawAlignment - 1) / kDrawAlignment * kDrawAlignment;
}

class Builder {
 public:
  Builder(const CpuKernels& kernels, const Panels& posterior)
      : kernels_(kernels), posterior_(posterior) {}

  TauTable build() {
    std::vector<Run> runs;
    for (const bool upper : {false, true})
      for (int octave = 0; octave < kOctavesOf<double>; ++octave) {
        const double begin = cell_edge(octave * kCellsPerOctave);
        runs.push_back({begin, begin / kCellsPerOctave, kCellsPerOctave, upper, 0});
      }
    place(runs);
    for (int depth = 0; !runs.empty(); ++depth) {
      table_.depth = depth;
      make_cells(runs);
      runs = depth < kMaxTableDepth ? divide(runs) : std::vector<Run>{};
    }
    return std::move(table_);
  }

 private:
  // Gives each run its place at the end of the table.
  void place(std::vector<Run>& runs) {
    for (Run& run : runs) {
      run.first_cell = table_.n_cells();
      table_.first_part.resize(table_.first_part.size() + static_cast<size_t>(run.n), 0.0);
      table_.coefficient.resize(table_.first_part.size() * kCellCoefficients);
    }
  }

  Cell cell(int64_t c) const {
    Cell cell;
    std::memcpy(cell.data(), table_.coefficient.data() + c * kCellCoefficients, sizeof cell);
    return cell;
  }

  // Every run's cells from the quantiles at its knots.
  void make_cells(const std::vector<Run>& runs) {
    size_t n_knots = 0;
    for (const Run& run : runs) n_knots += static_cast<size_t>(run.n) + 1;
    std::vector<double> t(padded(n_knots), 0.5), side(t.size()), x(t.size()), density(t.size()),
        slope(t.size());
    size_t at = 0;
    for (const Run& run : runs)
      for (int k = 0; k <= run.n; ++k, ++at) {
        t[at] = run.begin + k * run.width;
        side[at] = run.upper ? 1.0 : 0.0;
      }
    kernels_.panel_quantiles(posterior_, static_cast<int64_t>(t.size()), t.data(), side.data(),
                             x.data(), density.data(), slope.data());
    at = 0;
    for (const Run& run : runs) {
      const auto knot = [&](size_t k) {
        const double per_density = 1.0 / density[k];
        return Knot{x[k], run.upper ? -per_density : per_density,
                    -slope[k] * per_density * per_density * per_density};
      };
      for (int k = 0; k < run.n; ++k, ++at) {
        Cell cell = hermite(knot(at), knot(at + 1), run.width);
        if (!monotone(cell)) cell = {x[at], x[at + 1] - x[at], 0.0, 0.0, 0.0, 0.0};
        std::memcpy(table_.coefficient.data() + (run.first_cell + k) * kCellCoefficients,
                    cell.data(), sizeof cell);
      }
      ++at;
    }
  }

  // The parts of every cell that is too far from the posterior. With X(t) the cell's polynomial and
  // f the density, its share of the total variation distance is half the integral of |1 - f(X)
  // |dX/dt||.
  std::vector<Run> divide(const std::vector<Run>& runs) {
    constexpr int kPoints = 16;  // a cell
    std::vector<Run> candidates;
    for (const Run& run : runs)
      if (0.5 * run.width > kMostOfOneCell) candidates.push_back(run);
    size_t n_points = 0;
    for (const Run& run : candidates) n_points += static_cast<size_t>(run.n) * kPoints;
    std::vector<double> x(padded(n_points), posterior_.lower[0]), density(x.size());
    size_t at = 0;
    for (const Run& run : candidates)
      for (int k = 0; k < run.n; ++k) {
        const Cell c = cell(run.first_cell + k);
        for (int i = 0; i < kPoints; ++i) x[at++] = value_at(c, (i + 0.5) / kPoints);
      }
    kernels_.panel_densities(posterior_, static_cast<int64_t>(x.size()), x.data(), density.data());
    std::vector<Run> parts;
    std::vector<int64_t> divided;
    at = 0;
    for (const Run& run : candidates)
      for (int k = 0; k < run.n; ++k) {
        const Cell c = cell(run.first_cell + k);
        double sum = 0.0, floor = kMostOfOneCell;
        for (int i = 0; i < kPoints; ++i, ++at) {
          sum +=
              std::abs(1.0 - density[at] * std::abs(slope_at(c, (i + 0.5) / kPoints)) / run.width);
          floor = std::max(floor, rounding(x[at], density[at]));
        }
        if (!(0.5 * run.width * sum / kPoints > floor)) continue;
        if (table_.n_cells() + static_cast<int64_t>(divided.size() + 1) * kCellsPerOctave >
            kMostCells)
          continue;
        divided.push_back(run.first_cell + k);
        parts.push_back({run.begin + k * run.width, run.width / kCellsPerOctave, kCellsPerOctave,
                         run.upper, 0});
      }
    place(parts);
    for (size_t i = 0; i < parts.size(); ++i)
      table_.first_part[static_cast<size_t>(divided[i])] =
          real_of(static_cast<uint64_t>(parts[i].first_cell));
    return parts;
  }

  const CpuKernels& kernels_;
  const Panels& posterior_;
  TauTable table_;
};

}  // namespace

TauTable make_tau_table(const CpuKernels& kernels, const Panels& posterior) {
  return Builder(kernels, posterior).build();
}

TauTable empty_tau_table() {
  TauTable table;
  table.first_part.assign(2 * kCellsPerSide, 0.0);
  table.coefficient.assign(table.first_part.size() * kCellCoefficients, 0.0);
  return table;
}

TauTableOf<float> round_tau_table(const TauTable& table) {
  TauTableOf<float> rounded;
  if (table.n_cells() == 0) return rounded;
  rounded.depth = table.depth;
  // Octaves below those of single are left out of both sides, and what follows moves up.
  constexpr int64_t kSkipped = kCellsPerSide - kCellsPerSideOf<float>;
  for (int64_t c = 0; c < table.n_cells(); ++c) {
    if (c < 2 * kCellsPerSide && c % kCellsPerSide < kSkipped) continue;
    for (int k = 0; k < kCellCoefficients; ++k)
      rounded.coefficient.push_back(
          static_cast<float>(table.coefficient[static_cast<size_t>(c * kCellCoefficients + k)]));
    const auto first_part = static_cast<int64_t>(bits_of(table.first_part[static_cast<size_t>(c)]));
    rounded.first_part.push_back(
        real_of(static_cast<uint32_t>(first_part == 0 ? 0 : first_part - 2 * kSkipped)));
  }
  return rounded;
}

}  // namespace taugrid
