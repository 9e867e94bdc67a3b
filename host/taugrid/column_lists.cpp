#include "host/taugrid/column_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "host/taugrid/csv_scanner.h"

namespace taugrid {
namespace {

constexpr int64_t kMostColumns = 100'000;

}  // namespace

std::vector<std::string> expand_columns(const std::string& text, const std::string& flag) {
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (static_cast<int64_t>(names.size()) == kMostColumns)
      throw std::invalid_argument(fmt::format("{}: more than {} columns", flag, kMostColumns));
    names.push_back(std::move(name));
  };
  struct NameAndNumber {
    std::string name, digits;
    int64_t number;
  };
  const auto split = [&](const std::string& end) -> std::optional<NameAndNumber> {
    size_t digits = end.size();
    while (digits > 0 && end[digits - 1] >= '0' && end[digits - 1] <= '9') --digits;
    NameAndNumber result{end.substr(0, digits), end.substr(digits), 0};
    const auto parsed = std::from_chars(result.digits.data(),
                                        result.digits.data() + result.digits.size(), result.number);
    if (result.digits.empty() || parsed.ec != std::errc()) return {};
    return result;
  };
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    const std::string item(csv_trimmed(std::string_view(text).substr(begin, comma - begin)));
    begin = comma + 1;
    if (item.empty())
      throw std::invalid_argument(fmt::format("{} is '{}', must name columns", flag, text));
    const size_t dots = item.find("..");
    if (dots == std::string::npos) {
      add(item);
      continue;
    }
    const auto low = split(item.substr(0, dots)), high = split(item.substr(dots + 2));
    if (!low || !high || low->name != high->name || low->number > high->number)
      throw std::invalid_argument(fmt::format(
          "{} is '{}', must be columns such as {}1..{}10: one name with ascending numbers", flag,
          item, flag.substr(2), flag.substr(2)));
    // y01..y10 keeps its zeros.
    const size_t width = low->digits.size() == high->digits.size() ? low->digits.size() : 1;
    for (int64_t i = low->number; i <= high->number; ++i)
      add(fmt::format("{}{:0{}}", low->name, i, width));
  }
  return names;
}

}  // namespace taugrid
