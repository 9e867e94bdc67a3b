// What a parameter's summary says.
#pragma once

#include <vector>

#include "host/taugrid/summary.h"

namespace taugrid {

// Everything that a parameter's summary says, places apart from sizes.
inline std::vector<double> places(const ParameterSummary& p) {
  std::vector<double> all = p.quantiles;
  all.insert(all.end(), {p.mean, p.mode, p.central.lower, p.central.upper, p.shortest.lower,
                         p.shortest.upper});
  return all;
}

}  // namespace taugrid
