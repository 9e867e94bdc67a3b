// How many digits a table shows. The spread of a quantity decides, not its size: a mean of 1e8 with
// a standard deviation of 0.01 is worth eleven digits, one with 1e6 is worth three.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace taugrid {

// What does not exist (NaN) is "-", in every style.
struct NumberStyle {
  bool fixed;  // digits after the point; else significant digits, with an exponent where needed
  int digits;

  std::string text(double value) const;
};

// Shows `values` to a thousandth of `scale` (> 0): with a fixed number of decimals where that is
// readable.
NumberStyle style_for(double scale, const std::vector<double>& values);

// One style for rows that are to line up, where all are fixed and not far apart; else each keeps
// its own.
void align_styles(std::vector<NumberStyle>& styles);

// The number of columns that UTF-8 text takes: its code points. (Wide and combining characters are
// not looked up; a table that holds them lines up less well.)
size_t display_width(std::string_view text);
std::string left_aligned(const std::string& text, size_t width);
std::string right_aligned(const std::string& text, size_t width);

}  // namespace taugrid
