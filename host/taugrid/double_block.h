// Blocks of draws as doubles: in double as they are, in single converted, exactly.
#pragma once

#include <algorithm>

#include "host/taugrid/posterior.h"

namespace taugrid {

class DoubleBlock {
 public:
  DrawBlock of(const DrawBlock& block) { return block; }

  // Valid until the next block.
  DrawBlock of(const DrawBlockOf<float>& block) {
    const int64_t n_columns = block.n_schools() + (block.has_lp() ? 4 : 3);
    const size_t size = static_cast<size_t>(n_columns * block.size());
    if (values_.size() < size) values_ = Buffer(size);
    for (int64_t k = 0; k < n_columns; ++k)
      std::ranges::copy(block.column(k), values_.data() + k * block.size());
    return {values_.data(), block.size(),      block.first(),
            block.size(),   block.n_schools(), block.has_lp()};
  }

 private:
  Buffer values_;
};

}  // namespace taugrid
