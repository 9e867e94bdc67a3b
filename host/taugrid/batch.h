// The exact posteriors of many data sets, chosen numbers of each: what Posterior::summary gives,
// bit for bit, at millions of data sets a minute.
//
//   const taugrid::Batch batch({{"half_normal:1", "flat"}},
//                              taugrid::parse_batch_columns("mu", "mean,q2.5,q97.5"));
//   std::vector<double> values(n * batch.columns().size());
//   for (const taugrid::BatchError& error : batch.fit({y, sigma, offsets}, values.data())) ..
//
// Memory grows with nothing but what the caller holds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "taugrid/batch_columns.h"
#include "taugrid/posterior.h"

namespace taugrid {

struct PriorPair {
  std::string tau, mu;
};

// P data sets, laid out flat: data set p is y[offsets[p]] .. y[offsets[p + 1] - 1] and its sigma.
struct BatchData {
  std::span<const double> y, sigma;
  std::span<const int64_t> offsets;        // (P + 1), ascending
  std::span<const int32_t> prior_of = {};  // (P), which of the priors is whose; empty: the first

  int64_t size() const { return static_cast<int64_t>(offsets.size()) - 1; }
};

// Why a data set has no numbers: what `taugrid fit` says of it.
struct BatchError {
  int64_t data_set;
  std::string text;
};

class Batch {
 public:
  // Throws std::invalid_argument for a prior that cannot be read, and where backend cuda is asked
  // for without a device. `auto` takes the CPU.
  Batch(const std::vector<PriorPair>& priors, const BatchColumns& columns,
        const DeviceOptions& device = {});
  ~Batch();
  Batch(Batch&&) noexcept;

  const BatchColumns& columns() const;
  std::string backend() const;  // "cpu (v4)", "cuda (NVIDIA H100)"

  // values (P, columns().size()), data set by data set, units of y: NaN where a thing does not
  // exist, and all NaN where the data set is in the answer, the errors in order. The same for any
  // number of threads. Throws std::invalid_argument for a layout that is none, Stopped.
  std::vector<BatchError> fit(const BatchData& data, double* values,
                              const RunControl& control = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace taugrid
