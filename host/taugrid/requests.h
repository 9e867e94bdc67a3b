// What SummaryOptions ask for beside the table: checked before, and added after, the summary.
// Internal.
#pragma once

#include "host/taugrid/engine.h"

namespace taugrid {

// Throws std::invalid_argument naming the request, the value and what is allowed.
void check_requests(const Model& model, const SummaryOptions& options);

void add_requests(const Engine& engine, const SummaryOptions& options, const RunControl& control,
                  FitSummary& summary);

}  // namespace taugrid
