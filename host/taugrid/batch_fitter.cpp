#include "host/taugrid/batch_fitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "host/taugrid/ieee_environment.h"
#include "host/taugrid/law.h"
#include "host/taugrid/posterior.h"
#include "kernels/math/atoms.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Ends {
  double lower, upper;
};

// The probabilities at the ends of a central interval, as Posterior::summary has them: at its
// default level they are two of its default quantiles.
Ends ends_of(double level) {
  static const SummaryOptions kDefaults;
  Ends ends{0.5 * (1.0 - level), 1.0 - 0.5 * (1.0 - level)};
  if (level != kDefaults.level) return ends;
  for (const double p : kDefaults.probabilities) {
    if (std::abs(p - ends.lower) < 1e-14) ends.lower = p;
    if (std::abs(p - ends.upper) < 1e-14) ends.upper = p;
  }
  return ends;
}

int index_of(const std::vector<double>& sorted, double p) {
  return static_cast<int>(std::ranges::lower_bound(sorted, p) - sorted.begin());
}

}  // namespace

FitPlan::FitPlan(BatchColumns columns) : columns_(std::move(columns)) {
  // The first fit has all but the further shortest intervals.
  std::vector<double> levels;
  std::vector<double> first;
  bool mode = false;
  for (const Statistic& statistic : columns_.statistics) {
    const Ends ends = ends_of(statistic.share);
    switch (statistic.kind) {
      case StatisticKind::kMode:
        mode = true;
        break;
      case StatisticKind::kQuantile:
        first.push_back(statistic.share);
        break;
      case StatisticKind::kCentral:
        first.insert(first.end(), {ends.lower, ends.upper});
        break;
      case StatisticKind::kShortest:
        // The ends of the central interval are where the search for the shortest starts.
        if (levels.empty()) first.insert(first.end(), {ends.lower, ends.upper});
        if (std::ranges::find(levels, statistic.share) == levels.end())
          levels.push_back(statistic.share);
        break;
      default:
        break;
    }
  }
  const int n = std::max(1, static_cast<int>(levels.size()));
  probabilities_.resize(static_cast<size_t>(n));
  probabilities_[0] = first;
  for (int i = 1; i < n; ++i) {
    const Ends ends = ends_of(levels[static_cast<size_t>(i)]);
    probabilities_[static_cast<size_t>(i)] = {ends.lower, ends.upper};
  }
  const auto wanted = [&](ParameterKind kind) {
    return std::ranges::find(columns_.quantities, kind) != columns_.quantities.end();
  };
  for (int i = 0; i < n; ++i) {
    std::vector<double>& p = probabilities_[static_cast<size_t>(i)];
    std::ranges::sort(p);
    p.erase(std::unique(p.begin(), p.end()), p.end());
    FitRequest request{};
    request.probabilities = p.data();
    request.n_probabilities = static_cast<int>(p.size());
    request.level = levels.empty() ? SummaryOptions{}.level : levels[static_cast<size_t>(i)];
    request.tau = wanted(ParameterKind::kTau);
    request.mu = wanted(ParameterKind::kMu);
    request.theta_new = wanted(ParameterKind::kThetaNew);
    request.theta = wanted(ParameterKind::kTheta) && columns_.n_theta > 0;
    request.mode_and_shortest = mode || !levels.empty();
    requests_.push_back(request);
  }
  for (const Statistic& statistic : columns_.statistics) {
    Place place;
    if (statistic.kind == StatisticKind::kQuantile)
      place.lower = index_of(probabilities_[0], statistic.share);
    if (statistic.kind == StatisticKind::kCentral) {
      const Ends ends = ends_of(statistic.share);
      place.lower = index_of(probabilities_[0], ends.lower);
      place.upper = index_of(probabilities_[0], ends.upper);
    }
    if (statistic.kind == StatisticKind::kShortest)
      place.fit = static_cast<int>(std::ranges::find(levels, statistic.share) - levels.begin());
    places_.push_back(place);
  }
}

