#include "host/cli/usage_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "host/taugrid/nearest_name.h"

namespace taugrid::cli {
namespace {

using Texts = std::vector<std::string>;

// "-5" and "-" are no flags.
bool is_flag(const std::string& argument) {
  const size_t dashes = argument.find_first_not_of('-');
  return dashes != std::string::npos && dashes > 0 &&
         std::isalpha(static_cast<unsigned char>(argument[dashes])) != 0;
}

Texts flags_of(const CLI::App& app) {
  Texts flags;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

}  // namespace

std::string usage_error(const CLI::App& program, const CLI::ParseError& error) {
  const auto parsed = program.get_subcommands();
  const CLI::App* const command = parsed.empty() ? nullptr : parsed.front();
  std::string text = error.what();
  const Texts before = program.remaining(false),  // the command
      all = program.remaining(true);
  const auto flag = std::ranges::find_if(all, is_flag);
  if (flag != all.end()) {
    const bool is_before = std::ranges::find(before, *flag) != before.end();
    const CLI::App& app = command == nullptr || is_before ? program : *command;
    const std::string name = flag->substr(0, flag->find('='));
    const std::string spelt = "--" + name.substr(name.find_first_not_of('-'));
    text = fmt::format("{} is no flag of {}", name, app.get_name());
    if (is_before && command != nullptr && command->get_option_no_throw(spelt) != nullptr)
      text += fmt::format("; those of {} come after it", command->get_name());
    else
      text += did_you_mean(spelt, flags_of(app));
  } else if (!before.empty()) {
    Texts names;
    for (const CLI::App* known : program.get_subcommands({})) names.push_back(known->get_name());
    text = fmt::format("{} is no command; the commands are {}{}", before.front(),
                       fmt::join(names, ", "), did_you_mean(before.front(), names));
  }
  return fmt::format("{}\n`taugrid {}--help` says more.", text,
                     command == nullptr ? "" : command->get_name() + " ");
}

}  // namespace taugrid::cli
