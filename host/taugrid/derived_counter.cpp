#include "host/taugrid/derived_counter.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/taugrid/check_statistics.h"
#include "host/taugrid/sample_quantiles.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Up to so many maxima are stored and sorted; of more, the first so many place the windows. More of
// them would lessen the rank error by their root, and slow short runs down.
constexpr int64_t kPilotDraws = 2 * kBlockDraws;

Shares shares_of(std::vector<uint64_t> counts, int64_t n) {
  Shares shares;
  const double size = static_cast<double>(n);
  for (const uint64_t count : counts) {
    const double p = static_cast<double>(count) / size;
    shares.p.push_back(p);
    shares.se.push_back(std::sqrt(p * (1.0 - p) / size));
  }
  shares.counts = std::move(counts);
  return shares;
}

void add_counts(std::vector<uint64_t>& to, const std::vector<uint64_t>& from) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

}  // namespace

template <class T>
DerivedCounterOf<T>::DerivedCounterOf(const Engine& engine, const DeriveRequest& request, int64_t n,
                                      uint64_t seed, int slots, int workers)
    : engine_(engine),
      request_(request),
      n_(n),
      n_schools_(engine.model.data.n_schools()),
      seed_(seed),
      counts_best_(request.best || request.rank || request.max),
      n_statistics_((request.max ? 1 : 0) + static_cast<int64_t>(request.checks.size())),
      pilot_(request.max && n > kPilotDraws),
      centre_(static_cast<T>(engine.centre)) {
  for (const double sigma : engine.model.data.sigma) sigma_.push_back(static_cast<T>(sigma));
  if (request.max && !pilot_) maxima_.resize(static_cast<size_t>(n));
  if (pilot_) place_windows(seed);
  observe();
  for (int w = 0; w < workers; ++w) workers_.push_back(make_worker());
  block_sums_.assign(static_cast<size_t>(2 * n_statistics_ * slots), 0.0);
  sums_.assign(static_cast<size_t>(2 * n_statistics_), 0.0);
}

template <class T>
typename DerivedCounterOf<T>::Worker DerivedCounterOf<T>::make_worker() const {
  Worker worker;
  const size_t schools = static_cast<size_t>(n_schools_);
  const size_t chunk = static_cast<size_t>(derived_chunk<T>(n_schools_));
  const size_t padded = static_cast<size_t>(padded_schools(n_schools_));
  const bool ranked = request_.rank || request_.pairwise;
  if (counts_best_) worker.best.resize(schools), worker.shared.resize(1);
  if (request_.rank) worker.rank.resize(schools * schools);
  if (request_.pairwise) worker.pairs.resize(schools * schools);
  worker.windows.resize(
      static_cast<size_t>(n_statistics_ * n_windows_ * counts_per_window(kBinsPerPilotWindow)));
  worker.theta = BufferOf<T>((padded + 1) * chunk);
  worker.ranks = BufferOf<typename RealFormat<T>::Bits>((ranked ? padded + 1 : 1) * chunk);
  worker.statistics = BufferOf<T>(static_cast<size_t>(n_statistics_ * kBlockDraws));
  worker.tail = BufferOf<T>(schools * kDrawAlignment);
  return worker;
}

// The kernel's call, for draws that a worker has in theta_1's column and those after it.
template <class T>
void DerivedCounterOf<T>::derive(Worker& worker, const T* columns, int64_t stride, uint64_t first,
                                 int64_t n, int64_t place) const {
  const int64_t chunk = derived_chunk<T>(n_schools_);
  const auto or_null = [](std::vector<uint64_t>& counts) {
    return counts.empty() ? nullptr : counts.data();
  };
  const DerivedCounts counts{n_schools_, or_null(worker.best), or_null(worker.shared),
                             or_null(worker.rank), or_null(worker.pairs)};
  const bool ranked = request_.rank || request_.pairwise;
  const DerivedWorkspaceOf<T> work{
      worker.theta.data(), worker.theta.data() + padded_schools(n_schools_) * chunk,
      worker.ranks.data(), worker.ranks.data() + (ranked ? padded_schools(n_schools_) * chunk : 0)};
  engine_.kernels->of<T>().derive(counts, work, first, n, columns, stride,
                                  request_.max ? worker.statistics.data() + place : nullptr);
}

