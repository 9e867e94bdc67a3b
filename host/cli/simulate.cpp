// taugrid simulate STUDY: a simulation study, or a calibration.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "host/cli/commands.h"
#include "host/cli/common_options.h"
#include "host/cli/help_formatter.h"
#include "host/cli/progress.h"
#include "host/cli/stop_signals.h"
#include "host/taugrid/checkpoint.h"
#include "host/taugrid/netcdf_table.h"
#include "host/taugrid/output_file.h"
#include "host/taugrid/resumable_file.h"
#include "host/taugrid/simulation.h"
#include "host/taugrid/synthetic_data.h"

namespace taugrid::cli {
namespace {

struct SimulateOptions {
  std::string file;
  std::string out = "-";
  std::string show;
  std::string replicates_out;
  std::string checkpoint;
  bool resume = false;
  double checkpoint_every = 5.0;
  std::string backend = "auto";
  bool backend_given = false;
  int threads = 0;
  bool quiet = false;
};

// "3,17"
std::pair<int64_t, int64_t> parse_show(const std::string& text) {
  int64_t scenario = -1, replicate = -1;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, scenario);
  const bool comma = first.ec == std::errc() && first.ptr != end && *first.ptr == ',';
  const auto second = comma ? std::from_chars(first.ptr + 1, end, replicate) : first;
  if (!comma || second.ec != std::errc() || second.ptr != end)
    throw std::invalid_argument("--show is " + text +
                                ", must be SCENARIO,REPLICATE, whole numbers from 0");
  return {scenario, replicate};
}

// The file of the result, seen to be writable before the work begins. Of a regular file no more
// than that is done until there is something to write: a killed run would leave a temporary one.
class Result {
 public:
  explicit Result(std::string path) : path_(std::move(path)) {
    auto file = std::make_unique<OutputFile>(path_);
    if (!OutputFile::replaces(path_)) file_ = std::move(file);
  }
  void write(const std::string& text) {
    if (!file_) file_ = std::make_unique<OutputFile>(path_);
    file_->write(text);
    file_->commit();
  }

 private:
  std::string path_;
  std::unique_ptr<OutputFile> file_;
};

// As CSV, or as netCDF made of it.
void write_rows(const SimulateOptions& options, const Study& study, const SimulationResult& result,
                Result& out) {
  const std::string csv = simulation_csv(study, result);
  if (!is_netcdf_path(options.out)) {
    out.write(csv);
    return;
  }
  const NetcdfTable table = {options.out,
                             static_cast<int64_t>(result.rows.size()),
                             {"sigma", "theta", "method", "parameter", "measure"},
                             {"scenario", "k", "replicates", "failures"},
                             {{"data_file", options.file}, {"study", study.text}}};
  size_t at = 0;
  write_netcdf_table(table, [&](char* to, size_t size) {
    const size_t n = csv.copy(to, size, at);
    at += n;
    return n;
  });
}

void run(const SimulateOptions& options) {
  const Study study = read_study(options.file);
  std::vector<std::string> tau_priors = {study.tau_prior.text};
  for (const Method& method : study.methods) tau_priors.push_back(method.tau_prior.text);
  const std::vector<NamedFile> inputs =
      with_tables({"STUDY", options.file}, "tau_prior", tau_priors);
  if (!options.show.empty()) {
    if (is_netcdf_path(options.out))
      throw std::invalid_argument("--show writes CSV: --out must not end in .nc");
    const auto [scenario, replicate] = parse_show(options.show);
    refuse_same_files(inputs, {{"--out", options.out}});
    Result(options.out).write(synthetic_csv(study, scenario, replicate));
    return;
  }
  if (is_netcdf_path(options.out)) check_netcdf_path(options.out);
  const auto tell = [&](const std::string& line) {
    if (!options.quiet) std::fprintf(stderr, "taugrid: %s\n", line.c_str());
  };
  SimulationOptions simulation;
  simulation.backend = options.backend;
  simulation.threads = options.threads;
  simulation.replicates_out = options.replicates_out;
  simulation.checkpoint = options.checkpoint;
  if (simulation.checkpoint.empty() && OutputFile::replaces(options.out))
    simulation.checkpoint = with_links_followed(options.out) + ".checkpoint";
  simulation.resume = options.resume;
  simulation.checkpoint_seconds = options.checkpoint_every;
  if (options.resume && simulation.checkpoint.empty())
    throw std::invalid_argument("--resume needs --checkpoint, or --out with a file");
  refuse_same_files(inputs, {{"--out", options.out},
                             {"--replicates-out", simulation.replicates_out},
                             {"the checkpoint", simulation.checkpoint}});
  if (!simulation.checkpoint.empty()) checkpoint_place(simulation.checkpoint);  // or it throws
  Result out(options.out);
  const bool interrupted =
      !simulation.checkpoint.empty() && std::filesystem::exists(simulation.checkpoint);
  if (interrupted && !options.resume)
    tell("what an interrupted run left in " + simulation.checkpoint +
         " is replaced; --resume would go on from it");
  if (!interrupted && options.resume)
    tell("there is nothing to resume in " + simulation.checkpoint);
  const StopSignals signals;
  simulation.deliver = [&](const SimulationResult& result) {
    write_rows(options, study, result, out);
  };
  SimulationResult result;
  {
    Progress progress(total_replicates(study), !options.quiet, "replicates");
    simulation.control = {[&](int64_t done) { progress.update(done); },
                          [&] { return signals.received(); }};
    try {
      result = run_study(study, simulation);
    } catch (const Stopped&) {
      if (!simulation.checkpoint.empty())
        tell("stopped; --resume goes on from " + simulation.checkpoint);
      throw;
    }
  }
  if (options.backend_given && options.backend == "auto")
    tell("backend auto took " + result.backend);
  for (const std::string& note : result.notes) tell("note: " + note);
}

}  // namespace

Command simulate_command(CLI::App& program) {
  CLI::App* app = program.add_subcommand(
      "simulate", "A simulation study: synthetic data sets, methods, and what they are worth");
  const auto options = std::make_shared<SimulateOptions>();
  app->add_option("STUDY", options->file,
                  "TOML file that describes the study (docs/simulate.md); - is standard input")
      ->required();
  app->add_option(
         "--out", options->out,
         "File for the results, CSV, or netCDF-4 where it ends in .nc; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  app->add_option("--show", options->show,
                  "Print that data set, both counted from 0, as CSV for `taugrid fit`, and stop")
      ->type_name("SCENARIO,REPLICATE");
  app->add_option("--replicates-out", options->replicates_out,
                  "File for what every method says of every replicate, CSV")
      ->type_name("FILE");
  app->add_option("--checkpoint", options->checkpoint,
                  "File that --resume goes on from (default: FILE.checkpoint with --out FILE)")
      ->type_name("FILE");
  app->add_flag("--resume", options->resume, "Go on from the checkpoint, if there is one");
  number_within(app->add_option("--checkpoint-every", options->checkpoint_every,
                                "Time between checkpoints, in seconds"),
                "SECONDS", 0.0, 1e6)
      ->capture_default_str();
  add_device_options(*app, options->backend, options->backend_given, options->threads);
  app->get_option("--backend")->description("What computes; auto takes the CPU");
  app->add_flag("--quiet", options->quiet, "Nothing on standard error but errors");
  return {app, [options] { run(*options); }};
}

}  // namespace taugrid::cli
