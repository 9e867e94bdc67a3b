// The data sets that benchmarks run on.
#pragma once

#include "host/taugrid/data.h"

namespace taugrid {

// Rubin 1981; BDA3, section 5.5.
inline Data eight_schools() {
  return {{28, 8, -3, 7, -1, 1, 18, 12}, {15, 10, 16, 11, 9, 11, 10, 18}, {}};
}

}  // namespace taugrid
