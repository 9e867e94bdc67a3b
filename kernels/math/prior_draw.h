// The effects of one draw from the priors, which prior predictive checks replicate data from:
//   tau, mu ~ their priors (purpose 2 of the draw's index, philox.h)
//   theta_j = mu + tau z_j
// A lane is a draw. A tau beyond kLargestTau smallest sigmas counts as that, so that no theta is
// infinite: half of what a prior like log_t has beyond the largest double would be no number.
#pragma once

#include "kernels/math/synthetic.h"

namespace taugrid {

// Where tau and mu come from, in internal units, and the way back from them (draw.h).
struct PriorDrawPlan {
  SyntheticPlan priors;  // its first members, up to tau_atoms
  double centre, unit;
};

// Draws index .. index + N - 1 (index a multiple of N): theta (J, n) in columns `stride` apart,
// units of y.
template <class L>
TAUGRID_TEMPLATE inline void draw_from_priors(const PriorDrawPlan& plan, const StreamPosition& at,
                                              uint64_t index, double* theta, int64_t stride) {
  using Real = typename L::Real;
  constexpr int kPerBlock = kBlockUniforms<L>;
  Real mu, tau = L::splat(plan.priors.tau);
  draw_mu_tau<L>(plan.priors, at, index, mu, tau);
  const Real largest = L::splat(kLargestTau);
  tau = L::select(tau > largest, largest, tau);
  const Real centre = L::splat(plan.centre), unit = L::splat(plan.unit);
  const int64_t n_schools = plan.priors.n_schools;
  for (int64_t j = 0; j < n_schools; j += kPerBlock) {
    const BlockNormals<L> normals =
        normals_of_block<L>(draw_block<L>(at, index, block_of_uniform<L>(2 + j)));
    for (int k = 0; k < kPerBlock && j + k < n_schools; ++k)
      L::store(theta + (j + k) * stride, L::fma(unit, L::fma(tau, normals.z[k], mu), centre));
  }
}

}  // namespace taugrid
