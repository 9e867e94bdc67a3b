// taugrid sweep DATA: one data set, many priors.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <stdexcept>

#include "host/cli/commands.h"
#include "host/cli/common_options.h"
#include "host/cli/help_formatter.h"
#include "host/cli/progress.h"
#include "host/cli/stop_signals.h"
#include "host/taugrid/output_file.h"
#include "host/taugrid/sweep.h"
#include "host/taugrid/sweep_writers.h"

namespace taugrid::cli {
namespace {

struct SweepOptions : CommonOptions {
  SweepRequest request;
  ColumnOptions columns;
  int64_t rows = 40;
  bool plot = false;
};

void run(const SweepOptions& options) {
  if (options.device.backend == "cuda")
    throw std::invalid_argument("--backend is cuda, must be auto or cpu: a sweep is of the CPU");
  if (options.plot && options.format != "table")
    throw std::invalid_argument("--plot goes with --format table, not " + options.format);
  SweepRequest request = options.request;
  request.quantities = options.columns.quantities;
  request.statistics = options.columns.statistics;
  request.threads = options.device.threads;
  if (options.plot)
    check_plot_columns(parse_batch_columns(request.quantities, request.statistics).names());
  const int64_t size = sweep_size(request);
  const Data data = read_input(options);
  const StopSignals signals;
  std::optional<SweepSummary> summary;
  {
    Progress progress(size, !options.quiet, "priors");
    summary =
        sweep(data, request,
              {[&](int64_t done) { progress.update(done); }, [&] { return signals.received(); }});
  }
  OutputFile out("-");
  if (options.format == "json") {
    out.write(sweep_json(*summary));
  } else if (options.format == "csv") {
    out.write(sweep_csv(*summary));
  } else {
    const auto most_rows = static_cast<size_t>(options.rows);
    const std::string plot = options.plot ? "\n" + sweep_plot(*summary, most_rows) : "";
    out.write(sweep_table(*summary, most_rows, options.columns.given) + plot);
  }
  out.commit();
  if (options.format == "table") tell(options, fmt::format("took {:.3g} s", summary->seconds));
  if (options.format != "csv") return;
  // What its rows have no place for.
  for (const SweepFlip& flip : summary->flips) tell(options, flip_text(flip));
  for (const std::string& note : summary->notes) tell(options, "note: " + note);
}

}  // namespace

Command sweep_command(CLI::App& program) {
  CLI::App* app = program.add_subcommand(
      "sweep", "Many priors on one data set: how far the posterior moves, where conclusions flip");
  const auto options = std::make_shared<SweepOptions>();
  add_common_options(*app, *options, false);
  // A sweep has writers of its own.
  app->remove_option(app->get_option("--format"));
  one_of(app->add_option("--format", options->format,
                         "Format of the result: table (for people), json (one object), csv (a row "
                         "for each combination of priors)"),
         {"table", "json", "csv"})
      ->capture_default_str();
  app->get_option("--backend")
      ->description("What computes: auto and cpu are the CPU, the only one");
  add_data_columns(*app, options->data_columns);
  SweepRequest& request = options->request;
  const auto add_list = [&](const char* flag, std::vector<std::string>& list, const char* help) {
    app->add_option(flag, list, help)
        ->type_name("PRIORS")
        ->allow_extra_args(false)
        ->default_str(list.front());
  };
  add_list("--tau-prior", request.tau_priors,
           "Priors of tau (see below), given again or separated by semicolons; a parameter may be "
           "a range LO..HI:N, as in half_normal:0.1..10:50");
  add_list("--mu-prior", request.mu_priors,
           "Priors of mu, likewise, as in normal:0,1..100:20; all combinations are taken");
  app->add_option("--base", request.base_tau_prior,
                  "Prior of tau that ks_mu and shift_mu are measured from (default: the first)")
      ->type_name("PRIOR");
  app->add_option("--base-mu", request.base_mu_prior,
                  "Prior of mu that they are measured from (default: the first)")
      ->type_name("PRIOR");
  add_column_options(*app, options->columns);
  number_within(app->add_option("--rows", options->rows,
                                "Rows that the table shows of a long sweep; 0 is all"),
                "N", int64_t{0}, kMostSweepPriors)
      ->capture_default_str();
  app->add_flag("--plot", options->plot,
                "Intervals of mu below the table, a line for each of its rows");
  return {app, [options] { run(*options); }};
}

}  // namespace taugrid::cli
