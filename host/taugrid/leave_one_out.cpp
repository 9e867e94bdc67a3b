// By J refits, each over its own p(tau | y_-j):
//   log p(y_j | y_-j) = log p(y) - log p(y_-j)
//   P(Y_j < y_j | y_-j), Y_j ~ N(theta_new, sigma_j^2)
// The difference of two evidences and not an average of N(y_j; mu_hat, v_mu + tau^2 + sigma_j^2)
// over p(tau | y_-j): where y_j is far from the rest, the taus that explain it lie beyond all that
// the rest calls for.
//
// The prior of tau is that of all J studies throughout: where it is made from the sigmas, these are
// known constants of the design, and p(y_j | y_-j) is a conditional density of one model. A prior
// that is a scale made of the sigmas is a record that the refit keeps. One that sums over schools
// at every tau would be evaluated on J - 1 of them: the nodes are weighed by the ratio of both.
#include "host/taugrid/leave_one_out.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/taugrid/law.h"
#include "host/taugrid/parallel.h"

namespace taugrid {
namespace {

using S = Scalar<>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Why there is none; empty where there is.
std::string reason_for_none(const Model& model) {
  if (model.data.n_schools() == 1) return "J is 1, which leaves no study to predict from";
  if (model.tau_prior.no_pooling()) return "at tau = infinity a new study has no density";
  Model smaller = model;
  smaller.data.y.pop_back();
  smaller.data.sigma.pop_back();
  if (!smaller.tau_moment_exists(0))
    return "with J = " + std::to_string(smaller.data.n_schools()) + " the posterior is improper";
  return "";
}

// Whether the sigmas enter the prior of tau.
bool prior_depends_on_sigma(const Engine& engine) {
  const PriorRecord& prior = engine.problem.tau_prior;
  if (has_school_sums(prior)) return true;
  std::vector<double> doubled = engine.sigma;
  for (double& sigma : doubled) sigma *= 2.0;
  PriorStorage storage;
  const PriorRecord other = tau_prior_record(engine.model.tau_prior, engine.unit, doubled, storage);
  bool differs = other.log_scale != prior.log_scale;
  for (int i = 0; i < prior.n_rows; ++i)
    differs = differs || other.rows[i].log_scale != prior.rows[i].log_scale;
  return differs;
}

// log p(x) of the prior alone.
double log_prior_alone(const Problem& problem, double x) {
  GivenTau<S> at;
  log_likelihood<S>(problem, x, at);  // for the sums over schools
  return log_prior_at<S>(problem, x, at);
}

// Exchanges the prior of `problem` for that of `full` in its nodes. Returns what that adds to the
// log evidence.
double exchange_prior(const Problem& problem, const Problem& full, FitWorkspace& nodes) {
  // Atoms, the nodes of the last block, are the same in both.
  const int n_smooth = nodes.n_nodes - (nodes.n_atoms > 0 ? kPanelNodes : 0);
  std::vector<double> log_ratio(static_cast<size_t>(nodes.n_nodes), 0.0);
  for (int i = 0; i < n_smooth; ++i)
    log_ratio[static_cast<size_t>(i)] =
        log_prior_alone(full, nodes.tau.x[i]) - log_prior_alone(problem, nodes.tau.x[i]);
  const double largest = *std::ranges::max_element(log_ratio);
  double sum = 0.0;
  for (int i = 0; i < nodes.n_nodes; ++i) {
    nodes.tau.weight[i] *= exp<S>(log_ratio[static_cast<size_t>(i)] - largest);
    sum += nodes.tau.weight[i];
  }
  for (int i = 0; i < nodes.n_nodes; ++i) nodes.tau.weight[i] /= sum;
  return largest + log<S>(sum);
}

struct LeftOut {
  double log_density, pit;  // units of y
};

LeftOut leave_out(const Engine& engine, double log_evidence_of_all, size_t j) {
  std::vector<double> y = engine.y, sigma = engine.sigma;
  y.erase(y.begin() + static_cast<std::ptrdiff_t>(j));
  sigma.erase(sigma.begin() + static_cast<std::ptrdiff_t>(j));
  Problem rest = engine.problem;
  rest.y = y.data();
  rest.sigma = sigma.data();
  rest.n_schools = engine.problem.n_schools - 1;
  const auto nodes = std::make_unique_for_overwrite<FitWorkspace>();
  double log_p = log_evidence(engine, rest, *nodes);
  if (nodes->unresolved || std::isnan(log_p)) return {kNaN, kNaN};
  if (has_school_sums(rest.tau_prior)) log_p += exchange_prior(rest, engine.problem, *nodes);

  // Y_j is a theta_new with sigma_j^2 more variance given tau.
  for (int i = 0; i < nodes->n_nodes; ++i) nodes->tau2[i] += engine.sigma[j] * engine.sigma[j];
  double lower, upper, density;
  engine.kernels->law(rest, {LawOf::kThetaNew, 0, true, 1, &engine.y[j]}, *nodes,
                      {&lower, &upper, &density});
  return {log_evidence_of_all - log_p - engine.log_unit - kLogRoot2Pi, lower};
}

// log of the average over p(theta_j | y) of N(y_j; theta_j, sigma_j^2), units of y. Given tau, a
// second y_j is normal given mu, so that mu may be integrated out, between bounds too.
double log_predictive_density(const Engine& engine, const FitWorkspace& nodes, size_t j) {
  const Problem& problem = engine.problem;
  const double y = engine.y[j], s2 = engine.sigma[j] * engine.sigma[j];
  std::vector<double> log_terms;
  for (int i = 0; i < nodes.n_nodes; ++i) {
    if (!(nodes.tau.weight[i] > 0.0)) continue;
    const GivenTau<S> at{nodes.tau2[i], nodes.mu_hat[i], nodes.v_mu[i]};
    double mean, variance;
    theta_given_tau<S>(problem, static_cast<int64_t>(j), at, mean, variance);
    variance += s2;
    const double r = y - mean;
    double log_term = log<S>(nodes.tau.weight[i]) - 0.5 * (log<S>(variance) + r * r / variance);
    if (problem.mu.form == MuForm::kUniform) {
      // mu given both: y~ = B y + (1 - B) mu + noise of variance (1 + B) sigma^2.
      const double slope = s2 / (s2 + nodes.tau2[i]), noise = s2 * (2.0 - slope);
      const double precision = 1.0 / nodes.v_mu[i] + slope * slope / noise;
      const double mu = (nodes.mu_hat[i] / nodes.v_mu[i] + slope * (slope * y) / noise) / precision;
      log_term += log_truncated_mass<S>(problem.mu.a, problem.mu.b, mu, std::sqrt(precision)) -
                  nodes.log_mu_mass[i];
    }
    log_terms.push_back(log_term);
  }
  const double largest = *std::ranges::max_element(log_terms);
  double sum = 0.0;
  for (const double log_term : log_terms) sum += exp<S>(log_term - largest);
  return largest + log<S>(sum) - kLogRoot2Pi - engine.log_unit;
}

}  // namespace

LeaveOneOut leave_one_out(const Engine& engine, const Evidence& evidence, const RunControl& control,
                          std::vector<std::string>& notes) {
  LeaveOneOut result{kNaN, kNaN, kNaN, {}, {}, {}};
  const std::string reason = reason_for_none(engine.model);
  if (!reason.empty()) {
    notes.push_back("no leave-one-out cross-validation: " + reason);
    return result;
  }
  if (prior_depends_on_sigma(engine))
    notes.push_back("leave-one-out: every refit keeps the prior of tau that the sigmas of all " +
                    std::to_string(engine.model.data.n_schools()) + " studies make");
  const size_t n = engine.y.size();
  const double log_p = evidence.log_p;
  result.pointwise.resize(n);
  result.pit.resize(n);
  result.lpd.resize(n);
  ordered_blocks(
      static_cast<int64_t>(n), engine.threads,
      [&](int64_t block, int, int) {
        const size_t j = static_cast<size_t>(block);
        const LeftOut left_out = leave_out(engine, log_p, j);
        result.pointwise[j] = left_out.log_density;
        result.pit[j] = left_out.pit;
        result.lpd[j] =
            std::isnan(log_p) ? kNaN : log_predictive_density(engine, *evidence.nodes, j);
      },
      [&](int64_t block, int) {
        if (control.stop && control.stop()) throw Stopped();
        if (control.progress) control.progress(block + 1);
      });
  const auto unresolved = [](double x) { return std::isnan(x); };
  if (std::ranges::any_of(result.pointwise, unresolved)) {
    const auto first = std::ranges::find_if(result.pointwise, unresolved);
    notes.push_back("no leave-one-out cross-validation of " +
                    std::to_string(std::ranges::count_if(result.pointwise, unresolved)) +
                    " of the studies, the first in row " +
                    std::to_string(first - result.pointwise.begin() + 1) +
                    ": the posterior without it, or that of all, could not be integrated");
  }
  const double count = static_cast<double>(n);
  result.elpd = result.p_loo = 0.0;
  for (size_t j = 0; j < n; ++j) {
    result.elpd += result.pointwise[j];
    result.p_loo += result.lpd[j] - result.pointwise[j];
  }
  double squares = 0.0;
  for (const double value : result.pointwise)
    squares += (value - result.elpd / count) * (value - result.elpd / count);
  result.se = std::sqrt(count * squares / (count - 1.0));
  return result;
}

}  // namespace taugrid
