#include "host/taugrid/batch.h"

#include <algorithm>
#include <deque>
#include <stdexcept>

#include "host/taugrid/batch_worker.h"
#include "host/taugrid/parallel.h"

namespace taugrid {
namespace {

// Data sets of a block: what is enough of them that handing them out costs nothing, and on a device
// what fills it.
constexpr int64_t kBlock = 64;
constexpr int64_t kBlockOnCuda = 32768;

void check(const BatchData& data, size_t n_priors) {
  if (data.offsets.empty() || data.offsets.front() != 0)
    throw std::invalid_argument("batch: offsets must begin with 0");
  if (!std::ranges::is_sorted(data.offsets))
    throw std::invalid_argument("batch: offsets must ascend");
  const auto n = static_cast<size_t>(data.offsets.back());
  if (data.y.size() != n || data.sigma.size() != n)
    throw std::invalid_argument("batch: y has " + std::to_string(data.y.size()) +
                                " values and sigma has " + std::to_string(data.sigma.size()) +
                                ", must both have as many as the last offset, " +
                                std::to_string(n));
  if (data.prior_of.empty()) return;
  if (static_cast<int64_t>(data.prior_of.size()) != data.size())
    throw std::invalid_argument("batch: there are priors of " +
                                std::to_string(data.prior_of.size()) + " data sets, must be " +
                                std::to_string(data.size()));
  for (const int32_t prior : data.prior_of)
    if (prior < 0 || static_cast<size_t>(prior) >= n_priors)
      throw std::invalid_argument("batch: prior " + std::to_string(prior) + " is none of " +
                                  std::to_string(n_priors));
}

}  // namespace

struct Batch::State {
  std::vector<ParsedPriors> priors;
  BatchColumns columns;
  BatchBackend backend;
  int threads;
};

Batch::Batch(const std::vector<PriorPair>& priors, const BatchColumns& columns,
             const DeviceOptions& device)
    : state_(std::make_unique<State>()) {
  if (priors.empty()) throw std::invalid_argument("batch: there are no priors");
  for (const PriorPair& pair : priors)
    state_->priors.push_back({parse_tau_prior(pair.tau), parse_mu_prior(pair.mu)});
  state_->columns = columns;
  state_->backend = batch_backend(device.backend);
  state_->threads = thread_count(device.threads);
}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;

const BatchColumns& Batch::columns() const { return state_->columns; }

std::string Batch::backend() const { return state_->backend.text; }

std::vector<BatchError> Batch::fit(const BatchData& data, double* values,
                                   const RunControl& control) const {
  check(data, state_->priors.size());
  const int64_t size = state_->backend.on_cuda ? kBlockOnCuda : kBlock;
  const int64_t n = data.size(), n_blocks = (n + size - 1) / size;
  // Threads that have nothing to do are not started.
  const int threads =
      static_cast<int>(std::min<int64_t>(state_->threads, std::max<int64_t>(1, n_blocks)));
  std::deque<BatchWorker> workers;
  for (int i = 0; i < threads; ++i)
    workers.emplace_back(state_->priors, state_->columns, state_->backend.on_cuda);
  std::vector<std::vector<BatchError>> of_slot(static_cast<size_t>(n_slots(threads)));
  std::vector<BatchError> errors;
  const auto end = [&](int64_t block) { return std::min(n, (block + 1) * size); };
  ordered_blocks(
      n_blocks, threads,
      [&](int64_t block, int slot, int worker) {
        const int64_t first = block * size;
        workers[static_cast<size_t>(worker)].fit(
            data, first, end(block), values + static_cast<size_t>(first) * state_->columns.size(),
            of_slot[static_cast<size_t>(slot)]);
      },
      [&](int64_t block, int slot) {
        std::vector<BatchError>& of_block = of_slot[static_cast<size_t>(slot)];
        std::ranges::move(of_block, std::back_inserter(errors));
        of_block.clear();
        if (control.stop && control.stop()) throw Stopped();
        if (control.progress) control.progress(end(block));
      });
  return errors;
}

}  // namespace taugrid
