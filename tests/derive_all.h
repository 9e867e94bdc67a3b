// The summary of draws with all that can be derived from them.
#pragma once

#include "host/taugrid/derived.h"
#include "host/taugrid/posterior.h"

namespace taugrid {

inline const DeriveRequest kAll = {true, true, true, true, {"max", "min", "mean", "sd"}};
inline constexpr uint64_t kSeed = 11;

inline DrawSummary derive(const Posterior& posterior, int64_t n,
                          const DeriveRequest& request = kAll,
                          Precision precision = Precision::kDouble, uint64_t seed = kSeed) {
  return posterior.draw_summary(n, seed, {}, false, {}, precision, request);
}

}  // namespace taugrid