void FitPlan::check(int64_t n_schools) const {
  if (requests_[0].theta && n_schools > columns_.n_theta)
    throw std::invalid_argument(fmt::format(
        "J is {}, and there are columns for theta[1] .. theta[{}]", n_schools, columns_.n_theta));
}

void FitPlan::write(const FitResult* results, const Units& units, int64_t n_schools,
                    double* values) const {
  const auto write_parameter = [&](bool located, const auto& of) {
    const auto place = [&](double x) { return located ? units.place(x) : units.size(x); };
    const ParameterResult& first = of(results[0]);
    for (size_t i = 0; i < places_.size(); ++i) {
      const Place& at = places_[i];
      switch (columns_.statistics[i].kind) {
        case StatisticKind::kMean:
          *values++ = place(first.mean);
          break;
        case StatisticKind::kSd:
          *values++ = units.size(first.sd);
          break;
        case StatisticKind::kMode:
          *values++ = place(first.mode);
          break;
        case StatisticKind::kQuantile:
          *values++ = place(first.quantile[at.lower]);
          break;
        case StatisticKind::kCentral:
          *values++ = place(first.quantile[at.lower]);
          *values++ = place(first.quantile[at.upper]);
          break;
        case StatisticKind::kShortest:
          *values++ = place(of(results[at.fit]).shortest_lower);
          *values++ = place(of(results[at.fit]).shortest_upper);
          break;
      }
    }
  };
  for (const ParameterKind kind : columns_.quantities) {
    switch (kind) {
      case ParameterKind::kTau:
        write_parameter(false, [](const FitResult& r) -> const ParameterResult& { return r.tau; });
        break;
      case ParameterKind::kMu:
        write_parameter(true, [](const FitResult& r) -> const ParameterResult& { return r.mu; });
        break;
      case ParameterKind::kThetaNew:
        write_parameter(true,
                        [](const FitResult& r) -> const ParameterResult& { return r.theta_new; });
        break;
      case ParameterKind::kTheta:
        for (int64_t j = 0; j < columns_.n_theta; ++j) {
          if (j < n_schools) {
            write_parameter(
                true, [j](const FitResult& r) -> const ParameterResult& { return r.theta[j]; });
          } else {
            for (const Statistic& statistic : columns_.statistics) {
              *values++ = kNaN;
              if (statistic.is_interval()) *values++ = kNaN;
            }
          }
        }
        break;
    }
  }
}

Problem ProblemMaker::make(std::span<const double> y, std::span<const double> sigma, Units& units,
                           double* internal, PriorStorage& storage) {
  checks_.check(y, sigma);
  const size_t n = y.size();
  units = units_of(y, sigma);
  to_internal(units, y, sigma, internal, internal + n);
  return {internal, internal + n, static_cast<int64_t>(n), mu_record(mu_, units),
          records_.at(units.unit, {internal + n, n}, storage)};
}

FitRequest ProblemMaker::with_moments(const FitRequest& request, int64_t n_schools) const {
  const FitRequest moments = nodes_request(tau_, mu_, n_schools);
  FitRequest result = request;
  result.tau_moments = moments.tau_moments;
  result.mu_moments = moments.mu_moments;
  return result;
}

FitResults::FitResults(const FitPlan& plan)
    : plan_(&plan),
      results_(static_cast<size_t>(plan.n_fits())),
      theta_(results_.size()),
      quantiles_(results_.size()) {}

FitResult* FitResults::prepare(int64_t n_schools) {
  if (n_schools <= n_schools_) return results_.data();
  n_schools_ = n_schools;
  for (size_t i = 0; i < results_.size(); ++i) {
    const FitRequest& request = plan_->request(static_cast<int>(i));
    const int64_t n_theta = request.theta ? n_schools : 0;
    theta_[i].resize(static_cast<size_t>(n_theta));
    quantiles_[i].resize(static_cast<size_t>((n_theta + 3) * request.n_probabilities));
    double* next = quantiles_[i].data();
    const auto take = [&](ParameterResult& parameter) {
      parameter.quantile = next;
      next += request.n_probabilities;
    };
    take(results_[i].tau);
    take(results_[i].mu);
    take(results_[i].theta_new);
    for (ParameterResult& theta : theta_[i]) take(theta);
    results_[i].theta = theta_[i].data();
  }
  return results_.data();
}

