#include "host/taugrid/number_text.h"

#include <gtest/gtest.h>

#include <cmath>

namespace taugrid {
namespace {

TEST(NumberText, DigitsFollowTheSpreadAndNotTheSize) {
  EXPECT_EQ(style_for(5, {7.93}).text(7.932375), "7.932");
  EXPECT_EQ(style_for(0.01, {1e8}).text(100000000.12345), "100000000.12345");
  EXPECT_EQ(style_for(1e6, {2e6}).text(1234567.8), "1234568");
  EXPECT_EQ(style_for(1e-9, {3e-9}).text(2.5e-9), "2.5e-09");
  EXPECT_EQ(style_for(1e12, {3e12}).text(2.5e12), "2.5e+12");
  EXPECT_EQ(style_for(1e9, {1e12}).text(1.234567e12), "1.234567e+12");
  EXPECT_EQ(style_for(0, {0}).text(0), "0.000");             // a point mass at 0
  EXPECT_EQ(style_for(std::nan(""), {8}).text(8), "8.000");  // no spread: by the values
}

TEST(NumberText, RowsLineUpUnlessFarApart) {
  std::vector<NumberStyle> near = {{true, 3}, {true, 2}};
  align_styles(near);
  EXPECT_EQ(near[1].digits, 3);
  std::vector<NumberStyle> far = {{true, 6}, {true, 2}};
  align_styles(far);
  EXPECT_EQ(far[1].digits, 2);
  std::vector<NumberStyle> mixed = {{true, 3}, {false, 4}};
  align_styles(mixed);
  EXPECT_EQ(mixed[0].digits, 3);
}

TEST(NumberText, WidthCountsCharactersAndNotBytes) {
  EXPECT_EQ(display_width("S\xC3\xB8ren"), 5u);
  EXPECT_EQ(left_aligned("S\xC3\xB8ren", 7), "S\xC3\xB8ren  ");
  EXPECT_EQ(right_aligned("abc", 2), "abc");
}

TEST(NumberText, HugeNumbersHaveExponentsInEveryStyle) {
  EXPECT_EQ((NumberStyle{true, 4}.text(-1.5e300)), "-1.5e+300");
  EXPECT_EQ((NumberStyle{true, 4}.text(123456789.0)), "123456789.0000");
  EXPECT_EQ((NumberStyle{true, 4}.text(1234567890.0)), "1.2346e+09");
}

}  // namespace
}  // namespace taugrid
