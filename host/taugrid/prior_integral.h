// The integral of a prior of tau whose constant is not known in closed form. Internal.
#pragma once

#include <span>

#include "kernels/math/fit_types.h"
#include "kernels/math/priors.h"

namespace taugrid {

// log of the integral over tau of exp(log p) as the record has it, for sigma (J) in internal units.
// The density must fall faster than 1/tau at infinity and be integrable at 0.
double log_prior_integral(const PriorRecord& prior, std::span<const double> sigma);

// The same, of any prior but known ones and atoms, and in `workspace.tau` the normalised density of
// x = log tau.
double prior_panels(const PriorRecord& prior, std::span<const double> sigma,
                    FitWorkspace& workspace);

}  // namespace taugrid
