// The sections of the table for people that hold what was asked for beside it.
#pragma once

#include <string>

#include "taugrid/summary.h"

namespace taugrid {

// Empty where nothing was; else every section ends with an empty line.
std::string request_sections(const FitSummary& fit);

}  // namespace taugrid
