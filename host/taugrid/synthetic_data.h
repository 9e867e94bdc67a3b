// The synthetic data sets of a scenario, any replicate by its number. Internal.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/taugrid/buffer.h"
#include "host/taugrid/smooth_tables.h"
#include "host/taugrid/study.h"
#include "host/taugrid/tau_prior_law.h"
#include "kernels/cpu/study_kernels.h"
#include "kernels/kernels.h"

namespace taugrid {

// Replicates next to each other in columns.
struct SyntheticBlock {
  SyntheticBlock(int64_t n_schools, int64_t capacity);
  int64_t n_schools, capacity;
  Buffer memory;
  SyntheticColumns columns;

  // Of replicate i of the block, J numbers each.
  void copy_data(int64_t i, double* y, double* sigma) const;
};

// The law of tau that a calibration draws from.
class TauPriorSampler {
 public:
  // Throws std::invalid_argument where the prior depends on the sigmas.
  TauPriorSampler(const TauPrior& prior, const CpuKernels& kernels);
  void put_into(SyntheticPlan& plan) const { law_->put_into(plan); }

 private:
  std::optional<TauPriorLaw> law_;
};

class ScenarioData {
 public:
  // `tau` is null but for a calibration. What it points at, and the scenario, must outlive it.
  ScenarioData(const Study& study, const Scenario& scenario, const TauPriorSampler* tau,
               const CpuKernels& kernels);
  ScenarioData(const ScenarioData&) = delete;
  ScenarioData& operator=(const ScenarioData&) = delete;

  // Replicates first .. first + n - 1; first and n multiples of kDrawAlignment.
  void generate(int64_t first, int64_t n, SyntheticBlock& block) const;

  // The same for a device. The plan points into this.
  const SyntheticPlan& plan() const { return plan_; }
  const StreamPosition& position() const { return at_; }

 private:
  const CpuKernels& kernels_;
  StreamPosition at_;
  std::vector<double> sigma_;
  std::vector<SmoothTableStorage> chi_tables_;  // one for each df
  std::vector<SmoothTable> sigma_chi_;          // (J)
  SmoothTableStorage theta_chi_;
  SyntheticPlan plan_{};
};

// One replicate as a data file for `taugrid fit`; the truth is in columns that fit ignores.
std::string synthetic_csv(const Study& study, int64_t scenario, int64_t replicate);

}  // namespace taugrid
