#include "host/taugrid/nearest_name.h"

#include <gtest/gtest.h>

namespace taugrid {
namespace {

const std::vector<std::string> kNames = {"fit",         "draw",        "sweep",
                                         "half_normal", "half_cauchy", "i2"};

TEST(NearestName, IsAtMostTwoEditsAway) {
  EXPECT_EQ(did_you_mean("fitt", kNames), "; did you mean fit?");
  EXPECT_EQ(did_you_mean("half_norml", kNames), "; did you mean half_normal?");
  EXPECT_EQ(did_you_mean("halfcauchi", kNames), "; did you mean half_cauchy?");
  EXPECT_EQ(did_you_mean("darw", kNames), "; did you mean draw?");
  EXPECT_EQ(did_you_mean("seewp", kNames), "; did you mean sweep?");  // deleted, inserted
  EXPECT_EQ(did_you_mean("hlfcauchi", kNames), "");
  EXPECT_EQ(did_you_mean("half_normalize", kNames), "");
}

TEST(NearestName, IsTheNearestAndTheFirstOfSeveral) {
  EXPECT_EQ(did_you_mean("abcd", {"abxx", "abcx", "abce"}), "; did you mean abcx?");
}

// Two edits make any two letters of any two others.
TEST(NearestName, HasSomethingOfTheWord) {
  EXPECT_EQ(did_you_mean("xy", kNames), "");
  EXPECT_EQ(did_you_mean("", kNames), "");
  EXPECT_EQ(did_you_mean("i3", kNames), "; did you mean i2?");
  EXPECT_EQ(did_you_mean("abc", {}), "");
}

}  // namespace
}  // namespace taugrid
