// A build without CUDA.
#include <stdexcept>

#include "kernels/cuda/cuda_kernels.h"
#include "kernels/cuda/cuda_study.h"

namespace taugrid {
namespace {

const char* const kReason =
    "this build has no CUDA kernels (configure with nvcc, or -DTAUGRID_CUDA=ON to see why not)";

[[noreturn]] void absent() { throw std::runtime_error(kReason); }

}  // namespace

bool cuda_compiled_in() { return false; }

CudaDevices cuda_devices() { return {{}, kReason}; }

template <class T>
struct CudaDrawsOf<T>::State {};
template <class T>
CudaDrawsOf<T>::CudaDrawsOf(const DrawModelOf<T>&) {
  absent();
}
template <class T>
CudaDrawsOf<T>::~CudaDrawsOf() = default;
template <class T>
void CudaDrawsOf<T>::run(const StreamPosition&, uint64_t, int64_t, const Wanted&, uint64_t*,
                         const std::function<void(const CudaChunkOf<T>&)>&) {
  absent();
}
template <class T>
void CudaDrawsOf<T>::limit_memory(int64_t) {}
template class CudaDrawsOf<double>;
template class CudaDrawsOf<float>;
struct CudaStudy::State {};
CudaStudy::CudaStudy(const SyntheticPlan&, int64_t) { absent(); }
CudaStudy::~CudaStudy() = default;
CudaStudy::CudaStudy(CudaStudy&&) noexcept = default;
CudaStudy& CudaStudy::operator=(CudaStudy&&) noexcept = default;
void CudaStudy::synthesize(const StreamPosition&, uint64_t, int64_t, const SyntheticColumns&) {
  absent();
}
void CudaStudy::compare(const ComparatorPlan&, int64_t, double*) { absent(); }
void cuda_log_posterior(const Problem&, int64_t, const double*, double*) { absent(); }
void cuda_fit(const Problem*, int64_t, const FitRequest&, FitResult*) { absent(); }
void cuda_sort(double*, int64_t) { absent(); }

}  // namespace taugrid
