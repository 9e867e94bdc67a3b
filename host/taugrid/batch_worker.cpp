#include "host/taugrid/batch_worker.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "host/taugrid/ieee_environment.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::span<const double> part(std::span<const double> values, const BatchData& data, int64_t p) {
  const auto begin = static_cast<size_t>(data.offsets[static_cast<size_t>(p)]);
  const auto end = static_cast<size_t>(data.offsets[static_cast<size_t>(p) + 1]);
  return values.subspan(begin, end - begin);
}

// Where the numbers of data sets `first` onwards go, and what is said of those without.
struct Rows {
  int64_t first;
  size_t n_columns;
  double* values;
  std::vector<BatchError>& errors;

  double* at(int64_t p) const { return values + static_cast<size_t>(p - first) * n_columns; }
  void blank(int64_t p) const { std::fill_n(at(p), n_columns, kNaN); }
  void refuse(int64_t p, const char* text) const {
    errors.push_back({p, text});
    blank(p);
  }
};

int32_t prior_of(const BatchData& data, int64_t p) {
  return data.prior_of.empty() ? 0 : data.prior_of[static_cast<size_t>(p)];
}

}  // namespace

BatchBackend batch_backend(const std::string& backend) {
  if (backend != "auto" && backend != "cpu" && backend != "cuda")
    throw std::invalid_argument("backend '" + backend + "' is unknown; known are auto, cpu, cuda");
  if (backend != "cuda") return {false, std::string("cpu (") + cpu_kernels().isa + ")"};
  const CudaDevices devices = cuda_devices();
  if (devices.names.empty()) throw std::invalid_argument("backend cuda: " + devices.reason);
  return {true, "cuda (" + devices.names[0] + ")"};
}

BatchWorker::BatchWorker(const std::vector<ParsedPriors>& priors, const BatchColumns& columns,
                         bool on_cuda)
    : priors_(priors), columns_(columns) {
  if (on_cuda) {
    plan_ = std::make_unique<FitPlan>(columns);
  } else {
    fitter_ = std::make_unique<BatchFitter>(priors[0].tau, priors[0].mu, columns);
  }
}
BatchWorker::~BatchWorker() = default;

void BatchWorker::fit(const BatchData& data, int64_t first, int64_t last, double* values,
                      std::vector<BatchError>& errors, const std::vector<int64_t>& skip) {
  const Rows rows{first, columns_.size(), values, errors};
  std::vector<int64_t> on_device;
  size_t skipped = 0;
  for (int64_t p = first; p < last; ++p) {
    if (skipped < skip.size() && skip[skipped] == p - first) {
      ++skipped;
      rows.blank(p);
      continue;
    }
    if (plan_) {
      on_device.push_back(p);
      continue;
    }
    if (const int32_t prior = prior_of(data, p); prior != prior_) {
      const ParsedPriors& priors = priors_[static_cast<size_t>(prior)];
      fitter_->set_priors(priors.tau, priors.mu);
      prior_ = prior;
    }
    try {
      fitter_->fit(part(data.y, data, p), part(data.sigma, data, p), rows.at(p));
    } catch (const std::invalid_argument& error) {
      rows.refuse(p, error.what());
    } catch (const std::runtime_error& error) {  // could not be integrated
      rows.refuse(p, error.what());
    }
  }
  if (plan_) fit_on_cuda(data, on_device, first, values, errors);
}

void BatchWorker::fit_on_cuda(const BatchData& data, const std::vector<int64_t>& data_sets,
                              int64_t first, double* values, std::vector<BatchError>& errors) {
  const IeeeEnvironment ieee;
  const Rows rows{first, columns_.size(), values, errors};
  struct Item {
    int64_t data_set;
    Units units{};
    Problem problem{};
    PriorStorage storage{};
    std::unique_ptr<FitResults> memory{};
    FitResult* results = nullptr;
  };
  // One launch serves the problems that have the same moments.
  std::map<std::pair<int, int>, std::vector<size_t>> by_moments;
  std::vector<Item> items;
  items.reserve(data_sets.size());
  std::vector<std::vector<double>> internal;
  internal.reserve(data_sets.size());
  std::map<int32_t, ProblemMaker> makers;
  for (const int64_t p : data_sets) {
    const int32_t prior = prior_of(data, p);
    const ParsedPriors& priors = priors_[static_cast<size_t>(prior)];
    ProblemMaker& maker = makers.try_emplace(prior, priors.tau, priors.mu).first->second;
    const auto y = part(data.y, data, p), sigma = part(data.sigma, data, p);
    Item& item = items.emplace_back(Item{p});
    try {
      // In the order of BatchFitter::fit, which decides what is said of a data set.
      item.problem = maker.make(y, sigma, item.units, internal.emplace_back(2 * y.size()).data(),
                                item.storage);
      plan_->check(static_cast<int64_t>(y.size()));
    } catch (const std::invalid_argument& error) {
      rows.refuse(p, error.what());
      items.pop_back();
      continue;
    }
    item.memory = std::make_unique<FitResults>(*plan_);
    item.results = item.memory->prepare(item.problem.n_schools);
    const FitRequest moments = maker.with_moments(plan_->request(0), item.problem.n_schools);
    by_moments[{moments.tau_moments, moments.mu_moments}].push_back(items.size() - 1);
  }
  for (const auto& [moments, which] : by_moments) {
    std::vector<Problem> problems;
    for (const size_t i : which) problems.push_back(items[i].problem);
    for (int k = 0; k < plan_->n_fits(); ++k) {
      FitRequest request = plan_->request(k);
      request.tau_moments = moments.first;
      request.mu_moments = moments.second;
      std::vector<FitResult> results;
      for (const size_t i : which) results.push_back(items[i].results[k]);
      // One at a time: a launch fills the device.
      static std::mutex device;
      const std::lock_guard lock(device);
      cuda_fit(problems.data(), static_cast<int64_t>(problems.size()), request, results.data());
      for (size_t i = 0; i < which.size(); ++i) items[which[i]].results[k] = results[i];
    }
  }
  for (Item& item : items) {
    const int32_t prior = prior_of(data, item.data_set);
    if (!std::isfinite(item.results->log_evidence) && !makers.at(prior).tau_prior().no_pooling()) {
      rows.refuse(item.data_set, kNotIntegrated);
    } else {
      plan_->write(item.results, item.units, item.problem.n_schools, rows.at(item.data_set));
    }
  }
  std::ranges::sort(errors, {}, &BatchError::data_set);
}

}  // namespace taugrid
