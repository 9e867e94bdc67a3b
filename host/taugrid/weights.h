// How much each y_k counts in each posterior mean. Internal.
#pragma once

#include "host/taugrid/engine.h"

namespace taugrid {

// The most schools of which the J x J weights are given.
inline constexpr int64_t kMostSchoolsOfWeights = 4096;

// The control's stop throws Stopped.
Weights posterior_weights(const Engine& engine, const RunControl& control);

}  // namespace taugrid
