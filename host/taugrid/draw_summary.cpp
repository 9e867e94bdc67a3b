#include "host/taugrid/draw_summary.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "host/taugrid/buffer.h"
#include "host/taugrid/double_block.h"
#include "host/taugrid/parallel.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

const std::vector<double>& sample_probabilities() {
  static const std::vector<double> kProbabilities = {0.025, 0.25, 0.5, 0.75, 0.975};
  return kProbabilities;
}

// Windows of probability that hold the sample's quantiles, but for one chance in 10^9 each; merged where
// they overlap, as those of few draws do.
std::vector<std::pair<double, double>> probability_windows(int64_t n) {
  std::vector<std::pair<double, double>> windows;
  for (const double p : sample_probabilities()) {
    const double reach = 6.0 * std::sqrt(p * (1.0 - p) / static_cast<double>(n));
    const double lower = std::max(p - reach, 1e-12), upper = std::min(p + reach, 1.0 - 1e-12);
    if (!windows.empty() && lower <= windows.back().second)
      windows.back().second = upper;
    else
      windows.emplace_back(lower, upper);
  }
  return windows;
}

// The plan of what to count, with the memory that it points into.
struct Counting {
  Counting(const Engine& engine, int64_t n) {
    const auto windows = probability_windows(n);
    std::vector<double> ends;
    for (const auto& [lower_p, upper_p] : windows) {
      ends.push_back(lower_p);
      ends.push_back(upper_p);
    }
    ends.push_back(0.5);
    const std::vector<double> exact = engine.quantiles(ends);
    plan.n_columns = engine.n_columns(false);
    plan.n_windows = static_cast<int>(windows.size());
    for (int64_t c = 0; c < plan.n_columns; ++c) {
      const double* q = exact.data() + c * static_cast<int64_t>(ends.size());
      const double median = q[ends.size() - 1];
      shift.push_back(std::isfinite(median) ? median : 0.0);
      for (int k = 0; k < plan.n_windows; ++k) {
        const bool usable = q[2 * k] < q[2 * k + 1];
        lower.push_back(usable ? q[2 * k] : kInfinity);
        upper.push_back(usable ? q[2 * k + 1] : kInfinity);
        scale.push_back(usable ? kBinsPerWindow / (q[2 * k + 1] - q[2 * k]) : 0.0);
      }
    }
    plan.shift = shift.data();
    plan.lower = lower.data();
    plan.upper = upper.data();
    plan.scale = scale.data();
  }

  size_t n_counts() const { return static_cast<size_t>(plan.n_columns * plan.n_windows * counts_per_window()); }

  CountPlan plan;
  std::vector<double> shift, lower, upper, scale;
};

// Where order statistic `rank` (0 .. n - 1, fractional between two) lies, and how many draws share its bin.
struct Located {
  double value;
  double rank_error;
};

Located locate(const Counting& counting, int64_t column, const uint64_t* counts, int64_t n, double rank) {
  const int windows = counting.plan.n_windows;
  const uint64_t* count = counts + column * windows * counts_per_window();
  for (int k = 0; k < windows; ++k) {
    const double lower = counting.lower[static_cast<size_t>(column * windows + k)];
    const double upper = counting.upper[static_cast<size_t>(column * windows + k)];
    const uint64_t* of_window = count + k * counts_per_window();
    double below = static_cast<double>(n) - static_cast<double>(of_window[0]);
    const double below_upper = static_cast<double>(n) - static_cast<double>(of_window[1]);
    // Before this window, past the one before: the chance in 10^9.
    if (rank + 0.5 < below) return {lower, below - rank};
    if (rank + 0.5 >= below_upper) {
      if (k + 1 == windows) return {upper, rank - below_upper + 1.0};
      continue;
    }
    const double width = (upper - lower) / kBinsPerWindow;
    for (int bin = 0; bin < kBinsPerWindow; ++bin) {
      const double in_bin = static_cast<double>(of_window[2 + bin]);
      if (rank + 0.5 < below + in_bin) {
        const double within = (rank + 0.5 - below) / in_bin;
        return {lower + (bin + within) * width, in_bin};
      }
      below += in_bin;
    }
  }
  return {kNaN, static_cast<double>(n)};
}

double standard_deviation(double sum, double sum_of_squares, double n) {
  return n > 1.0 ? std::sqrt(std::max(0.0, sum_of_squares - sum * sum / n) / (n - 1.0)) : kNaN;
}

// Sorts n values, ascending, on whichever device has them.
using Sort = void (*)(double* values, int64_t n);
void cpu_sort(double* values, int64_t n) { std::sort(values, values + n); }

