#include "host/taugrid/answers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "kernels/math/normal_distribution.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_comparator(const Method& method) { return !method.bayesian; }

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

int64_t aligned(int64_t n) { return (n + kDrawAlignment - 1) / kDrawAlignment * kDrawAlignment; }

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

int64_t values_of(const MeasuredParameter& measured, int64_t k) {
  return measured.parameter == StudyParameter::kTheta ? k : 1;
}

ScenarioConstants::ScenarioConstants(const Study& study, const Scenario& scenario) {
  if (!std::ranges::any_of(study.methods, is_comparator)) return;
  const double tail = 0.5 * (1.0 - study.level), k = static_cast<double>(scenario.k);
  wald = -normal_quantile<Scalar<>>(tail);
  hartung_knapp = -student_t_quantile(k - 1.0, tail);
  prediction = scenario.k > 2 ? -student_t_quantile(k - 2.0, tail) : kNaN;
  if (study.crps && scenario.k > 2) crps = std::make_unique<StudentTCrps>(k - 2.0);
}

Answers::Answers(const Study& study, const Scenario& scenario, const ScenarioConstants& constants,
                 const ScenarioData& data, const CpuKernels& kernels, int64_t capacity,
                 bool on_cuda)
    : study_(study),
      scenario_(scenario),
      constants_(constants),
      data_(data),
      kernels_(kernels),
      capacity_(aligned(capacity)),
      block_(scenario.k, capacity_),
      fits_(study.methods.size()),
      failures_(2 * study.methods.size()),
      y_(static_cast<size_t>(scenario.k)),
      sigma_(static_cast<size_t>(scenario.k)) {
  if (on_cuda) device_ = std::make_unique<CudaStudy>(data.plan(), capacity_);
  comparators_.n_schools = scenario.k;
  const auto n_rows = static_cast<size_t>(capacity_);
  for (size_t m = 0; m < study.methods.size(); ++m) {
    const Method& method = study.methods[m];
    measured_.push_back(measured_parameters(study, method));
    size_t n = 0;
    for (const MeasuredParameter& measured : measured_.back())
      n += static_cast<size_t>(values_of(measured, scenario.k));
    most_ = std::max(most_, n);
    if (is_comparator(method)) {
      comparators_.wanted[static_cast<int>(method.estimator)] = true;
      continue;
    }
    if (n == 0) continue;
    Fits& fits = fits_[m];
    const BatchColumns columns = columns_of(study, measured_.back(), scenario.k);
    if (study.crps)
      fits.score =
          std::make_unique<PredictiveScore>(method.tau_prior, method.mu_prior, scenario.k, kernels);
    if (on_cuda && !study.crps) {
      fits.priors = {{method.tau_prior, method.mu_prior}};
      fits.on_device = std::make_unique<BatchWorker>(fits.priors, columns, true);
    } else {
      fits.fitter =
          std::make_unique<BatchFitter>(method.tau_prior, method.mu_prior, columns, kernels);
    }
    fits.width = columns.size();
    fits.values.resize(n_rows * fits.width);
    fits.crps.assign(n_rows, kNaN);
    fits.failed.resize(n_rows);
  }
  if (std::ranges::any_of(study.methods, is_comparator)) {
    scratch_ = Buffer(static_cast<size_t>(kComparatorScratch * scenario.k));
    estimates_ = Buffer(static_cast<size_t>(kEstimators * kEstimates * capacity_));
  }
}

void Answers::compute(int64_t first, int64_t n) {
  const SyntheticColumns& columns = block_.columns;
  if (device_) {
    device_->synthesize(data_.position(), static_cast<uint64_t>(first), n, columns);
    if (estimates_.size() > 0) device_->compare(comparators_, n, estimates_.data());
  } else {
    data_.generate(first, aligned(n), block_);
    if (estimates_.size() > 0)
      kernels_.study()->compare(comparators_, aligned(n), columns.y, columns.sigma, columns.stride,
                                scratch_.data(), estimates_.data());
  }
  for (size_t m = 0; m < fits_.size(); ++m) {
    if (fits_[m].on_device) fit_on_cuda(m, n);
    if (fits_[m].fitter) fit(m, n);
  }
}

