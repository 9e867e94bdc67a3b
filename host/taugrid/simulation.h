// A simulation study run: blocks of replicates on all threads, their results merged in the order of
// the blocks, so that neither the number of threads nor a checkpoint in between changes a bit.
// Internal.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/taugrid/measures.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/study.h"

namespace taugrid {

// Replicates in a block: the unit of work and of summation.
inline constexpr int64_t kStudyBlock = 256;

struct SimulationOptions {
  // auto, cpu, cuda; auto takes the CPU, as batches do.
  std::string backend = "auto";
  // Of a worker's turn; 0: one on the CPU, as many as serve a CUDA device. No result depends on it.
  int64_t blocks_at_once = 0;
  int threads = 0;             // 0: all
  std::string replicates_out;  // file for a line per replicate, method and parameter; or empty
  std::string checkpoint;      // file; or empty
  bool resume = false;         // from the checkpoint, if there is one
  double checkpoint_seconds = 5.0;
  RunControl control;  // progress in replicates
  // What there is to be done with the result before the checkpoint goes: should it throw, or the
  // process end in it, the next run goes on from there.
  std::function<void(const struct SimulationResult&)> deliver;
};

struct SimulationRow {
  int64_t scenario;
  std::string method, parameter;
  MeasureRow measure;
};

struct SimulationResult {
  std::vector<SimulationRow> rows;
  std::vector<std::string> notes;  // why methods failed, the first reason of each
  std::string backend;             // "cpu (v4)", "cuda (NVIDIA H100)"
};

int64_t total_replicates(const Study& study);

// Throws Stopped (after a checkpoint, if there is to be one), std::invalid_argument.
SimulationResult run_study(const Study& study, const SimulationOptions& options);

// Tidy: a row for each scenario, method, parameter and measure.
std::string simulation_csv(const Study& study, const SimulationResult& result);

}  // namespace taugrid
