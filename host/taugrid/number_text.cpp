#include "host/taugrid/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace taugrid {
namespace {

constexpr int kShownDigits = 4;        // of the scale
constexpr int kMostDecimals = 8;       // beyond, an exponent reads better
constexpr double kLargestFixed = 1e9;  // likewise
constexpr int kMostDigits = 17;        // more say nothing about a double

int decade(double positive) { return static_cast<int>(std::floor(std::log10(positive))); }

}  // namespace

std::string NumberStyle::text(double value) const {
  if (std::isnan(value)) return "-";
  if (!fixed || std::isinf(value)) return fmt::format("{:.{}g}", value, digits);
  if (std::abs(value) >= kLargestFixed) return fmt::format("{:.{}g}", value, kShownDigits + 1);
  const std::string shown = fmt::format("{:.{}f}", value, digits);
  // A rounded zero has no sign: "-0.000" would say that the value is negative.
  return shown.find_first_of("123456789") == std::string::npos && shown[0] == '-' ? shown.substr(1)
                                                                                  : shown;
}

NumberStyle style_for(double scale, const std::vector<double>& values) {
  double largest = 0;
  for (const double value : values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  if (!(scale > 0) || !std::isfinite(scale)) scale = largest > 0 ? largest : 1;
  const int decimals = std::max(0, kShownDigits - 1 - decade(scale));
  if (decimals <= kMostDecimals && largest < kLargestFixed) return {true, decimals};
  const int above = largest > 0 ? std::max(0, decade(largest) - decade(scale)) : 0;
  return {false, std::min(kShownDigits + above, kMostDigits)};
}

void align_styles(std::vector<NumberStyle>& styles) {
  constexpr int kNear = 2;  // decimals
  if (styles.empty() || !std::ranges::all_of(styles, &NumberStyle::fixed)) return;
  const auto [least, most] = std::ranges::minmax(styles, {}, &NumberStyle::digits);
  if (most.digits - least.digits > kNear) return;
  for (NumberStyle& style : styles) style.digits = most.digits;
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string left_aligned(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, display_width(text)), ' ');
}

std::string right_aligned(const std::string& text, size_t width) {
  return std::string(width - std::min(width, display_width(text)), ' ') + text;
}

}  // namespace taugrid
