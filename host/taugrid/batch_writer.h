// The rows of a batch as CSV: columns group, J, the chosen numbers, error. It is text, which any
// thread makes and which a run that was killed goes on from. Internal.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/taugrid/batch.h"

namespace taugrid {

// Consecutive data sets with their results.
struct BatchRows {
  std::span<const std::string> groups;  // (n)
  std::span<const int64_t> n_schools;   // (n)
  const double* values;  // (n, columns), units of y, NaN where a thing does not exist
  size_t n_columns;
  std::span<const BatchError> errors;  // ascending; data sets are counted from the first row
  size_t size() const { return n_schools.size(); }
};

// The names of all columns, in order.
std::vector<std::string> batch_header(const BatchColumns& columns);

// As CSV: numbers are the shortest that read back, and what does not exist is an empty field.
std::string batch_csv_header(const BatchColumns& columns);
void encode_batch_csv(const BatchRows& rows, std::string& bytes);

}  // namespace taugrid
