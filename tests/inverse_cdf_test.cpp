// The lookup in the sampling table: cells, their edges, both sides, and every lane width.
#include "kernels/math/inverse_cdf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace taugrid {
namespace {

using One = Scalar<>;

// A table whose coefficient k of cell c is 1000 c + k + 1: a value tells its cell and its place in
// it.
std::vector<double> telling_table() {
  std::vector<double> table;
  for (int c = 0; c < 2 * kCellsPerSide; ++c)
    for (int k = 0; k < kCellCoefficients; ++k) table.push_back(1000.0 * c + k + 1);
  return table;
}

double polynomial(int cell, double s) {
  double x = 1000.0 * cell + 6;
  for (int k = 5; k >= 1; --k) x = std::fma(x, s, 1000.0 * cell + k);
  return x;
}

TEST(InverseCdf, CellsAreThirtySecondsOfOctaves) {
  EXPECT_EQ(cell_edge(0), 0x1p-53);
  EXPECT_EQ(cell_edge(1), 0x1.08p-53);
  EXPECT_EQ(cell_edge(32), 0x1p-52);
  EXPECT_EQ(cell_edge(kCellsPerSide), 0.5);
}

TEST(InverseCdf, FindsCellAndPlaceOnBothSides) {
  const std::vector<double> table = telling_table();
  for (int c = 0; c < kCellsPerSide; ++c) {
    const double edge = cell_edge(c), width = cell_edge(c + 1) - edge;
    for (const double s : {0.0, 0.25, 0.9990234375}) {
      const double t = edge + s * width;
      ASSERT_EQ(inverse_cdf<One>(table.data(), t), polynomial(c, s)) << t;
      // 1 - t is exact where t is a multiple of 2^-53.
      if (std::fmod(t, 0x1p-53) != 0.0) continue;
      ASSERT_EQ(inverse_cdf<One>(table.data(), 1.0 - t), polynomial(kCellsPerSide + c, s)) << t;
    }
  }
}

TEST(InverseCdf, ReachesTheLastCellsAtTheEndsOfTheUniforms) {
  const std::vector<double> table = telling_table();
  EXPECT_EQ(inverse_cdf<One>(table.data(), 0x1p-53), 1.0);
  EXPECT_EQ(inverse_cdf<One>(table.data(), 1.0 - 0x1p-53), 1000.0 * kCellsPerSide + 1.0);
  const double s = 1.0 - 0x1p-46;  // 2^-53 below a half, in a cell 2^-7 wide
  EXPECT_EQ(inverse_cdf<One>(table.data(), 0.5 - 0x1p-53), polynomial(kCellsPerSide - 1, s));
  EXPECT_EQ(inverse_cdf<One>(table.data(), 0.5 + 0x1p-53), polynomial(2 * kCellsPerSide - 1, s));
}

template <class L>
void expect_values_of_one_lane(const std::vector<double>& table, const std::vector<double>& u) {
  for (size_t i = 0; i + L::N <= u.size(); i += L::N) {
    const auto x = inverse_cdf<L>(table.data(), L::load(&u[i]));
    for (int lane = 0; lane < L::N; ++lane)
      ASSERT_EQ(bits_of(L::lane(x, lane)), bits_of(inverse_cdf<One>(table.data(), u[i + lane])))
          << "width " << L::N;
  }
}

TEST(InverseCdf, EveryWidthGivesTheBitsOfOneLane) {
  const std::vector<double> table = telling_table();
  std::vector<double> u = {0x1p-53, 1.0 - 0x1p-53, 0.5 - 0x1p-53, 0.5 + 0x1p-53};
  for (int i = 0; i < 4002; ++i) {
    const double t = std::ldexp(0.5 + std::fmod(0.31 * i, 0.5), -i % 53);
    u.push_back(t);
    u.push_back(1.0 - t);
  }
  expect_values_of_one_lane<Pack<2>>(table, u);
  expect_values_of_one_lane<Pack<4>>(table, u);
  expect_values_of_one_lane<Pack<8>>(table, u);
}

}  // namespace
}  // namespace taugrid
