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
// it. No cell is divided, or some are, and parts of them, down to the last bits of t.
struct TellingTable {
  explicit TellingTable(bool divided) {
    add(2 * kCellsPerSide);
    if (!divided) return;
    for (const int64_t c : {5, 1663, 2000}) divide(c);
    for (depth = 1; depth < kMaxTableDepth; ++depth) {
      // The last part of the cell divided last, and one in the middle of it.
      const int64_t end = static_cast<int64_t>(first_part.size());
      divide(end - 1);
      divide(end - 20);
    }
  }
  void add(int n) {
    for (int c = 0; c < n; ++c) {
      for (int k = 0; k < kCellCoefficients; ++k)
        coefficient.push_back(1000.0 * static_cast<double>(first_part.size()) + k + 1);
      first_part.push_back(0.0);
    }
  }
  void divide(int64_t c) {
    first_part[static_cast<size_t>(c)] = real_of(static_cast<uint64_t>(first_part.size()));
    add(kCellsPerOctave);
  }
  SamplingTable<double> view() const {
    return {coefficient.data(), first_part.data(), static_cast<int64_t>(first_part.size()), depth};
  }

  std::vector<double> coefficient, first_part;
  int depth = 0;
};

double polynomial(int64_t c, double s) {
  const double cell = static_cast<double>(c);
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
  const TellingTable table(false);
  for (int c = 0; c < kCellsPerSide; ++c) {
    const double edge = cell_edge(c), width = cell_edge(c + 1) - edge;
    for (const double s : {0.0, 0.25, 0.9990234375}) {
      const double t = edge + s * width;
      ASSERT_EQ(inverse_cdf<One>(table.view(), t), polynomial(c, s)) << t;
      // 1 - t is exact where t is a multiple of 2^-53.
      if (std::fmod(t, 0x1p-53) != 0.0) continue;
      ASSERT_EQ(inverse_cdf<One>(table.view(), 1.0 - t), polynomial(kCellsPerSide + c, s)) << t;
    }
  }
}

TEST(InverseCdf, ReachesTheLastCellsAtTheEndsOfTheUniforms) {
  const TellingTable table(false);
  EXPECT_EQ(inverse_cdf<One>(table.view(), 0x1p-53), 1.0);
  EXPECT_EQ(inverse_cdf<One>(table.view(), 1.0 - 0x1p-53), 1000.0 * kCellsPerSide + 1.0);
  const double s = 1.0 - 0x1p-46;  // 2^-53 below a half, in a cell 2^-7 wide
  EXPECT_EQ(inverse_cdf<One>(table.view(), 0.5 - 0x1p-53), polynomial(kCellsPerSide - 1, s));
  EXPECT_EQ(inverse_cdf<One>(table.view(), 0.5 + 0x1p-53), polynomial(2 * kCellsPerSide - 1, s));
}

template <class L>
void expect_values_of_one_lane(const TellingTable& table, const std::vector<double>& u) {
  for (size_t i = 0; i + L::N <= u.size(); i += L::N) {
    const auto x = inverse_cdf<L>(table.view(), L::load(&u[i]));
    for (int lane = 0; lane < L::N; ++lane)
      ASSERT_EQ(bits_of(L::lane(x, lane)), bits_of(inverse_cdf<One>(table.view(), u[i + lane])))
          << "width " << L::N;
  }
}

TEST(InverseCdf, FollowsDividedCellsBitByBit) {
  TellingTable table(false);
  table.divide(kCellsPerSide - 1);  // parts from 2 kCellsPerSide on
  const int64_t parts = 2 * kCellsPerSide;
  table.divide(parts + 3);  // parts from 32 further on
  table.depth = 2;
  const double edge = cell_edge(kCellsPerSide - 1), width = 0.5 - edge;
  const SamplingTable<double> view = table.view();
  for (int k = 0; k < kCellsPerOctave; ++k) {
    const double at = edge + width * (k + 0.25) / 32;
    if (k != 3) {
      ASSERT_EQ(inverse_cdf<One>(view, at), polynomial(parts + k, 0.25)) << k;
    }
    const double within = edge + width * (3 + (k + 0.75) / 32) / 32;
    ASSERT_EQ(inverse_cdf<One>(view, within), polynomial(parts + 32 + k, 0.75)) << k;
  }
  // The other cells, and the other side, are as they were.
  EXPECT_EQ(inverse_cdf<One>(view, cell_edge(700)), polynomial(700, 0.0));
  EXPECT_EQ(inverse_cdf<One>(view, 1.0 - (edge + 0.5 * width)),
            polynomial(2 * kCellsPerSide - 1, 0.5));
}

TEST(InverseCdf, EveryWidthGivesTheBitsOfOneLane) {
  std::vector<double> u = {0x1p-53, 1.0 - 0x1p-53, 0.5 - 0x1p-53, 0.5 + 0x1p-53};
  for (int i = 0; i < 4002; ++i) {
    const double t = std::ldexp(0.5 + std::fmod(0.31 * i, 0.5), -i % 53);
    u.push_back(t);
    u.push_back(1.0 - t);
  }
  // Within the divided cells.
  for (int i = 0; i < 256; ++i)
    for (const int c : {5, 1663}) {
      const double t = cell_edge(c) + (cell_edge(c + 1) - cell_edge(c)) * (i + 0.37) / 256;
      u.push_back(t);
      u.push_back(std::nextafter(cell_edge(c + 1), 0.0));
    }
  for (const bool divided : {false, true}) {
    const TellingTable table(divided);
    expect_values_of_one_lane<Pack<2>>(table, u);
    expect_values_of_one_lane<Pack<4>>(table, u);
    expect_values_of_one_lane<Pack<8>>(table, u);
  }
}

}  // namespace
}  // namespace taugrid
