// The program: picks the subcommand, and holds the only catch. Exit codes: 0 done, 2 usage or bad
// input (std::invalid_argument), 1 anything else, an interruption included.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "host/cli/commands.h"
#include "host/cli/help_formatter.h"
#include "host/cli/usage_error.h"
#include "host/taugrid/device.h"
#include "host/taugrid/output_file.h"
#include "host/taugrid/posterior.h"
#include "kernels/math/philox.h"

namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

int fail(int code, const char* message) {
  std::fprintf(stderr, "taugrid: %s\n", message);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace taugrid;
  // A closed pipe is then an error of write(), which unwinds; the signal would leave temporary
  // files.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App program(
      "Exact posterior of the normal-normal hierarchical model:\n"
      "  y_j ~ N(theta_j, sigma_j^2), theta_j ~ N(mu, tau^2), j = 1 .. J",
      "taugrid");
  try {
    program.formatter(std::make_shared<cli::HelpFormatter>());
    program.set_version_flag("--version",
                             fmt::format("taugrid {}, stream {}", version(), kStreamVersion),
                             "Print the version and that of the random stream, and exit");
    program.require_subcommand(1);
    const cli::Command commands[] = {cli::fit_command(program),      cli::draw_command(program),
                                     cli::batch_command(program),    cli::sweep_command(program),
                                     cli::simulate_command(program), cli::info_command(program)};
    program.footer("`taugrid COMMAND --help` lists the flags of a command.");
    if (argc < 2) {
      std::fputs(program.help().c_str(), stderr);
      return kBadInput;
    }
    program.parse(argc, argv);
    for (const cli::Command& command : commands) {
      if (command.app->parsed()) command.run();
    }
    return 0;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    return fail(kBadInput, cli::usage_error(program, error).c_str());
  } catch (const std::invalid_argument& error) {
    return fail(kBadInput, error.what());
  } catch (const Stopped&) {
    return fail(kFailed, "interrupted; the output was not written");
  } catch (const OutputClosed&) {
    return kFailed;
  } catch (const std::exception& error) {
    return fail(kFailed, error.what());
  }
}
