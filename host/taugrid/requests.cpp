#include "host/taugrid/requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "host/taugrid/bayes_factors.h"
#include "host/taugrid/conditional_moments.h"
#include "host/taugrid/law.h"
#include "host/taugrid/leave_one_out.h"
#include "host/taugrid/weights.h"

namespace taugrid {
namespace {

constexpr int64_t kMostPoints = 1'000'000;
constexpr double kMostSigmas = 1e24;

void require(bool condition, const std::string& message) {
  if (!condition) throw std::invalid_argument(message);
}

std::vector<double> points(const DensityRequest& request) {
  std::vector<double> x;
  for (int64_t i = 0; i < request.n; ++i) {
    const double share = request.n > 1 ? static_cast<double>(i) / static_cast<double>(request.n - 1) : 0.0;
    // Both products are finite where their sum with one factor taken out may not be.
    x.push_back(i + 1 == request.n ? request.upper : (1.0 - share) * request.lower + share * request.upper);
  }
  return x;
}

void add_exceedances(const Engine& engine, const std::vector<ExceedRequest>& requests, FitSummary& summary) {
  for (const ExceedRequest& request : requests) {
    const ParameterId parameter = find_parameter(request.parameter, engine.model.data);
    const double x[] = {request.value};
    summary.exceed.push_back({parameter.name(), request.value, law_at(engine, parameter, x, true)[0].upper});
  }
}

void add_densities(const Engine& engine, const std::vector<DensityRequest>& requests, FitSummary& summary) {
  for (const DensityRequest& request : requests) {
    const ParameterId parameter = find_parameter(request.parameter, engine.model.data);
    DensityCurve curve{parameter.name(), points(request), {}, {}};
    for (const LawPoint& point : law_at(engine, parameter, curve.x, false)) {
      curve.pdf.push_back(point.density);
      curve.cdf.push_back(point.lower);
    }
    summary.density.push_back(std::move(curve));
  }
}

void add_note(FitSummary& summary, const std::string& note) {
  if (std::ranges::find(summary.notes, note) == summary.notes.end()) summary.notes.push_back(note);
}

}  // namespace

void check_requests(const Model& model, const SummaryOptions& options) {
  const Data& data = model.data;
  for (const ExceedRequest& request : options.exceed) {
    find_parameter(request.parameter, data);
    require(std::isfinite(request.value),
            fmt::format("exceed {}: value is {}, must be finite", request.parameter, request.value));
  }
  for (const DensityRequest& request : options.density) {
    find_parameter(request.parameter, data);
    const std::string head = "density " + request.parameter + ": ";
    require(std::isfinite(request.lower) && std::isfinite(request.upper),
            head + fmt::format("range is {}:{}, must be finite", request.lower, request.upper));
    require(request.lower <= request.upper,
            head + fmt::format("lower is {}, must not be above upper, {}", request.lower, request.upper));
    require(request.n >= 1 && request.n <= kMostPoints,
            head + fmt::format("number of points is {}, must be from 1 to {}", request.n, kMostPoints));
    require((request.n == 1) == (request.lower == request.upper),
            head + fmt::format("{} point{} from {} to {}: both ends take two points or more, and one point takes no range",
                               request.n, request.n == 1 ? "" : "s", request.lower, request.upper));
  }
  const double most = kMostSigmas * *std::ranges::min_element(data.sigma);
  for (const double tau : options.given_tau)
    require(tau >= 0.0 && (tau <= most || std::isinf(tau)),
            fmt::format("given tau: tau is {}, must be from 0 to 1e24 times the smallest sigma, or inf", tau));
  require(!options.weights || data.n_schools() <= kMostSchoolsOfWeights,
          fmt::format("weights: J is {}, must be at most {}, because they are J x J", data.n_schools(),
                      kMostSchoolsOfWeights));
}

void add_requests(const Engine& engine, const SummaryOptions& options, FitSummary& summary) {
  const Model& model = engine.model;
  add_exceedances(engine, options.exceed, summary);
  add_densities(engine, options.density, summary);
  const auto of_density = [&](const char* name) {
    return std::ranges::any_of(summary.density, [&](const DensityCurve& curve) { return curve.parameter == name; });
  };
  if (model.tau_prior.fixed() && of_density("tau"))
    add_note(summary, "tau is fixed: a point mass has no density");
  for (const DensityCurve& curve : summary.density)
    if (curve.parameter == "tau" && !model.tau_prior.fixed() && std::ranges::any_of(curve.pdf, [](double p) { return std::isinf(p); }))
      add_note(summary, "the density of tau is infinite at 0");
  if (!options.given_tau.empty()) {
    summary.given_tau = conditional_moments(engine, options.given_tau);
    if (model.tau_prior.fixed()) add_note(summary, "tau is fixed: log p(tau|y) does not exist");
    if (model.data.n_schools() < 2) add_note(summary, "I^2 needs two studies or more");
  }
  if (options.weights) {
    summary.weights = posterior_weights(engine);
    if (!summary.weights->linear)
      add_note(summary, "no weights: under a uniform prior of mu the posterior means are not linear in y");
  }
  if (options.bayes_factors) summary.bayes_factors = bayes_factors(engine, summary.notes);
  if (options.loo) summary.loo = leave_one_out(engine, summary.notes);
}

}  // namespace taugrid
