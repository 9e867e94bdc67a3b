// One exact draw (tau, mu, theta_1..J, theta_new | y), a pure function of (seed, problem, index):
//   tau        = exp(inverse_cdf(u))                      u: block 0
//   mu         = mu_hat(tau) + sqrt(v_mu(tau)) z_0        or the truncated quantile of block 0's
//   second u theta_j    = mu + B_j (y_j - mu) + sigma_j sqrt(B_j) z_(2+j) theta_new  = mu + tau z_1
// A lane is a draw. theta_j is formed from whichever of mu and y_j it lies nearer to: exact at both
// ends, tau = 0 (theta_j = mu) and tau = infinity (theta_j = y_j + sigma_j z).
#pragma once

#include "kernels/math/inverse_cdf.h"
#include "kernels/math/normal.h"
#include "kernels/math/posterior.h"

namespace taugrid {

// The atoms of tau, if it has any (atoms.h). A uniform u is for one of them where min(u, 1 - u) is
// smooth_mass/2 or more, in the middle, so that the rest, smooth_mass of it, keeps the resolution
// of both tails of u.
inline constexpr int kMaxDrawAtoms = 16;
template <class T>
struct DrawAtomsOf {
  int n;
  T smooth_mass;
  T up_to[kMaxDrawAtoms];      // mass of the atoms up to each
  T tau[kMaxDrawAtoms];        // internal units
  T log_prior[kMaxDrawAtoms];  // log weight less J log tau (units of y), or at tau = 0 the former:
                               // of lp
};

// What a draw needs: the problem in internal units, and the way back from them.
template <class T>
struct DrawModelOf {
  ProblemOf<T> problem;
  SamplingTable<T> table;  // empty where tau is fixed
  T centre;                // units of y: y = centre + unit * internal
  T unit;                  // a power of two
  double log_unit;
  DrawAtomsOf<T> atoms = {};
};
using DrawModel = DrawModelOf<double>;

// Columns of n draws, `stride` apart, in this order; lp last and optional.
//   tau, mu, theta_1 .. theta_J, theta_new, lp
TAUGRID_INLINE int64_t column_tau() { return 0; }
TAUGRID_INLINE int64_t column_mu() { return 1; }
TAUGRID_INLINE int64_t column_theta(int64_t j) { return 2 + j; }
TAUGRID_INLINE int64_t column_theta_new(int64_t n_schools) { return 2 + n_schools; }
TAUGRID_INLINE int64_t column_lp(int64_t n_schools) { return 3 + n_schools; }

// The largest tau that enters theta's arithmetic, of whose squares, and four sigmas', none
// overflows; and the largest that enters theta_new's.
template <class T>
inline constexpr double kFarTauOf = sizeof(T) == sizeof(float) ? 0x1p60 : 0x1p126;
inline constexpr double kFarTau = kFarTauOf<double>;
inline constexpr double kLargestTau = 0x1p126;

// The most that a problem may span for draws in single: |y|, sigma, a known tau, and mean and sd of
// a normal prior of mu, in units of the smallest sigma; the last's inverse is at most the root of
// it.
inline constexpr double kLargestSingleSpan = 1e18;

// Draws index .. index + N - 1 (index a multiple of N) into columns + 0 .. N - 1. With kLp also
//   lp = sum log of the density's terms as Stan's ~ statements count them (constants and data-only
//        terms dropped, plus the log Jacobian log tau of the bound tau > 0; nothing of theta_new).
//        At an atom of tau the logarithm of its weight stands for the prior's density and the
//        Jacobian.
// In single everything is in single, but for the quantile of a truncated mu and the prior in lp,
// which are computed in double from floats.
template <class L, bool kLp>
TAUGRID_TEMPLATE inline void draw(const DrawModelOf<typename L::Element>& model,
                                  const StreamPosition& at, uint64_t index,
                                  typename L::Element* columns, int64_t stride) {
  using Real = typename L::Real;
  using Element = typename L::Element;
  const ProblemOf<Element>& problem = model.problem;
  const int64_t n_schools = problem.n_schools;
  const bool fixed = problem.tau_prior.form == PriorForm::kPoint;
  const bool no_pooling = fixed && problem.tau_prior.value > kFarTauOf<Element>;
  const bool complete_pooling = fixed && problem.tau_prior.value == 0.0;

  const Block<L> block0 = draw_block<L>(at, index, 0);
  const NormalPair<L> z01 = first_normals<L>(at, index, block0);

  Real x = L::splat(0);
  Real tau = L::splat(static_cast<Element>(problem.tau_prior.value));
  const DrawAtomsOf<Element>& atoms = model.atoms;
  auto at_atom = L::splat(1) < L::splat(0);
  Real log_prior_of_atom = L::splat(0);
  if (!fixed) {
    TailUniform<L> u = tail_uniform<L>(block0, 0);
    Real atom = tau;
    if (atoms.n > 0) {
      const Element half = Element(0.5) * atoms.smooth_mass;
      at_atom = u.tail >= half;
      const Real past = u.tail - half;
      const Real place = L::select(u.upper, atoms.up_to[atoms.n - 1] - past, past);
      atom = L::splat(atoms.tau[0]);
      log_prior_of_atom = L::splat(atoms.log_prior[0]);
      for (int k = 1; k < atoms.n; ++k) {
        const auto beyond = place >= atoms.up_to[k - 1];
        atom = L::select(beyond, L::splat(atoms.tau[k]), atom);
        log_prior_of_atom = L::select(beyond, L::splat(atoms.log_prior[k]), log_prior_of_atom);
      }
      const Real scaled = u.tail / atoms.smooth_mass;
      const Real most =
          L::real(L::splat_bits(RealFormat<Element>::kOne) - L::splat_bits(1)) * Element(0.5);
      u.tail = L::select(scaled < most, scaled, most);
    }
    x = inverse_cdf<L>(model.table, u);
    tau = L::select(at_atom, atom, exp<L>(x));
  }
  L::store(columns + column_tau() * stride, model.unit * tau);
  const Real far = L::splat(static_cast<Element>(kFarTauOf<Element>));
  const Real largest = L::splat(static_cast<Element>(kLargestTau));
  const Real tau_of_new = L::select(tau > largest, largest, tau);
  tau = L::select(tau > far, far, tau);

  const GivenTau<L> given = given_tau<L>(problem, tau * tau);
  const double a = problem.mu.a, b = problem.mu.b;
  Real mu;
  if (problem.mu.form == MuForm::kUniform) {
    // The uniform as its distance from 0, or (negative) from 1: exact in double.
    const TailUniform<L> u = tail_uniform<L>(block0, 1);
    mu = in_double(
        L{},
        [=](auto lanes, auto signed_tail, auto mu_hat, auto v_mu) {
          using D = decltype(lanes);
          const auto p = D::select(signed_tail < 0.0, 1.0 + signed_tail, signed_tail);
          if (no_pooling) return D::fma(p, D::splat(b - a), D::splat(a));
          return truncated_normal_quantile<D>(a, b, mu_hat, D::sqrt(v_mu), p);
        },
        L::select(u.upper, -u.tail, u.tail), given.mu_hat, given.v_mu);
  } else if (no_pooling && problem.mu.form == MuForm::kNormal) {
    mu = L::fma(L::splat(static_cast<Element>(b)), z01.z0, L::splat(static_cast<Element>(a)));
  } else {
    mu = L::fma(L::sqrt(given.v_mu), z01.z0, given.mu_hat);
  }
  const bool mu_exists = !(no_pooling && problem.mu.form == MuForm::kFlat);
  const Real nan = L::real(L::splat_bits(RealFormat<Element>::kNan));
  const Real centre = L::splat(model.centre);
  const Real unit = L::splat(model.unit);
  L::store(columns + column_mu() * stride, mu_exists ? L::fma(unit, mu, centre) : nan);
  L::store(columns + column_theta_new(n_schools) * stride,
           no_pooling ? nan : L::fma(unit, L::fma(tau_of_new, z01.z1, mu), centre));

  Real squares = L::splat(0);  // sum ((theta_j - mu)/tau)^2 + ((y_j - theta_j)/sigma_j)^2
  const auto school = [&](int64_t j, Real z) {
    const Element sigma = problem.sigma[j];
    const Element s2 = sigma * sigma;
    const Real tau2 = tau * tau;
    const Real w = Element(1.0) / (s2 + tau2);
    const Real root_w = L::sqrt(w);
    const Real gap = problem.y[j] - mu;
    const Real noise = sigma * (tau * root_w) * z;
    const Real pulled = tau2 * w;  // B_j
    const Real shrunk = s2 * w;    // 1 - B_j
    Real theta = L::select(pulled < Element(0.5), L::fma(pulled, gap, mu),
                           L::fma(-shrunk, gap, L::splat(problem.y[j])));
    theta = theta + noise;
    if (no_pooling) theta = L::fma(L::splat(sigma), z, L::splat(problem.y[j]));
    L::store(columns + column_theta(j) * stride, L::fma(unit, theta, centre));
    if constexpr (kLp) {
      // (theta - mu)/tau = sqrt(w) (tau sqrt(w) gap + sigma z), with no difference of near equals.
      // At tau = 0 and infinity theta given mu is no term of the model.
      Real from_mu = no_pooling || complete_pooling ? L::splat(0)
                                                    : root_w * L::fma(tau * root_w, gap, sigma * z);
      if (atoms.n > 0) from_mu = L::select(tau > Element(0.0), from_mu, L::splat(0));
      const Real from_y = no_pooling ? z : root_w * L::fma(sigma * root_w, gap, -(tau * z));
      squares = squares + (L::fma(from_mu, from_mu, from_y * from_y));
    }
  };
  int64_t j = 0;
  // Eight schools at a time: the Philox chains of their blocks are independent and hide each
  // other's latency.
  constexpr int kPerBlock = kBlockUniforms<L>;
  for (; j + 8 <= n_schools; j += 8) {
    BlockNormals<L> normals[8 / kPerBlock];
#pragma GCC unroll 4
    for (int k = 0; k < 8 / kPerBlock; ++k)
      normals[k] = school_normals<L>(at, index, j + k * kPerBlock);
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k) school(j + k, normals[k / kPerBlock].z[k % kPerBlock]);
  }
  for (; j < n_schools; j += kPerBlock) {
    const BlockNormals<L> normals = school_normals<L>(at, index, j);
    for (int k = 0; k < kPerBlock && j + k < n_schools; ++k) school(j + k, normals.z[k]);
  }

