// Exact leave-one-out cross-validation. Internal.
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/evidence.h"

namespace taugrid {

// Where it is not defined all is NaN and empty, and the reason is added to `notes`.
// What a refit leaves unresolved is NaN, and so are the sums over it. The control's progress is the
// number of refits done; its stop throws Stopped.
LeaveOneOut leave_one_out(const Engine& engine, const Evidence& evidence, const RunControl& control,
                          std::vector<std::string>& notes);

}  // namespace taugrid
