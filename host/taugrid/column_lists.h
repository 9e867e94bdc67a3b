// Columns as the flags of a command name them. Internal.
#pragma once

#include <string>
#include <vector>

namespace taugrid {

// "y1..y4" -> y1, y2, y3, y4; "a,b..d" is refused unless both ends are a name and a number. Throws
// std::invalid_argument, beginning with `flag`.
std::vector<std::string> expand_columns(const std::string& text, const std::string& flag);

}  // namespace taugrid
