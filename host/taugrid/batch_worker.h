// One thread's worker for blocks of data sets, on the CPU one after another, on a CUDA device all
// at once. Internal.
#pragma once

#include <memory>
#include <vector>

#include "host/taugrid/batch.h"
#include "host/taugrid/batch_fitter.h"
#include "host/taugrid/priors.h"

namespace taugrid {

struct ParsedPriors {
  TauPrior tau;
  MuPrior mu;
};

class BatchWorker {
 public:
  // `priors` must outlive this.
  BatchWorker(const std::vector<ParsedPriors>& priors, const BatchColumns& columns, bool on_cuda);
  ~BatchWorker();

  const BatchColumns& columns() const { return columns_; }

  // Data sets first .. last - 1; values (last - first, columns), errors with their number in the
  // data. Those in `skip` (from 0, ascending, counted from `first`) are not fitted; their values
  // are NaN.
  void fit(const BatchData& data, int64_t first, int64_t last, double* values,
           std::vector<BatchError>& errors, const std::vector<int64_t>& skip = {});

 private:
  void fit_on_cuda(const BatchData& data, const std::vector<int64_t>& data_sets, int64_t first,
                   double* values, std::vector<BatchError>& errors);

  const std::vector<ParsedPriors>& priors_;
  BatchColumns columns_;
  std::unique_ptr<BatchFitter> fitter_;  // on the CPU
  std::unique_ptr<FitPlan> plan_;        // on CUDA
  int32_t prior_ = 0;                    // of the fitter
};

// The flag of `backend` on this machine: whether it is CUDA's, and what it is called. As Engine has
// it for one fit: `auto` takes the CPU.
struct BatchBackend {
  bool on_cuda;
  std::string text;
};
BatchBackend batch_backend(const std::string& backend);

}  // namespace taugrid
