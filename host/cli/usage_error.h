// What is wrong with a command line, in the words of this program.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace taugrid::cli {

// That of CLI11; but an unknown command or flag is named, with the nearest known one, whatever
// CLI11 misses for want of it. The program has been parsed as far as that goes.
std::string usage_error(const CLI::App& program, const CLI::ParseError& error);

}  // namespace taugrid::cli
