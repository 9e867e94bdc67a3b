// The subcommands, one file each. A command adds its flags to the program and says what to run if
// it is the one that was asked for.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace taugrid::cli {

struct Command {
  CLI::App* app;
  std::function<void()> run;
};

Command fit_command(CLI::App& program);
Command draw_command(CLI::App& program);
Command batch_command(CLI::App& program);
Command sweep_command(CLI::App& program);
Command simulate_command(CLI::App& program);
Command info_command(CLI::App& program);

}  // namespace taugrid::cli
