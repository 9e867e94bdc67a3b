// taugrid draw DATA: independent draws, and their summary with the exact one beside it.
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>

#include "host/cli/commands.h"
#include "host/cli/common_options.h"
#include "host/cli/help_formatter.h"
#include "host/cli/progress.h"
#include "host/cli/stop_signals.h"
#include "host/taugrid/readers.h"

namespace taugrid::cli {
namespace {

struct DrawOptions : CommonOptions {
  std::string draws = "100000";
  std::string seed = "1";
  std::string precision = "double";
  std::string out;
  std::string derive;
  std::string check;
  std::string check_prior;
  std::optional<std::string> groups;
  int compress = 0;
};

// 1000000 or 1e6. Read from text, because as an integer 1e6 is an error and as a double 1.5 is
// none.
int64_t parse_draws(const std::string& text) {
  constexpr int64_t kMostDraws = int64_t{1} << 53;
  const auto refuse = [&] {
    return std::invalid_argument(
        fmt::format("--draws is {}, must be a whole number from 1 to {}, such as 1000000 or 1e6",
                    text, kMostDraws));
  };
  int64_t whole = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, whole);
  if (parsed.ptr == end && parsed.ec == std::errc()) {
    if (whole < 1 || whole > kMostDraws) throw refuse();
    return whole;
  }
  const double value = parse_number(text, "--draws");
  // Whole numbers up to 2^53 are doubles, and the conversion is exact.
  if (!(value >= 1 && value <= static_cast<double>(kMostDraws))) throw refuse();
  whole = static_cast<int64_t>(value);
  if (static_cast<double>(whole) != value) throw refuse();
  return whole;
}

uint64_t parse_seed(const std::string& text) {
  uint64_t seed = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, seed);
  if (parsed.ptr != end || parsed.ec != std::errc()) {
    throw std::invalid_argument(
        fmt::format("--seed is {}, must be a whole number from 0 to {}", text, UINT64_MAX));
  }
  return seed;
}

std::string draw_format_help() {
  std::string text;
  for (const DrawFormat& format : draw_formats())
    text += fmt::format("{}{} is {} ({})", text.empty() ? "" : ", ", format.extension, format.name,
                        format.description);
  return text;
}

void run(const DrawOptions& options) {
  const int64_t n = parse_draws(options.draws);
  const uint64_t seed = parse_seed(options.seed);
  const Precision precision =
      options.precision == "single" ? Precision::kSingle : Precision::kDouble;
  const DeriveRequest derive = parse_derive(options.derive, options.check, options.check_prior);
  DrawFileOptions file_options;
  if (options.groups) file_options.groups = parse_draw_groups(*options.groups);
  file_options.compress = options.compress;
  const DrawFormat* format = nullptr;
  if (!options.out.empty())
    format = &draw_format_of(options.out, file_options);
  else if (!file_options.is_default())
    throw std::invalid_argument("--groups and --compress go with --out FILE.nc");
  std::vector<NamedFile> outputs;
  if (format != nullptr)
    for (const std::string& file : format->files(options.out)) outputs.push_back({"--out", file});
  refuse_same_files(with_tables({"DATA", options.data_file}, "--tau-prior", {options.tau_prior}),
                    outputs);

  Data data = read_input(options);
  const StopSignals signals;  // before there is a file that a signal could leave behind
  std::unique_ptr<DrawFile> file;
  if (format != nullptr)
    file = format->open(options.out, {n, seed, data, options.data_file, options.tau_prior,
                                      options.mu_prior, precision, file_options});
  const auto start = std::chrono::steady_clock::now();
  const Posterior posterior(std::move(data), options.tau_prior, options.mu_prior, options.device);
  tell_backend(options, posterior);
  posterior.check_draw_summary(n, precision, derive);
  const FitSummary exact = posterior.summary();

  Posterior::BlockCallback also;
  if (file) also = [&](const DrawBlock& block) { file->write(block); };
  std::optional<DrawSummary> sample;
  {
    const int64_t of_priors = derive.prior_checks.empty() ? 0 : n;
    Progress progress(n + of_priors, !options.quiet);
    const RunControl control = {[&](int64_t done) { progress.update(done); },
                                [&] { return signals.received(); }};
    sample = posterior.draw_summary(n, seed, control, file != nullptr, also, precision, derive);
  }
  if (signals.received()) throw Stopped();  // after the last check that the library made
  if (file) {
    file->finish(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  print_result(options, {exact, &*sample}, options.out == "-");
}

}  // namespace

Command draw_command(CLI::App& program) {
  CLI::App* app = program.add_subcommand(
      "draw", "Independent draws; their summary with the exact one below it");
  const auto options = std::make_shared<DrawOptions>();
  add_common_options(*app, *options);
  add_data_columns(*app, options->data_columns);
  app->add_option("--draws", options->draws, "How many, as 1000000 or 1e6")
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--seed", options->seed,
                  "Seed of the random numbers, a whole number from 0 to 2^64 - 1")
      ->type_name("N")
      ->capture_default_str();
  one_of(app->add_option("--precision", options->precision,
                         "Precision of the draws; single is faster"),
         {"double", "single"})
      ->capture_default_str();
  app->add_option("--out", options->out,
                  "File for the draws: " + draw_format_help() +
                      "; - is Stan CSV to standard output, and the summary to standard error. "
                      "Without it draws are summarised, not kept")
      ->type_name("FILE");
  app->add_option("--groups", options->groups,
                  "Groups of a .nc file that grow with the draws: posterior, sample_stats, "
                  "log_likelihood (these by default), posterior_predictive, separated by commas")
      ->type_name("LIST");
  number_within(app->add_option("--compress", options->compress,
                                "Level of compression of a .nc file, 0 (none) to 9"),
                "LEVEL", 0, 9)
      ->capture_default_str();
  app->add_option("--derive", options->derive,
                  "What only joint draws tell: best (which theta is the largest), rank (of each "
                  "theta), pairwise (which of two is larger), max (how large the largest is), "
                  "separated by commas")
      ->type_name("LIST");
  app->add_option(
         "--check", options->check,
         "Posterior predictive checks of statistics of y: max, min, mean, sd, separated by commas")
      ->type_name("LIST");
  app->add_option("--check-prior", options->check_prior,
                  "Prior predictive checks of the same statistics; the priors must be proper")
      ->type_name("LIST");
  return {app, [options] { run(*options); }};
}

}  // namespace taugrid::cli
