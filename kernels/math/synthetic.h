// Synthetic data sets for simulation studies: replicate r of scenario s as a function of
// (seed, s, r), by the words that philox.h lists.
//   theta_j = mu + tau e_j     e_j by ThetaForm; theta_new likewise
//   y_j = theta_j + s_j z_j    s_j the sampling sd
// and sigma_j, what a method is told of s_j: s_j itself, or its estimate from a two-arm design.
// A lane is a replicate.
#pragma once

#include "kernels/math/draw.h"
#include "kernels/math/normal_distribution.h"
#include "kernels/math/smooth_table.h"

namespace taugrid {

// The law of e.
enum class ThetaForm : int32_t {
  kNormal,
  kSkewNormal,  // a + b (delta |z'| + sqrt(1 - delta^2) z), Azzalini 1985
  kT,           // a + b z / sqrt(chi-square / df)
  kTwoPoint     // a with probability p, else b
};

enum class SigmaForm : int32_t {
  kFixed,    // sigma_j
  kUniform,  // on (a, b)
  kTwoArm    // two arms of n_j: s_j^2 = 2/n_j, sigma_j^2 = s_j^2 chi-square / df, df = 2 (n_j - 1)
};

struct SyntheticPlan {
  int64_t n_schools;

  // mu and tau: known, or from their priors (calibration).
  bool from_priors;
  bool tau_known;
  double mu, tau;  // where known
  MuRecord mu_prior;
  SamplingTable<double> tau_table;  // of log tau
  DrawAtomsOf<double> tau_atoms;

  ThetaForm theta_form;
  double theta_a, theta_b;
  double theta_shape;     // delta, or p
  SmoothTable theta_chi;  // kT: log(chi-square / df) by its normal score

