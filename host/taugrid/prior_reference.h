// What the table of priors says beside its texts. Internal.
#pragma once

#include <string>

namespace taugrid {

struct TauPriorFacts {
  std::string parameters;  // "scale > 0, units of y"
  bool proper = true;
  bool proper_without_optional = true;
  double tail_exponent = 0.0;  // of its example; infinity where there is none
};
TauPriorFacts tau_prior_facts(const std::string& name);

}  // namespace taugrid
