#include "host/taugrid/scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <stdexcept>

#include "host/taugrid/csv_fields.h"
#include "kernels/math/normal_distribution.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_comparator(const Method& method) { return !method.bayesian; }

int64_t values_of(const MeasuredParameter& measured, int64_t k) {
  return measured.parameter == StudyParameter::kTheta ? k : 1;
}

BatchColumns columns_of(const Study& study, const std::vector<MeasuredParameter>& measured,
                        int64_t k) {
  BatchColumns columns;
  for (const MeasuredParameter& of : measured) {
    switch (of.parameter) {
      case StudyParameter::kMu:
        columns.quantities.push_back(ParameterKind::kMu);
        break;
      case StudyParameter::kTau:
        columns.quantities.push_back(ParameterKind::kTau);
        break;
      case StudyParameter::kThetaNew:
        columns.quantities.push_back(ParameterKind::kThetaNew);
        break;
      case StudyParameter::kTheta:
        columns.quantities.push_back(ParameterKind::kTheta);
        columns.n_theta = k;
        break;
    }
  }
  columns.statistics = {
      study.posterior_mean ? Statistic{StatisticKind::kMean}
                           : Statistic{StatisticKind::kQuantile, 0.5},
      {study.shortest ? StatisticKind::kShortest : StatisticKind::kCentral, study.level}};
  return columns;
}

}  // namespace

const char* study_parameter_name(StudyParameter parameter) {
  switch (parameter) {
    case StudyParameter::kMu:
      return "mu";
    case StudyParameter::kTau:
      return "tau";
    case StudyParameter::kTheta:
      return "theta";
    case StudyParameter::kThetaNew:
      break;
  }
  return "theta_new";
}

std::vector<MeasuredParameter> measured_parameters(const Study& study, const Method& method) {
  std::vector<MeasuredParameter> measured;
  if (study.of_mu) measured.push_back({StudyParameter::kMu, true, false});
  // The common-effect model says that tau is 0, and of no classical one is there an interval of it.
  const bool common = is_comparator(method) && method.estimator == Estimator::kCommon;
  if (study.of_tau && !common) measured.push_back({StudyParameter::kTau, method.bayesian, false});
  if (study.of_theta && method.bayesian) measured.push_back({StudyParameter::kTheta, true, false});
  if (study.of_theta_new) measured.push_back({StudyParameter::kThetaNew, true, study.crps});
  return measured;
}

ScenarioConstants::ScenarioConstants(const Study& study, const Scenario& scenario) {
  if (!std::ranges::any_of(study.methods, is_comparator)) return;
  const double tail = 0.5 * (1.0 - study.level), k = static_cast<double>(scenario.k);
  wald = -normal_quantile<Scalar<>>(tail);
  hartung_knapp = -student_t_quantile(k - 1.0, tail);
  prediction = scenario.k > 2 ? -student_t_quantile(k - 2.0, tail) : kNaN;
  if (study.crps && scenario.k > 3) crps = std::make_unique<StudentTCrps>(k - 2.0);
}

Scorer::Scorer(const Study& study, const Scenario& scenario, const ScenarioConstants& constants,
               const CpuKernels& kernels, int64_t capacity)
    : study_(study),
      scenario_(scenario),
      constants_(constants),
      kernels_(kernels),
      failures_(study.methods.size()),
      stride_(capacity),
      y_(static_cast<size_t>(scenario.k)),
      sigma_(static_cast<size_t>(scenario.k)) {
  comparators_.n_schools = scenario.k;
  size_t most = 0;
  for (const Method& method : study.methods) {
    measured_.push_back(measured_parameters(study, method));
    fitters_.emplace_back();
    int64_t n = 0;
    for (const MeasuredParameter& measured : measured_.back()) n += values_of(measured, scenario.k);
    most = std::max(most, static_cast<size_t>(n));
    if (is_comparator(method)) {
      comparators_.wanted[static_cast<int>(method.estimator)] = true;
    } else if (n > 0) {
      fitters_.back() = std::make_unique<BatchFitter>(
          parse_tau_prior(method.tau_prior), parse_mu_prior(method.mu_prior),
          columns_of(study, measured_.back(), scenario.k), kernels);
    }
  }
  values_.resize(3 * most);
  statements_.resize(most);
  if (std::ranges::any_of(study.methods, is_comparator)) {
    scratch_ = Buffer(static_cast<size_t>(kComparatorScratch * scenario.k));
    estimates_ = Buffer(static_cast<size_t>(kEstimators * kEstimates * capacity));
  }
}

void Scorer::note_failure(size_t m, const std::string& why) {
  if (failures_[m].empty()) failures_[m] = why;
}

