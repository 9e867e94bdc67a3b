// The examples in the table of priors, as tests that run in any folder can use them.
#pragma once

#include <string>

#include "host/taugrid/priors.h"

namespace taugrid {

inline std::string prior_example(const TauPriorRow& row) {
  std::string text = row.example;
  const std::string file = "table:data/";
  for (size_t at = text.find(file); at != std::string::npos; at = text.find(file, at + file.size()))
    text.replace(at, file.size(), "table:" TAUGRID_SOURCE_DIR "/data/");
  return text;
}

}  // namespace taugrid