// Mean, sd and quantiles (R's type 7) of values that may be reordered.
SampleSummary exact_sample(std::vector<double>& values, Sort sort) {
  const size_t n = values.size();
  SampleSummary sample{};
  // Two passes: the second about the mean.
  double sum = 0.0;
  for (const double x : values) sum += x;
  sample.mean = sum / static_cast<double>(n);
  double first = 0.0, second = 0.0;
  for (const double x : values) {
    first += x - sample.mean;
    second += (x - sample.mean) * (x - sample.mean);
  }
  sample.sd = standard_deviation(first, second, static_cast<double>(n));
  sample.se_mean = sample.sd / std::sqrt(static_cast<double>(n));
  sort(values.data(), static_cast<int64_t>(n));
  for (const double p : sample_probabilities()) {
    const double rank = p * static_cast<double>(n - 1);
    const size_t low = static_cast<size_t>(rank);
    const size_t high = std::min(low + 1, n - 1);
    const double part = rank - static_cast<double>(low);
    sample.quantiles.push_back(values[low] + part * (values[high] - values[low]));
  }
  return sample;
}

template <class T>
DrawSummary empty_summary(int64_t n, uint64_t seed) {
  DrawSummary summary{};
  summary.draws = n;
  summary.seed = seed;
  summary.precision = sizeof(T) == sizeof(float) ? "single" : "double";
  summary.probabilities = sample_probabilities();
  return summary;
}

// Draws that few are stored and sorted: the order statistics themselves, at no noticeable cost.
constexpr int64_t kSortedDraws = 100'000;
constexpr int64_t kSortedValues = int64_t{1} << 23;

// What every sample summary of this model must say, whatever its draws: nothing about a parameter that
// does not exist, no standard error of a mean that has none.
void mark_absent(const Model& model, DrawSummary& summary) {
  const size_t last = summary.parameters.size() - 1;  // theta_new; 0 is tau and 1 is mu
  for (const size_t k : {size_t{0}, size_t{1}, last}) {
    SampleSummary& sample = summary.parameters[k];
    if (std::isnan(sample.mean) || std::isinf(sample.mean)) {
      const size_t n = sample.quantiles.size();
      sample = {kNaN, kNaN, kNaN, std::vector<double>(n, kNaN), 0.0};
    }
    if (!(k == 1 ? model.mu_moment_exists(2) : model.tau_moment_exists(2))) sample.se_mean = kNaN;
  }
}

template <class T>
DrawSummary summarise_draws(const DrawsOf<T>& draws, uint64_t seed, Sort sort) {
  DrawSummary summary = empty_summary<T>(draws.n, seed);
  summary.draws_per_second = kNaN;
  const DrawBlockOf<T> view = draws.view();
  std::vector<double> values;
  for (int64_t c = 0; c < draws.n_schools + 3; ++c) {
    const auto column = view.column(c);
    values.assign(column.begin(), column.end());
    summary.parameters.push_back(exact_sample(values, sort));
  }
  return summary;
}

template <class T>
DrawSummary summarise_few(const Engine& engine, int64_t n, uint64_t seed, bool with_lp,
                          const Posterior::BlockCallback& also) {
  const auto start = std::chrono::steady_clock::now();
  const DrawsOf<T> draws = engine.draws<T>(n, seed, 0, with_lp);
  DrawSummary summary = summarise_draws(draws, seed, engine.on_cuda ? cuda_sort : cpu_sort);
  summary.draws_per_second =
      static_cast<double>(n) / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  DoubleBlock doubles;
  for (int64_t begin = 0; also && begin < n; begin += kBlockDraws)
    also(doubles.of(DrawBlockOf<T>(draws.values.data() + begin, n, static_cast<uint64_t>(begin),
                                   std::min(kBlockDraws, n - begin), draws.n_schools, with_lp)));
  return summary;
}

const auto& summarise_kernel(const CpuKernels& kernels, const double*) { return kernels.summarise; }
const auto& summarise_kernel(const CpuKernels& kernels, const float*) { return kernels.summarise_single; }

