// The log evidence of a problem and its units. Internal.
#pragma once

#include <memory>

#include "host/taugrid/engine.h"

namespace taugrid {

// log p(y) as FitResult has it, for a problem in the engine's units, and in `workspace` its nodes
// of tau.
double log_evidence(const Engine& engine, const Problem& problem, FitWorkspace& workspace);

// The same of the engine's own problem, for all that asks for it.
struct Evidence {
  double log_p;                         // NaN where it could not be integrated, or tau is infinite
  std::unique_ptr<FitWorkspace> nodes;  // null at tau = infinity
};
Evidence evidence_of(const Engine& engine);

// What is to be added to that log evidence of n schools for log p(y) in units of y (a flat mu
// counts as density 1).
double log_evidence_constant(MuForm mu, int64_t n_schools, double log_unit);

}  // namespace taugrid
