// The CUDA kernel bodies of simulation studies, run on the CPU through the launch shim, against the
// CPU's kernels: equal bits.
#include <gtest/gtest.h>

#include <string>
#include <vector>

// cuRAND's headers come before the shim's macros; kernels/cuda/warp.h sees to it.
#include "kernels/cuda/study.cuh"

#include "host/taugrid/synthetic_data.h"
#include "kernels/kernels.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

constexpr int64_t kAll = 64, kSome = 50;  // the last warp is not full

struct Case {
  const char* name;
  std::string text;
};

std::string simulation(const std::string& scenarios) {
  return "seed = 7\nreplicates = 100\nmethods = ['reml']\n[scenarios]\nmu = -0.3\n" + scenarios;
}

std::vector<Case> cases() {
  return {
      {"fixed", simulation("k = 3\nsigma = 'fixed:0.2,0.5'\ntau = 0.4\n")},
      {"skewed", simulation("k = 5\nsigma = 'two_arm:500,50'\ntheta = 'skew_normal:-4'\n"
                            "i2 = 0.6\n")},
      {"heavy", simulation("k = 12\nsigma = 'uniform:0.001,90'\ntheta = 't:5'\ntau = 2\n")},
      {"points", simulation("k = 2\nsigma = 'two_arm:8,9'\ntheta = 'two_point:0.2'\ntau = 1\n")},
      {"calibrated",
       "kind = 'calibration'\nreplicates = 100\nmu_prior = 'normal:0,4'\n"
       "tau_prior = 'mixture:0.4*fixed:0+0.2*fixed:0.5+0.4*half_normal:1'\n"
       "[scenarios]\nk = 4\nsigma = 'uniform:0.2,1'\n"}};
}

class KernelBodiesOfStudies : public testing::TestWithParam<Case> {
 protected:
  KernelBodiesOfStudies() : expected(k, kAll) { data.generate(160, kAll, expected); }

  std::unique_ptr<TauPriorSampler> tau_of() const {
    return study.kind == StudyKind::kCalibration
               ? std::make_unique<TauPriorSampler>(study.tau_prior, cpu_kernels())
               : nullptr;
  }
  const Study study = parse_study(GetParam().text, "s");
  const int64_t k = study.scenarios[0].k;
  const std::unique_ptr<TauPriorSampler> tau = tau_of();
  const ScenarioData data{study, study.scenarios[0], tau.get(), cpu_kernels()};
  SyntheticBlock expected;
};

TEST_P(KernelBodiesOfStudies, SyntheticDataEqualTheCpus) {
  SyntheticBlock actual(k, kAll);
  const auto n_numbers = static_cast<size_t>((3 * k + 4) * kAll);
  std::fill_n(actual.memory.data(), n_numbers, -99.0);
  shim::launch(synthesize_kernel, {2, 1, 1}, 32, data.plan(), data.position(), uint64_t{160}, kSome,
               actual.columns);
  for (int64_t column = 0; column < 3 * k + 4; ++column) {
    const double *const of_cpu = expected.memory.data() + column * kAll, *const of_cuda =
                                                                             actual.memory.data() +
                                                                             column * kAll;
    EXPECT_SAME_BITS(std::vector<double>(of_cpu, of_cpu + kSome),
                     std::vector<double>(of_cuda, of_cuda + kSome))
        << column;
    EXPECT_EQ(of_cuda[kSome], -99.0);
  }
}

TEST_P(KernelBodiesOfStudies, EstimatorsEqualTheCpus) {
  const ComparatorPlan plan{k, {true, true, true, true, true}};
  std::vector<double> scratch(static_cast<size_t>(kComparatorScratch * k));
  std::vector<double> of_cpu(kEstimators * kEstimates * kAll, -99.0), of_cuda(of_cpu),
      columns(static_cast<size_t>(3 * k * kAll));
  cpu_kernels().study()->compare(plan, kAll, expected.columns.y, expected.columns.sigma, kAll,
                                 scratch.data(), of_cpu.data());
  for (size_t i = 0; i < of_cpu.size(); ++i)
    if (static_cast<int64_t>(i) % kAll >= kSome) of_cpu[i] = -99.0;
  shim::launch(compare_kernel, {2, 1, 1}, 32, plan, kSome, expected.columns.y,
               expected.columns.sigma, kAll, columns.data(), of_cuda.data());
  EXPECT_SAME_BITS(of_cpu, of_cuda);
}

INSTANTIATE_TEST_SUITE_P(All, KernelBodiesOfStudies, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace taugrid
