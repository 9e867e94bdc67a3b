#include "host/taugrid/csv_fields.h"

#include <charconv>
#include <cmath>

namespace taugrid {

bool csv_needs_quotes(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  if (text.empty()) return false;
  return text.front() == '#' || is_blank(text.front()) || is_blank(text.back()) ||
         text.find_first_of(",\"\r\n") != std::string_view::npos;
}

std::string csv_quoted(const std::string& text) {
  if (!csv_needs_quotes(text)) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + "\"";
}

std::string csv_number(double value) {
  if (std::isnan(value)) return "";
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

}  // namespace taugrid
