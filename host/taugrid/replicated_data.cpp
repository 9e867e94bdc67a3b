#include "host/taugrid/replicated_data.h"

#include <algorithm>

#include "kernels/kernels.h"

namespace taugrid {

template <class T>
ReplicatedDataOf<T>::ReplicatedDataOf(const Data& data, uint64_t seed)
    : centre_(static_cast<T>(data.y[most_precise_school(data.y, data.sigma)])), seed_(seed) {
  for (const double sigma : data.sigma) sigma_.push_back(static_cast<T>(sigma));
}

template <class T>
const T* ReplicatedDataOf<T>::of(const DrawBlock& block) {
  const int64_t n_schools = block.n_schools();
  stride_ = (block.size() + kDrawAlignment - 1) / kDrawAlignment * kDrawAlignment;
  const size_t size = static_cast<size_t>(n_schools * stride_);
  if (theta_.size() < size) {
    theta_ = BufferOf<T>(size);
    y_ = BufferOf<T>(size);
  }
  // The kernel reads whole packs.
  for (int64_t j = 0; j < n_schools; ++j) {
    T* column = theta_.data() + j * stride_;
    const auto theta = block.theta(j);
    std::transform(theta.begin(), theta.end(), column, [](double x) { return static_cast<T>(x); });
    std::fill(column + block.size(), column + stride_, T(0));
  }
  CheckStatisticsOf<T> wanted{};
  wanted.y = y_.data();
  wanted.y_stride = stride_;
  const StreamPosition at{seed_, 0, Purpose::kPredictive};
  const ReplicatePlanOf<T> plan{n_schools, sigma_.data(), centre_};
  cpu_kernels().of<T>().replicate(plan, at, block.first(), stride_, theta_.data(), stride_, wanted);
  return y_.data();
}

template class ReplicatedDataOf<double>;
template class ReplicatedDataOf<float>;

}  // namespace taugrid
