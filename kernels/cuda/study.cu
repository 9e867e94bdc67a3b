#include "kernels/cuda/study.cuh"

#include <vector>

#include "kernels/cuda/cuda_study.h"
#include "kernels/cuda/device_buffer.h"
#include "kernels/cuda/launch.h"

namespace taugrid {
namespace {

constexpr int kBlock = 128;

DeviceBuffer<double> coefficients_of(const SmoothTable& table, cudaStream_t stream) {
  return {table.coefficient,
          static_cast<size_t>(table.n_panels) * static_cast<size_t>(kSmoothCoefficients), stream};
}

}  // namespace

struct CudaStudy::State {
  State(const SyntheticPlan& host, int64_t n)
      : plan(host),
        capacity(n),
        memory(static_cast<size_t>((3 * host.n_schools + 4) * n)),
        columns(synthetic_columns(memory.data(), host.n_schools, n)) {
    const auto n_schools = static_cast<size_t>(host.n_schools);
    if (host.theta_form == ThetaForm::kT) {
      theta_chi = coefficients_of(host.theta_chi, stream);
      plan.theta_chi.coefficient = theta_chi.data();
    }
    if (host.sigma_form != SigmaForm::kUniform) {
      sigma = DeviceBuffer<double>(host.sigma, n_schools, stream);
      plan.sigma = sigma.data();
    }
    if (host.sigma_form == SigmaForm::kTwoArm) {
      std::vector<SmoothTable> tables(host.sigma_chi, host.sigma_chi + n_schools);
      // Studies of one size share a table.
      const double* last = nullptr;
      for (SmoothTable& table : tables) {
        if (table.coefficient != last) chi.push_back(coefficients_of(table, stream));
        last = table.coefficient;
        table.coefficient = chi.back().data();
      }
      sigma_chi = DeviceBuffer<SmoothTable>(tables.data(), n_schools, stream);
      plan.sigma_chi = sigma_chi.data();
      stream.wait();  // while `tables` is there to be copied from
    }
    stream.wait();
  }

  CudaStream stream;
  SyntheticPlan plan;  // with the device's pointers
  int64_t capacity;
  DeviceBuffer<double> memory;
  DeviceBuffer<double> scratch, estimates;  // where classical estimators are asked for
  SyntheticColumns columns;
  DeviceBuffer<double> theta_chi, sigma;
  std::vector<DeviceBuffer<double>> chi;
  DeviceBuffer<SmoothTable> sigma_chi;
};

CudaStudy::CudaStudy(const SyntheticPlan& plan, int64_t capacity)
    : state_(std::make_unique<State>(plan, capacity)) {}
CudaStudy::~CudaStudy() = default;
CudaStudy::CudaStudy(CudaStudy&&) noexcept = default;
CudaStudy& CudaStudy::operator=(CudaStudy&&) noexcept = default;

void CudaStudy::synthesize(const StreamPosition& at, uint64_t first, int64_t n,
                           const SyntheticColumns& columns) {
  if (n <= 0) return;
  State& s = *state_;
  synthesize_kernel<<<grid_size(n, kBlock), kBlock, 0, s.stream>>>(s.plan, at, first, n, s.columns);
  TAUGRID_CUDA_CHECK(cudaGetLastError());
  s.memory.download(columns.y, s.memory.size(), s.stream);
  s.stream.wait();
}

void CudaStudy::compare(const ComparatorPlan& plan, int64_t n, double* estimates) {
  if (n <= 0) return;
  State& s = *state_;
  if (s.scratch.size() == 0) {
    s.scratch = DeviceBuffer<double>(static_cast<size_t>(3 * s.plan.n_schools * s.capacity));
    s.estimates = DeviceBuffer<double>(static_cast<size_t>(kEstimators * kEstimates * s.capacity));
  }
  compare_kernel<<<grid_size(n, kBlock), kBlock, 0, s.stream>>>(
      plan, n, s.columns.y, s.columns.sigma, s.capacity, s.scratch.data(), s.estimates.data());
  TAUGRID_CUDA_CHECK(cudaGetLastError());
  s.estimates.download(estimates, s.estimates.size(), s.stream);
  s.stream.wait();
}

}  // namespace taugrid
