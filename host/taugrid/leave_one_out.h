// Exact leave-one-out cross-validation. Internal.
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/engine.h"

namespace taugrid {

// Where it is not defined all is NaN and empty, and the reason is added to `notes`.
LeaveOneOut leave_one_out(const Engine& engine, std::vector<std::string>& notes);

}  // namespace taugrid
