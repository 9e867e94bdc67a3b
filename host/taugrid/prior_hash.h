// What a prior stands for as 64 bits: what a run that goes on from another's work must have been
// asked for. Internal.
#pragma once

#include <cstdint>

#include "host/taugrid/priors.h"

namespace taugrid {

// Of its text and of what that names: a table is in a file that may change.
uint64_t prior_hash(const TauPrior& prior);

}  // namespace taugrid
