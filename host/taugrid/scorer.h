// What the methods of a simulation study say, scored against the truth. Internal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/taugrid/answers.h"
#include "host/taugrid/measures.h"

namespace taugrid {

inline constexpr const char* kReplicatesHeader =
    "scenario,replicate,method,parameter,truth,estimate,lower,upper\n";

// Replicates begin .. begin + n - 1 of those that the answers are of, added to `measures`, which
// has an element for each parameter of each method, in order. `lines`, if not null, receives a line
// of
// --replicates-out for each of them; `number` is the first one's number in the scenario.
void score(const Study& study, const Scenario& scenario, Answers& answers, int64_t begin, int64_t n,
           int64_t number, std::vector<ParameterMeasures>& measures, std::string* lines);

}  // namespace taugrid