// The exact distribution of max_j theta_j is a double integral for each value; the first draws are
// cheaper, and place the windows within their own error.
template <class T>
void DerivedCounterOf<T>::place_windows(uint64_t seed) {
  const auto windows = probability_windows(n_, kPilotDraws);
  n_windows_ = static_cast<int>(windows.size());
  Worker worker = make_worker();
  const int64_t chunk = derived_chunk<T>(n_schools_);
  BufferOf<T> columns(static_cast<size_t>(engine_.n_columns(false) * chunk));
  std::vector<double> maxima;
  for (int64_t begin = 0; begin < kPilotDraws; begin += chunk) {
    engine_.draw(seed, static_cast<uint64_t>(begin), chunk, false, columns.data(), chunk);
    derive(worker, columns.data() + column_theta(0) * chunk, chunk, static_cast<uint64_t>(begin),
           chunk, 0);
    maxima.insert(maxima.end(), worker.statistics.data(), worker.statistics.data() + chunk);
  }
  std::sort(maxima.begin(), maxima.end());
  shift_.push_back(sorted_quantile(maxima, 0.5));
  for (const auto& [lower_p, upper_p] : windows) {
    const double lower = sorted_quantile(maxima, lower_p), upper = sorted_quantile(maxima, upper_p);
    lower_.push_back(lower);
    upper_.push_back(upper);
    scale_.push_back(kBinsPerPilotWindow / (upper - lower));
  }
}

// The statistics' columns of the plan: of max_j theta_j the windows above, of a check one that
// begins and ends at T(y), at or past which draws are counted.
template <class T>
void DerivedCounterOf<T>::observe() {
  if (request_.max && !pilot_) {
    shift_.push_back(0.0);
    for (auto* column : {&lower_, &upper_})
      column->assign(static_cast<size_t>(n_windows_), kInfinity);
    scale_.assign(static_cast<size_t>(n_windows_), 0.0);
  }
  std::vector<double> y;
  for (const double value : engine_.model.data.y) y.push_back(value - static_cast<double>(centre_));
  for (const std::string& name : request_.checks) {
    observed_.push_back(statistic_of(name, y));
    shift_.push_back(observed_.back());
    for (int k = 0; k < n_windows_; ++k) {
      lower_.push_back(k == 0 ? observed_.back() : kInfinity);
      upper_.push_back(k == 0 ? observed_.back() : kInfinity);
      scale_.push_back(0.0);
    }
  }
}

template <class T>
void DerivedCounterOf<T>::count(const T* columns, int64_t stride, uint64_t first, int64_t n,
                                int slot, int worker) {
  count_part(columns, stride, first, 0, n, worker);
  end_block(first, n, slot, worker);
}

template <class T>
void DerivedCounterOf<T>::count_part(const T* columns, int64_t stride, uint64_t first_of_block,
                                     int64_t begin_of_part, int64_t n, int worker_id) {
  Worker& worker = workers_[static_cast<size_t>(worker_id)];
  const StreamPosition at{seed_, 0, Purpose::kPredictive};
  CheckStatisticsOf<T> statistics{};
  for (size_t k = 0; k < request_.checks.size(); ++k) {
    T* column =
        worker.statistics.data() + (static_cast<int64_t>(k) + (request_.max ? 1 : 0)) * kBlockDraws;
    place_of(request_.checks[k], statistics) = column;
  }
  const auto run = [&](const T* from, int64_t distance, int64_t begin, int64_t size) {
    const uint64_t index = first_of_block + static_cast<uint64_t>(begin);
    if (counts_best_ || request_.pairwise) derive(worker, from, distance, index, size, begin);
    if (request_.checks.empty()) return;
    const auto past = [begin](T* column) { return column == nullptr ? nullptr : column + begin; };
    engine_.kernels->of<T>().replicate(
        {n_schools_, sigma_.data(), centre_}, at, index, size, from, distance,
        {past(statistics.max), past(statistics.min), past(statistics.mean), past(statistics.sd)});
  };
  const T* theta = columns + column_theta(0) * stride;
  const int64_t whole = n / kDrawAlignment * kDrawAlignment;
  if (whole > 0) run(theta, stride, begin_of_part, whole);
  if (whole < n) {
    // The kernels read whole packs, which the last columns of few draws do not have.
    std::fill_n(worker.tail.data(), worker.tail.size(), T(0));
    for (int64_t j = 0; j < n_schools_; ++j)
      std::copy_n(theta + j * stride + whole, n - whole, worker.tail.data() + j * kDrawAlignment);
    run(worker.tail.data(), kDrawAlignment, begin_of_part + whole, n - whole);
  }
}

