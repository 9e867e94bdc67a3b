// What the commands on a data set have in common: their flags, and the way in and out.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "host/taugrid/batch_columns.h"
#include "host/taugrid/data.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/readers.h"
#include "host/taugrid/writers.h"

namespace taugrid::cli {

struct CommonOptions {
  std::string data_file;
  DataColumns data_columns;
  std::string tau_prior = "uniform";
  std::string mu_prior = "flat";
  DeviceOptions device;
  bool backend_given = false;
  std::string format = "table";
  bool quiet = false;
};

// Without `one_prior_each` the flags of the priors are the command's own.
void add_common_options(CLI::App& app, CommonOptions& options, bool one_prior_each = true);

// --backend and --threads.
void add_device_options(CLI::App& app, std::string& backend, bool& backend_given, int& threads);

// Of a command on one data set: --y, --se and --label.
void add_data_columns(CLI::App& app, DataColumns& columns);

// --quantities and --stats, as parse_batch_columns reads them.
struct ColumnOptions {
  std::string quantities = kDefaultQuantities;
  std::string statistics = kDefaultStatistics;
  bool given = false;
};
void add_column_options(CLI::App& app, ColumnOptions& options);

// The data set, valid, with the reader's notices told on standard error.
Data read_input(const CommonOptions& options);

// One line to standard error, unless --quiet.
void tell(const CommonOptions& options, const std::string& line);

// Where `--backend auto` was asked for in so many words: what it took, and why.
void tell_backend(const CommonOptions& options, const Posterior& posterior);

// A file, and the flag or argument that names it.
struct NamedFile {
  std::string flag, path;
};

// An input and the tables of priors of tau, which `flag` gives.
std::vector<NamedFile> with_tables(const NamedFile& input, const std::string& flag,
                                   const std::vector<std::string>& tau_priors);

// Throws std::invalid_argument where an output is one of the inputs, which would be gone, or an
// output before it, of which only the last written would be left. Empty paths are none.
void refuse_same_files(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs);

// The result to standard output, and to standard error what its format has no place for. With
// `stdout_taken`, by draws, all goes to standard error.
void print_result(const CommonOptions& options, const Result& result, bool stdout_taken = false);

}  // namespace taugrid::cli
