// The forest plot of a fit as text: mu, every theta_j and theta_new on one axis.
#pragma once

#include <string>

#include "taugrid/data.h"
#include "taugrid/summary.h"

namespace taugrid {

// Lines of at most `width` columns (at least 60), in UTF-8: the interval of FitSummary::level, the
// quartiles, the median, and y_j beside theta_j. `fit` must be of `data`, with the quantiles 0.25,
// 0.5 and 0.75; throws std::invalid_argument otherwise.
std::string forest_plot(const FitSummary& fit, const Data& data, int width = 72);

}  // namespace taugrid
