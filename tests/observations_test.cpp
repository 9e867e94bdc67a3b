// The observations beside draws: the log likelihood is the normal's, and replicated data are those
// of the predictive checks.
#include "host/taugrid/observations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "tests/data_sets.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

TEST(LogLikelihood, IsTheNormalsDensity) {
  const Data data = eight_schools();
  const Draws draws = Posterior(data, "half_cauchy:5", "flat").draw(100, 3);
  std::vector<double> columns(8 * 100);
  log_likelihood(data, draws.view(), columns.data(), 100);
  for (size_t j = 0; j < 8; ++j) {
    for (size_t i = 0; i < 100; ++i) {
      const double z = (data.y[j] - draws.view().theta(static_cast<int64_t>(j))[i]) / data.sigma[j];
      const double density =
          std::exp(-0.5 * z * z) / (data.sigma[j] * std::sqrt(2 * std::numbers::pi));
      EXPECT_NEAR(columns[j * 100 + i], std::log(density), 1e-13);
    }
  }
}

template <class T>
void expect_the_maxima_of_checks(const DrawBlockOf<T>& draws, const Data& data,
                                 const PredictiveCheck& check, uint64_t seed) {
  std::vector<T> columns(static_cast<size_t>(draws.size()) * 8);
  replicate_data(data, draws, seed, columns.data(), draws.size());
  uint64_t count = 0;
  double sum = 0;
  for (int64_t i = 0; i < draws.size(); ++i) {
    T largest = columns[static_cast<size_t>(i)];
    for (int64_t j = 1; j < 8; ++j)
      largest = std::max(largest, columns[static_cast<size_t>(j * draws.size() + i)]);
    count += largest >= static_cast<T>(check.observed);
    sum += static_cast<double>(largest);
  }
  EXPECT_EQ(count, check.count);
  EXPECT_NEAR(sum / static_cast<double>(draws.size()), check.mean, sizeof(T) == 8 ? 1e-11 : 1e-5);
}

TEST(ReplicatedData, AreThoseOfPredictiveChecks) {
  const Data data = eight_schools();
  const Posterior posterior(data, "half_cauchy:5", "flat");
  const DeriveRequest request = parse_derive("", "max");
  const int64_t n = 20'000;
  expect_the_maxima_of_checks(
      posterior.draw(n, 7).view(), data,
      posterior.draw_summary(n, 7, {}, false, {}, Precision::kDouble, request).checks[0], 7);
  expect_the_maxima_of_checks(
      posterior.draw_single(n, 7).view(), data,
      posterior.draw_summary(n, 7, {}, false, {}, Precision::kSingle, request).checks[0], 7);
}

TEST(ReplicatedData, DependOnTheDrawsIndexAlone) {
  const Data data = eight_schools();
  const Posterior posterior(data, "half_cauchy:5", "flat");
  std::vector<double> whole(8 * 50), part(8 * 18);
  replicate_data(data, posterior.draw(50, 7).view(), 7, whole.data(), 50);
  replicate_data(data, posterior.draw(18, 7, 32).view(), 7, part.data(), 18);
  for (size_t j = 0; j < 8; ++j)
    EXPECT_SAME_BITS(std::vector<double>(part.begin() + 18 * static_cast<long>(j),
                                         part.begin() + 18 * static_cast<long>(j + 1)),
                     std::vector<double>(whole.begin() + 50 * static_cast<long>(j) + 32,
                                         whole.begin() + 50 * static_cast<long>(j + 1)));
}

TEST(BesideDraws, StopsWhenItIsToldTo) {
  const Data data = eight_schools();
  const int64_t n = 3 * 8192;
  const Draws draws = Posterior(data, "half_cauchy:5", "flat").draw(n, 7);
  const auto expect_one_block = [&](const auto& fill) {
    std::vector<double> columns(static_cast<size_t>(8 * n), -1.0);
    int asked = 0;
    int64_t done = 0;
    const RunControl control{[&](int64_t n_done) { done = n_done; }, [&] { return ++asked == 2; }};
    EXPECT_THROW(fill(columns.data(), control), Stopped);
    EXPECT_EQ(done, 8192);
    for (int64_t j = 0; j < 8; ++j) {
      EXPECT_NE(columns[static_cast<size_t>(j * n + 8191)], -1.0);
      EXPECT_EQ(columns[static_cast<size_t>(j * n + 8192)], -1.0);
    }
  };
  expect_one_block([&](double* columns, const RunControl& control) {
    log_likelihood(data, draws.view(), columns, n, control);
  });
  expect_one_block([&](double* columns, const RunControl& control) {
    replicate_data(data, draws.view(), 7, columns, n, control);
  });
}

TEST(DrawInto, WritesTheDrawsColumnsAStrideApartAndNothingBetween) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  const int64_t n = 20'001, stride = n + 3;
  const Draws draws = posterior.draw(n, 7, 5);
  std::vector<double> columns(static_cast<size_t>(11 * stride), -1);
  int64_t done = 0;
  posterior.draw_into(columns.data(), stride, n, 7, 5, false,
                      {[&](int64_t so_far) { done = so_far; }, {}});
  EXPECT_EQ(done, n);
  for (int64_t c = 0; c < 11; ++c) {
    const double* column = columns.data() + c * stride;
    const auto expected = draws.view().column(c);
    EXPECT_SAME_BITS(std::vector<double>(column, column + n),
                     std::vector<double>(expected.begin(), expected.end()));
    EXPECT_EQ(std::vector<double>(column + n, column + stride), std::vector<double>(3, -1));
  }
}

TEST(DrawInto, StopsWhenItIsToldTo) {
  const Posterior posterior(eight_schools(), "half_cauchy:5", "flat");
  std::vector<float> columns(11 * 100'000);
  int asked = 0;
  EXPECT_THROW(posterior.draw_into(columns.data(), 100'000, 100'000, 7, 0, false,
                                   {{}, [&] { return ++asked == 2; }}),
               Stopped);
  EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace taugrid
