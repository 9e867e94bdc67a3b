// taugrid fit DATA: the exact summary.
#include <memory>
#include <optional>
#include <stdexcept>

#include "host/cli/commands.h"
#include "host/cli/common_options.h"
#include "host/cli/progress.h"
#include "host/cli/request_options.h"
#include "host/cli/stop_signals.h"
#include "host/taugrid/forest_plot.h"
#include "host/taugrid/output_file.h"

namespace taugrid::cli {
namespace {

struct FitOptions : CommonOptions {
  bool plot = false;
  RequestOptions requests;
};

void run(const FitOptions& options) {
  if (options.plot && options.format != "table") {
    throw std::invalid_argument("--plot goes with --format table, not " + options.format);
  }
  const SummaryOptions requests = parse_requests(options.requests);
  const Posterior posterior(read_input(options), options.tau_prior, options.mu_prior,
                            options.device);
  tell_backend(options, posterior);
  std::optional<FitSummary> computed;
  {
    const StopSignals signals;
    Progress progress(posterior.model().data.n_schools(), !options.quiet, "refits");
    computed = posterior.summary(requests, {[&](int64_t done) { progress.update(done); },
                                            [&] { return signals.received(); }});
    if (signals.received()) throw Stopped();
  }
  const FitSummary& exact = *computed;
  print_result(options, {exact});
  if (options.plot) {
    OutputFile out("-");
    out.write("\n" + forest_plot(exact, posterior.model().data));
    out.commit();
  }
}

}  // namespace

Command fit_command(CLI::App& program) {
  CLI::App* app =
      program.add_subcommand("fit", "Exact summary of the posterior, no random numbers");
  const auto options = std::make_shared<FitOptions>();
  add_common_options(*app, *options);
  add_data_columns(*app, options->data_columns);
  app->add_flag("--plot", options->plot, "A forest plot below the table");
  add_request_options(*app, options->requests);
  return {app, [options] { run(*options); }};
}

}  // namespace taugrid::cli
