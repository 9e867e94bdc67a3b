// --help as we want it: texts wrapped beside the flags, the default after its text; and checks of
// flags that show as a type: "--threads N", "--backend auto|cpu|cuda".
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace taugrid::cli {

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kLeft); }
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
  std::string make_subcommand(const CLI::App* command) const override;

 private:
  static constexpr size_t kLeft = 30, kWidth = 100;
};

CLI::Option* one_of(CLI::Option* option, const std::vector<std::string>& names);

template <class T>
CLI::Option* number_within(CLI::Option* option, const char* type, T least, T most) {
  return option->check(CLI::Range(least, most).description(""))->type_name(type);
}

}  // namespace taugrid::cli
