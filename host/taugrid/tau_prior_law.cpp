#include "host/taugrid/tau_prior_law.h"

#include <cmath>
#include <memory>
#include <stdexcept>

#include "host/taugrid/batch_fitter.h"
#include "host/taugrid/prior_integral.h"
#include "kernels/math/elementary.h"

namespace taugrid {

using S = Scalar<>;

TauPriorLaw::TauPriorLaw(const PriorRecord& prior, std::span<const double> sigma,
                         const CpuKernels& kernels)
    : known_(prior.form == PriorForm::kPoint) {
  if (known_) {
    value_ = prior.value;
    return;
  }
  double smooth_mass = 0.0;
  if (prior.form != PriorForm::kMixture || prior.n_rows > 0) {
    const auto workspace = std::make_unique_for_overwrite<FitWorkspace>();
    smooth_mass = exp<S>(prior_panels(prior, sigma, *workspace));
    if (!std::isfinite(smooth_mass)) throw std::runtime_error(kNotIntegrated);
    table_ = make_tau_table(kernels, workspace->tau);
  } else {
    table_ = empty_tau_table();
  }
  const double* atoms = prior.numbers + prior.atoms.first;  // tau and log weight of each
  atoms_.n = prior.atoms.n / 2;
  double up_to = 0.0;
  for (int k = 0; k < atoms_.n; ++k) {
    up_to += exp<S>(atoms[2 * k + 1]);
    atoms_.tau[k] = atoms[2 * k];
    atoms_.up_to[k] = up_to;
  }
  // They sum to 1 but for rounding, which the draw's search must not see.
  const double total = smooth_mass + up_to;
  atoms_.smooth_mass = smooth_mass / total;
  for (int k = 0; k < atoms_.n; ++k) atoms_.up_to[k] /= total;
}

void TauPriorLaw::put_into(SyntheticPlan& plan) const {
  plan.tau_known = known_;
  plan.tau = value_;
  if (known_) return;
  plan.tau_table = table_.view();
  plan.tau_atoms = atoms_;
}

}  // namespace taugrid