template <class T>
void DerivedCounterOf<T>::end_block(uint64_t first, int64_t n, int slot, int worker_id) {
  Worker& worker = workers_[static_cast<size_t>(worker_id)];
  if (!maxima_.empty()) std::copy_n(worker.statistics.data(), n, maxima_.data() + first);
  if (n_statistics_ == 0) return;
  const CountPlan plan{n_statistics_, n_windows_,    shift_.data(),
                       lower_.data(), upper_.data(), scale_.data()};
  engine_.kernels->of<T>().summarise_pilot(plan, worker.statistics.data(), kBlockDraws, n,
                                           block_sums_.data() + 2 * n_statistics_ * slot,
                                           worker.windows.data());
}

template <class T>
void DerivedCounterOf<T>::add(int slot) {
  for (size_t i = 0; i < sums_.size(); ++i)
    sums_[i] += block_sums_[sums_.size() * static_cast<size_t>(slot) + i];
}

template <class T>
LargestEffect DerivedCounterOf<T>::largest_effect(const Worker& all) const {
  SampleSummary sample{};
  if (!pilot_) {
    std::vector<double> values(maxima_.begin(), maxima_.end());
    sample = exact_sample(values);
  } else {
    const double size = static_cast<double>(n_);
    sample.mean = shift_[0] + sums_[0] / size;
    sample.sd = standard_deviation(sums_[0], sums_[1], size);
    sample.se_mean = sample.sd / std::sqrt(size);
    const CountedWindows windows{n_windows_, kBinsPerPilotWindow, lower_.data(), upper_.data(),
                                 all.windows.data()};
    for (const double p : sample_probabilities()) {
      const Located at = locate(windows, n_, p * (size - 1.0));
      sample.quantiles.push_back(at.value);
      sample.rank_error = std::max(sample.rank_error, at.rank_error);
    }
  }
  const auto most = std::max_element(all.best.begin(), all.best.end());
  return {most - all.best.begin(),     sample.mean,      sample.se_mean, sample.sd,
          std::move(sample.quantiles), sample.rank_error};
}

template <class T>
void DerivedCounterOf<T>::finish(DrawSummary& summary) const {
  Worker all{workers_[0].best,
             workers_[0].shared,
             workers_[0].rank,
             workers_[0].pairs,
             workers_[0].windows,
             {},
             {},
             {},
             {}};
  for (size_t w = 1; w < workers_.size(); ++w) {
    add_counts(all.best, workers_[w].best);
    add_counts(all.shared, workers_[w].shared);
    add_counts(all.rank, workers_[w].rank);
    add_counts(all.pairs, workers_[w].pairs);
    add_counts(all.windows, workers_[w].windows);
  }
  // Above the diagonal the row's school is above, below it they tie, and else the column's school
  // is.
  const size_t J = static_cast<size_t>(n_schools_);
  for (size_t i = 0; request_.pairwise && i < J; ++i)
    for (size_t j = i + 1; j < J; ++j)
      all.pairs[j * J + i] =
          static_cast<uint64_t>(n_) - all.pairs[i * J + j] - all.pairs[j * J + i];

  DerivedSummary& derived = summary.derived;
  if (request_.max) derived.max.push_back(largest_effect(all));
  if (request_.best) derived.best = shares_of(std::move(all.best), n_);
  if (request_.rank) derived.rank = shares_of(std::move(all.rank), n_);
  if (request_.pairwise) derived.pairwise = shares_of(std::move(all.pairs), n_);
  if (counts_best_) derived.shared = shares_of(std::move(all.shared), n_);

  const size_t of_window = static_cast<size_t>(n_windows_ * counts_per_window(kBinsPerPilotWindow));
  for (size_t k = 0; k < request_.checks.size(); ++k) {
    const size_t c = k + (request_.max ? 1 : 0);
    summary.checks.push_back(
        predictive_check(request_.checks[k], engine_.model.data.y, static_cast<double>(centre_),
                         observed_[k], sums_.data() + 2 * c, all.windows[c * of_window], n_));
  }
}

template class DerivedCounterOf<double>;
template class DerivedCounterOf<float>;

}  // namespace taugrid
