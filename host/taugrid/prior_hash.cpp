#include "host/taugrid/prior_hash.h"

#include <fmt/format.h>

#include "host/taugrid/resumable_file.h"

namespace taugrid {

uint64_t prior_hash(const TauPrior& prior) {
  std::string bytes = prior.text;
  for (const PriorKnot& knot : prior.knots) bytes += fmt::format(" {} {}", knot.tau, knot.density);
  for (const TauPrior& row : prior.rows) bytes += fmt::format(" {:x}", prior_hash(row));
  return hash_bytes(bytes);
}

}  // namespace taugrid
