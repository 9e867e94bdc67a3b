// Running measures against the formulas of Morris, White & Crowther (2019), Table 6, over all
// replicates at once.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "host/taugrid/measures.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

struct Sample {
  std::vector<Score> scores;
  std::vector<double> errors;
};

Sample make_sample(int n) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal(0.7, 2.0);
  Sample sample;
  for (int i = 0; i < n; ++i) {
    Score score;
    score.error = normal(random);
    score.squared_error = score.error * score.error;
    score.covered = std::abs(score.error) < 3 ? 1 : 0;
    score.width = 6 + normal(random) / 10;
    score.excludes = score.error > 2 ? 1 : 0;
    score.crps = std::abs(score.error) / 2;
    sample.scores.push_back(score);
    sample.errors.push_back(score.error);
  }
  return sample;
}

ParameterMeasures measure(const std::vector<Score>& scores, size_t block) {
  ParameterMeasures all;
  for (size_t begin = 0; begin < scores.size(); begin += block) {
    ParameterMeasures part;
    for (size_t i = begin; i < std::min(scores.size(), begin + block); ++i) part.add(scores[i]);
    all.merge(part);
  }
  return all;
}

double mean_of(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}
double sd_of(const std::vector<double>& x) {
  double sum = 0;
  for (const double v : x) sum += std::pow(v - mean_of(x), 2);
  return std::sqrt(sum / static_cast<double>(x.size() - 1));
}

TEST(Measures, AreTheFormulas) {
  const Sample sample = make_sample(3001);
  const double n = 3001, root = std::sqrt(n);
  const auto rows = measure(sample.scores, 256).rows(true, true);
  ASSERT_EQ(rows.size(), 7u);
  const double bias = mean_of(sample.errors), sd = sd_of(sample.errors);
  EXPECT_EQ(rows[0].measure, "bias");
  EXPECT_NEAR(rows[0].value, bias, 1e-13);
  EXPECT_NEAR(rows[0].mcse, sd / root, 1e-13);
  EXPECT_EQ(rows[1].measure, "empirical_sd");
  EXPECT_NEAR(rows[1].value, sd, 1e-12);
  // Under normal errors; the sample's own fourth moment differs by a few percent.
  EXPECT_NEAR(rows[1].mcse / (sd / std::sqrt(2 * (n - 1))), 1.0, 0.05);
  std::vector<double> squares, covered, width;
  for (const Score& s : sample.scores) {
    squares.push_back(s.squared_error);
    covered.push_back(s.covered);
    width.push_back(s.width);
  }
  EXPECT_EQ(rows[2].measure, "mse");
  EXPECT_NEAR(rows[2].value, mean_of(squares), 1e-12);
  EXPECT_NEAR(rows[2].mcse, sd_of(squares) / root, 1e-12);
  EXPECT_EQ(rows[3].measure, "coverage");
  const double p = mean_of(covered);
  EXPECT_NEAR(rows[3].value, p, 1e-14);
  EXPECT_NEAR(rows[3].mcse, std::sqrt(p * (1 - p) / (n - 1)), 1e-14);
  EXPECT_EQ(rows[4].measure, "width");
  EXPECT_NEAR(rows[4].value, mean_of(width), 1e-13);
  EXPECT_NEAR(rows[4].mcse, sd_of(width) / root, 1e-13);
  EXPECT_EQ(rows[5].measure, "excludes_zero");
  EXPECT_EQ(rows[6].measure, "crps");
}

// The jackknife knows no formula: it leaves out one replicate at a time.
TEST(Measures, StandardErrorOfTheSpreadIsTheJackknifes) {
  const Sample sample = make_sample(400);
  std::vector<double> pseudo;
  const double all = sd_of(sample.errors);
  for (size_t out = 0; out < sample.errors.size(); ++out) {
    std::vector<double> rest = sample.errors;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(out));
    pseudo.push_back(400 * all - 399 * sd_of(rest));
  }
  const auto rows = measure(sample.scores, 64).rows(false, false);
  EXPECT_NEAR(rows[1].mcse / (sd_of(pseudo) / 20), 1.0, 0.02);
}

TEST(Measures, CountFailuresAndWhatDoesNotExist) {
  Sample sample = make_sample(10);
  sample.scores[3].failed = true;
  sample.scores[4].width = sample.scores[4].crps = std::nan("");
  const auto rows = measure(sample.scores, 4).rows(true, true);
  EXPECT_EQ(rows[0].replicates, 9);
  EXPECT_EQ(rows[0].failures, 1);
  EXPECT_EQ(rows[3].replicates, 8);
  EXPECT_EQ(rows[3].failures, 2);
  EXPECT_EQ(rows[6].failures, 2);
  for (Score& score : sample.scores) score.failed = true;
  for (const MeasureRow& row : measure(sample.scores, 4).rows(true, true)) {
    EXPECT_TRUE(std::isnan(row.value) && std::isnan(row.mcse)) << row.measure;
    EXPECT_EQ(row.failures, 10);
  }
}

// Against two passes in long double: errors of theta (four a replicate) far from 0, in blocks.
TEST(Measures, KeepTheSpreadOfErrorsFarFromZero) {
  std::mt19937_64 random(9);
  std::normal_distribution<double> normal;
  std::vector<Score> scores;
  std::vector<long double> all;
  for (int i = 0; i < 1000; ++i) {
    Score score;
    double errors[4];
    for (double& error : errors) {
      error = 1e6 + 1e-3 * normal(random);
      score.error += error / 4;
      score.squared_error += error * error / 4;
      all.push_back(error);
    }
    for (const double error : errors) score.spread += std::pow(error - score.error, 2) / 4;
    scores.push_back(score);
  }
  long double mean = 0, squares = 0;
  for (const long double error : all) mean += error / 4000;
  for (const long double error : all) squares += (error - mean) * (error - mean);
  const double sd = static_cast<double>(std::sqrt(squares / 4 / 999));
  const auto rows = measure(scores, 64).rows(false, false);
  EXPECT_NEAR(rows[0].value, static_cast<double>(mean), 1e-8);
  EXPECT_NEAR(rows[1].value / sd, 1.0, 1e-6);  // the errors themselves end at 1e-10
  EXPECT_NEAR(rows[1].mcse / (sd / std::sqrt(2.0 * 4000)), 1.0, 0.1);
}

TEST(Measures, SurviveACheckpoint) {
  const ParameterMeasures before = measure(make_sample(100).scores, 7);
  std::vector<uint64_t> words;
  before.save(words);
  EXPECT_EQ(words.size(), ParameterMeasures::kWords);
  ParameterMeasures after;
  EXPECT_EQ(after.load(words.data()), words.data() + words.size());
  const auto a = before.rows(true, true), b = after.rows(true, true);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_SAME_BITS((std::vector<double>{a[i].value, a[i].mcse}),
                     (std::vector<double>{b[i].value, b[i].mcse}));
    EXPECT_EQ(a[i].replicates, b[i].replicates);
  }
}

}  // namespace
}  // namespace taugrid
