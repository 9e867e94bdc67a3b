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
  return equally_spaced(request.lower, request.upper, request.n, "density " + request.parameter);
}

void add_exceedances(const Engine& engine, const std::vector<ExceedRequest>& requests,
                     const RunControl& control, FitSummary& summary) {
  std::unique_ptr<FitWorkspace> nodes;
  for (const ExceedRequest& request : requests) {
    const ParameterId parameter = find_parameter(request.parameter, engine.model.data, "exceed");
    const double x[] = {request.value};
    summary.exceed.push_back({parameter.name(), request.value,
                              law_at(engine, parameter, x, true, &nodes, control)[0].upper});
  }
}

void add_densities(const Engine& engine, const std::vector<DensityRequest>& requests,
                   const RunControl& control, FitSummary& summary) {
  std::unique_ptr<FitWorkspace> nodes;
  for (const DensityRequest& request : requests) {
    const ParameterId parameter = find_parameter(request.parameter, engine.model.data, "density");
    DensityCurve curve{parameter.name(), points(request), {}, {}};
    for (const LawPoint& point : law_at(engine, parameter, curve.x, false, &nodes, control)) {
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

std::vector<double> equally_spaced(double lower, double upper, int64_t n, const std::string& what) {
  require(
      std::isfinite(lower) && std::isfinite(upper) && std::isfinite((upper - lower) * kMostPoints),
      fmt::format("{}: the range is {}:{}, must be finite", what, lower, upper));
  require(lower <= upper,
          fmt::format("{}: lo is {}, must not be above hi, {}", what, lower, upper));
  require(
      n >= 1 && n <= kMostPoints,
      fmt::format("{}: the number of points is {}, must be from 1 to {}", what, n, kMostPoints));
  require((n == 1) == (lower == upper),
          fmt::format(
              "{}: the number of points is {}, must be {}", what, n,
              n == 1 ? "2 or more for a range, whose ends are among them" : "1 where lo is hi"));
  std::vector<double> x;
  for (int64_t i = 0; i + 1 < n; ++i)
    x.push_back(lower + (upper - lower) * static_cast<double>(i) / static_cast<double>(n - 1));
  x.push_back(upper);
  return x;
}

// Moments given tau, (values of tau) x J; and refits without one study, each of the size of a fit.
constexpr int64_t kMostGiven = 10'000'000;
constexpr int64_t kMostSchoolsOfLoo = 10'000;

void check_requests(const Model& model, const SummaryOptions& options) {
  const Data& data = model.data;
  for (const ExceedRequest& request : options.exceed) {
    find_parameter(request.parameter, data, "exceed");
    require(std::isfinite(request.value), fmt::format("exceed {}: value is {}, must be finite",
                                                      request.parameter, request.value));
  }
  for (const DensityRequest& request : options.density) {
    find_parameter(request.parameter, data, "density");
    points(request);
  }
  const double most = kMostSigmas * *std::ranges::min_element(data.sigma);
  for (const double tau : options.given_tau)
    require(
        tau >= 0.0 && (tau <= most || std::isinf(tau)),
        fmt::format("given tau: tau is {}, must be from 0 to 1e24 times the smallest sigma, or inf",
                    tau));
  const auto n_given = static_cast<int64_t>(options.given_tau.size());
  require(n_given <= kMostGiven / data.n_schools(),
          fmt::format("given tau: {} values with J = {}, must be at most {} moments in all",
                      n_given, data.n_schools(), kMostGiven));
  require(!options.loo || data.n_schools() <= kMostSchoolsOfLoo,
          fmt::format("loo: J is {}, must be at most {}, because the model is fitted anew without "
                      "each study",
                      data.n_schools(), kMostSchoolsOfLoo));
  require(!options.weights || data.n_schools() <= kMostSchoolsOfWeights,
          fmt::format("weights: J is {}, must be at most {}, because they are J x J",
                      data.n_schools(), kMostSchoolsOfWeights));
}

void add_requests(const Engine& engine, const SummaryOptions& options, const RunControl& control,
                  FitSummary& summary) {
  const Model& model = engine.model;
  add_exceedances(engine, options.exceed, control, summary);
  add_densities(engine, options.density, control, summary);
  const auto of_density = [&](const char* name) {
    return std::ranges::any_of(summary.density,
                               [&](const DensityCurve& curve) { return curve.parameter == name; });
  };
  if (model.tau_prior.fixed() && of_density("tau"))
    add_note(summary, "tau is fixed: a point mass has no density");
  for (const DensityCurve& curve : summary.density)
    if (curve.parameter == "tau" && !model.tau_prior.fixed() &&
        std::ranges::any_of(curve.pdf, [](double p) { return std::isinf(p); }))
      add_note(summary, "the density of tau is infinite at 0");
  if (!options.given_tau.empty()) {
    summary.given_tau = conditional_moments(engine, options.given_tau);
    if (model.tau_prior.fixed()) add_note(summary, "tau is fixed: log p(tau|y) does not exist");
    if (model.data.n_schools() < 2) add_note(summary, "I^2 needs two studies or more");
  }
  if (options.weights) {
    summary.weights = posterior_weights(engine, control);
    if (!summary.weights->linear)
      add_note(summary,
               "no weights: under a uniform prior of mu the posterior means are not linear in y");
  }
  if (!options.bayes_factors && !options.loo) return;
  const Evidence evidence = evidence_of(engine);
  if (options.bayes_factors) summary.bayes_factors = bayes_factors(engine, evidence, summary.notes);
  if (options.loo) summary.loo = leave_one_out(engine, evidence, control, summary.notes);
}

}  // namespace taugrid
