// Data replicated from draws: y_rep_j ~ N(theta_j, sigma_j^2), the same that the posterior
// predictive checks (derived.h) look at. Internal.
#pragma once

#include <cstdint>
#include <vector>

#include "host/taugrid/buffer.h"
#include "host/taugrid/data.h"
#include "host/taugrid/posterior.h"

namespace taugrid {

// T, double or float: the draws' precision.
template <class T>
class ReplicatedDataOf {
 public:
  // Of draws of `seed`.
  ReplicatedDataOf(const Data& data, uint64_t seed);

  // Of a block that begins at a multiple of 16: y_rep (J, n) in columns stride() apart, units of y,
  // valid until the next call.
  const T* of(const DrawBlock& block);
  int64_t stride() const { return stride_; }

 private:
  std::vector<T> sigma_;
  T centre_;
  uint64_t seed_;
  int64_t stride_ = 0;
  BufferOf<T> theta_, y_;  // (J, stride)
};

}  // namespace taugrid
