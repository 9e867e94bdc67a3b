// The arrays that priors of tau point into (tables, mixtures) on the device.
#pragma once

#include <vector>

#include "kernels/cuda/device_buffer.h"
#include "kernels/math/posterior.h"

namespace taugrid {

// Copies what the priors of n problems point into, and lets them point at the copies. The problems
// are the host's, about to be copied themselves; the object must outlive their use.
class DevicePriors {
 public:
  template <class T>
  DevicePriors(ProblemOf<T>* problems, size_t n, cudaStream_t stream) {
    for (size_t p = 0; p < n; ++p) {
      const PriorRecord& prior = problems[p].tau_prior;
      host_numbers_.insert(host_numbers_.end(), prior.numbers, prior.numbers + prior.n_numbers);
    }
    numbers_ = DeviceBuffer<double>(host_numbers_.data(), host_numbers_.size(), stream);
    const double* numbers = numbers_.data();
    for (size_t p = 0; p < n; ++p) {
      PriorRecord& prior = problems[p].tau_prior;
      for (int i = 0; i < prior.n_rows; ++i) {
        host_rows_.push_back(prior.rows[i]);
        if (prior.n_numbers > 0) host_rows_.back().numbers = numbers;
      }
      if (prior.n_numbers > 0) prior.numbers = numbers;
      numbers += prior.n_numbers;
    }
    rows_ = DeviceBuffer<PriorRecord>(host_rows_.data(), host_rows_.size(), stream);
    const PriorRecord* rows = rows_.data();
    for (size_t p = 0; p < n; ++p) {
      PriorRecord& prior = problems[p].tau_prior;
      if (prior.n_rows > 0) prior.rows = rows;
      rows += prior.n_rows;
    }
  }

 private:
  std::vector<double> host_numbers_;
  std::vector<PriorRecord> host_rows_;
  DeviceBuffer<double> numbers_;
  DeviceBuffer<PriorRecord> rows_;
};

}  // namespace taugrid
