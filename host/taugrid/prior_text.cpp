#include "host/taugrid/prior_text.h"

#include <charconv>
#include <stdexcept>

namespace taugrid {

NameAndNumbers split_prior(const std::string& text, const std::string& what) {
  NameAndNumbers parts;
  const size_t colon = text.find(':');
  parts.name = text.substr(0, colon);
  if (colon == std::string::npos) return parts;
  size_t begin = colon + 1;
  while (true) {
    const size_t comma = text.find(',', begin);
    std::string item = text.substr(begin, comma == std::string::npos ? comma : comma - begin);
    const size_t first = item.find_first_not_of(' ');
    item = first == std::string::npos ? ""
                                      : item.substr(first, item.find_last_not_of(' ') - first + 1);
    if (item.size() > 1 && item[0] == '+' && item[1] != '+' && item[1] != '-') item.erase(0, 1);
    double value = 0.0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
    if (error == std::errc::result_out_of_range)
      throw std::invalid_argument(what + " prior " + text + ": " + item +
                                  " is beyond the range of a double");
    if (item.empty() || error != std::errc() || end != item.data() + item.size())
      throw std::invalid_argument(what + " prior " + text + ": '" + item + "' is not a number");
    parts.texts.push_back(item);
    parts.numbers.push_back(value);
    if (comma == std::string::npos) break;
    begin = comma + 1;
  }
  return parts;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace taugrid
