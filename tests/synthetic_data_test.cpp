// Synthetic data: their laws, and that replicate r of scenario s is the same everywhere.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "host/taugrid/readers.h"
#include "host/taugrid/synthetic_data.h"
#include "tests/kolmogorov_smirnov.h"
#include "tests/refusal.h"
#include "tests/same_bits.h"

namespace taugrid {

#define TAUGRID_KERNELS(name, isa) const CpuKernels* cpu_kernels_##name();
#include "kernels_under_test.inc"
#undef TAUGRID_KERNELS

namespace {

double phi(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

Study study_of(const std::string& sigma, const std::string& theta, const std::string& more = "") {
  return parse_study("seed = 3\nreplicates = 100\nmethods = 'dl'\n[scenarios]\nk = 2\nsigma = '" +
                         sigma + "'\ntheta = '" + theta + "'\nmu = 1.5\ntau = 2\n" + more,
                     "s");
}

constexpr int64_t kMany = 32768;

// The first replicates of scenario 0.
SyntheticBlock many(const Study& study, int64_t n = kMany) {
  SyntheticBlock block(study.scenarios[0].k, n);
  ScenarioData(study, study.scenarios[0], nullptr, cpu_kernels()).generate(0, n, block);
  return block;
}

struct Moments {
  double mean, sd;
};
Moments moments_of(const double* x, int64_t n) {
  double mean = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i) mean += x[i] / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, std::sqrt(squares / static_cast<double>(n - 1))};
}

// Mean mu and sd tau, whatever the law. Bounds of four standard errors (kurtosis below 9).
TEST(SyntheticData, EffectsHaveMeanMuAndSdTau) {
  for (const char* law : {"normal", "skew_normal:-4", "t:5", "two_point:0.2"}) {
    const SyntheticBlock block = many(study_of("fixed:1", law));
    for (const double* theta :
         {block.columns.theta, block.columns.theta + kMany, block.columns.theta_new}) {
      const Moments m = moments_of(theta, kMany);
      EXPECT_NEAR(m.mean, 1.5, 4 * 2 / std::sqrt(kMany)) << law;
      EXPECT_NEAR(m.sd, 2.0, 4 * 2 * std::sqrt(2.0 / kMany)) << law;
    }
  }
}

TEST(SyntheticData, EffectsHaveTheirLaw) {
  const auto p_value = [](const std::string& law, auto&& cdf) {
    const SyntheticBlock block = many(study_of("fixed:1", law));
    std::vector<double> values;
    for (int64_t i = 0; i < kMany; ++i) values.push_back(cdf((block.columns.theta[i] - 1.5) / 2));
    return kolmogorov_smirnov_p_value(values);
  };
  EXPECT_GT(p_value("normal", phi), 1e-3);
  // t with 4 degrees of freedom, in closed form; sd sqrt 2.
  EXPECT_GT(p_value("t:4",
                    [](double x) {
                      const double t = x * std::sqrt(2.0), u = t / std::sqrt(4 + t * t);
                      return 0.5 + 0.75 * (u - u * u * u / 3);
                    }),
            1e-3);
  // Skew normal with alpha = 1: Phi(x)^2.
  EXPECT_GT(p_value("skew_normal:1",
                    [](double x) {
                      const double pi = std::acos(-1.0);
                      const double raw = x * std::sqrt(1 - 1 / pi) + std::sqrt(1 / pi);
                      return phi(raw) * phi(raw);
                    }),
            1e-3);
  const SyntheticBlock block = many(study_of("fixed:1", "two_point:0.2"));
  int64_t upper = 0;
  for (int64_t i = 0; i < kMany; ++i) {
    upper += block.columns.theta[i] > 1.5;
    EXPECT_TRUE(block.columns.theta[i] == 1.5 + 2 * 2 || block.columns.theta[i] == 1.5 - 2 * 0.5);
  }
  EXPECT_NEAR(static_cast<double>(upper) / kMany, 0.2, 4 * 0.4 / std::sqrt(kMany));
}

TEST(SyntheticData, ErrorsAreNormalAroundTheta) {
  for (const char* sigma : {"fixed:0.3,0.7", "uniform:0.2,1", "two_arm:500,50"}) {
    const Study study = study_of(sigma, "normal");
    const SyntheticBlock block = many(study);
    for (int64_t j = 0; j < 2; ++j) {
      std::vector<double> values;
      for (int64_t i = 0; i < kMany; ++i) {
        const int64_t at = j * kMany + i;
        // Of a two-arm design sigma is an estimate; the sampling sd is sqrt(2/n).
        const double sd =
            sigma[0] == 't' ? std::sqrt(2 / (j == 0 ? 500.0 : 50.0)) : block.columns.sigma[at];
        values.push_back(phi((block.columns.y[at] - block.columns.theta[at]) / sd));
      }
      EXPECT_GT(kolmogorov_smirnov_p_value(values), 1e-3) << sigma << " " << j;
    }
  }
}

TEST(SyntheticData, SigmaHasItsDesign) {
  const SyntheticBlock fixed = many(study_of("fixed:0.3,0.7", "normal"), 16);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(fixed.columns.sigma[i], 0.3);
    EXPECT_EQ(fixed.columns.sigma[16 + i], 0.7);
  }
  const SyntheticBlock uniform = many(study_of("uniform:0.2,1", "normal"));
  std::vector<double> values;
  for (int64_t i = 0; i < kMany; ++i) values.push_back((uniform.columns.sigma[i] - 0.2) / 0.8);
  EXPECT_GT(kolmogorov_smirnov_p_value(values), 1e-3);
  // Arms of 3: chi-square with 4 degrees of freedom, P(X <= x) = 1 - e^(-x/2) (1 + x/2).
  const SyntheticBlock arms = many(study_of("two_arm:3", "normal"));
  values.clear();
  for (int64_t i = 0; i < kMany; ++i) {
    const double x = arms.columns.sigma[i] * arms.columns.sigma[i] * 2 * 3;  // times (n - 1) n
    values.push_back(1 - std::exp(-x / 2) * (1 + x / 2));
  }
  EXPECT_GT(kolmogorov_smirnov_p_value(values), 1e-3);
}