void Answers::fit(size_t m, int64_t n) {
  Fits& fits = fits_[m];
  for (int64_t i = 0; i < n; ++i) {
    const auto row = static_cast<size_t>(i);
    block_.copy_data(i, y_.data(), sigma_.data());
    fits.failed[row] = 0;
    try {
      fits.fitter->fit(y_, sigma_, fits.values.data() + row * fits.width);
    } catch (const std::invalid_argument& error) {
      note_failure(m, error.what());
      fits.failed[row] = 1;
    } catch (const std::runtime_error& error) {  // could not be integrated
      note_failure(m, error.what());
      fits.failed[row] = 1;
    }
    if (fits.failed[row] != 0) continue;
    if (!fits.score) continue;
    fits.crps[row] = fits.score->at(*fits.fitter, block_.columns.theta_new[i]);
    if (!fits.score->absent().empty()) note_no_score(m, "crps: " + fits.score->absent());
  }
}

void Answers::fit_on_cuda(size_t m, int64_t n) {
  Fits& fits = fits_[m];
  const auto k = static_cast<size_t>(scenario_.k), rows = static_cast<size_t>(n);
  std::vector<double> y(rows * k), sigma(rows * k);
  std::vector<int64_t> offsets(rows + 1);
  for (size_t i = 0; i < rows; ++i) {
    block_.copy_data(static_cast<int64_t>(i), y.data() + i * k, sigma.data() + i * k);
    offsets[i + 1] = static_cast<int64_t>((i + 1) * k);
  }
  std::vector<BatchError> errors;
  fits.on_device->fit({y, sigma, offsets}, 0, n, fits.values.data(), errors);
  std::ranges::fill(fits.failed, 0);
  for (const BatchError& error : errors) {
    fits.failed[static_cast<size_t>(error.data_set)] = 1;
    note_failure(m, error.text);
  }
}

bool Answers::state(size_t method, int64_t i, Statement* statements) {
  return is_comparator(study_.methods[method]) ? state_comparator(method, i, statements)
                                               : state_posterior(method, i, statements);
}

bool Answers::state_comparator(size_t m, int64_t i, Statement* statement) {
  const Method& method = study_.methods[m];
  const auto estimate = [&](Estimate which) {
    return estimates_
        .data()[(static_cast<int>(method.estimator) * kEstimates + static_cast<int>(which)) *
                    capacity_ +
                i];
  };
  if (estimate(Estimate::kFailed) != 0.0) {
    note_failure(m, "the iteration did not converge");
    return false;
  }
  const double mu = estimate(Estimate::kMu), tau2 = estimate(Estimate::kTau2);
  const double se = estimate(method.hartung_knapp ? Estimate::kSeHk : Estimate::kSe);
  const double half = se * (method.hartung_knapp ? constants_.hartung_knapp : constants_.wald);
  for (const MeasuredParameter& measured : measured_[m]) {
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
        if (scenario_.k == 2)
          note_no_score(m, "two studies have no prediction interval, and no score of it");
        double crps = kNaN;
        if (constants_.crps) {
          const double distance = std::abs(block_.columns.theta_new[i] - mu);
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

bool Answers::state_posterior(size_t m, int64_t i, Statement* statement) {
  const Fits& fits = fits_[m];
  const auto row = static_cast<size_t>(i);
  if (fits.failed[row] != 0) return false;
  const double* value = fits.values.data() + row * fits.width;
  for (const MeasuredParameter& measured : measured_[m]) {
    for (int64_t j = 0; j < values_of(measured, scenario_.k); ++j, value += 3)
      *statement++ = {value[0], value[1], value[2], kNaN};
    if (measured.crps) statement[-1].crps = fits.crps[row];
  }
  return true;
}

}  // namespace taugrid
