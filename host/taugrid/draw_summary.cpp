#include "host/taugrid/draw_summary.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "host/taugrid/buffer.h"
#include "host/taugrid/derived_counter.h"
#include "host/taugrid/double_block.h"
#include "host/taugrid/parallel.h"
#include "host/taugrid/prior_checks.h"
#include "host/taugrid/sample_quantiles.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

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
        // Both ends at an atom of tau (or at a known tau): a window that holds it and nothing else.
        const bool at_atom = q[2 * k] == q[2 * k + 1];
        atom.push_back(at_atom ? q[2 * k] : kNaN);
        if (at_atom) {
          const double rounded =
              static_cast<double>(static_cast<float>(q[2 * k]));  // as draws in single have it
          const double from = std::min(q[2 * k], rounded), to = std::max(q[2 * k], rounded);
          lower.push_back(from);
          upper.push_back(to > 0.0 ? std::nextafter(to, kInfinity) : 0x1p-1000);
          scale.push_back(0.0);
          continue;
        }
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

  CountedWindows windows(int64_t column, const uint64_t* counts) const {
    const int64_t k = column * plan.n_windows;
    return {plan.n_windows,
            kBinsPerWindow,
            plan.lower + k,
            plan.upper + k,
            counts + k * counts_per_window(),
            atom.data() + k};
  }

  size_t n_counts() const {
    return static_cast<size_t>(plan.n_columns * plan.n_windows * counts_per_window());
  }

  CountPlan plan;
  std::vector<double> shift, lower, upper, scale;
  std::vector<double> atom;  // (n_columns, n_windows): NaN where the window holds more
};

template <class T>
DrawSummary empty_summary(int64_t n, uint64_t seed) {
  DrawSummary summary{};
  summary.draws = n;
  summary.seed = seed;
  summary.precision = sizeof(T) == sizeof(float) ? "single" : "double";
  summary.probabilities = sample_probabilities();
  return summary;
}

// Draws that few are stored and sorted: the order statistics themselves, at no noticeable cost. So
// are those of one block, which would be in memory anyway.
constexpr int64_t kSortedDraws = 100'000;
constexpr int64_t kSortedValues = int64_t{1} << 23;

// What every sample summary of this model must say, whatever its draws: nothing about a parameter
// that does not exist, no standard error of a mean that has none.
void mark_absent(const Model& model, DrawSummary& summary) {
  const bool no_pooling = model.tau_prior.no_pooling();
  const size_t last = summary.parameters.size() - 1;  // theta_new; 0 is tau and 1 is mu
  for (const size_t k : {size_t{0}, size_t{1}, last}) {
    SampleSummary& sample = summary.parameters[k];
    if (no_pooling && !(k == 1 && model.mu_prior.proper())) {
      const size_t n = sample.quantiles.size();
      sample = {kNaN, kNaN, kNaN, std::vector<double>(n, kNaN), kNaN};
    }
    if (!std::isfinite(sample.mean))
      sample.mean = sample.se_mean = sample.sd = kNaN;  // a draw past all doubles
    if (!(k == 1 ? model.mu_moment_exists(2) : model.tau_moment_exists(2))) sample.se_mean = kNaN;
  }
}

