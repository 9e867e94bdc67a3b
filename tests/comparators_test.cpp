// The classical estimators against metafor's published values, and against brute-force maximisation
// of the likelihoods in long double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "host/taugrid/readers.h"
#include "host/taugrid/student_t.h"
#include "kernels/cpu/study_kernels.h"
#include "kernels/kernels.h"
#include "tests/same_bits.h"

namespace taugrid {

#define TAUGRID_KERNELS(name, isa) const CpuKernels* cpu_kernels_##name();
#include "kernels_under_test.inc"
#undef TAUGRID_KERNELS

namespace {

struct Estimates {
  double tau2, mu, se, se_hk, failed;
};

constexpr int kLanes = 16;

// Column-wise, replicates in lanes: data[i] of up to 16 data sets of equal J.
std::vector<double> compare_all(const CpuKernels& kernels, const std::vector<Data>& data) {
  const int64_t n_schools = data[0].n_schools();
  std::vector<double> y(static_cast<size_t>(n_schools * kLanes)), sigma(y.size());
  for (int64_t j = 0; j < n_schools; ++j)
    for (int i = 0; i < kLanes; ++i) {
      const Data& set = data[static_cast<size_t>(i) % data.size()];
      y[static_cast<size_t>(j * kLanes + i)] = set.y[static_cast<size_t>(j)];
      sigma[static_cast<size_t>(j * kLanes + i)] = set.sigma[static_cast<size_t>(j)];
    }
  const ComparatorPlan plan{n_schools, {true, true, true, true, true}};
  std::vector<double> scratch(static_cast<size_t>(kComparatorScratch * n_schools));
  std::vector<double> estimates(kEstimators * kEstimates * kLanes);
  kernels.study()->compare(plan, kLanes, y.data(), sigma.data(), kLanes, scratch.data(),
                           estimates.data());
  return estimates;
}

Estimates pick(const std::vector<double>& estimates, Estimator estimator, int lane) {
  const auto at = [&](int which) {
    return estimates[static_cast<size_t>(
        (static_cast<int>(estimator) * kEstimates + which) * kLanes + lane)];
  };
  return {at(0), at(1), at(2), at(3), at(4)};
}

Estimates compare_one(const Data& data, Estimator estimator) {
  return pick(compare_all(cpu_kernels(), {data}), estimator, 0);
}

Data random_data(std::mt19937_64& random, int64_t n_schools, double tau, bool wild) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(wild ? -4.0 : -1.0, 1.0);
  Data data;
  for (int64_t j = 0; j < n_schools; ++j) {
    data.sigma.push_back(std::exp(uniform(random)));
    data.y.push_back(3.0 + std::hypot(tau, data.sigma.back()) * normal(random));
  }
  return data;
}

// log of the likelihood, profiled or restricted, up to a constant.
long double log_likelihood_at(const Data& data, bool restricted, long double tau2) {
  long double w_sum = 0, wy = 0, log_v = 0, q = 0;
  for (size_t j = 0; j < data.y.size(); ++j) {
    const long double v = static_cast<long double>(data.sigma[j]) * data.sigma[j] + tau2;
    w_sum += 1 / v;
    wy += data.y[j] / v;
    log_v += std::log(v);
  }
  for (size_t j = 0; j < data.y.size(); ++j) {
    const long double v = static_cast<long double>(data.sigma[j]) * data.sigma[j] + tau2;
    const long double r = data.y[j] - wy / w_sum;
    q += r * r / v;
  }
  return -(log_v + q + (restricted ? std::log(w_sum) : 0)) / 2;
}

// The largest value, by a fine scan in log(tau2 + smallest / 1000) and golden section.
long double highest(const std::function<long double(long double)>& f, long double smallest,
                    long double most) {
  const int kPoints = 1500;
  const auto point = [&](int i) {
    const long double s = smallest / 1000;
    return s * std::expm1(std::log1p(most / s) * i / kPoints);
  };
  int best = 0;
  for (int i = 1; i <= kPoints; ++i)
    if (f(point(i)) > f(point(best))) best = i;
  long double a = point(std::max(best - 1, 0)), b = point(std::min(best + 1, kPoints));
  const long double ratio = (std::sqrt(5.0L) - 1) / 2;
  for (int i = 0; i < 120; ++i) {
    const long double x = b - ratio * (b - a), y = a + ratio * (b - a);
    (f(x) < f(y) ? a : b) = f(x) < f(y) ? x : y;
  }
  return std::max({f((a + b) / 2), f(point(best)), f(0)});
}

TEST(Comparators, GiveMetaforsValuesOfTheVaccineData) {
  const Data bcg = read_data(TAUGRID_SOURCE_DIR "/data/bcg.csv").data;
  EXPECT_NEAR(compare_one(bcg, Estimator::kDerSimonianLaird).tau2, 0.308760, 1e-5);
  // metafor's 0.318094 solves the equation to 7e-4: at it sum w r^2 is 11.9993, and the root to 40
  // digits is 0.31806845.
  EXPECT_NEAR(compare_one(bcg, Estimator::kPauleMandel).tau2, 0.3180684522, 1e-10);
  EXPECT_NEAR(compare_one(bcg, Estimator::kPauleMandel).tau2, 0.318094, 3e-5);
  EXPECT_NEAR(compare_one(bcg, Estimator::kMl).tau2, 0.280028, 1e-5);
  const Estimates reml = compare_one(bcg, Estimator::kReml);
  EXPECT_NEAR(reml.tau2, 0.313243, 1e-5);
  EXPECT_NEAR(reml.mu, -0.714532, 1e-5);
  EXPECT_NEAR(reml.se, 0.179782, 1e-5);
  const double t = student_t_quantile(12, 0.975);
  EXPECT_NEAR(reml.mu - t * reml.se_hk, -1.108444, 1e-5);
  EXPECT_NEAR(reml.mu + t * reml.se_hk, -0.320621, 1e-5);
}

TEST(Comparators, FindTheHighestLikelihood) {
  std::mt19937_64 random(20261123);
  for (int set = 0; set < 120; ++set) {
    const int64_t n_schools = std::vector<int64_t>{2, 3, 5, 12, 40}[static_cast<size_t>(set % 5)];
    const double tau = std::vector<double>{0.0, 0.3, 2.0, 50.0}[static_cast<size_t>(set % 4)];
    const Data data = random_data(random, n_schools, tau, set % 3 == 0);
    const double smallest = *std::ranges::min_element(data.sigma);
    const auto [low, high] = std::ranges::minmax(data.y);
    for (const bool restricted : {false, true}) {
      const Estimates found = compare_one(data, restricted ? Estimator::kReml : Estimator::kMl);
      const auto f = [&](long double tau2) { return log_likelihood_at(data, restricted, tau2); };
      EXPECT_EQ(found.failed, 0.0);
      EXPECT_GE(f(found.tau2),
                highest(f, smallest * smallest, (high - low) * (high - low)) - 1e-12L)
          << "set " << set << (restricted ? ", REML " : ", ML ") << found.tau2;
    }
  }
}

TEST(Comparators, SolvePaulesAndMandelsEquation) {
  std::mt19937_64 random(7);
  for (int set = 0; set < 60; ++set) {
    const Data data = random_data(random, 2 + set % 9, set % 4 * 1.5, set % 3 == 0);
    const auto q = [&](double tau2) {
      double w_sum = 0, wy = 0, sum = 0;
      for (size_t j = 0; j < data.y.size(); ++j) {
        const double w = 1 / (data.sigma[j] * data.sigma[j] + tau2);
        w_sum += w;
        wy += w * data.y[j];
      }
      for (size_t j = 0; j < data.y.size(); ++j)
        sum += std::pow(data.y[j] - wy / w_sum, 2) / (data.sigma[j] * data.sigma[j] + tau2);
      return sum;
    };
    const double df = static_cast<double>(data.y.size() - 1);
    const Estimates found = compare_one(data, Estimator::kPauleMandel);
    if (found.tau2 > 0) {
      EXPECT_NEAR(q(found.tau2), df, 1e-9 * df);
    } else {
      EXPECT_LE(q(0), df);
    }
    const Estimates dl = compare_one(data, Estimator::kDerSimonianLaird);
    if (q(0) <= df) {
      EXPECT_EQ(dl.tau2, 0.0);
    }
    EXPECT_EQ(compare_one(data, Estimator::kCommon).tau2, 0.0);
  }
}

// Of two studies of equal sigma every estimate is known: REML, DL and PM give (y1 - y2)^2/2 -
// sigma^2, ML half the sum of squares less sigma^2.
TEST(Comparators, OfTwoStudiesAreInClosedForm) {
  const Data data{{1.0, 4.0}, {0.5, 0.5}, {}};
  EXPECT_NEAR(compare_one(data, Estimator::kReml).tau2, 4.5 - 0.25, 1e-12);
  EXPECT_NEAR(compare_one(data, Estimator::kDerSimonianLaird).tau2, 4.5 - 0.25, 1e-12);
  EXPECT_NEAR(compare_one(data, Estimator::kPauleMandel).tau2, 4.5 - 0.25, 1e-12);
  EXPECT_NEAR(compare_one(data, Estimator::kMl).tau2, 2.25 - 0.25, 1e-12);
  EXPECT_NEAR(compare_one(data, Estimator::kReml).se_hk, 1.5, 1e-12);
}

TEST(Comparators, OfEqualEffectsAreHomogeneous) {
  const Data data{{7.0, 7.0, 7.0}, {0.1, 1.0, 30.0}, {}};
  for (int e = 0; e < kEstimators; ++e) {
    const Estimates found = compare_one(data, static_cast<Estimator>(e));
    EXPECT_EQ(found.tau2, 0.0);
    EXPECT_EQ(found.mu, 7.0);
    EXPECT_EQ(found.se_hk, 0.0);
    EXPECT_EQ(found.failed, 0.0);
  }
}

TEST(Comparators, WithstandHugeHeterogeneity) {
  const Data data{{-1e9, 0.0, 2e9, 5e8}, {1e-3, 1e-3, 2e-3, 1e-3}, {}};
  double mean = 0, squares = 0;
  for (const double y : data.y) mean += y / 4;
  for (const double y : data.y) squares += (y - mean) * (y - mean);
  for (const Estimator e :
       {Estimator::kDerSimonianLaird, Estimator::kPauleMandel, Estimator::kReml})
    EXPECT_NEAR(compare_one(data, e).tau2 / (squares / 3), 1.0,
                e == Estimator::kDerSimonianLaird ? 1.0 : 1e-9);
  EXPECT_NEAR(compare_one(data, Estimator::kMl).tau2 / (squares / 4), 1.0, 1e-9);
  EXPECT_EQ(compare_one(data, Estimator::kReml).failed, 0.0);
}

TEST(Comparators, KeepTheirDigitsFarFromZero) {
  const Data near{{1.0, 4.0, 2.5}, {0.5, 1.0, 0.75}, {}};
  Data far = near;
  for (double& y : far.y) y += 0x1p30;
  for (int e = 0; e < kEstimators; ++e) {
    const Estimates a = compare_one(near, static_cast<Estimator>(e));
    const Estimates b = compare_one(far, static_cast<Estimator>(e));
    EXPECT_EQ(a.tau2, b.tau2);
    EXPECT_EQ(a.se_hk, b.se_hk);
  }
}

// Lanes do not see each other, and every instruction set and width gives the same bits.
TEST(Comparators, HaveTheSameBitsInEveryLaneAndWidth) {
  std::mt19937_64 random(3);
  std::vector<Data> data;
  for (int i = 0; i < kLanes; ++i) data.push_back(random_data(random, 6, i * 0.4, true));
  const std::vector<double> together = compare_all(cpu_kernels(), data);
  for (int i = 0; i < kLanes; ++i) {
    const std::vector<double> alone = compare_all(cpu_kernels(), {data[static_cast<size_t>(i)]});
    for (int e = 0; e < kEstimators; ++e) {
      const Estimates a = pick(together, static_cast<Estimator>(e), i);
      const Estimates b = pick(alone, static_cast<Estimator>(e), 5);
      EXPECT_SAME_BITS((std::vector<double>{a.tau2, a.mu, a.se, a.se_hk, a.failed}),
                       (std::vector<double>{b.tau2, b.mu, b.se, b.se_hk, b.failed}));
    }
  }
  const auto available = cpu_kernels_available();
  const auto runs = [&](const std::string& isa) {
    return std::ranges::any_of(available, [&](const CpuKernels* k) { return k->isa == isa; });
  };
#define TAUGRID_KERNELS(name, isa)                                                 \
  if (runs(#isa)) {                                                                \
    EXPECT_SAME_BITS(together, compare_all(*cpu_kernels_##name(), data)) << #name; \
  }
#include "kernels_under_test.inc"
#undef TAUGRID_KERNELS
}

}  // namespace
}  // namespace taugrid
