// CDF and density of mu, theta_j and theta_new at given points, from the nodes of tau in a
// workspace: averages over the nodes of closed forms given tau. Two laws have no closed CDF given
// tau, those of theta_j and theta_new under mu ~ U(a, b): their closed densities are integrated by
// panels, and where a tail below kSmallTail is wanted relative to itself, that tail alone, on
// panels of its own.
#pragma once

#include "kernels/math/fit.h"
#include "kernels/math/law_types.h"

namespace taugrid {

inline constexpr double kSmallTail = 1e-2;

// Flat or normal prior of mu: mixtures of normals.
template <class Team>
TAUGRID_OUTLINE void mixture_law(Team& team, const Problem& problem, const LawRequest& request,
                                 FitWorkspace& w, const LawValues& values) {
  const MixtureOf of = request.of == LawOf::kMu      ? MixtureOf::kMu
                       : request.of == LawOf::kTheta ? MixtureOf::kTheta
                                                     : MixtureOf::kThetaNew;
  prepare_mixture(team, problem, of, request.j, panel_nodes(w), w);
  // All nodes: those that a quantile may leave out have their part in a far tail.
  const Mixture<Team> law{team, w.tau.weight, w.mean, w.inverse_sd, w.n_nodes};
  for (int64_t i = 0; i < request.n; ++i) {
    const auto at = law.at(request.x[i]);
    if (!team.leads()) continue;
    values.lower[i] = at.lower;
    values.upper[i] = at.upper;
    values.density[i] = at.density;
  }
}

// The CDF of mu ~ U(a, b) given tau and y is a ratio of masses of a normal between two bounds.
template <class Team>
TAUGRID_OUTLINE void uniform_mu_cdf(Team& team, const Problem& problem, const LawRequest& request,
                                    const FitWorkspace& w, const LawValues& values) {
  using L = typename Team::Lanes;
  const double a = problem.mu.a, b = problem.mu.b;
  for (int64_t i = 0; i < request.n; ++i) {
    const double x = min_of(max_of(request.x[i], a), b);
    double masses[2];
    team.template sum<2>(w.n_nodes, masses, [&](int k, typename L::Real(&s)[2]) {
      const auto weight = L::load(w.tau.weight + k);
      const auto mean = L::load(w.mu_hat + k), inverse_sd = 1.0 / L::sqrt(L::load(w.v_mu + k));
      const auto log_mass = L::load(w.log_mu_mass + k);
      s[0] = weight * exp<L>(log_truncated_mass<L>(a, x, mean, inverse_sd) - log_mass);
      s[1] = weight * exp<L>(log_truncated_mass<L>(x, b, mean, inverse_sd) - log_mass);
    });
    if (!team.leads()) continue;
    values.lower[i] = x > a ? min_of(masses[0], 1.0) : 0.0;
    values.upper[i] = x < b ? min_of(masses[1], 1.0) : 0.0;
  }
}

// The mass on one side of t_from of a density in t, given the ends of panels that resolve it as a
// whole.
template <class Team, class LogDensity>
TAUGRID_OUTLINE double panel_tail(Team& team, const LogDensity& log_density, double t_from,
                                  bool right, const double* ends, int n_ends, FitWorkspace& w) {
  using L = typename Team::Lanes;
  using S = Scalar<double, L>;
  const double sign = right ? 1.0 : -1.0;
  double cut[kMaxPanels];  // outwards
  int n = 0;
  cut[n++] = t_from;
  const int stride = (n_ends + 95) / 96;  // leaves room to halve
  for (int k = 0; k < n_ends; k += stride) {
    const double end = ends[right ? k : n_ends - 1 - k];
    if (sign * (end - cut[n - 1]) > 1e-9) cut[n++] = end;
  }
  const auto log_density_at = [&](double t) {
    double at[L::N];
    L::store(at, log_density(L::splat(t)));
    return at[0];
  };
  double peak = log_density_at(cut[0]);
  for (int k = 1; k < n; ++k) peak = max_of(peak, log_density_at(cut[k]));
  // Outwards in growing steps until nothing is left.
  const double outermost = cut[n - 1];
  double distance = 0x1p-10;
  while (n < kSmoothPanels - 48 && log_density_at(cut[n - 1]) > peak - kLogDrop &&
         abs_of(cut[n - 1]) < 700.0) {
    cut[n++] = outermost + sign * distance;
    distance = 2.0 * distance;
  }
  if (n < 2) return 0.0;
  if (!right)
    for (int k = 0; k < n / 2; ++k) {
      const double swap = cut[k];
      cut[k] = cut[n - 1 - k];
      cut[n - 1 - k] = swap;
    }
  const PanelTolerance tolerance{1e-12, 0.0, 1e-3, 1e-40, 0.0, 0.0, real_of(0x7FF0000000000000u)};
  build_panels(
      team, w.rule, [&](typename L::Real t, int) { return log_density(t); }, peak, cut, n,
      tolerance, w.scratch, w.other);
  return exp<S>(w.other.log_mass);
}

// theta_j and theta_new under mu ~ U(a, b).
template <class Team>
TAUGRID_OUTLINE void uniform_mu_panel_cdf(Team& team, const Problem& problem,
                                          const LawRequest& request, UniformMuLaw law,
                                          FitWorkspace& w, const LawValues& values) {
  using L = typename Team::Lanes;
  using S = Scalar<double, L>;
  const UniformMuPlace place = uniform_mu_place<Team>(problem, law, request.j, w);
  FitRequest whole{};
  ParameterResult unused{};
  uniform_mu_parameter(team, problem, whole, law, request.j, place.centre, place.scale, place.layer,
                       w, unused);
  const auto t_of = [&](double x) { return asinh_of<S>((x - place.centre) / place.scale); };
  for (int64_t i = 0; i < request.n; ++i) {
    const double t = t_of(request.x[i]);
    const double lower = t < w.other.lower[0] ? 0.0 : panel_cdf<S>(w.other, t, false).mass;
    const double upper =
        t > w.other.upper[w.other.n - 1] ? 0.0 : panel_cdf<S>(w.other, t, true).mass;
    if (!team.leads()) continue;
    values.lower[i] = lower;
    values.upper[i] = upper;
  }
  if (!request.relative_tails) return;
  double ends[kMaxPanels + 1];
  const int n_ends = w.other.n + 1;
  for (int k = 0; k + 1 < n_ends; ++k) ends[k] = w.other.lower[k];
  ends[n_ends - 1] = w.other.upper[n_ends - 2];
  const auto log_density_t = [&](typename L::Real t) {
    const auto x = L::fma(L::splat(place.scale), sinh_of<L>(t), L::splat(place.centre));
    return uniform_mu_log_density<L>(problem, law, request.j, w, x) + log_cosh<L>(t) +
           log<S>(place.scale);
  };
  for (int64_t i = 0; i < request.n; ++i) {
    const double lower = values.lower[i], upper = values.upper[i];
    if (!(min_of(lower, upper) < kSmallTail)) continue;
    const bool right = upper < lower;
    const double tail = panel_tail(team, log_density_t, t_of(request.x[i]), right, ends, n_ends, w);
    if (!team.leads()) continue;
    values.lower[i] = right ? 1.0 - tail : tail;
    values.upper[i] = right ? tail : 1.0 - tail;
  }
}

// The workspace is one that a fit of the same problem has left; all but the nodes in it is
// overwritten.
template <class Team>
TAUGRID_TEMPLATE inline void evaluate_law(Team& team, const Problem& problem,
                                          const LawRequest& asked, FitWorkspace& w,
                                          const LawValues& values) {
  using L = typename Team::Lanes;
  LawRequest request = asked;
  // All thetas are mu where tau is 0.
  if (problem.tau_prior.form == PriorForm::kPoint && problem.tau_prior.value == 0.0 &&
      w.tau2[0] == 0.0)
    request.of = LawOf::kMu;
  if (problem.mu.form != MuForm::kUniform) {
    mixture_law(team, problem, request, w, values);
    return;
  }
  const UniformMuLaw law = request.of == LawOf::kMu      ? UniformMuLaw::kMu
                           : request.of == LawOf::kTheta ? UniformMuLaw::kTheta
                                                         : UniformMuLaw::kThetaNew;
  if (law == UniformMuLaw::kMu)
    uniform_mu_cdf(team, problem, request, w, values);
  else
    uniform_mu_panel_cdf(team, problem, request, law, w, values);
  prepare_uniform_mu_law(team, problem, law, request.j, w);
  const double a = problem.mu.a, b = problem.mu.b;
  for (int64_t begin = 0; begin < request.n; begin += 16) {
    const int n = static_cast<int>(request.n - begin < 16 ? request.n - begin : 16);
    team.once([&] {
      for (int i = 0; i < 16; ++i) w.lane_a[i] = request.x[begin + (i < n ? i : 0)];
    });
    team.for_points(16, [&](int i) {
      const auto x = L::load(w.lane_a + i);
      L::store(w.lane_b + i, exp<L>(uniform_mu_log_density<L>(problem, law, request.j, w, x)));
    });
    team.once([&] {
      for (int i = 0; i < n; ++i) {
        const double x = w.lane_a[i];
        values.density[begin + i] =
            law == UniformMuLaw::kMu && !(x >= a && x <= b) ? 0.0 : w.lane_b[i];
      }
    });
  }
}

}  // namespace taugrid
