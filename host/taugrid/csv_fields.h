// Fields of CSV as we write it. Internal.
#pragma once

#include <string>
#include <string_view>

namespace taugrid {

// Whether a text must stand in quotes to read back as itself: where it holds a comma, a quote or
// the end of a line (RFC 4180), and where csv_scanner.h, as other readers too, would take it for a
// comment or trim it: it begins with # or a blank, or ends with one.
bool csv_needs_quotes(std::string_view text);

// In quotes where it needs them.
std::string csv_quoted(const std::string& text);

// The shortest decimal that reads back as the same double; empty for NaN.
std::string csv_number(double value);

}  // namespace taugrid
