// A file of draws, written block by block as they stream by. The formats are rows of writers.cpp;
// docs/files.md describes them.
#pragma once

#include <cstdint>
#include <string>

#include "taugrid/data.h"
#include "taugrid/posterior.h"

namespace taugrid {

// Groups of an InferenceData file that grow with the draws; observed_data and constant_data are
// always there.
struct DrawGroups {
  bool posterior = true;       // tau, mu, theta, theta_new
  bool sample_stats = true;    // lp
  bool log_likelihood = true;  // of each y_j, which leave-one-out by importance sampling needs
  bool posterior_predictive = false;  // y_rep, as many numbers again

  bool operator==(const DrawGroups&) const = default;
};

// From a list as on the command line, "posterior,log_likelihood". Throws std::invalid_argument that
// names what is unknown or there twice.
DrawGroups parse_draw_groups(const std::string& list);

// What only some formats have (DrawFormat::has_options).
struct DrawFileOptions {
  DrawGroups groups;
  int compress = 0;  // level of zlib's deflate, 0 (none) to 9

  bool is_default() const { return groups == DrawGroups{} && compress == 0; }
};

// What the head of a file says, and what the groups besides the posterior are computed from.
struct DrawFileInfo {
  int64_t draws;
  uint64_t seed;
  Data data;
  std::string data_file;
  std::string tau_prior;
  std::string mu_prior;
  Precision precision = Precision::kDouble;
  DrawFileOptions options = {};
};

// Opened by its format's function, which writes nothing that stays: the file appears whole, by
// finish(), or not at all.
class DrawFile {
 public:
  DrawFile() = default;
  virtual ~DrawFile() = default;
  DrawFile(const DrawFile&) = delete;
  DrawFile& operator=(const DrawFile&) = delete;

  // Blocks in order, with lp (else throws std::invalid_argument).
  virtual void write(const DrawBlock& block) = 0;

  // Ends the file, with the time spent, and gives it its name.
  virtual void finish(double seconds) = 0;
};

// Throws std::invalid_argument, beginning with `what`, unless a block has lp and so many schools.
void check_block(const DrawBlock& block, int64_t n_schools, const char* what);

// Draws of a block that are turned into rows at a time, so that rows of many schools stay within
// some MB. A power of 2, from 16 to 8192.
int64_t rows_at_a_time(int64_t n_schools);

}  // namespace taugrid
