// One line an interval, each a row of cells that marks are written into from the widest to the
// narrowest, so that the median and the cross are never hidden.
#include "host/taugrid/interval_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/taugrid/number_text.h"

namespace taugrid {
namespace {

constexpr int kLeastWidth = 60;

std::string shortened(std::string text, size_t longest) {
  if (display_width(text) <= longest) return text;
  while (display_width(text) >= longest) {
    // A whole code point: its continuation bytes, then its first.
    while ((static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
    text.pop_back();
  }
  return text + "…";
}

// The axis: values low .. high on cells 0 .. cells - 1.
struct Axis {
  double low;
  double high;
  int cells;

  int cell(double value) const {
    const double place = (value - low) / (high - low) * (cells - 1);
    return static_cast<int>(std::lround(std::clamp(place, 0.0, cells - 1.0)));
  }
};

Axis make_axis(const std::vector<PlotLine>& lines, int cells) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const PlotLine& line : lines) {
    for (const double value : {line.outer.lower, line.outer.upper, line.median, line.cross}) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (!(low <= high)) return {0, 1, cells};  // nothing exists
  if (low == high) {
    const double half = low != 0 ? std::abs(low) / 2 : 1;
    return {low - half, high + half, cells};
  }
  return {low, high, cells};
}

struct Tick {
  int cell;
  std::string text;
};

// Round values (1, 2 or 5 times a power of ten apart), as dense as their labels allow with two
// spaces between; there are at least two wherever a round step fits twice.
std::vector<Tick> make_ticks(const Axis& axis) {
  constexpr int kMostTicks = 8;
  const double range = axis.high - axis.low;
  double power = std::pow(10, std::floor(std::log10(range / kMostTicks)));
  for (;; power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double step = factor * power;
      const double first = std::ceil(axis.low / step);
      const double last = std::floor(axis.high / step);
      if (last - first + 1 > kMostTicks) continue;
      std::vector<Tick> ticks;
      bool fits = true;
      int end = -2;  // where the label before ends
      for (double i = first; i <= last; ++i) {
        const double value = i * step + 0.0;  // no negative zero
        const double largest = std::max(std::abs(axis.low), std::abs(axis.high));
        // A step shows as a step: its own first digit is the last one printed.
        const NumberStyle style =
            step < 1e-4 || largest >= 1e7
                ? NumberStyle{false, std::clamp(static_cast<int>(std::floor(std::log10(largest)) -
                                                                 std::floor(std::log10(step))) +
                                                    1,
                                                1, 17)}
                : NumberStyle{true,
                              std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)))};
        Tick tick = {axis.cell(value), style.text(value)};
        const int begin = tick.cell - static_cast<int>(tick.text.size()) / 2;
        fits = fits && begin >= end + 2;
        end = begin + static_cast<int>(tick.text.size());
        ticks.push_back(std::move(tick));
      }
      if (fits) return ticks;
    }
  }
}

std::string plot_row(const PlotLine& line, const Axis& axis) {
  std::vector<std::string> cells(static_cast<size_t>(axis.cells), " ");
  const auto mark = [&](double from, double to, const char* symbol) {
    if (std::isnan(from) || std::isnan(to)) return;
    for (int c = axis.cell(from); c <= axis.cell(to); ++c) cells[static_cast<size_t>(c)] = symbol;
  };
  if (axis.low < 0 && axis.high > 0) mark(0, 0, "┊");
  mark(line.outer.lower, line.outer.upper, "─");
  mark(line.inner.lower, line.inner.upper, "━");
  mark(line.median, line.median, "●");
  const bool same = !std::isnan(line.cross) && axis.cell(line.cross) == axis.cell(line.median);
  mark(line.cross, line.cross, same ? "⊗" : "×");
  std::string text;
  for (const std::string& cell : cells) text += cell;
  return text;
}

}  // namespace

std::string interval_plot(std::vector<PlotLine> lines, int width, size_t longest_name) {
  size_t name_width = 0;
  for (PlotLine& line : lines) {
    line.name = shortened(line.name, longest_name);
    name_width = std::max(name_width, display_width(line.name));
  }
  const std::string gap = "  ";
  // Half of the outermost tick's label may stick out to the right; names leave room for it on the
  // left.
  constexpr int kMargin = 4;
  const Axis axis = make_axis(
      lines, std::max(width, kLeastWidth) - static_cast<int>(name_width + gap.size()) - kMargin);

  std::string text;
  for (const PlotLine& line : lines) {
    std::string row = left_aligned(line.name, name_width) + gap + plot_row(line, axis);
    if (std::isnan(line.median)) row = left_aligned(line.name, name_width) + gap + "-";
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + '\n';
  }

  const std::vector<Tick> ticks = make_ticks(axis);
  std::vector<std::string> ruler(static_cast<size_t>(axis.cells), "─");
  for (const Tick& tick : ticks) ruler[static_cast<size_t>(tick.cell)] = "┬";
  text += std::string(name_width + gap.size(), ' ');
  for (const std::string& cell : ruler) text += cell;
  text += '\n';
  std::string labels(name_width + gap.size(), ' ');
  for (const Tick& tick : ticks) {
    const int begin = static_cast<int>(name_width + gap.size()) + tick.cell -
                      static_cast<int>(tick.text.size()) / 2;
    labels.resize(static_cast<size_t>(std::max(begin, 0)), ' ');
    labels += tick.text;
  }
  return text + labels + '\n';
}

}  // namespace taugrid
