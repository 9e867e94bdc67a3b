// What someone may have meant by a name that is unknown. Internal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace taugrid {

// "; did you mean half_normal?", for the end of an error: the known name (the first of several)
// that is the fewest insertions, deletions and replacements of a character away, where that is at
// most two and leaves something of both; else empty.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace taugrid
