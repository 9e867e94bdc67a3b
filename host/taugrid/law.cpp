#include "host/taugrid/law.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "kernels/math/atoms.h"
#include "kernels/math/normal_distribution.h"

namespace taugrid {
namespace {

using S = Scalar<>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// "theta[3]" -> 3; 0 for other texts.
int64_t theta_number(const std::string& text) {
  if (text.rfind("theta[", 0) != 0 || text.back() != ']') return 0;
  int64_t number = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto parsed = std::from_chars(text.data() + 6, end, number);
  return parsed.ptr == end && parsed.ec == std::errc() ? number : 0;
}

// Sums over schools at tau = 0.
struct SumsAtZero {
  double log_w = 0.0, log_w2 = 0.0, log_v;  // of sum w, of sum w^2; sum of log v
};

// The limit of log p(tau) at tau = 0.
double log_prior_at_zero(const PriorRecord& prior, const SumsAtZero& sums) {
  if (prior.lower_x > -kInfinity) return -kInfinity;
  switch (prior.form) {
    case PriorForm::kMixture: {
      double largest = -kInfinity, sum = 0.0;
      for (int i = 0; i < prior.n_rows; ++i)
        largest = std::max(largest, log_prior_at_zero(prior.rows[i], sums));
      if (std::isinf(largest)) return largest;
      for (int i = 0; i < prior.n_rows; ++i)
        sum += exp<S>(log_prior_at_zero(prior.rows[i], sums) - largest);
      return largest + log<S>(sum);
    }
    case PriorForm::kTable:  // its first knot is at 0
      return prior.log_constant + table_log_density<S>(prior, 0.0);
    case PriorForm::kLogLocation:
      return prior.df < kInfinity ? kInfinity : -kInfinity;
    case PriorForm::kPower:
      if (prior.rate != 0.0 && prior.power < 0.0) return -kInfinity;
      break;
    default:
      break;
  }
  if (prior.slope != 0.0) return prior.slope > 0.0 ? -kInfinity : kInfinity;
  if (prior.form == PriorForm::kHalfLogistic) return prior.log_constant - 2.0 * log<S>(2.0);
  if (prior.form != PriorForm::kSchoolSums) return prior.log_constant;
  return prior.log_constant + prior.alpha * sums.log_w + prior.beta * sums.log_w2 -
         prior.gamma * sums.log_v;
}

SumsAtZero sums_at_zero(const Engine& engine, double sum_log_v) {
  double sum_w = 0.0, sum_w2 = 0.0;
  for (const double sigma : engine.sigma) {
    const double w = 1.0 / (sigma * sigma);
    sum_w += w;
    sum_w2 += w * w;
  }
  return {log<S>(sum_w), log<S>(sum_w2), sum_log_v};
}

LawPoint normal_law(double mean, double sd, double x) {
  const auto tails = normal_tails<S>((x - mean) / sd);
  return {tails.lower, tails.upper, tails.pdf / sd};
}

LawPoint uniform_law(double a, double b, double x) {
  if (x < a) return {0.0, 1.0, 0.0};
  if (x > b) return {1.0, 0.0, 0.0};
  return {(x - a) / (b - a), (b - x) / (b - a), 1.0 / (b - a)};
}

std::vector<LawPoint> tau_law(const Engine& engine, std::span<const double> x) {
  std::vector<LawPoint> law;
  if (!engine.tau_is_random) {
    for (const double value : x)
      law.push_back(point_mass(engine.model.tau_prior.parameters[0], value));
    return law;
  }
  const std::vector<double> log_density = log_tau_density(engine, x);
  for (size_t i = 0; i < x.size(); ++i) {
    const TauTails tails = tau_tails<S>(*engine.posterior, x[i] / engine.unit);
    law.push_back({tails.lower, tails.upper, exp<S>(log_density[i])});
  }
  return law;
}

std::vector<LawPoint> law_at_some(const Engine& engine, const ParameterId& parameter,
                                  std::span<const double> x, bool relative_tails,
                                  std::unique_ptr<FitWorkspace>& nodes) {
  if (engine.model.tau_prior.no_pooling()) {
    const auto j = static_cast<size_t>(parameter.j);
    std::vector<LawPoint> law;
    for (const double value : x)
      law.push_back(law_without_pooling(engine.model.mu_prior, parameter.kind,
                                        engine.model.data.y[j], engine.model.data.sigma[j], value));
    return law;
  }
  if (parameter.kind == ParameterKind::kTau) return tau_law(engine, x);
  const Units units{engine.centre, engine.unit, engine.log_unit};
  const size_t n = x.size();
  std::vector<double> internal, lower(n), upper(n), density(n);
  for (const double value : x) internal.push_back(internal_place(units, value));
  if (!nodes) nodes = posterior_nodes(engine);
  engine.kernels->law(engine.problem,
                      {law_of(parameter.kind), parameter.j, relative_tails, static_cast<int64_t>(n),
                       internal.data()},
                      *nodes, {lower.data(), upper.data(), density.data()});
  std::vector<LawPoint> law(n);
  for (size_t i = 0; i < n; ++i) law[i] = {lower[i], upper[i], density[i] / engine.unit};
  return law;
}

}  // namespace

LawPoint point_mass(double at, double x) {
  return {x >= at ? 1.0 : 0.0, x >= at ? 0.0 : 1.0, x == at ? kInfinity : 0.0};
}

LawPoint law_without_pooling(const MuPrior& mu, ParameterKind parameter, double y_j, double sigma_j,
                             double x) {
  if (parameter == ParameterKind::kTheta) return normal_law(y_j, sigma_j, x);
  if (parameter == ParameterKind::kTau) return point_mass(kInfinity, x);
  if (parameter == ParameterKind::kMu && mu.form == MuForm::kNormal)
    return normal_law(mu.a, mu.b, x);
  if (parameter == ParameterKind::kMu && mu.form == MuForm::kUniform)
    return uniform_law(mu.a, mu.b, x);
  return {kNaN, kNaN, kNaN};
}

LawOf law_of(ParameterKind parameter) {
  return parameter == ParameterKind::kMu      ? LawOf::kMu
         : parameter == ParameterKind::kTheta ? LawOf::kTheta
                                              : LawOf::kThetaNew;
}

double internal_place(const Units& units, double x) {
  return std::clamp((x - units.centre) / units.unit, -1e60, 1e60);
}

std::string ParameterId::name() const {
  switch (kind) {
    case ParameterKind::kTau:
      return "tau";
    case ParameterKind::kMu:
      return "mu";
    case ParameterKind::kThetaNew:
      return "theta_new";
    case ParameterKind::kTheta:
      break;
  }
  return "theta[" + std::to_string(j + 1) + "]";
}

ParameterId find_parameter(const std::string& text, const Data& data, const std::string& what) {
  if (text == "tau") return {ParameterKind::kTau, 0};
  if (text == "mu") return {ParameterKind::kMu, 0};
  if (text == "theta_new") return {ParameterKind::kThetaNew, 0};
  const int64_t number = theta_number(text);
  if (number >= 1 && number <= data.n_schools()) return {ParameterKind::kTheta, number - 1};
  const auto found = std::ranges::find(data.labels, text);
  const std::string known =
      fmt::format("tau, mu, theta[1]{}, theta_new{}",
                  data.n_schools() > 1 ? fmt::format(" .. theta[{}]", data.n_schools()) : "",
                  data.labels.empty() ? "" : ", or a label");
  if (text.empty() || found == data.labels.end())
    throw std::invalid_argument(what + ": parameter '" + text + "' is unknown, must be one of " +
                                known);
  const auto again = std::find(found + 1, data.labels.end(), text);
  const int64_t j = found - data.labels.begin();
  if (again != data.labels.end())
    throw std::invalid_argument(fmt::format(
        "{}: parameter '{}' is the label of rows {} and {}: name it theta[{}] or theta[{}]", what,
        text, j + 1, again - data.labels.begin() + 1, j + 1, again - data.labels.begin() + 1));
  return {ParameterKind::kTheta, j};
}

std::unique_ptr<FitWorkspace> posterior_nodes(const Engine& engine) {
  if (engine.posterior) return std::make_unique<FitWorkspace>(*engine.posterior);
  auto nodes = std::make_unique_for_overwrite<FitWorkspace>();
  FitStorage storage(0, 0);
  engine.kernels->fit(engine.problem, engine.nodes_request(), *nodes, storage.result);
  return nodes;
}

std::vector<double> log_tau_density(const Engine& engine, std::span<const double> tau) {
  if (!engine.tau_is_random) return std::vector<double>(tau.size(), kNaN);
  const FitWorkspace& posterior = *engine.posterior;
  std::vector<double> log_density(tau.size(), -kInfinity);
  // Infinite at an atom; between atoms alone there is nothing.
  const auto set_atoms = [&] {
    for (int k = 0; k < posterior.n_atoms; ++k)
      for (size_t i = 0; i < tau.size(); ++i)
        if (tau[i] == engine.unit * posterior.atom[k]) log_density[i] = kInfinity;
  };
  if (posterior.tau.n == 0) {
    set_atoms();
    return log_density;
  }
  const double log_mass = posterior.tau.log_mass + posterior.reference + engine.log_unit -
                          log<S>(posterior.smooth_mass);
  const PriorRecord& prior = engine.problem.tau_prior;
  constexpr size_t kPack = kDrawAlignment;
  std::vector<double> x((tau.size() + kPack - 1) / kPack * kPack, 0.0), log_p(x.size());
  for (size_t i = 0; i < tau.size(); ++i)
    if (tau[i] > 0.0 && tau[i] < kInfinity) x[i] = log<S>(tau[i] / engine.unit);
  engine.kernels->log_posterior(engine.problem, static_cast<int64_t>(x.size()), x.data(),
                                log_p.data());
  for (size_t i = 0; i < tau.size(); ++i) {
    if (tau[i] == 0.0) {
      GivenTau<S> at;
      const double log_likelihood = log_likelihood_at_tau2<S>(engine.problem, 0.0, at);
      log_density[i] =
          log_prior_at_zero(prior, sums_at_zero(engine, at.sum_log_v)) + log_likelihood - log_mass;
    } else if (!(tau[i] > 0.0 && tau[i] < kInfinity) || x[i] < prior.lower_x ||
               x[i] > prior.upper_x || log_p[i] < 0.5 * kLogNothing) {
      log_density[i] = -kInfinity;
    } else {
      log_density[i] = log_p[i] - x[i] - log_mass;
    }
  }
  set_atoms();
  return log_density;
}

std::vector<LawPoint> law_at(const Engine& engine, const ParameterId& parameter,
                             std::span<const double> x, bool relative_tails,
                             std::unique_ptr<FitWorkspace>* shared, const RunControl& control) {
  // Between two questions whether to stop: under a uniform prior of mu a point may take 1 ms.
  constexpr size_t kPoints = 256;
  std::unique_ptr<FitWorkspace> own;
  std::unique_ptr<FitWorkspace>& nodes = shared != nullptr ? *shared : own;
  std::vector<LawPoint> law;
  law.reserve(x.size());
  for (size_t begin = 0; begin < x.size(); begin += kPoints) {
    if (control.stop && control.stop()) throw Stopped();
    const std::vector<LawPoint> part =
        law_at_some(engine, parameter, x.subspan(begin, std::min(kPoints, x.size() - begin)),
                    relative_tails, nodes);
    law.insert(law.end(), part.begin(), part.end());
  }
  return law;
}

}  // namespace taugrid
