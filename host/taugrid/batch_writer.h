// Where the rows of a batch go: columns group, J, the chosen numbers, error. CSV is text, which any
// thread makes and which a run that was killed goes on from; other formats are a BatchWriter.
// Internal.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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

class BatchWriter {
 public:
  virtual ~BatchWriter() = default;
  // In the order of the input, by one thread.
  virtual void append(const BatchRows& rows) = 0;
  // After the last: only now is there a file.
  virtual void finish() = 0;
};

// The writer of a path's extension; null where that is CSV, as all that are not listed are.
std::unique_ptr<BatchWriter> make_batch_writer(const std::string& path,
                                               const BatchColumns& columns);

// The names of all columns, in order.
std::vector<std::string> batch_header(const BatchColumns& columns);

// As CSV: numbers are the shortest that read back, and what does not exist is an empty field.
std::string batch_csv_header(const BatchColumns& columns);
void encode_batch_csv(const BatchRows& rows, std::string& bytes);

}  // namespace taugrid
