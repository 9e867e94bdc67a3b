// Words to normals: Box and Muller's ends, which words feed which normal, and every lane width.
#include "kernels/math/normal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/kolmogorov_smirnov.h"

namespace taugrid {
namespace {

using One = Scalar<>;

Block<One> block_of(uint64_t radius, uint64_t angle) {
  return {{static_cast<uint32_t>(radius >> 32), static_cast<uint32_t>(radius),
           static_cast<uint32_t>(angle >> 32), static_cast<uint32_t>(angle)}};
}

TEST(BoxMuller, TakesRadiusFromTheFirstWordsAndAngleFromTheLast) {
  const uint64_t eighth = uint64_t{1} << 61;
  for (int k = 0; k < 8; ++k) {
    const NormalPair<One> z = box_muller<One>(block_of(uint64_t{3} << 62, eighth * k));
    const double radius = std::sqrt(-2.0 * std::log(0.75)), angle = k * std::atan(1.0);
    EXPECT_NEAR(z.z0, radius * std::cos(angle), 1e-15) << k;
    EXPECT_NEAR(z.z1, radius * std::sin(angle), 1e-15) << k;
  }
}

// sqrt(2 * 53 log 2) = 8.57168..
TEST(BoxMuller, ReachesItsStatedEnds) {
  const double largest = std::sqrt(106.0 * std::log(2.0));
  EXPECT_NEAR(box_muller<One>(block_of(0, 0)).z0, largest, 2e-15);
  EXPECT_NEAR(box_muller<One>(block_of(0, uint64_t{1} << 63)).z0, -largest, 2e-15);
  EXPECT_NEAR(box_muller<One>(block_of(0, uint64_t{1} << 62)).z1, largest, 2e-15);
  const NormalPair<One> least = box_muller<One>(block_of(~uint64_t{0}, uint64_t{1} << 61));
  EXPECT_NEAR(least.z0, 0x1p-53 * std::sqrt(0x1p53),
              1e-20);  // r = sqrt(2 * 2^-53), on both axes r/sqrt 2
  EXPECT_GT(least.z1, 0.0);
}

TEST(BoxMuller, GivesIndependentNormals) {
  constexpr int kPairs = 500'000;
  const StreamPosition at{2024, 0, Purpose::kPosteriorDraw};
  std::vector<double> cdf0, cdf1;
  double product = 0.0;
  const auto cdf = [](double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); };
  for (uint64_t i = 0; i < kPairs; ++i) {
    const NormalPair<One> z = normal_pair<One>(at, i, 0);
    cdf0.push_back(cdf(z.z0));
    cdf1.push_back(cdf(z.z1));
    product += z.z0 * z.z1;
  }
  EXPECT_GT(kolmogorov_smirnov_p_value(cdf0), 0.01);       // p = 0.113
  EXPECT_GT(kolmogorov_smirnov_p_value(cdf1), 0.01);       // p = 0.608
  EXPECT_LT(std::abs(product), 2.58 * std::sqrt(kPairs));  // p = 0.293
}

template <class L>
void expect_normals_of_one_lane() {
  for (uint64_t index = 0; index < 4096; index += L::N) {
    const StreamPosition at{99, 5, Purpose::kPosteriorDraw};
    const NormalPair<L> pack = normal_pair<L>(at, index, 6);
    for (int lane = 0; lane < L::N; ++lane) {
      const NormalPair<One> one = normal_pair<One>(at, index + static_cast<uint64_t>(lane), 6);
      ASSERT_EQ(bits_of(L::lane(pack.z0, lane)), bits_of(one.z0));
      ASSERT_EQ(bits_of(L::lane(pack.z1, lane)), bits_of(one.z1));
    }
  }
}

TEST(BoxMuller, EveryWidthGivesTheBitsOfOneLane) {
  expect_normals_of_one_lane<Pack<2>>();
  expect_normals_of_one_lane<Pack<4>>();
  expect_normals_of_one_lane<Pack<8>>();
}

TEST(NormalPair, NormalsTwoKAndOnAreOfBlockOnePlusK) {
  const StreamPosition at{7, 3, Purpose::kPosteriorDraw};
  for (const int64_t k : {0, 2, 10, 300}) {
    const NormalPair<One> pair = normal_pair<One>(at, 1234, k);
    const NormalPair<One> expected =
        box_muller<One>(draw_block<One>(at, 1234, static_cast<uint32_t>(1 + k / 2)));
    EXPECT_EQ(pair.z0, expected.z0);
    EXPECT_EQ(pair.z1, expected.z1);
  }
}

}  // namespace
}  // namespace taugrid
