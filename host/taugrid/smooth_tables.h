// Smooth functions as tables that lanes can evaluate (kernels/math/smooth_table.h). Internal.
#pragma once

#include <functional>
#include <vector>

#include "kernels/math/smooth_table.h"

namespace taugrid {

// A table with its memory.
struct SmoothTableStorage {
  std::vector<double> coefficient;  // (n_panels, 12)
  double lower = 0.0, inverse_width = 0.0;

  SmoothTable view() const {
    return {coefficient.data(), lower, inverse_width,
            static_cast<int>(coefficient.size()) / kSmoothCoefficients};
  }
};

// The interpolant of f at 12 Chebyshev points of each of n_panels panels between lower and upper.
SmoothTableStorage make_smooth_table(const std::function<double(double)>& f, double lower,
                                     double upper, int n_panels);

}  // namespace taugrid