bool Scorer::state_comparator(const Method& method, const SyntheticBlock& block, int64_t i) {
  const auto estimate = [&](Estimate which) {
    return estimates_.data()
        [(static_cast<int>(method.estimator) * kEstimates + static_cast<int>(which)) * stride_ + i];
  };
  if (estimate(Estimate::kFailed) != 0.0) return false;
  const double mu = estimate(Estimate::kMu), tau2 = estimate(Estimate::kTau2);
  const double se = estimate(method.hartung_knapp ? Estimate::kSeHk : Estimate::kSe);
  const double half = se * (method.hartung_knapp ? constants_.hartung_knapp : constants_.wald);
  Statement* statement = statements_.data();
  for (const MeasuredParameter& measured :
       measured_[static_cast<size_t>(&method - study_.methods.data())]) {
    switch (measured.parameter) {
      case StudyParameter::kMu:
        *statement++ = {mu, mu - half, mu + half, kNaN};
        break;
      case StudyParameter::kTau:
        *statement++ = {std::sqrt(tau2), kNaN, kNaN, kNaN};
        break;
      case StudyParameter::kThetaNew: {
        const double spread = std::sqrt(tau2 + se * se);
        const double reach = constants_.prediction * spread;
        double crps = kNaN;
        if (constants_.crps) {
          const double distance = std::abs(block.columns.theta_new[i] - mu);
          crps = spread > 0.0 ? spread * constants_.crps->at(distance / spread) : distance;
        }
        *statement++ = {mu, mu - reach, mu + reach, crps};
        break;
      }
      case StudyParameter::kTheta:
        break;
    }
  }
  return true;
}

bool Scorer::state_posterior(size_t m, const SyntheticBlock& block, int64_t i) {
  BatchFitter& fitter = *fitters_[m];
  try {
    fitter.fit(y_, sigma_, values_.data());
  } catch (const std::exception& error) {
    note_failure(m, error.what());
    return false;
  }
  const double* value = values_.data();
  Statement* statement = statements_.data();
  for (const MeasuredParameter& measured : measured_[m]) {
    for (int64_t j = 0; j < values_of(measured, scenario_.k); ++j, value += 3)
      *statement++ = {value[0], value[1], value[2], kNaN};
    if (!measured.crps) continue;
    const Units& units = fitter.units();
    const double x = (block.columns.theta_new[i] - units.centre) / units.unit;
    statement[-1].crps =
        units.size(kernels_.study()->crps(fitter.problem(), x, fitter.workspace()));
  }
  return true;
}

void Scorer::score(const SyntheticBlock& block, int64_t first, int64_t n,
                   std::vector<ParameterMeasures>& measures, std::string* lines) {
  const SyntheticColumns& columns = block.columns;
  if (estimates_.size() > 0) {
    const int64_t whole = (n + kDrawAlignment - 1) / kDrawAlignment * kDrawAlignment;
    kernels_.study()->compare(comparators_, whole, columns.y, columns.sigma, columns.stride,
                              scratch_.data(), estimates_.data());
  }
  for (int64_t i = 0; i < n; ++i) {
    block.copy_data(i, y_.data(), sigma_.data());
    size_t place = 0;
    for (size_t m = 0; m < study_.methods.size(); ++m) {
      const Method& method = study_.methods[m];
      if (measured_[m].empty()) continue;
      const bool stated =
          method.bayesian ? state_posterior(m, block, i) : state_comparator(method, block, i);
      if (!stated && !method.bayesian) note_failure(m, "the iteration did not converge");
      const Statement* statement = statements_.data();
      for (const MeasuredParameter& measured : measured_[m]) {
        const int64_t n_values = values_of(measured, scenario_.k);
        Score score{};
        score.failed = !stated;
        if (!measured.interval) score.width = kNaN;
        double mean_error = 0.0;
        for (int64_t j = 0; stated && j < n_values; ++j, ++statement) {
          const double truth = measured.parameter == StudyParameter::kMu    ? columns.mu[i]
                               : measured.parameter == StudyParameter::kTau ? columns.tau[i]
                               : measured.parameter == StudyParameter::kTheta
                                   ? columns.theta[j * columns.stride + i]
                                   : columns.theta_new[i];
          const double error = statement->estimate - truth;
          // Welford's update: of one value it leaves no spread.
          const double before = error - mean_error;
          mean_error += before / static_cast<double>(j + 1);
          score.spread += before * (error - mean_error);
          score.error += error;
          score.squared_error += error * error;
          score.width += statement->upper - statement->lower;
          score.covered += statement->lower <= truth && truth <= statement->upper ? 1.0 : 0.0;
          score.excludes += statement->lower > 0.0 || statement->upper < 0.0 ? 1.0 : 0.0;
          score.crps += statement->crps;
          if (lines == nullptr) continue;
          fmt::format_to(std::back_inserter(*lines), "{},{},{},", scenario_.number, first + i,
                         method.name);
          *lines += study_parameter_name(measured.parameter);
          if (n_values > 1 || measured.parameter == StudyParameter::kTheta)
            fmt::format_to(std::back_inserter(*lines), "[{}]", j + 1);
          for (const double x : {truth, statement->estimate, statement->lower, statement->upper})
            *lines += "," + csv_number(x);
          *lines += '\n';
        }
        const double count = static_cast<double>(n_values);
        for (double* mean : {&score.error, &score.squared_error, &score.spread, &score.width,
                             &score.covered, &score.excludes, &score.crps})
          *mean = *mean / count;
        measures[place++].add(score);
      }
    }
  }
}

}  // namespace taugrid
