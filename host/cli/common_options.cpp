// Choices and the help on priors and formats are read off the library's tables, never listed here.
#include "host/cli/common_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "host/cli/help_formatter.h"
#include "host/taugrid/output_file.h"
#include "host/taugrid/prior_table.h"
#include "host/taugrid/priors.h"

namespace taugrid::cli {
namespace {

std::string prior_lines(const char* head, std::span<const TauPriorRow> rows) {
  size_t width = 0;
  for (const TauPriorRow& row : rows) width = std::max(width, std::string(row.syntax).size());
  std::string text = fmt::format("{}\n", head);
  for (const TauPriorRow& row : rows) {
    text += fmt::format("  {:<{}}  {}\n", row.syntax, width, row.description);
  }
  return text;
}

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const Writer& writer : writers()) names.emplace_back(writer.name);
  return names;
}

std::string format_help() {
  std::string text = "Format of the result: ";
  for (const Writer& writer : writers()) {
    text += fmt::format("{}{} ({})", &writer == writers().data() ? "" : ", ", writer.name,
                        writer.description);
  }
  return text;
}

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& options, bool one_prior_each) {
  app.add_option(
         "DATA", options.data_file,
         "CSV with a header: columns y (estimates), sigma (their standard errors), and label "
         "if there are names; or Stan's JSON data; - is standard input")
      ->required();
  if (one_prior_each) {
    app.add_option("--tau-prior", options.tau_prior, "Prior of tau; see below")
        ->type_name("PRIOR")
        ->capture_default_str();
    app.add_option("--mu-prior", options.mu_prior, "Prior of mu; see below")
        ->type_name("PRIOR")
        ->capture_default_str();
  }
  add_device_options(app, options.device.backend, options.backend_given, options.device.threads);
  one_of(app.add_option("--format", options.format, format_help()), format_names())
      ->capture_default_str();
  app.add_flag("--quiet", options.quiet, "Nothing on standard error but errors");
  app.footer(prior_lines("Priors of tau:", tau_prior_rows()) + "\n" +
             prior_lines("Priors of mu:", mu_prior_rows()));
}

void add_device_options(CLI::App& app, std::string& backend, bool& backend_given, int& threads) {
  one_of(app.add_option("--backend", backend,
                        "What computes; auto takes a CUDA device where there is one"),
         {"auto", "cpu", "cuda"})
      ->each([&backend_given](const std::string&) { backend_given = true; })
      ->capture_default_str();
  number_within(app.add_option("--threads", threads, "Threads of the CPU; 0 is all that there are"),
                "N", 0, 4096)
      ->capture_default_str();
}

void add_data_columns(CLI::App& app, DataColumns& columns) {
  app.add_option("--y", columns.y, "Column of DATA with the estimates")
      ->type_name("COLUMN")
      ->capture_default_str();
  app.add_option("--se,--sigma", columns.sigma, "Column of DATA with their standard errors")
      ->type_name("COLUMN")
      ->capture_default_str();
  app.add_option("--label", columns.label,
                 "Column of DATA with the names of the schools (default: label, if there is one)")
      ->type_name("COLUMN");
}

void add_column_options(CLI::App& app, ColumnOptions& options) {
  const auto given = [&options](const std::string&) { options.given = true; };
  app.add_option("--quantities", options.quantities,
                 "Parameters that have columns: of tau, mu, theta_new, theta, separated by commas")
      ->type_name("LIST")
      ->each(given)
      ->capture_default_str();
  app.add_option("--stats", options.statistics,
                 "Columns of each: of mean, sd, mode, qP, centralP, shortestP, separated by "
                 "commas; P is a percentage, as in q2.5 or central95")
      ->type_name("LIST")
      ->each(given)
      ->capture_default_str();
}

void tell(const CommonOptions& options, const std::string& line) {
  if (!options.quiet) std::fprintf(stderr, "taugrid: %s\n", line.c_str());
}

void tell_backend(const CommonOptions& options, const Posterior& posterior) {
  if (!options.backend_given || options.device.backend != "auto") return;
  const std::string why = posterior.why_not_cuda();
  tell(options, "backend auto took " + posterior.backend() + (why.empty() ? "" : ": " + why));
}

Data read_input(const CommonOptions& options) {
  DataColumns columns = options.data_columns;
  columns.advice = " (--y, --se and --label name others)";
  ReadResult input = read_data(options.data_file, columns);
  for (const std::string& notice : input.notices) tell(options, notice);
  validate(input);
  return std::move(input.data);
}

std::vector<NamedFile> with_tables(const NamedFile& input, const std::string& flag,
                                   const std::vector<std::string>& tau_priors) {
  std::vector<NamedFile> inputs = {input};
  for (const std::string& prior : tau_priors)
    for (const std::string& file : prior_table_files(prior))
      inputs.push_back({"the table of " + flag, file});
  return inputs;
}

void refuse_same_files(const std::vector<NamedFile>& inputs,
                       const std::vector<NamedFile>& outputs) {
  std::vector<NamedFile> others = inputs;
  for (const NamedFile& output : outputs) {
    if (output.path.empty() || !OutputFile::replaces(output.path)) continue;
    for (const NamedFile& other : others)
      // Standard input may be a file: `taugrid batch - --out FILE < FILE`.
      if (with_links_followed(output.path) ==
          with_links_followed(other.path == "-" ? "/dev/stdin" : other.path))
        throw std::invalid_argument(
            fmt::format("{} and {} are the same file, {}", other.flag, output.flag, output.path));
    others.push_back(output);
  }
}

void print_result(const CommonOptions& options, const Result& result, bool stdout_taken) {
  const Writer& writer = find_writer(options.format);
  if (stdout_taken) {
    const std::string text = writer.text(result);
    if (!options.quiet) std::fwrite(text.data(), 1, text.size(), stderr);
  } else {
    OutputFile out("-");
    writer.write(result, [&](std::string_view text) { out.write(text); });
    out.commit();
  }
  if (!writer.has_times) tell(options, time_text(result));
  if (writer.has_notes) return;
  for (const std::string& note : result.fit.notes) tell(options, "note: " + note);
}

}  // namespace taugrid::cli
