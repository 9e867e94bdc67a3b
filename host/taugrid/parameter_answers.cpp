#include "host/taugrid/parameter_answers.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace taugrid {
namespace {

// A fit of that parameter alone, and what it says of it.
const ParameterResult& fit_parameter(const Engine& engine, const ParameterId& parameter,
                                     const std::vector<double>& probabilities, double level,
                                     bool shortest, FitStorage& storage) {
  FitRequest request = engine.request();
  request.probabilities = probabilities.data();
  request.n_probabilities = static_cast<int>(probabilities.size());
  request.level = level;
  request.tau = parameter.kind == ParameterKind::kTau;
  request.mu = parameter.kind == ParameterKind::kMu;
  request.theta = parameter.kind == ParameterKind::kTheta;
  request.theta_begin = parameter.j;
  request.theta_end = parameter.j + 1;
  request.theta_new = parameter.kind == ParameterKind::kThetaNew;
  request.joint = false;
  request.mode_and_shortest = shortest;
  engine.fit(request, storage.result);
  switch (parameter.kind) {
    case ParameterKind::kTau:
      return storage.result.tau;
    case ParameterKind::kMu:
      return storage.result.mu;
    case ParameterKind::kThetaNew:
      return storage.result.theta_new;
    case ParameterKind::kTheta:
      break;
  }
  return storage.result.theta[parameter.j];
}

// Internal units -> units of y.
double value_of(const Engine& engine, const ParameterId& parameter, double x) {
  return parameter.kind == ParameterKind::kTau ? engine.unit * x
                                               : std::fma(engine.unit, x, engine.centre);
}

}  // namespace

void check_points(const std::vector<double>& x, const std::string& what) {
  for (const double value : x)
    if (std::isnan(value)) throw std::invalid_argument(what + ": x is nan, must be a number");
}

std::vector<LawPoint> law_at_points(const Engine& engine, const ParameterId& parameter,
                                    const std::vector<double>& x, bool relative_tails,
                                    const RunControl& control) {
  std::vector<LawPoint> law = law_at(engine, parameter, x, relative_tails, nullptr, control);
  // Masses of panels add up to 1 but for rounding. A tau that is known may be infinite.
  if (parameter.kind == ParameterKind::kTau && !engine.tau_is_random) return law;
  for (size_t i = 0; i < x.size(); ++i)
    if (std::isinf(x[i]) && !std::isnan(law[i].lower))
      law[i] = {x[i] > 0.0 ? 1.0 : 0.0, x[i] > 0.0 ? 0.0 : 1.0, 0.0};
  return law;
}

std::pair<size_t, size_t> add_ends(double level, std::vector<double>& probabilities) {
  const auto place = [&](double p) {
    for (size_t i = 0; i < probabilities.size(); ++i)
      if (std::abs(probabilities[i] - p) < 1e-14) return i;
    probabilities.push_back(p);
    return probabilities.size() - 1;
  };
  const size_t lower = place(0.5 * (1.0 - level));
  return {lower, place(1.0 - 0.5 * (1.0 - level))};
}

std::vector<double> quantiles_of(const Engine& engine, const ParameterId& parameter,
                                 const std::vector<double>& probabilities,
                                 const RunControl& control) {
  // Far more than a summary has, which are to have its bits; and a result has room for those of
  // every school.
  constexpr size_t kFewest = 16, kMost = 16384, kMostValues = size_t{1} << 24;
  const int64_t n_schools = engine.model.data.n_schools();
  const size_t n_at_once =
      std::clamp(kMostValues / static_cast<size_t>(n_schools + 3), kFewest, kMost);
  std::vector<double> ascending = probabilities;
  std::ranges::sort(ascending);
  ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
  std::vector<double> values;
  for (size_t i = 0; i < ascending.size(); i += n_at_once) {
    if (control.stop && control.stop()) throw Stopped();
    const size_t n = std::min(n_at_once, ascending.size() - i);
    const std::vector<double> part(ascending.begin() + static_cast<std::ptrdiff_t>(i),
                                   ascending.begin() + static_cast<std::ptrdiff_t>(i + n));
    FitStorage storage(n_schools, static_cast<int>(n));
    const ParameterResult& result = fit_parameter(engine, parameter, part, 0.5, false, storage);
    for (size_t k = 0; k < n; ++k)
      values.push_back(value_of(engine, parameter, result.quantile[k]));
  }
  std::vector<double> quantiles;
  for (const double p : probabilities)
    quantiles.push_back(
        values[static_cast<size_t>(std::ranges::lower_bound(ascending, p) - ascending.begin())]);
  return quantiles;
}

Interval interval_of(const Engine& engine, const ParameterId& parameter, double level,
                     IntervalKind kind) {
  // The summary has its own level's ends among its probabilities, other levels by themselves.
  const SummaryOptions summary;
  std::vector<double> probabilities;
  if (level == summary.level) probabilities = summary.probabilities;
  const auto [lower, upper] = add_ends(level, probabilities);
  const bool shortest = kind == IntervalKind::kShortest;
  FitStorage storage(engine.model.data.n_schools(), static_cast<int>(probabilities.size()));
  const ParameterResult& result =
      fit_parameter(engine, parameter, probabilities, level, shortest, storage);
  const auto value = [&](double x) { return value_of(engine, parameter, x); };
  if (shortest) return {value(result.shortest_lower), value(result.shortest_upper)};
  return {value(result.quantile[lower]), value(result.quantile[upper])};
}

}  // namespace taugrid
