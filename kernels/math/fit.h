// The exact summary of one posterior, over a team: tau by panels (quadrature.h), mu, theta_j and
// theta_new as mixtures over its nodes (mixture.h; uniform_mu.h under a uniform prior of mu). tau =
// 0 is complete pooling and tau = infinity no pooling: special cases, not small and large numbers.
#pragma once

#include "kernels/math/mixture.h"
#include "kernels/math/mixture_nodes.h"
#include "kernels/math/panel_law.h"
#include "kernels/math/quadrature.h"
#include "kernels/math/uniform_mu.h"

namespace taugrid {

TAUGRID_INLINE double quiet_nan() { return real_of(0x7FF8000000000000u); }

template <class Team>
TAUGRID_INLINE void set_absent(Team& team, const FitRequest& request, ParameterResult& result) {
  result.mean = result.sd = result.mode = result.shortest_lower = result.shortest_upper =
      quiet_nan();
  team.once([&] {
    for (int i = 0; i < request.n_probabilities; ++i) result.quantile[i] = quiet_nan();
  });
}

// A parameter that is known.
template <class Team>
TAUGRID_INLINE void set_constant(Team& team, const FitRequest& request, double value,
                                 ParameterResult& result) {
  result.mean = result.mode = result.shortest_lower = result.shortest_upper = value;
  result.sd = 0.0;
  team.once([&] {
    for (int i = 0; i < request.n_probabilities; ++i) result.quantile[i] = value;
  });
}

// U(a, b), the prior of mu that tau = infinity leaves as it was.
template <class Team>
TAUGRID_INLINE void set_uniform(Team& team, const FitRequest& request, double a, double b,
                                ParameterResult& result) {
  const double width = b - a;
  result.mean = a + 0.5 * width;
  result.sd = width * 0.28867513459481288225;  // 1/sqrt(12)
  result.mode = a;                             // ties take the leftmost
  result.shortest_lower = a;
  result.shortest_upper = a + request.level * width;
  team.once([&] {
    for (int i = 0; i < request.n_probabilities; ++i)
      result.quantile[i] = a + request.probabilities[i] * width;
  });
}

// N(mean, sd^2).
template <class Team>
TAUGRID_OUTLINE void set_normal(Team& team, const FitRequest& request, double mean, double sd,
                                ParameterResult& result) {
  using S = Scalar<double, typename Team::Lanes>;
  const auto quantile = [&](double p) {
    const double z = normal_quantile<S>(p > 0.5 ? 1.0 - p : p);
    return S::fma(sd, p > 0.5 ? -z : z, mean);
  };
  result.mean = result.mode = mean;
  result.sd = sd;
  team.once([&] {
    for (int i = 0; i < request.n_probabilities; ++i)
      result.quantile[i] = quantile(request.probabilities[i]);
  });
  const double half = -sd * normal_quantile<S>(0.5 * (1.0 - request.level));
  result.shortest_lower = mean - half;
  result.shortest_upper = mean + half;
}

struct Moments {
  double mean, variance;
};

// Mean and variance over the panels' nodes, which component(i, mean, variance) has lanes of, in one
// pass about a value near the middle: the weights sum to 1 but for rounding, an error in proportion
// to what they multiply. About the mean itself, in another pass, where that value is so far away
// that the difference of squares would cost digits.
template <class Team, class Component>
TAUGRID_OUTLINE Moments moments_over_nodes(Team& team, const FitWorkspace& w, double about,
                                           const Component& component) {
  using L = typename Team::Lanes;
  for (int pass = 0;; ++pass) {
    double sums[2];
    team.template sum<2>(w.n_nodes, sums, [&](int i, typename L::Real(&s)[2]) {
      typename L::Real value, own_variance;
      component(i, value, own_variance);
      const auto weight = L::load(w.tau.weight + i), d = value - about;
      s[0] = weight * d;
      s[1] = weight * L::fma(d, d, own_variance);
    });
    const double mean = about + sums[0], variance = sums[1] - sums[0] * sums[0];
    if (pass > 0 || sums[0] * sums[0] <= 4.0 * variance) return {mean, variance};
    about = mean;
  }
}

// Those of tau.
template <class Team>
TAUGRID_INLINE Moments moments_of_tau(Team& team, const FitWorkspace& w) {
  using L = typename Team::Lanes;
  return moments_over_nodes(team, w, w.tau_value[w.middle_node],
                            [&](int i, typename L::Real& value, typename L::Real& own_variance) {
                              value = L::load(w.tau_value + i);
                              own_variance = L::splat(0.0);
                            });
}

// Mean and sd, of which `exist` exist.
template <class L>
TAUGRID_INLINE void set_moments(const Moments& moments, int exist, ParameterResult& result) {
  result.mean = exist >= 1 ? moments.mean : quiet_nan();
  result.sd = exist >= 2 ? Scalar<double, L>::sqrt(moments.variance) : quiet_nan();
}

// Quantiles, mode and shortest interval of tau where it has atoms. The mode is the likeliest of
// them, ties taking the leftmost: there the density is infinite.
template <class Team>
TAUGRID_OUTLINE void fit_tau_with_atoms(Team& team, const Problem& problem,
                                        const FitRequest& request, FitWorkspace& w,
                                        ParameterResult& result) {
  using S = Scalar<double, typename Team::Lanes>;
  team.once([&] {
    for (int i = 0; i < request.n_probabilities; ++i) {
      const double p = request.probabilities[i];
      result.quantile[i] = atom_quantile<S>(w, p > 0.5 ? 1.0 - p : p, p > 0.5).tau;
    }
  });
  if (!request.mode_and_shortest) return;
  int best = 0;
  for (int k = 1; k < w.n_atoms; ++k)
    if (w.atom_mass[k] > w.atom_mass[best]) best = k;
  result.mode = w.atom[best];
  const auto log_density = [&](double x) {
    GivenTau<S> at;
    return log_posterior<S>(problem, x, at, w.reference) - x;
  };
  double support_lower = w.atom[0], support_upper = w.atom[w.n_atoms - 1];
  if (w.smooth_mass > 0.0) {
    support_lower = min_of(support_lower, problem.tau_prior.lower_tau);
    support_upper = max_of(support_upper, problem.tau_prior.upper_tau);
  }
  atom_shortest<S>(w, request.level, log_density, support_lower, support_upper,
                   result.shortest_lower, result.shortest_upper);
}

// The posterior of tau itself, of which the panels hold the logarithm.
template <class Team>
TAUGRID_OUTLINE void fit_tau(Team& team, const Problem& problem, const FitRequest& request,
                             const Moments& moments, FitWorkspace& w, ParameterResult& result) {
  using L = typename Team::Lanes;
  using S = Scalar<double, L>;
  set_moments<L>(moments, request.tau_moments, result);
  if (w.n_atoms > 0) {
    fit_tau_with_atoms(team, problem, request, w, result);
    return;
  }
  const PriorRecord& prior = problem.tau_prior;
  const auto value = [&](double x) { return within_support<S>(prior, x); };
  panel_law_quantiles(team, w.tau, request, value, w, result.quantile);
  if (!request.mode_and_shortest) return;

  const auto log_density = [&](typename L::Real x) {
    GivenTau<L> at;
    return log_posterior<L>(problem, x, at, w.reference) - x;
  };
  const auto at_node = [&](int i) { return log_posterior_at_node<L>(w, i) - L::load(w.tau.x + i); };
  result.mode = tau_mode(team, log_density, at_node, prior, w);
  panel_law_shortest(team, w.tau, request.level, value, log_density, prior.lower_tau,
                     prior.upper_tau, w, result.shortest_lower, result.shortest_upper);
}

// Mixtures of normals over nodes of tau.
enum class MixtureOf { kMu, kTheta, kThetaNew };

// Mean and variance of the components at nodes i, i + 1, ..
template <class L>
TAUGRID_INLINE void mixture_component(const Problem& problem, MixtureOf of, int64_t j,
                                      const MixtureNodes& nodes, int i, typename L::Real& mean,
                                      typename L::Real& variance) {
  const auto tau2 = L::load(nodes.tau2 + i);
  const GivenTau<L> at{tau2, L::load(nodes.mu_hat + i), L::load(nodes.v_mu + i)};
  mean = at.mu_hat;
  variance = at.v_mu;
  if (of == MixtureOf::kTheta) theta_given_tau<L>(problem, j, at, mean, variance);
  if (of == MixtureOf::kThetaNew) variance = variance + tau2;
}

// The components at all nodes, into the workspace.
template <class Team>
TAUGRID_OUTLINE void prepare_mixture(Team& team, const Problem& problem, MixtureOf of, int64_t j,
                                     const MixtureNodes& nodes, FitWorkspace& w) {
  using L = typename Team::Lanes;
  team.for_points(nodes.n, [&](int i) {
    typename L::Real mean, variance;
    mixture_component<L>(problem, of, j, nodes, i, mean, variance);
    L::store(w.mean + i, mean);
    L::store(w.inverse_sd + i, 1.0 / L::sqrt(variance));
  });
}

// Moments of mu or theta_j, over the panels' nodes.
template <class Team>
TAUGRID_OUTLINE Moments mixture_moments(Team& team, const Problem& problem, MixtureOf of, int64_t j,
                                        const FitWorkspace& w) {
  using L = typename Team::Lanes;
  using S = Scalar<double, L>;
  const MixtureNodes all = panel_nodes(w);
  const bool spreads_as_tau = of == MixtureOf::kMu && problem.mu.form == MuForm::kFlat;
  const double nearest = exp<S>(-kFarX);
  double about, unused;
  mixture_component<S>(problem, of, j, all, w.middle_node, about, unused);
  return moments_over_nodes(
      team, w, about,
      [&](int i, typename L::Real& component_mean, typename L::Real& component_variance) {
        mixture_component<L>(problem, of, j, all, i, component_mean, component_variance);
        if (!spreads_as_tau) return;
        // The nodes' tau^2 stands still at exp(2 kFarX), the moments do not.
        const auto beyond = L::load(w.tau_value + i) * nearest;
        component_variance =
            component_variance * L::select(beyond > 1.0, beyond * beyond, L::splat(1.0));
      });
}

// theta_new is mu and, independent of it given tau, a normal of variance tau^2.
TAUGRID_INLINE Moments moments_of_theta_new(const Moments& mu, const Moments& tau) {
  return {mu.mean, mu.variance + (tau.variance + tau.mean * tau.mean)};
}

// A mixture of normals over `nodes`: all but its moments.
template <class Team>
TAUGRID_OUTLINE void fit_mixture(Team& team, const Problem& problem, const FitRequest& request,
                                 MixtureOf of, int64_t j, const MixtureNodes& nodes,
                                 FitWorkspace& w, ParameterResult& result) {
  using L = typename Team::Lanes;
  if (request.n_probabilities == 0 && !request.mode_and_shortest) return;

  prepare_mixture(team, problem, of, j, nodes, w);
  const Mixture<Team> law{team, nodes.weight, w.mean, w.inverse_sd, nodes.n, nodes.n_coarse};
  // Where to start: the component that holds the median of tau.
  const int in_order = nodes.n_coarse > 0 ? nodes.n_coarse : nodes.n;
  const double half = nodes.n_coarse > 0 ? 0.25 : 0.5;
  int middle = 0;
  double mass = 0.0;
  for (int i = 0; i < in_order && mass < half; ++i) {
    mass = mass + nodes.weight[i];
    middle = i;
  }
  const double centre = w.mean[middle];
  const double scale = 1.0 / w.inverse_sd[middle];
  QuantileSearch& search = w.search;
  team.once([&] { search.scale = scale; });
  // The quantiles nearest to the ends of the central interval.
  double low = centre - 2.0 * scale, high = centre + 2.0 * scale;
  double from_low = 1.0, from_high = 1.0;
  const double outside = 0.5 * (1.0 - request.level);
  constexpr int kBatch = QuantileSearch::kLanes;
  for (int begin = 0; begin < request.n_probabilities; begin += kBatch) {
    const int n =
        request.n_probabilities - begin < kBatch ? request.n_probabilities - begin : kBatch;
    team.once([&] {
      for (int i = 0; i < kBatch; ++i) {
        const double p = i < n ? request.probabilities[begin + i] : 0.5;
        search.p[i] = p > 0.5 ? 1.0 - p : p;
        search.sign[i] = p > 0.5 ? -1.0 : 1.0;
      }
    });
    team.for_points((n + 7) / 8 * 8, [&](int i) {
      const auto z = normal_quantile<L>(L::load(search.p + i)) * L::load(search.sign + i);
      L::store(search.x + i, centre + z * scale);
    });
    mixture_quantiles(law, n, search);
    team.once([&] {
      for (int i = 0; i < n; ++i) result.quantile[begin + i] = search.x[i];
    });
    for (int i = 0; i < n; ++i) {
      const double from = abs_of(search.p[i] - outside);
      if (search.sign[i] > 0.0 && from < from_low) {
        low = search.x[i];
        from_low = from;
      }
      if (search.sign[i] < 0.0 && from < from_high) {
        high = search.x[i];
        from_high = from;
      }
    }
  }
  if (!request.mode_and_shortest) return;
  const MixtureMode mode =
      mixture_mode(law, w.rule, w.lane_a, w.lane_b, w.node_value, w.coefficient);
  result.mode = mode.x;
  mixture_shortest(law, request.level, mode.unimodal, low, high, search, result.shortest_lower,
                   result.shortest_upper);
}

// The joint mode of (tau, mu): p(tau, mu | y) at its largest mu given tau is p(tau | y) /
// sqrt(v_mu).
template <class Team>
TAUGRID_OUTLINE void fit_joint(Team& team, const Problem& problem, FitWorkspace& w,
                               FitResult& result) {
  using L = typename Team::Lanes;
  using S = Scalar<double, L>;
  if (w.n_atoms > 0) {
    // The density is infinite where tau is an atom: the largest density of mu there, times the
    // atom's mass.
    double best = 0.0;
    for (int k = 0; k < w.n_atoms; ++k) {
      const int node = w.n_nodes - kPanelNodes + k;
      double mu = w.mu_hat[node], log_f = log<S>(w.atom_mass[k]) - 0.5 * log<S>(w.v_mu[node]);
      if (problem.mu.form == MuForm::kUniform) {
        mu = min_of(max_of(mu, problem.mu.a), problem.mu.b);
        const double r = mu - w.mu_hat[node];
        log_f = log_f - w.log_mu_mass[node] - 0.5 * (r * r) / w.v_mu[node];
      }
      if (k > 0 && !(log_f > best)) continue;
      best = log_f;
      result.joint_mode_tau = w.atom[k];
      result.joint_mode_mu = mu;
    }
    return;
  }
  // Under a uniform prior the largest mu given tau is mu_hat or a bound, and the density has no
  // mass term.
  const auto best_mu = [&](auto lanes, const auto& at) {
    using M = decltype(lanes);
    auto mu = at.mu_hat;
    if (problem.mu.form == MuForm::kUniform) {
      mu = M::select(mu < problem.mu.a, M::splat(problem.mu.a), mu);
      mu = M::select(mu > problem.mu.b, M::splat(problem.mu.b), mu);
    }
    return mu;
  };
  // From log p(x | y).
  const auto at_best_mu = [&](auto x, auto log_p, const auto& at) {
    log_p = log_p - x - 0.5 * log<L>(at.v_mu);
    if (problem.mu.form == MuForm::kUniform) {
      const auto r = best_mu(L{}, at) - at.mu_hat;
      log_p = log_p - log_mu_mass<L>(problem, at) - 0.5 * (r * r) / at.v_mu;
    }
    return log_p;
  };
  const auto log_density = [&](typename L::Real x) {
    GivenTau<L> at;
    const auto log_p = log_posterior<L>(problem, x, at, w.reference);
    return at_best_mu(x, log_p, at);
  };
  const auto at_node = [&](int i) {
    const GivenTau<L> at{L::load(w.tau2 + i), L::load(w.mu_hat + i), L::load(w.v_mu + i)};
    return at_best_mu(L::load(w.tau.x + i), log_posterior_at_node<L>(w, i), at);
  };
  const double mode = tau_mode(team, log_density, at_node, problem.tau_prior, w);
  result.joint_mode_tau = mode;
  // mu at tau = 0 is that at the left end of the grid, where tau no longer matters.
  const double tau = exp<S>(near_x<S>(mode > 0.0 ? log<S>(mode) : w.tau.lower[0]));
  result.joint_mode_mu = best_mu(S{}, given_tau<S>(problem, tau * tau));
}

// The exact summary. The workspace is overwritten, and holds the posterior of tau afterwards.
// `result` is each member's own; the arrays that it points to (quantiles, theta) are the team's,
// and its leader writes them.
template <class Team>
TAUGRID_TEMPLATE inline void fit(Team& team, const Problem& problem, const FitRequest& asked,
                                 FitWorkspace& w, FitResult& result) {
  FitRequest request = asked;
  request.theta_end = asked.theta_end < problem.n_schools ? asked.theta_end : problem.n_schools;
  using L = typename Team::Lanes;
  using S = Scalar<double, L>;
  const PriorRecord& prior = problem.tau_prior;
  const bool fixed = prior.form == PriorForm::kPoint;
  const bool proper_mu = problem.mu.form != MuForm::kFlat;

  if (fixed && prior.value > 0x1p1000) {  // tau = infinity: no pooling
    result.log_evidence = result.cov_mu_tau = result.joint_mode_tau = result.joint_mode_mu =
        quiet_nan();
    result.nodes = 0;
    result.tau_moments = request.tau_moments;
    result.unresolved = false;
    set_absent(team, request, result.tau);
    set_absent(team, request, result.mu);
    set_absent(team, request, result.theta_new);
    if (problem.mu.form == MuForm::kNormal)
      set_normal(team, request, problem.mu.a, problem.mu.b, result.mu);
    if (problem.mu.form == MuForm::kUniform)
      set_uniform(team, request, problem.mu.a, problem.mu.b, result.mu);
    if (request.theta)
      for (int64_t j = request.theta_begin; j < request.theta_end; ++j) {
        ParameterResult theta = result.theta[j];
        set_normal(team, request, problem.y[j], problem.sigma[j], theta);
        if (team.leads()) result.theta[j] = theta;
      }
    return;
  }

  for (int moments = request.tau_moments; !request.tau_known;) {
    const double log_evidence = integrate_tau(team, problem, moments, w);
    team.once([&] {
      w.log_evidence = log_evidence;
      w.tau_moments = moments;
    });
    // A tail that hardly falls: the integral of tau^2 reaches past the largest double.
    if (!fixed && moments > 0 && w.tau.n > 0 && w.tau.upper[w.tau.n - 1] > 345.0)
      --moments;
    else
      request.tau_known = true;
  }
  if (asked.tau_known) team.once([&] { w.unresolved = w.tau.unresolved; });
  if (w.tau_moments < request.tau_moments) {
    request.tau_moments = w.tau_moments;
    if (!proper_mu && request.mu_moments > request.tau_moments)
      request.mu_moments = request.tau_moments;
  }
  result.log_evidence = w.log_evidence;
  result.tau_moments = request.tau_moments;
  result.nodes = w.n_nodes;
  result.cov_mu_tau = fixed ? 0.0 : quiet_nan();
  result.joint_mode_tau = result.joint_mode_mu = quiet_nan();
  Moments of_tau{};
  if (request.tau || request.theta_new) of_tau = moments_of_tau(team, w);
  if (fixed) {
    set_constant(team, request, prior.value, result.tau);
    result.joint_mode_tau = prior.value;
    const double mu = w.mu_hat[0];
    result.joint_mode_mu =
        problem.mu.form == MuForm::kUniform ? min_of(max_of(mu, problem.mu.a), problem.mu.b) : mu;
  } else {
    if (request.tau) fit_tau(team, problem, request, of_tau, w, result.tau);
  }
  if (!fixed && request.joint) {
    // About values near the middle, as other moments.
    const double tau = w.tau_value[w.middle_node], mu = w.mu_mean[w.middle_node];
    double sums[3];
    team.template sum<3>(w.n_nodes, sums, [&](int i, typename L::Real(&s)[3]) {
      const auto weight = L::load(w.tau.weight + i);
      const auto d_mu = L::load(w.mu_mean + i) - mu;
      s[0] = weight * (L::load(w.tau_value + i) - tau);
      s[1] = weight * d_mu;
      s[2] = s[0] * d_mu;
    });
    const double covariance = sums[2] - sums[0] * sums[1];
    // Under a flat prior mu | tau spreads as tau does, so that E|mu tau| needs E tau^2.
    if (request.tau_moments >= (proper_mu ? 1 : 2)) result.cov_mu_tau = covariance;
    if (request.mode_and_shortest) fit_joint(team, problem, w, result);
  }

  const int theta_new_moments =
      fixed ? 2
            : (request.tau_moments < request.mu_moments ? request.tau_moments : request.mu_moments);
  const bool pooled = fixed && prior.value == 0.0;
  if (problem.mu.form != MuForm::kUniform) {
    const bool any = request.mu || request.theta_new || request.theta;
    const bool beyond_moments = request.n_probabilities > 0 || request.mode_and_shortest;
    const MixtureNodes nodes =
        any && beyond_moments ? make_mixture_nodes(team, problem, w) : panel_nodes(w);
    Moments of_mu{};
    if (request.mu || request.theta_new)
      of_mu = mixture_moments(team, problem, MixtureOf::kMu, 0, w);
    if (request.mu) {
      set_moments<L>(of_mu, proper_mu || fixed ? 2 : request.mu_moments, result.mu);
      fit_mixture(team, problem, request, MixtureOf::kMu, 0, nodes, w, result.mu);
    }
    if (request.theta_new) {
      set_moments<L>(moments_of_theta_new(of_mu, of_tau), theta_new_moments, result.theta_new);
      fit_mixture(team, problem, request, MixtureOf::kThetaNew, 0, nodes, w, result.theta_new);
    }
    const MixtureOf of_theta = pooled ? MixtureOf::kMu : MixtureOf::kTheta;
    for (int64_t j = request.theta_begin; request.theta && j < request.theta_end; ++j) {
      ParameterResult theta = result.theta[j];
      set_moments<L>(mixture_moments(team, problem, of_theta, j, w), 2, theta);
      fit_mixture(team, problem, request, of_theta, j, nodes, w, theta);
      if (team.leads()) result.theta[j] = theta;
    }
    result.unresolved = w.unresolved;
    return;
  }

  const auto parameter = [&](const FitRequest& wanted, UniformMuLaw law, int64_t j,
                             ParameterResult& of) {
    const UniformMuPlace place = uniform_mu_place<Team>(problem, law, j, w);
    uniform_mu_parameter(team, problem, wanted, law, j, place.centre, place.scale, place.layer, w,
                         of);
  };
  if (request.mu || request.theta_new) {
    FitRequest of_mu = request;
    if (!request.mu) {  // theta_new takes its moments
      of_mu.n_probabilities = 0;
      of_mu.mode_and_shortest = false;
    }
    parameter(of_mu, UniformMuLaw::kMu, 0, result.mu);
  }
  if (request.theta_new) {
    if (request.n_probabilities > 0 || request.mode_and_shortest)
      parameter(request, pooled ? UniformMuLaw::kMu : UniformMuLaw::kThetaNew, 0, result.theta_new);
    // Surer than the panels where the tail is heavy.
    const Moments of_mu{result.mu.mean, result.mu.sd * result.mu.sd};
    set_moments<L>(moments_of_theta_new(of_mu, of_tau), theta_new_moments, result.theta_new);
  }
  for (int64_t j = request.theta_begin; request.theta && j < request.theta_end; ++j) {
    ParameterResult theta = result.theta[j];
    parameter(request, pooled ? UniformMuLaw::kMu : UniformMuLaw::kTheta, j, theta);
    if (team.leads()) result.theta[j] = theta;
  }
  result.unresolved = w.unresolved;
}

}  // namespace taugrid
