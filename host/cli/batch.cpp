// taugrid batch DATA: the exact posteriors of many data sets in one file, a row each.
#include <fmt/format.h>

#include <memory>

#include "host/cli/commands.h"
#include "host/cli/common_options.h"
#include "host/cli/help_formatter.h"
#include "host/cli/progress.h"
#include "host/cli/stop_signals.h"
#include "host/taugrid/batch_file.h"
#include "host/taugrid/output_file.h"

namespace taugrid::cli {
namespace {

struct BatchOptions : CommonOptions {
  std::string by;
  std::string y = "y", sigma = "sigma";
  ColumnOptions columns;
  int64_t most_schools = 0;
  std::string out = "-";
  bool resume = false;
};

void run(const BatchOptions& options) {
  BatchFileRequest request;
  std::vector<NamedFile> outputs = {{"--out", options.out}};
  if (OutputFile::replaces(options.out))
    for (const char* beside : {".partial", ".partial.log"})  // of resumable_file.h
      outputs.push_back({"--out", with_links_followed(options.out) + beside});
  refuse_same_files(with_tables({"DATA", options.data_file}, "--tau-prior", {options.tau_prior}),
                    outputs);
  request.input = options.data_file;
  request.form.by = options.by;
  request.form.y = options.y;
  request.form.sigma = options.sigma;
  request.output = options.out;
  request.priors = {options.tau_prior, options.mu_prior};
  request.quantities = options.columns.quantities;
  request.statistics = options.columns.statistics;
  request.most_schools = options.most_schools;
  request.device = options.device;
  request.resume = options.resume;

  const StopSignals signals;  // before there is a file that a signal could leave behind
  BatchFileResult result{};
  {
    Progress progress(1, !options.quiet, "data sets");
    BatchFileControl control;
    // What an interrupted run did before is no part of this one's rate.
    int64_t before = 0;
    control.progress = [&](const BatchFileProgress& at) {
      if (at.data_sets == 0) before = at.bytes;
      const bool known = at.total_bytes > before;
      progress.update(known ? static_cast<double>(at.bytes - before) /
                                  static_cast<double>(at.total_bytes - before)
                            : -1.0,
                      at.data_sets);
    };
    control.stop = [&] { return signals.received(); };
    control.notice = [&](const std::string& line) { tell(options, line); };
    result = run_batch_file(request, control);
  }
  if (options.backend_given && options.device.backend == "auto")
    tell(options, "backend auto took " + result.backend);
  if (result.errors == result.data_sets)
    tell(options,
         fmt::format("none of the {} data sets could be fitted; the first: {}", result.data_sets,
                     result.first_error.empty() ? "see the column error" : result.first_error));
  else if (result.errors > 0)
    tell(options, fmt::format("{} of {} data sets have no numbers; the column error says why",
                              result.errors, result.data_sets));
}

}  // namespace

Command batch_command(CLI::App& program) {
  CLI::App* app = program.add_subcommand(
      "batch",
      "Exact summaries of many data sets, a row each: long (one row a study, --by COLUMN) or wide "
      "(one row a data set, --y y1..yk --se se1..sek)");
  const auto options = std::make_shared<BatchOptions>();
  add_common_options(*app, *options);
  app->get_option("DATA")->description("CSV with a header; - is standard input");
  app->get_option("--backend")->description("What computes; auto takes the CPU");
  app->remove_option(app->get_option("--format"));
  app->add_option("--by", options->by,
                  "Column that names the data sets, whose rows stand together (default: group, if "
                  "there is one)")
      ->type_name("COLUMN");
  app->add_option("--y", options->y,
                  "Column of the estimates; of the wide form all of them, as y1..y8 or a,b,c")
      ->type_name("COLUMNS")
      ->capture_default_str();
  app->add_option("--se,--sigma", options->sigma,
                  "Column of their standard errors; of the wide form as many")
      ->type_name("COLUMNS")
      ->capture_default_str();
  add_column_options(*app, options->columns);
  number_within(app->add_option("--max-j", options->most_schools,
                                "Columns theta[1] .. theta[N] of the long form, with theta among "
                                "--quantities (default: as many as the largest data set has rows)"),
                "N", int64_t{1}, int64_t{1000000});
  app->add_option(
         "--out", options->out,
         "File for the rows, CSV, or netCDF-4 where it ends in .nc; - is standard output, where "
         "rows come as they are done: a mistake found later in DATA ends the run after them")
      ->type_name("FILE")
      ->capture_default_str();
  app->add_flag("--resume", options->resume, "Go on from what an interrupted run to --out left");
  return {app, [options] { run(*options); }};
}

}  // namespace taugrid::cli
