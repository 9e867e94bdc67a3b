// Intervals on one axis as text. Internal: forest_plot.h and the sweep's plot are made of it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "taugrid/summary.h"

namespace taugrid {

inline constexpr size_t kLongestPlotName = 26;

// What is NaN is not drawn.
struct PlotLine {
  std::string name;
  Interval outer;  // ─
  Interval inner;  // ━
  double median;   // ●; without it the line is a dash
  double cross;    // ×, or ⊗ at the median
};

// Lines of at most `width` columns (at least 60), in UTF-8, and below them the axis. A name longer
// than `longest_name` is shortened.
std::string interval_plot(std::vector<PlotLine> lines, int width = 72,
                          size_t longest_name = kLongestPlotName);

}  // namespace taugrid
