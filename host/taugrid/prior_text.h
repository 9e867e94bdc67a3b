// The text of a prior, "name:1,2", in parts. Internal.
#pragma once

#include <string>
#include <vector>

namespace taugrid {

struct NameAndNumbers {
  std::string name;
  std::vector<std::string> texts;
  std::vector<double> numbers;
};

// `what`, tau or mu, names the prior in errors. Throws std::invalid_argument.
NameAndNumbers split_prior(const std::string& text, const std::string& what);

// "a, b, c"
std::string joined(const std::vector<std::string>& names);

}  // namespace taugrid
