// Of which parameter, and where, law.h is asked for the posterior law, and what it answers.
// Internal units.
#pragma once

#include <cstdint>

namespace taugrid {

enum class LawOf : int32_t { kMu, kTheta, kThetaNew };

struct LawRequest {
  LawOf of;
  int64_t j;            // of kTheta
  bool relative_tails;  // each tail is wanted relative to itself, not to 1
  int64_t n;
  const double* x;  // (n), finite
};

// (n) each: P(<= x), P(> x), density.
struct LawValues {
  double* lower;
  double* upper;
  double* density;
};

}  // namespace taugrid
