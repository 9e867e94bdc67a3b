// Fields of CSV as we write it. Internal.
#pragma once

#include <string>

namespace taugrid {

// As RFC 4180 wants a text that holds a comma, a quote or the end of a line.
std::string csv_quoted(const std::string& text);

// The shortest decimal that reads back as the same double; empty for NaN.
std::string csv_number(double value);

}  // namespace taugrid
