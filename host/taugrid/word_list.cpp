#include "host/taugrid/word_list.h"

#include <algorithm>
#include <stdexcept>

namespace taugrid {

std::vector<std::string> parse_words(const char* what, const std::string& text,
                                     const std::vector<std::string>& known) {
  std::vector<std::string> words;
  if (text.empty()) return words;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, comma - begin);
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      std::string names;
      for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
      throw std::invalid_argument(std::string(what) + " '" + text + "': '" + word +
                                  "' is unknown, must be one of " + names +
                                  ", separated by commas");
    }
    if (std::find(words.begin(), words.end(), word) != words.end())
      throw std::invalid_argument(std::string(what) + " '" + text + "': '" + word +
                                  "' is there twice");
    words.push_back(word);
    begin = comma + 1;
  }
  return words;
}

}  // namespace taugrid
