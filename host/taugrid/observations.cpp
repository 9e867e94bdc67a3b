#include "host/taugrid/observations.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "host/taugrid/double_block.h"
#include "host/taugrid/ieee_environment.h"
#include "host/taugrid/observation_density.h"
#include "host/taugrid/replicated_data.h"
#include "kernels/kernels.h"

namespace taugrid {

template <class T>
void log_likelihood(const Data& data, const DrawBlockOf<T>& draws, T* columns, int64_t stride) {
  const IeeeEnvironment ieee;
  const ObservationDensity density(data);
  for (int64_t j = 0; j < draws.n_schools(); ++j) {
    const auto theta = draws.theta(j);
    for (int64_t i = 0; i < draws.size(); ++i)
      columns[j * stride + i] = static_cast<T>(density.log_at(
          static_cast<size_t>(j), static_cast<double>(theta[static_cast<size_t>(i)])));
  }
}
template void log_likelihood(const Data&, const DrawBlockOf<double>&, double*, int64_t);
template void log_likelihood(const Data&, const DrawBlockOf<float>&, float*, int64_t);

template <class T>
void replicate_data(const Data& data, const DrawBlockOf<T>& draws, uint64_t seed, T* columns,
                    int64_t stride) {
  const IeeeEnvironment ieee;
  if (draws.first() % kDrawAlignment != 0)
    throw std::invalid_argument("replicated data: the first draw is " +
                                std::to_string(draws.first()) + ", must be a multiple of " +
                                std::to_string(kDrawAlignment));
  ReplicatedDataOf<T> replicated(data, seed);
  DoubleBlock doubles;
  for (int64_t begin = 0; begin < draws.size(); begin += kBlockDraws) {
    const int64_t size = std::min(kBlockDraws, draws.size() - begin);
    const T* const y = replicated.of(doubles.of(draws.part(begin, size)));
    for (int64_t j = 0; j < draws.n_schools(); ++j)
      std::copy_n(y + j * replicated.stride(), size, columns + j * stride + begin);
  }
}
template void replicate_data(const Data&, const DrawBlockOf<double>&, uint64_t, double*, int64_t);
template void replicate_data(const Data&, const DrawBlockOf<float>&, uint64_t, float*, int64_t);

}  // namespace taugrid
