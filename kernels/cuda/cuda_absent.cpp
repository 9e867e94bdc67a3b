// A build without CUDA.
#include <stdexcept>

#include "kernels/cuda/cuda_kernels.h"

namespace taugrid {
namespace {

const char* const kReason = "this build has no CUDA kernels (configure with nvcc, or -DTAUGRID_CUDA=ON to see why not)";

[[noreturn]] void absent() { throw std::runtime_error(kReason); }

}  // namespace

bool cuda_compiled_in() { return false; }

CudaDevices cuda_devices() { return {{}, kReason}; }

struct CudaDraws::State {};
CudaDraws::CudaDraws(const DrawModel&) { absent(); }
CudaDraws::~CudaDraws() = default;
void CudaDraws::run(const StreamPosition&, uint64_t, int64_t, const Wanted&, uint64_t*,
                    const std::function<void(const CudaChunk&)>&) {
  absent();
}
void cuda_log_posterior(const Problem&, int64_t, const double*, double*) { absent(); }
void cuda_fit(const Problem*, int64_t, const FitRequest&, FitResult*) { absent(); }
void cuda_sort(double*, int64_t) { absent(); }

}  // namespace taugrid
