// Data replicated from draws, and the statistics that check them: their words in the stream, and
// the values of each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/kernels.h"
#include "kernels/math/normal.h"
#include "tests/data_sets.h"
#include "tests/derive_all.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

// Words by their place in the stream: purpose 3 in the top bits of the block's number, of which a
// draw has one for two schools in double, for four in single.
TEST(Replicate, TakesTheNormalsOfTheTable) {
  using D = Scalar<double>;
  using S = Scalar<float>;
  constexpr int64_t kDraws = 16, kSchools = 5;
  std::vector<double> theta, statistic(kDraws);
  std::vector<float> theta_single, statistic_single(kDraws);
  for (int64_t k = 0; k < kDraws * kSchools; ++k) theta.push_back(static_cast<double>(k % 31) - 11);
  theta_single.assign(theta.begin(), theta.end());
  const std::vector<double> sigma = {1, 20, 3, 9, 15};
  const std::vector<float> sigma_single(sigma.begin(), sigma.end());
  constexpr uint64_t kFirst = uint64_t{5} << 33;
  const StreamPosition at{kSeed, 0, Purpose::kPredictive};
  cpu_kernels().in_double.replicate({kSchools, sigma.data(), 0}, at, kFirst, kDraws, theta.data(),
                                    kDraws, {statistic.data(), nullptr, nullptr, nullptr});
  cpu_kernels().in_single.replicate({kSchools, sigma_single.data(), 0}, at, kFirst, kDraws,
                                    theta_single.data(), kDraws,
                                    {statistic_single.data(), nullptr, nullptr, nullptr});
  for (uint32_t i = 0; i < kDraws; ++i) {
    double largest = -std::numeric_limits<double>::infinity();
    float largest_single = -std::numeric_limits<float>::infinity();
    for (uint32_t j = 0; j < kSchools; ++j) {
      const auto pair = box_muller<D>(philox4x32_10<D>(kSeed, 0x30000000u + j / 2, 0, i, 10));
      largest =
          std::max(largest, std::fma(sigma[j], j % 2 ? pair.z1 : pair.z0, theta[j * kDraws + i]));
      const auto single =
          box_muller<S>(philox4x32_10<S>(kSeed, 0x30000000u + j / 4, 0, i, 10), j % 4 / 2 * 2);
      largest_single = std::max(
          largest_single,
          std::fma(sigma_single[j], j % 2 ? single.z1 : single.z0, theta_single[j * kDraws + i]));
    }
    EXPECT_EQ(statistic[i], largest);
    EXPECT_EQ(statistic_single[i], largest_single);
  }
}

// From an independent Philox: key 1, counters (0x30000000, 0, 0, 0) and (0x30000001, 0, 5, 0).
TEST(Replicate, HasKnownWords) {
  const auto words = [](uint64_t draw, uint32_t block) {
    const auto b = draw_block<Scalar<>>({1, 0, Purpose::kPredictive}, draw, block);
    return std::vector<uint32_t>(b.w, b.w + 4);
  };
  EXPECT_EQ(words(0, 0), (std::vector<uint32_t>{0xa9050765, 0xe5ce00f1, 0x75acf6d2, 0xbfd387c2}));
  EXPECT_EQ(words(5, 1), (std::vector<uint32_t>{0x7ae161da, 0x4e4d18a2, 0x9734e50d, 0x7870cd4d}));
}

TEST(Replicate, StatisticsAreThoseOfTheValues) {
  constexpr int64_t kDraws = 16, kSchools = 11;
  const std::vector<double> theta(kDraws * kSchools, 1e6);
  std::vector<double> sigma, all(4 * kDraws);
  for (int64_t j = 0; j < kSchools; ++j) sigma.push_back(1 + static_cast<double>(j));
  const StreamPosition at{3, 0, Purpose::kPredictive};
  cpu_kernels().in_double.replicate({kSchools, sigma.data(), 1e6 - 3}, at, 0, kDraws, theta.data(),
                                    kDraws,
                                    {&all[0], &all[kDraws], &all[2 * kDraws], &all[3 * kDraws]});
  for (size_t i = 0; i < kDraws; ++i) {
    std::vector<double> y;
    for (int64_t j = 0; j < kSchools; j += 2) {
      const auto normals = replicate_normals<Scalar<>>(at, i, j);
      for (int64_t k = 0; k < 2 && j + k < kSchools; ++k)
        y.push_back(3 + sigma[static_cast<size_t>(j + k)] * normals.z[k]);
    }
    const double mean = std::accumulate(y.begin(), y.end(), 0.0) / kSchools;
    double squares = 0;
    for (const double x : y) squares += (x - mean) * (x - mean);
    EXPECT_NEAR(all[i], *std::max_element(y.begin(), y.end()), 1e-12);
    EXPECT_NEAR(all[kDraws + i], *std::min_element(y.begin(), y.end()), 1e-12);
    EXPECT_NEAR(all[2 * kDraws + i], mean, 1e-12);
    EXPECT_NEAR(all[3 * kDraws + i], std::sqrt(squares / (kSchools - 1)), 1e-12);
  }
}

// A shift of the data shifts all but the sd, and changes no p-value.
TEST(Checks, FollowAShiftOfTheData) {
  Data far = eight_schools();
  for (double& y : far.y) y += 1024;
  const auto near_checks =
      derive(Posterior(eight_schools(), "half_cauchy:5", "flat", {"cpu", 1}), 50'000).checks;
  const auto far_checks =
      derive(Posterior(far, "half_cauchy:5", "flat", {"cpu", 1}), 50'000).checks;
  for (size_t k = 0; k < 4; ++k) {
    const double shift = near_checks[k].statistic == "sd" ? 0 : 1024;
    EXPECT_EQ(far_checks[k].count, near_checks[k].count);
    EXPECT_NEAR(far_checks[k].observed, near_checks[k].observed + shift, 1e-10);
    EXPECT_NEAR(far_checks[k].mean, near_checks[k].mean + shift, 1e-9);
    EXPECT_NEAR(far_checks[k].sd, near_checks[k].sd, 1e-9);
  }
}

}  // namespace
}  // namespace taugrid
