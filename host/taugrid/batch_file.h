// From a CSV file of many data sets to a file of their posteriors: reading, fitting and encoding by
// blocks, on every thread, with what stands in memory bounded by a few blocks and 32 bytes a group.
// Internal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/taugrid/batch.h"
#include "host/taugrid/batch_input.h"

namespace taugrid {

struct BatchFileRequest {
  std::string input;  // a path, or - for standard input
  BatchInputOptions form;
  std::string output;  // a path, or - for standard output
  PriorPair priors;
  std::string quantities, statistics;  // of parse_batch_columns
  int64_t most_schools = 0;  // columns of theta; 0: as many as the wide form has studies, or as a
                             // first reading of the file finds
  DeviceOptions device;
  bool resume = false;
};

struct BatchFileProgress {
  int64_t bytes, total_bytes;  // of the input; the total is -1 where it is not known
  int64_t data_sets;           // fitted by this run
};

struct BatchFileControl {
  std::function<void(const BatchFileProgress&)> progress;
  std::function<bool()> stop;                      // asked by any thread
  std::function<void(const std::string&)> notice;  // one line each
};

struct BatchFileResult {
  int64_t data_sets, errors;
  std::string backend;
  std::string first_error;  // "GROUP: why", of what this run did; empty if there was none
};

// Throws std::invalid_argument for a request or a file that makes no sense (nothing is written),
// Stopped (what was done is kept, where the output is a regular file).
BatchFileResult run_batch_file(const BatchFileRequest& request, const BatchFileControl& control);

}  // namespace taugrid