template <class T>
DrawSummary summarise_draws(const DrawsOf<T>& draws, uint64_t seed, SortValues sort) {
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
DrawSummary summarise_few(const Engine& engine, int64_t n, uint64_t seed, const RunControl& control,
                          bool with_lp, const Posterior::BlockCallback& also,
                          const DeriveRequest& derive) {
  if (control.stop && control.stop()) throw Stopped();
  const auto start = std::chrono::steady_clock::now();
  const DrawsOf<T> draws = engine.draws<T>(n, seed, 0, with_lp);
  DrawSummary summary = summarise_draws(draws, seed, engine.on_cuda ? cuda_sort : sort_values);
  if (derive.any()) {
    DerivedCounterOf<T> derived(engine, derive, n, seed, 1, 1);
    for (int64_t begin = 0; begin < n; begin += kBlockDraws) {
      derived.count(draws.values.data() + begin, n, static_cast<uint64_t>(begin),
                    std::min(kBlockDraws, n - begin), 0, 0);
      derived.add(0);
    }
    derived.finish(summary);
  }
  summary.draws_per_second =
      static_cast<double>(n) /
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  DoubleBlock doubles;
  for (int64_t begin = 0; also && begin < n; begin += kBlockDraws)
    also(doubles.of(DrawBlockOf<T>(draws.values.data() + begin, n, static_cast<uint64_t>(begin),
                                   std::min(kBlockDraws, n - begin), draws.n_schools, with_lp)));
  if (control.progress) control.progress(n);
  return summary;
}

// How many threads may hold blocks of so many bytes; 0 where only few can, and blocks are rather
// drawn and summarised in parts. A GPU sums them part by part, and only where the draws themselves
// are wanted holds them on the host.
int block_threads(const Engine& engine, int64_t n, size_t block_bytes, bool columns_wanted) {
  if (engine.on_cuda && columns_wanted && block_bytes > engine.most_block_bytes)
    throw std::invalid_argument("number of draws is " + std::to_string(n) +
                                ": with J = " + std::to_string(engine.model.data.n_schools()) +
                                " more than " + std::to_string(kBlockDraws) +
                                " draws leave the GPU in blocks of more than 4 GB; ask for at most "
                                "as many, or for the CPU");
  if (engine.on_cuda) return engine.threads;
  const auto fit = [&](int threads) {
    return static_cast<size_t>(n_slots(threads)) * block_bytes <= engine.most_block_bytes;
  };
  if (!fit(std::min(engine.threads, 4))) return 0;
  int threads = engine.threads;
  while (!fit(threads)) --threads;
  return threads;
}

// Blocks of so many schools that none is held whole: every thread draws parts of one, which are
// summarised in order, with the sums' stripes kept from part to part. So the sums are those of the
// block, bit for bit, and there is one set of counts.
template <class T, class Consume>
void summarise_in_parts(const Engine& engine, const Counting& counting, int64_t n, uint64_t seed,
                        bool with_lp, DerivedCounterOf<T>* derived, uint64_t* counts,
                        const Consume& consume) {
  const int64_t n_columns = counting.plan.n_columns;
  const int64_t all_columns = engine.n_columns(with_lp);
  const int64_t part = part_draws(all_columns);
  const int64_t parts_in_block = kBlockDraws / part;
  const int64_t size = all_columns * part;
  BufferOf<T> parts(static_cast<size_t>(size * n_slots(engine.threads)));
  std::vector<double> stripes(static_cast<size_t>(2 * n_columns * kStripes));
  std::vector<double> block_sums(static_cast<size_t>(2 * n_columns));
  const auto summarise = engine.kernels->of<T>().summarise_part;
  const auto length = [&](int64_t p) { return std::min(part, n - p * part); };
  const int64_t n_parts = (n + part - 1) / part;
  ordered_blocks(
      n_parts, engine.threads,
      [&](int64_t p, int slot, int) {
        engine.draw(seed, static_cast<uint64_t>(p * part), length(p), with_lp,
                    parts.data() + slot * size, part);
      },
      [&](int64_t p, int slot) {
        const T* columns = parts.data() + slot * size;
        const int64_t block = p / parts_in_block, begin = p % parts_in_block * part;
        if (begin == 0) std::ranges::fill(stripes, 0.0);
        summarise(counting.plan, columns, part, begin, length(p), stripes.data(), block_sums.data(),
                  counts);
        const auto first = static_cast<uint64_t>(block * kBlockDraws);
        if (derived) derived->count_part(columns, part, first, begin, length(p), 0);
        const bool ends = begin + part == kBlockDraws || p + 1 == n_parts;
        if (ends && derived) {
          derived->end_block(first, begin + length(p), 0, 0);
          derived->add(0);
        }
        consume(p * part, length(p), ends ? block_sums.data() : nullptr, columns, part);
      });
}

// Many: sums and counts of blocks, in memory that does not grow with n.
template <class T>
DrawSummary summarise_counts(const Engine& engine, int64_t n, uint64_t seed,
                             const RunControl& control, bool with_lp,
                             const Posterior::BlockCallback& also, const DeriveRequest& derive) {
  const bool columns_wanted = also || derive.any();
  const int block_workers = block_threads(
      engine, n, sizeof(T) * static_cast<size_t>(engine.n_columns(with_lp)) * kBlockDraws,
      columns_wanted);
  const bool in_parts = block_workers == 0;
  const int threads = in_parts ? 1 : block_workers;  // that count
  const Counting counting(engine, n);
  const int64_t n_columns = counting.plan.n_columns;
  std::vector<double> sums(static_cast<size_t>(2 * n_columns), 0.0);
  // Counts are integers, so each worker may keep its own.
  std::vector<std::vector<uint64_t>> counts(engine.on_cuda ? 1 : static_cast<size_t>(threads),
                                            std::vector<uint64_t>(counting.n_counts(), 0));
  const auto length = [&](int64_t block) { return std::min(kBlockDraws, n - block * kBlockDraws); };
  // Draws come in order, and so do blocks, with whose last draws their sums come: they are added in
  // one order whatever worked on them.
  DoubleBlock doubles;
  const auto consume = [&](int64_t begin, int64_t size, const double* block_sums, const T* columns,
                           int64_t stride) {
    if (control.stop && control.stop()) throw Stopped();
    for (int64_t i = 0; block_sums && i < 2 * n_columns; ++i)
      sums[static_cast<size_t>(i)] += block_sums[i];
    if (also)
      also(doubles.of(DrawBlockOf<T>(columns, stride, static_cast<uint64_t>(begin), size,
                                     engine.model.data.n_schools(), with_lp)));
    if (control.progress) control.progress(begin + size);
  };

  const DrawModelOf<T> model = engine.draw_model<T>();
  const auto start = std::chrono::steady_clock::now();
  // What is derived is counted by the threads of the CPU, which draw too or else have nothing to
  // do.
  std::optional<DerivedCounterOf<T>> derived;
  if (derive.any()) derived.emplace(engine, derive, n, seed, n_slots(threads), threads);
  if (engine.on_cuda) {
    CudaDrawsOf<T>(model).run(
        {seed, 0, Purpose::kPosteriorDraw}, 0, n, {columns_wanted, with_lp, &counting.plan},
        counts[0].data(), [&](const CudaChunkOf<T>& chunk) {
          const auto first_block = static_cast<int64_t>(chunk.first) / kBlockDraws;
          if (derived)
            ordered_blocks((chunk.n + kBlockDraws - 1) / kBlockDraws, threads,
                           [&](int64_t b, int slot, int worker) {
                             derived->count(chunk.columns + b * kBlockDraws, chunk.stride,
                                            chunk.first + static_cast<uint64_t>(b * kBlockDraws),
                                            length(first_block + b), slot, worker);
                           },
                           [&](int64_t, int slot) { derived->add(slot); });
          for (int64_t b = 0; b * kBlockDraws < chunk.n; ++b)
            consume((first_block + b) * kBlockDraws, length(first_block + b),
                    chunk.block_sums + 2 * n_columns * b,
                    columns_wanted ? chunk.columns + b * kBlockDraws : nullptr, chunk.stride);
        });
  } else if (in_parts) {
    summarise_in_parts<T>(engine, counting, n, seed, with_lp, derived ? &*derived : nullptr,
                          counts[0].data(), consume);
  } else {
    const int64_t block_size = engine.n_columns(with_lp) * kBlockDraws;
    const int slots = n_slots(threads);
    BufferOf<T> blocks(static_cast<size_t>(block_size * slots));
    std::vector<double> block_sums(static_cast<size_t>(2 * n_columns * slots));
    const auto summarise = engine.kernels->of<T>().summarise;
    ordered_blocks(
        (n + kBlockDraws - 1) / kBlockDraws, threads,
        [&](int64_t block, int slot, int worker) {
          T* columns = blocks.data() + slot * block_size;
          engine.draw(seed, static_cast<uint64_t>(block * kBlockDraws), length(block), with_lp,
                      columns, kBlockDraws);
          summarise(counting.plan, columns, kBlockDraws, length(block),
                    block_sums.data() + 2 * n_columns * slot,
                    counts[static_cast<size_t>(worker)].data());
          if (derived)
            derived->count(columns, kBlockDraws, static_cast<uint64_t>(block * kBlockDraws),
                           length(block), slot, worker);
        },
        [&](int64_t block, int slot) {
          if (derived) derived->add(slot);
          consume(block * kBlockDraws, length(block), block_sums.data() + 2 * n_columns * slot,
                  blocks.data() + slot * block_size, kBlockDraws);
        });
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  for (size_t worker = 1; worker < counts.size(); ++worker)
    for (size_t i = 0; i < counts[0].size(); ++i) counts[0][i] += counts[worker][i];

  DrawSummary summary = empty_summary<T>(n, seed);
  summary.draws_per_second = static_cast<double>(n) / seconds;
  const double size = static_cast<double>(n);
  for (int64_t c = 0; c < n_columns; ++c) {
    SampleSummary sample{};
    const double first = sums[static_cast<size_t>(2 * c)],
                 second = sums[static_cast<size_t>(2 * c + 1)];
    sample.mean = counting.shift[static_cast<size_t>(c)] + first / size;
    sample.sd = standard_deviation(first, second, size);
    sample.se_mean = sample.sd / std::sqrt(size);
    const bool constant =
        !std::isfinite(counting.lower[static_cast<size_t>(c * counting.plan.n_windows)]);
    for (const double p : sample_probabilities()) {
      // A known tau, or (NaN) a parameter that does not exist.
      const Located at = constant
                             ? Located{sample.mean, 0.0}
                             : locate(counting.windows(c, counts[0].data()), n, p * (size - 1.0));
      sample.quantiles.push_back(at.value);
      sample.rank_error = std::max(sample.rank_error, at.rank_error);
    }
    summary.parameters.push_back(std::move(sample));
  }
  if (derived) derived->finish(summary);
  return summary;
}

template <class T>
DrawSummary summarise_stream_in(const Engine& engine, int64_t n, uint64_t seed,
                                const RunControl& control, bool with_lp,
                                const Posterior::BlockCallback& also, const DeriveRequest& derive) {
  const int64_t n_columns = engine.n_columns(with_lp);
  const bool one_block =
      n <= kBlockDraws && static_cast<size_t>(n * n_columns) * sizeof(T) <= engine.most_block_bytes;
  const bool few = one_block || (n <= kSortedDraws && n * n_columns <= kSortedValues);
  return few ? summarise_few<T>(engine, n, seed, control, with_lp, also, derive)
             : summarise_counts<T>(engine, n, seed, control, with_lp, also, derive);
}

}  // namespace

DrawSummary summarise_stream(const Engine& engine, int64_t n, uint64_t seed,
                             const RunControl& control, bool with_lp,
                             const Posterior::BlockCallback& also, Precision precision,
                             const DeriveRequest& derive) {
  check_derive(derive, engine.model.data.n_schools());
  if (!derive.prior_checks.empty()) check_prior_draws(engine.model);
  const auto& run =
      precision == Precision::kSingle ? summarise_stream_in<float> : summarise_stream_in<double>;
  DrawSummary summary = run(engine, n, seed, control, with_lp, also, derive);
  summary.backend = engine.backend_text;
  mark_absent(engine.model, summary);
  if (!derive.prior_checks.empty())
    summary.prior_checks = prior_checks(engine, derive.prior_checks, n, seed, control, n);
  return summary;
}

DrawSummary summarise(const Draws& draws, uint64_t seed) {
  return summarise_draws(draws, seed, sort_values);
}
DrawSummary summarise(const SingleDraws& draws, uint64_t seed) {
  return summarise_draws(draws, seed, sort_values);
}

}  // namespace taugrid
