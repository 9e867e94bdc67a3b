// Prior predictive checks (Box 1980, J. R. Stat. Soc. A 143): as the posterior predictive ones,
// with tau, mu and theta drawn from the priors. Internal.
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/engine.h"

namespace taugrid {

// Throws std::invalid_argument where nothing can be drawn from the priors.
void check_prior_draws(const Model& model);

// Of n draws of `seed`, in double, by the CPU. The control's progress counts from `done` on.
std::vector<PredictiveCheck> prior_checks(const Engine& engine,
                                          const std::vector<std::string>& names, int64_t n,
                                          uint64_t seed, const RunControl& control, int64_t done);

}  // namespace taugrid