BatchFitter::BatchFitter(const TauPrior& tau_prior, const MuPrior& mu_prior,
                         const BatchColumns& columns, const CpuKernels& kernels)
    : plan_(columns),
      maker_(tau_prior, mu_prior),
      kernels_(kernels),
      workspace_(std::make_unique_for_overwrite<FitWorkspace>()),
      memory_(plan_) {}

void BatchFitter::set_priors(const TauPrior& tau_prior, const MuPrior& mu_prior) {
  maker_ = ProblemMaker(tau_prior, mu_prior);
}

void BatchFitter::fit(std::span<const double> y, std::span<const double> sigma, double* values) {
  const IeeeEnvironment ieee;
  const size_t n = y.size();
  const auto n_schools = static_cast<int64_t>(n);
  if (internal_.size() < 2 * n) internal_.resize(2 * n);
  problem_ = maker_.make(y, sigma, units_, internal_.data(), prior_storage_);
  plan_.check(n_schools);
  if (maker_.tau_prior().no_pooling()) {
    unpooled_.assign(y.begin(), y.end());
    unpooled_.insert(unpooled_.end(), sigma.begin(), sigma.end());
  }

  results_ = memory_.prepare(n_schools);
  for (int i = 0; i < plan_.n_fits(); ++i) {
    FitRequest request = maker_.with_moments(plan_.request(i), n_schools);
    request.tau_known = i > 0;  // by the first
    kernels_.fit(problem_, request, *workspace_, results_[i]);
  }
  if (!std::isfinite(results_->log_evidence) && !maker_.tau_prior().no_pooling())
    throw std::runtime_error(kNotIntegrated);
  plan_.write(results_, units_, n_schools, values);
}

BatchFitter::Tails BatchFitter::tails(ParameterKind parameter, int64_t j, double x,
                                      bool relative_tails) {
  const IeeeEnvironment ieee;
  if (maker_.tau_prior().no_pooling()) {
    const size_t at = parameter == ParameterKind::kTheta ? static_cast<size_t>(j) : 0;
    const LawPoint law =
        law_without_pooling(maker_.mu_prior(), parameter, unpooled_[at],
                            unpooled_[at + static_cast<size_t>(problem_.n_schools)], x);
    return {law.lower, law.upper};
  }
  if (parameter == ParameterKind::kTau) {
    if (maker_.tau_prior().fixed()) {
      const LawPoint law = point_mass(maker_.tau_prior().parameters[0], x);
      return {law.lower, law.upper};
    }
    const TauTails tails = tau_tails<Scalar<>>(*workspace_, x / units_.unit);
    return {tails.lower, tails.upper};
  }
  const double at = internal_place(units_, x);
  double lower, upper, density;
  kernels_.law(problem_, {law_of(parameter), j, relative_tails, 1, &at}, *workspace_,
               {&lower, &upper, &density});
  return {lower, upper};
}

void BatchFitter::mu_law(std::span<const double> x, std::span<LawPoint> law) {
  const IeeeEnvironment ieee;
  const size_t n = x.size();
  if (maker_.tau_prior().no_pooling()) {
    for (size_t i = 0; i < n; ++i)
      law[i] = law_without_pooling(maker_.mu_prior(), ParameterKind::kMu, 0.0, 0.0, x[i]);
    return;
  }
  if (law_.size() < 4 * n) law_.resize(4 * n);
  double *const at = law_.data(), *const lower = at + n, *const upper = lower + n,
                *const density = upper + n;
  for (size_t i = 0; i < n; ++i) at[i] = internal_place(units_, x[i]);
  kernels_.law(problem_, {LawOf::kMu, 0, false, static_cast<int64_t>(n), at}, *workspace_,
               {lower, upper, density});
  for (size_t i = 0; i < n; ++i) law[i] = {lower[i], upper[i], density[i] / units_.unit};
}

}  // namespace taugrid
