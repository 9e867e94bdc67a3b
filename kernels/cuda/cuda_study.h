// What the CUDA device does for simulation studies beside fits (cuda_fit), as plain C++. study.cu
// provides it, or cuda_absent.cpp where CUDA was not compiled in. All pointers are the host's;
// results equal the CPU's bit for bit. Failures of the device are std::runtime_error.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/math/comparators.h"
#include "kernels/math/synthetic.h"

namespace taugrid {

// Columns in one piece of memory, 3 J + 4 of `stride` numbers.
inline SyntheticColumns synthetic_columns(double* memory, int64_t n_schools, int64_t stride) {
  const auto column = [&](int64_t c) { return memory + c * stride; };
  const int64_t j = n_schools;
  return {column(0),         column(j),         column(2 * j),     column(3 * j),
          column(3 * j + 1), column(3 * j + 2), column(3 * j + 3), stride};
}

// One scenario: replicates are made on the device and stay there for the estimators.
class CudaStudy {
 public:
  // Of known mu and tau: not of a calibration.
  CudaStudy(const SyntheticPlan& plan, int64_t capacity);
  ~CudaStudy();
  CudaStudy(CudaStudy&&) noexcept;
  CudaStudy& operator=(CudaStudy&&) noexcept;

  // Replicates first .. first + n - 1, n <= capacity, into columns that synthetic_columns laid out
  // with the capacity as their stride.
  void synthesize(const StreamPosition& at, uint64_t first, int64_t n,
                  const SyntheticColumns& columns);
  // The estimators of the first n replicates there; estimates (estimator, estimate, capacity).
  void compare(const ComparatorPlan& plan, int64_t n, double* estimates);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace taugrid
