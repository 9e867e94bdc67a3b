// What a prior's record has no room for: a table's cubics and a mixture's rows. Internal.
#pragma once

#include <vector>

#include "kernels/math/fit_types.h"
#include "kernels/math/priors.h"

namespace taugrid {

struct PriorStorage {
  std::vector<double> numbers;
  std::vector<PriorRecord> rows;
  bool of_sigma = false;  // whether the record was made from the sigmas

  NumberRange add(const std::vector<double>& more) {
    const NumberRange range{static_cast<int32_t>(numbers.size()),
                            static_cast<int32_t>(more.size())};
    numbers.insert(numbers.end(), more.begin(), more.end());
    return range;
  }
  std::vector<double> read(const NumberRange& range) const {
    return {numbers.begin() + range.first, numbers.begin() + range.first + range.n};
  }
};

}  // namespace taugrid