// Many: sums and counts of blocks, in memory that does not grow with n.
template <class T>
DrawSummary summarise_counts(const Engine& engine, int64_t n, uint64_t seed, const RunControl& control, bool with_lp,
                             const Posterior::BlockCallback& also) {
  const Counting counting(engine, n);
  const int64_t n_columns = counting.plan.n_columns;
  std::vector<double> sums(static_cast<size_t>(2 * n_columns), 0.0);
  // Counts are integers, so each worker may keep its own.
  std::vector<std::vector<uint64_t>> counts(engine.on_cuda ? 1 : static_cast<size_t>(engine.threads),
                                            std::vector<uint64_t>(counting.n_counts(), 0));
  const auto length = [&](int64_t block) { return std::min(kBlockDraws, n - block * kBlockDraws); };
  // Blocks come in order, so that sums are added in one order whatever worked on them.
  DoubleBlock doubles;
  const auto consume = [&](int64_t block, const double* block_sums, const T* columns, int64_t stride) {
    if (control.stop && control.stop()) throw Stopped();
    for (int64_t i = 0; i < 2 * n_columns; ++i) sums[static_cast<size_t>(i)] += block_sums[i];
    const int64_t begin = block * kBlockDraws;
    if (also)
      also(doubles.of(DrawBlockOf<T>(columns, stride, static_cast<uint64_t>(begin), length(block),
                                     engine.model.data.n_schools(), with_lp)));
    if (control.progress) control.progress(begin + length(block));
  };

  const DrawModelOf<T> model = engine.draw_model<T>();
  const auto start = std::chrono::steady_clock::now();
  if (engine.on_cuda) {
    const bool columns_wanted = static_cast<bool>(also);
    CudaDrawsOf<T>(model)
        .run({seed, 0, Purpose::kPosteriorDraw}, 0, n, {columns_wanted, with_lp, &counting.plan}, counts[0].data(),
             [&](const CudaChunkOf<T>& chunk) {
               const auto first_block = static_cast<int64_t>(chunk.first) / kBlockDraws;
               for (int64_t b = 0; b * kBlockDraws < chunk.n; ++b)
                 consume(first_block + b, chunk.block_sums + 2 * n_columns * b,
                         columns_wanted ? chunk.columns + b * kBlockDraws : nullptr, chunk.stride);
             });
  } else {
    const int64_t block_size = engine.n_columns(with_lp) * kBlockDraws;
    const int slots = n_slots(engine.threads);
    BufferOf<T> blocks(static_cast<size_t>(block_size * slots));
    std::vector<double> block_sums(static_cast<size_t>(2 * n_columns * slots));
    const auto summarise = summarise_kernel(*engine.kernels, blocks.data());
    ordered_blocks(
        (n + kBlockDraws - 1) / kBlockDraws, engine.threads,
        [&](int64_t block, int slot, int worker) {
          T* columns = blocks.data() + slot * block_size;
          engine.draw(seed, static_cast<uint64_t>(block * kBlockDraws), length(block), with_lp, columns, kBlockDraws);
          summarise(counting.plan, columns, kBlockDraws, length(block), block_sums.data() + 2 * n_columns * slot,
                    counts[static_cast<size_t>(worker)].data());
        },
        [&](int64_t block, int slot) {
          consume(block, block_sums.data() + 2 * n_columns * slot, blocks.data() + slot * block_size, kBlockDraws);
        });
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  for (size_t worker = 1; worker < counts.size(); ++worker)
    for (size_t i = 0; i < counts[0].size(); ++i) counts[0][i] += counts[worker][i];

  DrawSummary summary = empty_summary<T>(n, seed);
  summary.draws_per_second = static_cast<double>(n) / seconds;
  const double size = static_cast<double>(n);
  for (int64_t c = 0; c < n_columns; ++c) {
    SampleSummary sample{};
    const double first = sums[static_cast<size_t>(2 * c)], second = sums[static_cast<size_t>(2 * c + 1)];
    sample.mean = counting.shift[static_cast<size_t>(c)] + first / size;
    sample.sd = standard_deviation(first, second, size);
    sample.se_mean = sample.sd / std::sqrt(size);
    const bool constant = !std::isfinite(counting.lower[static_cast<size_t>(c * counting.plan.n_windows)]);
    for (const double p : sample_probabilities()) {
      // A known tau, or (NaN) a parameter that does not exist.
      const Located at = constant ? Located{sample.mean, 0.0} : locate(counting, c, counts[0].data(), n, p * (size - 1.0));
      sample.quantiles.push_back(at.value);
      sample.rank_error = std::max(sample.rank_error, at.rank_error);
    }
    summary.parameters.push_back(std::move(sample));
  }
  return summary;
}

template <class T>
DrawSummary summarise_stream_in(const Engine& engine, int64_t n, uint64_t seed, const RunControl& control,
                                bool with_lp, const Posterior::BlockCallback& also) {
  const bool few = n <= kSortedDraws && n * engine.n_columns(with_lp) <= kSortedValues;
  return few ? summarise_few<T>(engine, n, seed, with_lp, also)
             : summarise_counts<T>(engine, n, seed, control, with_lp, also);
}

}  // namespace

DrawSummary summarise_stream(const Engine& engine, int64_t n, uint64_t seed, const RunControl& control, bool with_lp,
                             const Posterior::BlockCallback& also, Precision precision) {
  const auto& run = precision == Precision::kSingle ? summarise_stream_in<float> : summarise_stream_in<double>;
  DrawSummary summary = run(engine, n, seed, control, with_lp, also);
  summary.backend = engine.backend_text;
  mark_absent(engine.model, summary);
  return summary;
}

DrawSummary summarise(const Draws& draws, uint64_t seed) { return summarise_draws(draws, seed, cpu_sort); }
DrawSummary summarise(const SingleDraws& draws, uint64_t seed) { return summarise_draws(draws, seed, cpu_sort); }

}  // namespace taugrid
