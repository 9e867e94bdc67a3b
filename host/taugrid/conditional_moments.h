// What is known of mu and theta_j where tau is given: the notebook's tau as a knob. Internal.
#pragma once

#include <vector>

#include "host/taugrid/engine.h"

namespace taugrid {

// tau (n) in units of y, from 0 to 1e24 times the smallest sigma, or infinity.
ConditionalMoments conditional_moments(const Engine& engine, const std::vector<double>& tau);

}  // namespace taugrid