  SigmaForm sigma_form;
  double sigma_a, sigma_b;       // kUniform
  const double* sigma;           // (J), the sampling sd: kFixed, kTwoArm
  const SmoothTable* sigma_chi;  // (J), kTwoArm: as theta_chi
  double sigma_factor;           // what sigma is multiplied by after y is made: a wrong model
};

// Columns of n replicates, `stride` apart: y, sigma and theta (J each), and one of each other.
struct SyntheticColumns {
  double* y;
  double* sigma;
  double* theta;
  double* theta_new;
  double* mu;
  double* tau;
  double* atom_place;  // a uniform in (0, 1)
  int64_t stride;
};

TAUGRID_INLINE uint32_t synthetic_block(int64_t place) {
  return static_cast<uint32_t>(1 + 2 * place);
}

// e of a place, given its normal and its second uniform.
template <class L>
TAUGRID_INLINE typename L::Real synthetic_effect(const SyntheticPlan& plan, typename L::Real z,
                                                 typename L::Real u) {
  using Real = typename L::Real;
  switch (plan.theta_form) {
    case ThetaForm::kNormal:
      return z;
    case ThetaForm::kSkewNormal: {
      const double delta = plan.theta_shape;
      const Real half = -normal_quantile<L>(0.5 * u);
      const Real root = L::sqrt(L::splat(1.0 - delta * delta));
      return L::fma(L::fma(root, z, delta * half), L::splat(plan.theta_b), L::splat(plan.theta_a));
    }
    case ThetaForm::kT: {
      const Real log_ratio = smooth_value<L>(plan.theta_chi, normal_quantile<L>(u));
      return L::fma(z * exp<L>(-0.5 * log_ratio), L::splat(plan.theta_b), L::splat(plan.theta_a));
    }
    case ThetaForm::kTwoPoint:
      return L::select(u < plan.theta_shape, L::splat(plan.theta_a), L::splat(plan.theta_b));
  }
  return z;
}

// tau from its prior by its uniform; atoms take the middle of (0, 1), as in draw.h.
template <class L>
TAUGRID_INLINE typename L::Real synthetic_tau(const SyntheticPlan& plan, TailUniform<L> u) {
  using Real = typename L::Real;
  const DrawAtomsOf<double>& atoms = plan.tau_atoms;
  if (atoms.n == 0) return exp<L>(inverse_cdf<L>(plan.tau_table, u));
  const double half = 0.5 * atoms.smooth_mass;
  const auto at_atom = u.tail >= half;
  const Real past = u.tail - half;
  const Real place = L::select(u.upper, atoms.up_to[atoms.n - 1] - past, past);
  Real atom = L::splat(atoms.tau[0]);
  for (int k = 1; k < atoms.n; ++k)
    atom = L::select(place >= atoms.up_to[k - 1], L::splat(atoms.tau[k]), atom);
  const Real scaled = u.tail / atoms.smooth_mass;
  const Real most = L::splat(0x1.fffffffffffffp-2);
  u.tail = L::select(scaled < most, scaled, most);
  return L::select(at_atom, atom, exp<L>(inverse_cdf<L>(plan.tau_table, u)));
}

// mu and, unless it is known, tau from their priors, by the uniforms of block 0.
template <class L>
TAUGRID_INLINE void draw_mu_tau(const SyntheticPlan& plan, const StreamPosition& at, uint64_t index,
                                typename L::Real& mu, typename L::Real& tau) {
  const Block<L> block = draw_block<L>(at, index, 0);
  if (!plan.tau_known) tau = synthetic_tau<L>(plan, tail_uniform<L>(block, 0));
  const auto u = uniform<L>(block, 1);
  const auto a = L::splat(plan.mu_prior.a);
  mu = plan.mu_prior.form == MuForm::kNormal
           ? L::fma(L::splat(plan.mu_prior.b), normal_quantile<L>(u), a)
           : L::fma(L::splat(plan.mu_prior.b - plan.mu_prior.a), u, a);
}

// Replicates index .. index + N - 1 (index a multiple of N), stored at `place` of the columns.
template <class L>
TAUGRID_TEMPLATE inline void synthesize(const SyntheticPlan& plan, const StreamPosition& at,
                                        uint64_t index, const SyntheticColumns& columns,
                                        int64_t place) {
  using Real = typename L::Real;
  Real mu = L::splat(plan.mu), tau = L::splat(plan.tau);
  if (plan.from_priors) draw_mu_tau<L>(plan, at, index, mu, tau);
  L::store(columns.mu + place, mu);
  L::store(columns.tau + place, tau);

  const bool second = plan.theta_form != ThetaForm::kNormal || plan.sigma_form != SigmaForm::kFixed;
  const Real nothing = L::splat(0.5);
  for (int64_t p = 0; p <= plan.n_schools; ++p) {
    const uint32_t first = synthetic_block(p);
    const NormalPair<L> z = box_muller<L>(draw_block<L>(at, index, first));
    Real u_theta = nothing, u_sigma = nothing;
    if (second || p == 0) {
      const Block<L> more = draw_block<L>(at, index, first + 1);
      u_theta = uniform<L>(more, 0);
      u_sigma = uniform<L>(more, 1);
    }
    const Real theta = L::fma(tau, synthetic_effect<L>(plan, z.z0, u_theta), mu);
    if (p == 0) {
      L::store(columns.theta_new + place, theta);
      L::store(columns.atom_place + place, u_sigma);
      continue;
    }
    const int64_t j = p - 1;
    Real sd, sigma;
    if (plan.sigma_form == SigmaForm::kUniform) {
      sd = L::fma(L::splat(plan.sigma_b - plan.sigma_a), u_sigma, L::splat(plan.sigma_a));
      sigma = sd;
    } else {
      sd = L::splat(plan.sigma[j]);
      sigma = sd;
      if (plan.sigma_form == SigmaForm::kTwoArm)
        sigma = sd * exp<L>(0.5 * smooth_value<L>(plan.sigma_chi[j], normal_quantile<L>(u_sigma)));
    }
    L::store(columns.theta + j * columns.stride + place, theta);
    L::store(columns.y + j * columns.stride + place, L::fma(sd, z.z1, theta));
    L::store(columns.sigma + j * columns.stride + place, plan.sigma_factor * sigma);
  }
}

}  // namespace taugrid
