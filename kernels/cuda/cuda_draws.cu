// Draws by chunks: two slots, each with a stream and buffers of its own, so that while one chunk is
// copied out and consumed the next is being drawn. A run's memory does not grow with the number of
// draws, and where a block of 8192 draws of very many schools has no room on the device, it is
// drawn and summed part by part (chunk_size.h): the sums' 32 stripes wait in memory between parts,
// so their order stays that of the block.
#include <algorithm>
#include <array>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cuda/chunk_size.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/device_buffer.h"
#include "kernels/cuda/device_prior.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/pinned_buffer.h"

namespace taugrid {

template <class T>
struct CudaDrawsOf<T>::State {
  explicit State(const DrawModelOf<T>& host)
      : model(host),
        y(host.problem.y, static_cast<size_t>(host.problem.n_schools), setup),
        sigma(host.problem.sigma, static_cast<size_t>(host.problem.n_schools), setup),
        coefficient(host.table.coefficient,
                    static_cast<size_t>(host.table.n_cells) * kCellCoefficients, setup),
        first_part(host.table.first_part, static_cast<size_t>(host.table.n_cells), setup),
        prior(&model.problem, 1, setup) {
    setup.wait();
    model.problem.y = y.data();
    model.problem.sigma = sigma.data();
    model.table.coefficient = coefficient.data();
    model.table.first_part = first_part.data();
  }

  CudaStream setup;
  DrawModelOf<T> model;  // with the device's pointers
  DeviceBuffer<T> y, sigma, coefficient, first_part;
  DevicePriors prior;
  int64_t most_memory = INT64_MAX;
};

namespace {

// The plan's arrays on the device.
struct DevicePlan {
  DevicePlan(const CountPlan& host, cudaStream_t stream)
      : plan(host),
        shift(host.shift, static_cast<size_t>(host.n_columns), stream),
        lower(host.lower, static_cast<size_t>(host.n_columns * host.n_windows), stream),
        upper(host.upper, static_cast<size_t>(host.n_columns * host.n_windows), stream),
        scale(host.scale, static_cast<size_t>(host.n_columns * host.n_windows), stream),
        counts(static_cast<size_t>(host.n_columns * host.n_windows * counts_per_window())) {
    plan.shift = shift.data();
    plan.lower = lower.data();
    plan.upper = upper.data();
    plan.scale = scale.data();
    TAUGRID_CUDA_CHECK(cudaMemsetAsync(counts.data(), 0, counts.size() * sizeof(uint64_t), stream));
  }
  CountPlan plan;
  DeviceBuffer<double> shift, lower, upper, scale;
  DeviceBuffer<uint64_t> counts;
};

template <class T>
struct Slot {
  // What is still being drawn and copied must not lose its buffers when an exception ends the run.
  ~Slot() { cudaStreamSynchronize(stream); }

