// The summary of draws: of a stream, in memory that does not grow with the number of draws, and of
// draws in memory. Internal: the public interface is posterior.h.
#pragma once

#include "host/taugrid/engine.h"
#include "host/taugrid/posterior.h"

namespace taugrid {

DrawSummary summarise_stream(const Engine& engine, int64_t n, uint64_t seed,
                             const RunControl& control, bool with_lp,
                             const Posterior::BlockCallback& also, Precision precision,
                             const DeriveRequest& derive);

}  // namespace taugrid
