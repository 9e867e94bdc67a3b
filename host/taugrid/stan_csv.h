// Draws as Stan CSV, as CmdStan writes them with the method sample, algorithm fixed_param: what
// arviz, cmdstanpy, cmdstanr and posterior read.
//
//   # ..                                     what was run
//   lp__,accept_stat__,tau,mu,theta.1,..,theta.J,theta_new
//   -12.1,0,..                               one row a draw
//   #  Elapsed Time: ..
//
// accept_stat__ is 0 throughout, as fixed_param has it. Numbers read back to the same bits, those
// in single precision as floats.
#pragma once

#include <cstdint>
#include <string>

#include "taugrid/draw_file.h"
#include "taugrid/output_file.h"
#include "taugrid/posterior.h"

namespace taugrid {

// What the head of the file says.
struct StanCsvInfo {
  int64_t draws;
  uint64_t seed;
  int64_t n_schools;
  std::string data_file;
  std::string tau_prior;
  std::string mu_prior;
  Precision precision = Precision::kDouble;
};

class StanCsvWriter : public DrawFile {
 public:
  // Opens the file (or standard output, "-"); writes nothing yet, so that what is refused later
  // leaves nothing on a pipe either. Throws std::invalid_argument "cannot write PATH: reason". See
  // OutputFile: the file appears whole, by finish(), or not at all.
  StanCsvWriter(const std::string& path, const StanCsvInfo& info);

  // Blocks in order, with lp (else throws std::invalid_argument).
  void write(const DrawBlock& block) override;

  // The foot, with the time spent, and the file's name.
  void finish(double seconds) override;

 private:
  void write_head();  // once

  OutputFile file_;
  int64_t n_schools_;
  bool single_;
  std::string head_;  // empty once written
};

}  // namespace taugrid