TEST(SyntheticData, AWrongSigmaIsToldAfterTheDataAreMade) {
  const SyntheticBlock right = many(study_of("fixed:1", "normal"), 16);
  const SyntheticBlock wrong =
      many(study_of("fixed:1", "normal", "[misspecify]\nsigma = 1.25\n"), 16);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(wrong.columns.y[i], right.columns.y[i]);
    EXPECT_EQ(wrong.columns.sigma[i], 1.25);
  }
}

// Whatever is generated with it, on whichever instruction set.
TEST(SyntheticData, ReplicatesAreTheSameEverywhere) {
  const auto available = cpu_kernels_available();
  const auto runs = [&](const std::string& isa) {
    for (const CpuKernels* k : available)
      if (k->isa == isa) return true;
    return false;
  };
  for (const char* law : {"normal", "skew_normal:-4", "t:5", "two_point:0.2"})
    for (const char* sigma : {"fixed:1", "uniform:0.2,1", "two_arm:500,50"}) {
      const Study study = study_of(sigma, law);
      const SyntheticBlock all = many(study, 64);
      const auto part = [&](const CpuKernels& kernels) {
        SyntheticBlock block(2, 16);
        ScenarioData(study, study.scenarios[0], nullptr, kernels).generate(32, 16, block);
        return std::vector<double>(block.memory.data(), block.memory.data() + 10 * 16);
      };
      std::vector<double> expected;
      for (int column = 0; column < 10; ++column)
        for (int i = 0; i < 16; ++i) expected.push_back(all.memory.data()[column * 64 + 32 + i]);
#define TAUGRID_KERNELS(name, isa)                                    \
  if (runs(#isa)) {                                                   \
    EXPECT_SAME_BITS(part(*cpu_kernels_##name()), expected) << #name; \
  }
#include "kernels_under_test.inc"
#undef TAUGRID_KERNELS
    }
}

TEST(SyntheticData, AreShownAsADataFile) {
  const Study study = study_of("two_arm:500,50", "t:5");
  const std::string text = synthetic_csv(study, 0, 37);
  EXPECT_EQ(text.substr(0, text.find('\n')), "label,y,sigma,theta,mu,tau,theta_new");
  const Data data = parse_data(text, "shown").data;
  const SyntheticBlock block = many(study, 64);
  EXPECT_SAME_BITS(data.y, (std::vector<double>{block.columns.y[37], block.columns.y[64 + 37]}));
  EXPECT_SAME_BITS(data.sigma,
                   (std::vector<double>{block.columns.sigma[37], block.columns.sigma[64 + 37]}));
  EXPECT_EQ(refusal([&] { synthetic_csv(study, 1, 0); }), "scenario is 1, must be from 0 to 0");
  EXPECT_NE(synthetic_csv(study, 0, 99), "");
  for (const int64_t replicate : {-1, 100})
    EXPECT_EQ(refusal([&] { synthetic_csv(study, 0, replicate); }),
              "replicate is " + std::to_string(replicate) + ", must be from 0 to 99");
}

TEST(TauPriorSampler, RefusesPriorsThatDependOnSigma) {
  EXPECT_EQ(refusal([&] { TauPriorSampler(parse_tau_prior("dumouchel"), cpu_kernels()); }),
            "tau prior dumouchel depends on the sigmas: a calibration draws tau before them");
}

}  // namespace
}  // namespace taugrid
