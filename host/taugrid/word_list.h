// Lists of words as the command line has them, "best,rank". Internal.
#pragma once

#include <string>
#include <vector>

namespace taugrid {

// The words of a list, which may be empty. Throws std::invalid_argument, beginning with `what`, for
// a word that is not `known`, an empty one, or one that is there twice.
std::vector<std::string> parse_words(const char* what, const std::string& text,
                                     const std::vector<std::string>& known);

}  // namespace taugrid
