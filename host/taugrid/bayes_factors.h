// Bayes factors of tau = 0 and of mu = 0. Internal.
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/evidence.h"

namespace taugrid {

// What is not defined is NaN, and its reason is added to `notes`.
BayesFactors bayes_factors(const Engine& engine, const Evidence& evidence,
                           std::vector<std::string>& notes);

}  // namespace taugrid
