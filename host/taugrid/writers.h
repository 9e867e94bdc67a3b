// Finished results as text: the one table of output formats. A writer prints what it is given and
// computes nothing.
#pragma once

#include <span>
#include <string>

#include "taugrid/summary.h"

namespace taugrid {

// What `fit` has, and with draws what `draw` has.
struct Result {
  const FitSummary& fit;
  const DrawSummary* draw = nullptr;
};

struct Writer {
  const char* name;       // as in --format
  const char* extension;  // ".json"
  const char* description;
  // Whether the text holds FitSummary::notes; else whoever prints the text says them elsewhere.
  bool has_notes;
  std::string (*text)(const Result& result);
};

std::span<const Writer> writers();

// Throws std::invalid_argument, with the names that there are.
const Writer& find_writer(const std::string& name);

// A probability as its percentage, in the shortest exact decimal: 0.025 -> "2.5". Keys are made of
// it: "q2.5", "central95".
std::string percent_text(double probability);

}  // namespace taugrid