  if constexpr (kLp) {
    Real lp = Element(-0.5) * squares;
    const Real lp_of_atom = lp + log_prior_of_atom;
    if (!fixed) {
      const double log_unit = model.log_unit;
      lp = in_double(
          L{},
          [&](auto lanes, auto part, auto log_internal) {
            using D = decltype(lanes);
            GivenTau<D> at_tau{};
            const PriorRecord& prior = problem.tau_prior;
            if (has_school_sums(prior)) {
              log_likelihood<D>(problem, log_internal, at_tau);  // sum log v_j
            } else {
              at_tau.tau = exp<D>(near_x<D>(log_internal));
              at_tau.tau2 = at_tau.tau * at_tau.tau;
            }
            // The prior per unit of x holds the Jacobian log tau already.
            return part - static_cast<double>(n_schools) * (log_internal + log_unit) +
                   log_prior_at<D>(problem, log_internal, at_tau) - prior.log_constant +
                   (prior.slope + 1.0) * log_unit;
          },
          lp, x);
      lp = L::select(at_atom, lp_of_atom, lp);
    }
    if (problem.mu.form == MuForm::kNormal) {
      const Real r = (mu - Element(a)) / Element(b);
      lp = lp - Element(0.5) * (r * r);
    }
    L::store(columns + column_lp(n_schools) * stride, lp);
  }
}

}  // namespace taugrid
