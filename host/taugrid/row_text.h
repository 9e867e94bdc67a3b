// "row 3: sigma is ..", as validate() begins what it says of one row, in parts: for whoever knows
// more of the row, such as its line in a file. Internal.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace taugrid {

struct RowText {
  int64_t row;            // from 1
  std::string_view rest;  // ": sigma is .."
};

inline std::optional<RowText> row_text(std::string_view text) {
  if (!text.starts_with("row ")) return {};
  RowText result{0, {}};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + 4, end, result.row);
  if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ':' || result.row < 1)
    return {};
  result.rest = {parsed.ptr, static_cast<size_t>(end - parsed.ptr)};
  return result;
}

}  // namespace taugrid
