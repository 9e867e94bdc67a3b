// A simulation study run: blocks of replicates on all threads, their results merged in the order of
// the blocks, so that neither the number of threads nor a checkpoint in between changes a bit.
// Internal.
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/measures.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/study.h"

namespace taugrid {

// Replicates in a block: the unit of work and of summation.
inline constexpr int64_t kStudyBlock = 256;

struct SimulationOptions {
  int threads = 0;             // 0: all
  std::string replicates_out;  // file for a line per replicate, method and parameter; or empty
  std::string checkpoint;      // file; or empty
  bool resume = false;         // from the checkpoint, if there is one
  double checkpoint_seconds = 5.0;
  RunControl control;  // progress in replicates
};

struct SimulationRow {
  int64_t scenario;
  std::string method, parameter;
  MeasureRow measure;
};

struct SimulationResult {
  std::vector<SimulationRow> rows;
  std::vector<std::string> notes;  // why methods failed, the first reason of each
};

int64_t total_replicates(const Study& study);

// Throws Stopped (after a checkpoint, if there is to be one), std::invalid_argument.
SimulationResult run_study(const Study& study, const SimulationOptions& options);

// Tidy: a row for each scenario, method, parameter and measure.
std::string simulation_csv(const Study& study, const SimulationResult& result);

}  // namespace taugrid
