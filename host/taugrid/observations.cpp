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

namespace {

// work(begin, size) for blocks of the draws 0 .. n - 1.
template <class Work>
void by_blocks(int64_t n, const RunControl& control, const Work& work) {
  for (int64_t begin = 0; begin < n; begin += kBlockDraws) {
    if (control.stop && control.stop()) throw Stopped();
    const int64_t size = std::min(kBlockDraws, n - begin);
    work(begin, size);
    if (control.progress) control.progress(begin + size);
  }
}

}  // namespace

template <class T>
void log_likelihood(const Data& data, const DrawBlockOf<T>& draws, T* columns, int64_t stride,
                    const RunControl& control) {
  const IeeeEnvironment ieee;
  const ObservationDensity density(data);
  by_blocks(draws.size(), control, [&](int64_t begin, int64_t size) {
    const DrawBlockOf<T> block = draws.part(begin, size);
    for (int64_t j = 0; j < block.n_schools(); ++j)
      std::ranges::transform(block.theta(j), columns + j * stride + begin, [&](T theta) {
        return static_cast<T>(density.log_at(static_cast<size_t>(j), static_cast<double>(theta)));
      });
  });
}
template void log_likelihood(const Data&, const DrawBlockOf<double>&, double*, int64_t,
                             const RunControl&);
template void log_likelihood(const Data&, const DrawBlockOf<float>&, float*, int64_t,
                             const RunControl&);

template <class T>
void replicate_data(const Data& data, const DrawBlockOf<T>& draws, uint64_t seed, T* columns,
                    int64_t stride, const RunControl& control) {
  const IeeeEnvironment ieee;
  if (draws.first() % kDrawAlignment != 0)
    throw std::invalid_argument("replicated data: the first draw is " +
                                std::to_string(draws.first()) + ", must be a multiple of " +
                                std::to_string(kDrawAlignment));
  ReplicatedDataOf<T> replicated(data, seed);
  DoubleBlock doubles;
  by_blocks(draws.size(), control, [&](int64_t begin, int64_t size) {
    const T* const y = replicated.of(doubles.of(draws.part(begin, size)));
    for (int64_t j = 0; j < draws.n_schools(); ++j)
      std::copy_n(y + j * replicated.stride(), size, columns + j * stride + begin);
  });
}
template void replicate_data(const Data&, const DrawBlockOf<double>&, uint64_t, double*, int64_t,
                             const RunControl&);
template void replicate_data(const Data&, const DrawBlockOf<float>&, uint64_t, float*, int64_t,
                             const RunControl&);

}  // namespace taugrid
