#include "host/cli/help_formatter.h"

#include <fmt/format.h>

#include <sstream>
#include <utility>

namespace taugrid::cli {

namespace {

// The lines after the first are indented by whoever prints them.
std::string wrapped(const std::string& text, size_t width) {
  std::istringstream words(text);
  std::string lines;
  size_t column = 0;
  for (std::string word; words >> word; column += word.size()) {
    if (column > 0 && column + 1 + word.size() > width) {
      lines += '\n';
      column = 0;
    } else if (column > 0) {
      lines += ' ';
      ++column;
    }
    lines += word;
  }
  return lines;
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name,
                                     CLI::AppFormatMode mode) const {
  // CLI11 leaves two empty lines between groups.
  return CLI::detail::find_and_replace(CLI::Formatter::make_help(app, std::move(name), mode),
                                       "\n\n\n", "\n\n");
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  const std::string text = app->get_description();
  return text.find('\n') == std::string::npos ? wrapped(text, kWidth) + "\n" : text + "\n";
}

// "--draws N"; not CLI11's "--draws TEXT=100000 ..", whose dots stand for flags that may be given
// again.
std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  return option->get_positional() || option->get_type_size() == 0 ? ""
                                                                  : " " + option->get_type_name();
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  const std::string standard = option->get_default_str();
  return wrapped(
      option->get_description() + (standard.empty() ? "" : fmt::format(" [{}]", standard)),
      kWidth - kLeft);
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  std::stringstream out;
  CLI::detail::format_help(out, command->get_name(),
                           wrapped(command->get_description(), kWidth - kLeft), kLeft);
  return out.str();
}

CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& names) {
  return option->check(CLI::IsMember(names).description(""))
      ->type_name(fmt::format("{}", fmt::join(names, "|")));
}

}  // namespace taugrid::cli
