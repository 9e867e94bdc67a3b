#include "host/taugrid/data.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/refusal.h"

namespace taugrid {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string validation(const Data& data) {
  return refusal([&] { validate(data); });
}

TEST(Data, AcceptsOrdinaryAndExtremeInput) {
  EXPECT_NO_THROW(validate({{28, 8, -3}, {15, 10, 16}, {"A", "B", "C"}}));
  EXPECT_NO_THROW(validate({{5}, {1}, {}}));
  EXPECT_NO_THROW(validate({{3, 3, 3}, {1, 1, 1}, {}}));
  EXPECT_NO_THROW(validate({{1e8, 1e8 + 1}, {1e-3, 1e-3}, {}}));
  EXPECT_NO_THROW(validate({{0, 1}, {1e-12, 1e12}, {}}));
  EXPECT_NO_THROW(validate({{1e300, 1e300}, {1e290, 1e290}, {}}));
  EXPECT_NO_THROW(validate({{0, 0}, {5e-324, 1e-310}, {}}));
}

TEST(Data, RefusesNoSchoolsAndUnequalLengths) {
  EXPECT_EQ(validation({}), "there are no schools; at least one row is needed");
  EXPECT_EQ(validation({{1, 2}, {1}, {}}),
            "y has 2 values and sigma has 1; their numbers must be equal");
  EXPECT_EQ(validation({{1, 2}, {1, 1}, {"A"}}),
            "there are 1 labels and 2 schools; give one label a school, or none");
}

TEST(Data, NamesRowAndValueOfBadSigma) {
  EXPECT_EQ(validation({{1, 2, 3}, {1, 1, -2}, {}}),
            "row 3: sigma is -2, must be positive and finite");
  EXPECT_EQ(validation({{1, 2}, {0, 1}, {}}), "row 1: sigma is 0, must be positive and finite");
  EXPECT_EQ(validation({{1, 2}, {1, -0.0}, {}}), "row 2: sigma is -0, must be positive and finite");
  EXPECT_EQ(validation({{1, 2}, {1, kInf}, {}}),
            "row 2: sigma is inf, must be positive and finite");
  EXPECT_EQ(validation({{1, 2}, {1, kNan}, {}}),
            "row 2: sigma is nan, must be positive and finite");
}

TEST(Data, NamesRowAndValueOfBadY) {
  EXPECT_EQ(validation({{1, kNan}, {1, 1}, {}}), "row 2: y is nan, must be finite");
  EXPECT_EQ(validation({{-kInf, 1}, {1, 1}, {}}), "row 1: y is -inf, must be finite");
}

TEST(Data, RefusesSpansBeyondOneProblem) {
  EXPECT_NO_THROW(validate({{0, 0}, {1e-23, 1}, {}}));
  EXPECT_EQ(validation({{0, 0}, {3e24, 1}, {}}),
            "row 1: sigma is 3e+24, must be at most 1e+24 times the smallest (1 in row 2)");
  EXPECT_EQ(validation({{5, 2e24, 7}, {1, 1, 0.5}, {}}),
            "row 2: y is 2e+24, must be within 1e+24 times the smallest sigma (0.5 in row 3) of "
            "every other "
            "y (5 in row 1)");
  // Differences that overflow are refused as well, not taken for NaN or for small.
  EXPECT_NE(validation({{-1.7e308, 1.7e308}, {1e300, 1e300}, {}}), "(nothing was refused)");
  EXPECT_NE(validation({{0, 0}, {1e-300, 1e300}, {}}), "(nothing was refused)");
}

}  // namespace
}  // namespace taugrid
