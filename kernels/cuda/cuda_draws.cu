// Draws by chunks: two slots, each with a stream and buffers of its own, so that while one chunk is copied
// out and consumed the next is being drawn. A run's memory does not grow with the number of draws.
#include <algorithm>
#include <array>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/device_buffer.h"
#include "kernels/cuda/device_prior.h"
#include "kernels/cuda/launch.h"

namespace taugrid {

template <class T>
struct CudaDrawsOf<T>::State {
  explicit State(const DrawModelOf<T>& host)
      : model(host),
        y(host.problem.y, static_cast<size_t>(host.problem.n_schools), setup),
        sigma(host.problem.sigma, static_cast<size_t>(host.problem.n_schools), setup),
        table(host.table, host.problem.tau_prior.form == PriorForm::kPoint ? 0 : kTableSizeOf<T>, setup),
        prior(&model.problem, 1, setup) {
    setup.wait();
    model.problem.y = y.data();
    model.problem.sigma = sigma.data();
    model.table = table.data();
  }

  CudaStream setup;
  DrawModelOf<T> model;  // with the device's pointers
  DeviceBuffer<T> y, sigma, table;
  DevicePriors prior;
};

namespace {

// A chunk takes about this much device memory, however many columns there are.
constexpr int64_t kChunkBytes = int64_t{128} << 20;

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
  CudaStream stream;
  DeviceBuffer<T> columns;
  DeviceBuffer<double> sums;
  PinnedBuffer<T> host_columns;
  PinnedBuffer<double> host_sums;
};

}  // namespace

template <class T>
CudaDrawsOf<T>::CudaDrawsOf(const DrawModelOf<T>& model) : state_(std::make_unique<State>(model)) {}
template <class T>
CudaDrawsOf<T>::~CudaDrawsOf() = default;

template <class T>
void CudaDrawsOf<T>::run(const StreamPosition& at, uint64_t first, int64_t n, const Wanted& wanted, uint64_t* counts,
                         const std::function<void(const CudaChunkOf<T>&)>& consume) {
  const int64_t n_columns = state_->model.problem.n_schools + (wanted.lp ? 4 : 3);
  const int64_t blocks_fit = kChunkBytes / (n_columns * kBlockDraws * static_cast<int64_t>(sizeof(T)));
  const int64_t chunk = std::min(std::max<int64_t>(1, blocks_fit), (n + kBlockDraws - 1) / kBlockDraws) * kBlockDraws;
  const int64_t plan_columns = wanted.plan ? wanted.plan->n_columns : 0;
  const int64_t chunk_sums = wanted.plan ? chunk / kBlockDraws * plan_columns * 2 : 0;

  std::unique_ptr<DevicePlan> plan;
  if (wanted.plan) {
    plan = std::make_unique<DevicePlan>(*wanted.plan, state_->setup);
    state_->setup.wait();
  }
  std::array<Slot<T>, 2> slots;
  for (Slot<T>& slot : slots) {
    slot.columns = DeviceBuffer<T>(static_cast<size_t>(n_columns * chunk));
    slot.sums = DeviceBuffer<double>(static_cast<size_t>(chunk_sums));
    if (wanted.columns) slot.host_columns = PinnedBuffer<T>(static_cast<size_t>(n_columns * chunk));
    slot.host_sums = PinnedBuffer<double>(static_cast<size_t>(chunk_sums));
  }

  const int64_t n_chunks = (n + chunk - 1) / chunk;
  const auto length = [&](int64_t c) { return std::min(chunk, n - c * chunk); };
  const auto start = [&](int64_t c) {
    Slot<T>& slot = slots[static_cast<size_t>(c % 2)];
    launch_draw(state_->model, at, first + static_cast<uint64_t>(c * chunk), length(c), wanted.lp,
                slot.columns.data(), chunk, slot.stream);
    if (plan) {
      launch_summarise(plan->plan, slot.columns.data(), chunk, length(c), kBlockDraws, slot.sums.data(),
                       plan->counts.data(), slot.stream);
      slot.sums.download(slot.host_sums.data(), static_cast<size_t>(chunk_sums), slot.stream);
    }
    if (wanted.columns) slot.columns.download(slot.host_columns.data(), slot.columns.size(), slot.stream);
  };
  const auto finish = [&](int64_t c) {
    Slot<T>& slot = slots[static_cast<size_t>(c % 2)];
    slot.stream.wait();
    consume({first + static_cast<uint64_t>(c * chunk), length(c), slot.host_columns.data(), chunk,
             slot.host_sums.data()});
  };
  for (int64_t c = 0; c < n_chunks; ++c) {
    start(c);
    if (c > 0) finish(c - 1);
  }
  finish(n_chunks - 1);

  if (plan) {
    std::vector<uint64_t> device_counts(plan->counts.size());
    plan->counts.download(device_counts.data(), device_counts.size(), state_->setup);
    state_->setup.wait();
    for (size_t i = 0; i < device_counts.size(); ++i) counts[i] += device_counts[i];
  }
}

template class CudaDrawsOf<double>;
template class CudaDrawsOf<float>;

}  // namespace taugrid