  CudaStream stream;
  DeviceBuffer<T> columns;
  DeviceBuffer<double> sums, stripes;
  PinnedBuffer<T> host_columns;
  PinnedBuffer<double> host_sums;
};

ChunkSize chunk_size_of(ChunkRequest request, int64_t most_memory) {
  size_t free = 0, total = 0;
  TAUGRID_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  request.free_bytes = std::min(static_cast<int64_t>(free), most_memory);
  request.total_bytes = static_cast<int64_t>(total);
  return chunk_size(request);
}

// Adds the device's counts to the host's, some at a time.
void add_counts(const DeviceBuffer<uint64_t>& device, uint64_t* host, const CudaStream& stream) {
  std::vector<uint64_t> some(std::min(device.size(), size_t{1} << 20));
  for (size_t begin = 0; begin < device.size(); begin += some.size()) {
    const size_t n = std::min(some.size(), device.size() - begin);
    TAUGRID_CUDA_CHECK(cudaMemcpyAsync(some.data(), device.data() + begin, n * sizeof(uint64_t),
                                       cudaMemcpyDeviceToHost, stream));
    stream.wait();
    for (size_t i = 0; i < n; ++i) host[begin + i] += some[i];
  }
}

}  // namespace

template <class T>
CudaDrawsOf<T>::CudaDrawsOf(const DrawModelOf<T>& model) : state_(std::make_unique<State>(model)) {}
template <class T>
CudaDrawsOf<T>::~CudaDrawsOf() = default;

template <class T>
void CudaDrawsOf<T>::limit_memory(int64_t bytes) {
  state_->most_memory = bytes;
}

template <class T>
void CudaDrawsOf<T>::run(const StreamPosition& at, uint64_t first, int64_t n, const Wanted& wanted,
                         uint64_t* counts,
                         const std::function<void(const CudaChunkOf<T>&)>& consume) {
  if (n <= 0) return;
  const int64_t n_columns = state_->model.problem.n_schools + (wanted.lp ? 4 : 3);
  const int64_t plan_columns = wanted.plan ? wanted.plan->n_columns : 0;
  std::unique_ptr<DevicePlan> plan;
  if (wanted.plan) {
    plan = std::make_unique<DevicePlan>(*wanted.plan, state_->setup);
    state_->setup.wait();
  }
  const ChunkSize size = chunk_size_of(
      {n, n_columns, sizeof(T), wanted.columns, wanted.plan != nullptr, kBlockDraws, 0, 0},
      state_->most_memory);
  const bool in_parts = plan && size.part < kBlockDraws;
  const auto sums_of = [&](int64_t draws) {
    return static_cast<size_t>((draws + kBlockDraws - 1) / kBlockDraws * plan_columns * 2);
  };

  std::array<Slot<T>, 2> slots;
  const size_t slots_used = n > size.draws ? 2 : 1;
  for (size_t i = 0; i < slots_used; ++i) {
    Slot<T>& slot = slots[i];
    slot.columns = DeviceBuffer<T>(static_cast<size_t>(n_columns * size.part));
    slot.sums = DeviceBuffer<double>(sums_of(size.draws));
    if (in_parts)
      slot.stripes = DeviceBuffer<double>(static_cast<size_t>(plan_columns * kStripeNumbers));
    if (wanted.columns)
      slot.host_columns = PinnedBuffer<T>(static_cast<size_t>(n_columns * size.draws));
    slot.host_sums = PinnedBuffer<double>(sums_of(size.draws));
  }

  const int64_t n_chunks = (n + size.draws - 1) / size.draws;
  const auto length = [&](int64_t c) { return std::min(size.draws, n - c * size.draws); };
  const auto start = [&](int64_t c) {
    Slot<T>& slot = slots[static_cast<size_t>(c % 2)];
    for (int64_t begin = 0; begin < length(c); begin += size.part) {
      const int64_t draws = std::min(size.part, length(c) - begin);
      launch_draw(state_->model, at, first + static_cast<uint64_t>(c * size.draws + begin), draws,
                  wanted.lp, slot.columns.data(), size.part, slot.stream);
      if (in_parts)
        launch_summarise_part(plan->plan, slot.columns.data(), size.part, draws, begin == 0,
                              slot.stripes.data(), slot.sums.data(), plan->counts.data(),
                              slot.stream);
      else if (plan)
        launch_summarise(plan->plan, slot.columns.data(), size.part, draws, kBlockDraws,
                         slot.sums.data(), plan->counts.data(), slot.stream);
      if (wanted.columns)
        TAUGRID_CUDA_CHECK(cudaMemcpy2DAsync(
            slot.host_columns.data() + begin, static_cast<size_t>(size.draws) * sizeof(T),
            slot.columns.data(), static_cast<size_t>(size.part) * sizeof(T),
            static_cast<size_t>(draws) * sizeof(T), static_cast<size_t>(n_columns),
            cudaMemcpyDeviceToHost, slot.stream));
    }
    slot.sums.download(slot.host_sums.data(), sums_of(length(c)), slot.stream);
  };
  const auto finish = [&](int64_t c) {
    Slot<T>& slot = slots[static_cast<size_t>(c % 2)];
    slot.stream.wait();
    consume({first + static_cast<uint64_t>(c * size.draws), length(c), slot.host_columns.data(),
             size.draws, slot.host_sums.data()});
  };
  for (int64_t c = 0; c < n_chunks; ++c) {
    start(c);
    if (c > 0) finish(c - 1);
  }
  finish(n_chunks - 1);
  if (plan) add_counts(plan->counts, counts, state_->setup);
}

template class CudaDrawsOf<double>;
template class CudaDrawsOf<float>;

}  // namespace taugrid
