// tau under its proper prior, as draws from the priors take it. Internal.
#pragma once

#include <span>

#include "host/taugrid/tau_table.h"
#include "kernels/math/synthetic.h"

namespace taugrid {

class TauPriorLaw {
 public:
  // A known tau counts as proper. For sigma (J), of which some priors are made; internal units.
  TauPriorLaw(const PriorRecord& prior, std::span<const double> sigma, const CpuKernels& kernels);
  // What the plan points into is here.
  void put_into(SyntheticPlan& plan) const;

 private:
  bool known_;
  double value_ = 0.0;
  TauTable table_;
  DrawAtomsOf<double> atoms_{};
};

}  // namespace taugrid
