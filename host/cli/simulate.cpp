// taugrid simulate STUDY: a simulation study, or a calibration.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "host/cli/commands.h"
#include "host/cli/progress.h"
#include "host/cli/stop_signals.h"
#include "host/taugrid/netcdf_table.h"
#include "host/taugrid/output_file.h"
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

void write_result(const std::string& path, const std::string& text) {
  OutputFile out(path);
  out.write(text);
  out.commit();
}

// As CSV, or as netCDF made of it.
void write_rows(const SimulateOptions& options, const Study& study,
                const SimulationResult& result) {
  const std::string csv = simulation_csv(study, result);
  if (!is_netcdf_path(options.out)) {
    write_result(options.out, csv);
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
  if (!options.show.empty()) {
    const auto [scenario, replicate] = parse_show(options.show);
    write_result(options.out, synthetic_csv(study, scenario, replicate));
    return;
  }
  if (is_netcdf_path(options.out)) check_netcdf_path(options.out);
  const auto tell = [&](const std::string& line) {
    if (!options.quiet) std::fprintf(stderr, "taugrid: %s\n", line.c_str());
  };
  SimulationOptions simulation;
  simulation.threads = options.threads;
  simulation.replicates_out = options.replicates_out;
  simulation.checkpoint = options.checkpoint;
  if (simulation.checkpoint.empty() && options.out != "-")
    simulation.checkpoint = options.out + ".checkpoint";
  simulation.resume = options.resume;
  simulation.checkpoint_seconds = options.checkpoint_every;
  if (options.resume && simulation.checkpoint.empty())
    throw std::invalid_argument("--resume needs --checkpoint, or --out with a file");
  const StopSignals signals;
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
  for (const std::string& note : result.notes) tell("note: " + note);
  write_rows(options, study, result);
}

}  // namespace

Command simulate_command(CLI::App& program) {
  CLI::App* app = program.add_subcommand(
      "simulate", "A simulation study: synthetic data sets, methods, and what they are worth");
  const auto options = std::make_shared<SimulateOptions>();
  app->add_option("STUDY", options->file, "TOML file that describes the study; - is standard input")
      ->required();
  app->add_option(
         "--out", options->out,
         "File for the results, CSV, or netCDF-4 where it ends in .nc; - is standard output")
      ->capture_default_str();
  app->add_option("--show", options->show,
                  "SCENARIO,REPLICATE: print that data set for `taugrid fit`, and stop");
  app->add_option("--replicates-out", options->replicates_out,
                  "File for what every method says of every replicate, CSV");
  app->add_option("--checkpoint", options->checkpoint,
                  "File that --resume goes on from; with --out FILE it is FILE.checkpoint");
  app->add_flag("--resume", options->resume, "Go on from the checkpoint, if there is one");
  app->add_option("--checkpoint-every", options->checkpoint_every, "Seconds between checkpoints")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app->add_option("--threads", options->threads, "Threads of the CPU; 0 is all that there are")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  app->add_flag("--quiet", options->quiet, "No notes and no progress on standard error");
  return {app, [options] { run(*options); }};
}

}  // namespace taugrid::cli
