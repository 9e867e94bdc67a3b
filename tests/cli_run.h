// What the tests of the program share: a run of it, and words to look at what it says.
#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/process.h"

namespace taugrid {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

inline const std::string kSchools = TAUGRID_SOURCE_DIR "/data/eight_schools.csv";

inline Outcome run(const Texts& arguments, const std::string& input = "") {
  return Process(arguments, input).wait();
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline const Json& parameter(const Json& result, const std::string& name) {
  for (const Json& entry : result["parameters"]) {
    if (entry["name"] == name) return entry;
  }
  throw std::runtime_error("no parameter " + name);
}

}  // namespace taugrid
