// The baseline of draws: as many normals as they consume (10 a draw at J = 8) by cuRAND's own
// generator of the same Philox stream, stored in device memory. It makes no posterior of them.
#include <curand.h>

#include <stdexcept>

#include "bench/cuda_timing.h"

namespace taugrid {
namespace {

void check(curandStatus_t status) {
  if (status != CURAND_STATUS_SUCCESS)
    throw std::runtime_error("cuRAND failed with status " +
                             std::to_string(static_cast<int>(status)));
}

class Generator {
 public:
  explicit Generator(const CudaStream& stream) {
    check(curandCreateGenerator(&generator_, CURAND_RNG_PSEUDO_PHILOX4_32_10));
    check(curandSetPseudoRandomGeneratorSeed(generator_, 1));
    check(curandSetStream(generator_, stream));
  }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;
  ~Generator() { curandDestroyGenerator(generator_); }
  void normals(float* out, size_t n) {
    check(curandGenerateNormal(generator_, out, n, 0.0f, 1.0f));
  }
  void normals(double* out, size_t n) {
    check(curandGenerateNormalDouble(generator_, out, n, 0.0, 1.0));
  }

 private:
  curandGenerator_t generator_ = nullptr;
};

template <class T>
void normals_of_draws(benchmark::State& state) {
  const int64_t n = state.range(0) * kNormals;
  const auto bytes = n * static_cast<int64_t>(sizeof(T));
  if (!device_has(state, bytes)) return;
  const CudaStream stream;
  Generator generator(stream);
  const DeviceBuffer<T> out(static_cast<size_t>(n));
  time_on_device(state, stream, [&] { generator.normals(out.data(), out.size()); });
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * bytes);
}

void BM_CudaCurandNormal(benchmark::State& state) { normals_of_draws<float>(state); }
BENCHMARK(BM_CudaCurandNormal)->Apply(draw_sizes)->UseManualTime();

void BM_CudaCurandNormalDouble(benchmark::State& state) { normals_of_draws<double>(state); }
BENCHMARK(BM_CudaCurandNormalDouble)->Apply(draw_sizes)->UseManualTime();

}  // namespace
}  // namespace taugrid
