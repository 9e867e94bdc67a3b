#include "host/taugrid/batch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/refusal.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct FlatData {
  std::vector<double> y, sigma;
  std::vector<int64_t> offsets = {0};

  void add(const Data& data) {
    y.insert(y.end(), data.y.begin(), data.y.end());
    sigma.insert(sigma.end(), data.sigma.begin(), data.sigma.end());
    offsets.push_back(static_cast<int64_t>(y.size()));
  }
  BatchData view() const { return {y, sigma, offsets}; }
};

Data random_data(std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Data data;
  const double scale = std::exp(2.0 * normal(random)), tau = std::abs(normal(random));
  const int n = 1 + static_cast<int>(12.0 * uniform(random));
  for (int j = 0; j < n; ++j) {
    data.sigma.push_back(scale * (0.1 + uniform(random)));
    data.y.push_back(scale * (3.0 + tau * normal(random)) + data.sigma.back() * normal(random));
  }
  return data;
}

std::vector<double> fitted(const Batch& batch, const BatchData& data,
                           std::vector<BatchError>* errors = nullptr) {
  std::vector<double> values(static_cast<size_t>(data.size()) * batch.columns().size());
  std::vector<BatchError> found = batch.fit(data, values.data());
  if (errors != nullptr) *errors = std::move(found);
  return values;
}

TEST(Batch, EqualsFitDataSetByDataSet) {
  std::mt19937_64 random(7);
  const BatchColumns columns = parse_batch_columns("tau,mu,theta_new", "mean,sd,q2.5,q50,q97.5");
  for (const char* tau :
       {"half_normal:1", "half_cauchy:2", "i2", "mixture:0.5*fixed:0+0.5*exponential:1"}) {
    FlatData all;
    std::vector<Data> each;
    for (int p = 0; p < 150; ++p) {
      each.push_back(random_data(random));
      all.add(each.back());
    }
    std::vector<BatchError> errors;
    const std::vector<double> values =
        fitted(Batch({{tau, "normal:0,10"}}, columns, {"cpu", 2}), all.view(), &errors);
    size_t next_error = 0;
    for (size_t p = 0; p < each.size(); ++p) {
      std::vector<double> expected;
      const std::string why = refusal([&] {
        const FitSummary fit = Posterior(each[p], tau, "normal:0,10", {"cpu", 1}).summary();
        for (const size_t k : {size_t{0}, size_t{1}, fit.parameters.size() - 1}) {
          const ParameterSummary& of = fit.parameters[k];
          expected.insert(expected.end(),
                          {of.mean, of.sd, of.quantiles[0], of.quantiles[3], of.quantiles[6]});
        }
      });
      if (expected.empty()) {
        expected.assign(columns.size(), kNaN);
        ASSERT_LT(next_error, errors.size());
        EXPECT_EQ(errors[next_error].data_set, static_cast<int64_t>(p));
        EXPECT_EQ(errors[next_error++].text, why);
      }
      const std::vector<double> row(
          values.begin() + static_cast<std::ptrdiff_t>(p * columns.size()),
          values.begin() + static_cast<std::ptrdiff_t>((p + 1) * columns.size()));
      EXPECT_SAME_BITS(row, expected) << tau << " data set " << p;
    }
    EXPECT_EQ(next_error, errors.size());
  }
}

TEST(Batch, IsTheSameForAnyNumberOfThreads) {
  std::mt19937_64 random(8);
  FlatData all;
  for (int p = 0; p < 700; ++p) {
    Data data = random_data(random);
    if (p % 50 == 7) data.sigma[0] = -1;
    all.add(data);
  }
  const BatchColumns columns = parse_batch_columns("mu", "mean,q97.5");
  std::vector<BatchError> errors, others;
  const auto one =
      fitted(Batch({{"half_normal:1", "flat"}}, columns, {"cpu", 1}), all.view(), &errors);
  EXPECT_EQ(errors.size(), 14u);
  for (const int threads : {2, 3, 7}) {
    EXPECT_SAME_BITS(
        fitted(Batch({{"half_normal:1", "flat"}}, columns, {"cpu", threads}), all.view(), &others),
        one);
    ASSERT_EQ(others.size(), errors.size());
    for (size_t i = 0; i < errors.size(); ++i) {
      EXPECT_EQ(others[i].data_set, errors[i].data_set);
      EXPECT_EQ(others[i].text, errors[i].text);
    }
  }
}

TEST(Batch, TakesAPriorForEachDataSet) {
  const std::vector<PriorPair> priors = {
      {"half_normal:5", "flat"}, {"i2", "normal:0,5"}, {"fixed:0", "uniform:-20,20"}};
  const BatchColumns columns = parse_batch_columns("tau,mu", "sd,q50");
  FlatData all;
  std::vector<int32_t> prior_of;
  for (int p = 0; p < 200; ++p) {
    all.add(eight_schools());
    prior_of.push_back(p * p % 3);
  }
  BatchData data = all.view();
  data.prior_of = prior_of;
  const std::vector<double> values = fitted(Batch(priors, columns, {"cpu", 2}), data);
  for (size_t p = 0; p < prior_of.size(); ++p) {
    FlatData alone;
    alone.add(eight_schools());
    const std::vector<double> row(values.begin() + static_cast<std::ptrdiff_t>(4 * p),
                                  values.begin() + static_cast<std::ptrdiff_t>(4 * p + 4));
    EXPECT_SAME_BITS(
        row, fitted(Batch({priors[static_cast<size_t>(prior_of[p])]}, columns), alone.view()));
  }
}

TEST(Batch, TakesNoDataSetsAndRefusesALayoutThatIsNone) {
  const Batch batch({{"half_normal:1", "flat"}}, parse_batch_columns("mu", "mean"));
  const std::vector<double> y = {1, 2}, sigma = {1, 1};
  const std::vector<int64_t> none = {0}, two = {0, 1, 2}, wrong = {0, 3}, down = {0, 2, 1};
  EXPECT_TRUE(fitted(batch, {{}, {}, none}).empty());
  double values[2];
  EXPECT_EQ(refusal([&] {
              batch.fit({y, sigma, wrong}, values);
            }),
            "batch: y has 2 values and sigma has 2, must both have as many as the last offset, 3");
  EXPECT_EQ(refusal([&] { batch.fit({y, sigma, down}, values); }), "batch: offsets must ascend");
  const std::vector<int32_t> priors = {0, 1};
  EXPECT_EQ(refusal([&] {
              batch.fit({y, sigma, two, priors}, values);
            }),
            "batch: prior 1 is none of 1");
  EXPECT_EQ(refusal([&] {
              Batch({{"half_norml:1", "flat"}}, batch.columns());
            }).substr(0, 33),
            "tau prior 'half_norml' is unknown");
}

TEST(Batch, SaysHowFarItIsAndStopsWhenAsked) {
  FlatData all;
  for (int p = 0; p < 300; ++p) all.add(eight_schools());
  const Batch batch({{"fixed:1", "flat"}}, parse_batch_columns("mu", "mean"), {"cpu", 2});
  std::vector<double> values(300);
  std::vector<int64_t> seen;
  batch.fit(all.view(), values.data(), {[&](int64_t done) { seen.push_back(done); }, {}});
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), 300);
  EXPECT_THROW(batch.fit(all.view(), values.data(), {{}, [] { return true; }}), Stopped);
}

}  // namespace
}  // namespace taugrid
