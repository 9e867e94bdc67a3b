#include "host/taugrid/observations.h"

#include <algorithm>
#include <cmath>

#include "host/taugrid/ieee_environment.h"
#include "kernels/math/normal.h"

namespace taugrid {
namespace {

// About which values are taken, as engine.h does: the y of the smallest sigma.
double centre_of(const Data& data) {
  size_t best = 0;
  for (size_t j = 1; j < data.y.size(); ++j)
    if (data.sigma[j] < data.sigma[best] ||
        (data.sigma[j] == data.sigma[best] && data.y[j] < data.y[best]))
      best = j;
  return data.y[best];
}

}  // namespace

template <class T>
void log_likelihood(const Data& data, const DrawBlockOf<T>& draws, T* columns, int64_t stride) {
  const IeeeEnvironment ieee;
  for (int64_t j = 0; j < draws.n_schools(); ++j) {
    const double y = data.y[static_cast<size_t>(j)], sigma = data.sigma[static_cast<size_t>(j)];
    const double at_y = -log<Scalar<>>(sigma) - kLogRoot2Pi;
    const auto theta = draws.theta(j);
    for (int64_t i = 0; i < draws.size(); ++i) {
      const double z = (y - static_cast<double>(theta[static_cast<size_t>(i)])) / sigma;
      columns[j * stride + i] = static_cast<T>(at_y - 0.5 * (z * z));
    }
  }
}
template void log_likelihood(const Data&, const DrawBlockOf<double>&, double*, int64_t);
template void log_likelihood(const Data&, const DrawBlockOf<float>&, float*, int64_t);

template <class T>
void replicate_data(const Data& data, const DrawBlockOf<T>& draws, uint64_t seed, T* columns,
                    int64_t stride) {
  const IeeeEnvironment ieee;
  using L = Scalar<T>;
  constexpr int kPerBlock = kBlockUniforms<L>;
  const StreamPosition at{seed, 0, Purpose::kPredictive};
  const T centre = static_cast<T>(centre_of(data));
  for (int64_t j = 0; j < draws.n_schools(); j += kPerBlock) {
    const int64_t end = std::min(draws.n_schools(), j + kPerBlock);
    for (int64_t i = 0; i < draws.size(); ++i) {
      const BlockNormals<L> normals =
          replicate_normals<L>(at, draws.first() + static_cast<uint64_t>(i), j);
      for (int64_t k = j; k < end; ++k) {
        const T sigma = static_cast<T>(data.sigma[static_cast<size_t>(k)]);
        const T theta = draws.theta(k)[static_cast<size_t>(i)];
        columns[k * stride + i] = centre + std::fma(sigma, normals.z[k - j], theta - centre);
      }
    }
  }
}
template void replicate_data(const Data&, const DrawBlockOf<double>&, uint64_t, double*, int64_t);
template void replicate_data(const Data&, const DrawBlockOf<float>&, uint64_t, float*, int64_t);

}  // namespace taugrid
