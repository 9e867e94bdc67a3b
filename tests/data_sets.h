// Data sets that several tests share.
#pragma once

#include <cmath>
#include <cstdint>

#include "host/taugrid/data.h"

namespace taugrid {

// Rubin 1981.
inline Data eight_schools() {
  return {{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}};
}

// J schools, none like another.
inline Data many_schools(int64_t n_schools) {
  Data data;
  for (int64_t j = 0; j < n_schools; ++j) {
    const double u = std::fmod(0.61803398874989485 * static_cast<double>(j + 1), 1.0);
    data.y.push_back(std::round(100.0 * std::fmod(37.0 * u, 20.0)) / 100.0 - 8.0);
    data.sigma.push_back(1.0 + std::round(1000.0 * u) / 100.0);
  }
  return data;
}

}  // namespace taugrid
