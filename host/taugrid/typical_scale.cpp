#include "host/taugrid/typical_scale.h"

#include <cmath>
#include <vector>

namespace taugrid {

// S1^2 - S2 = sum w_j (S1 - w_j), and each S1 - w_j is summed directly: as a difference it cancels,
// to 0 at sigma = 1e-6, 1e3, 1e4.
double typical_scale(std::span<const double> sigma) {
  const size_t n = sigma.size();
  // Sums of the weights before and after each.
  std::vector<double> after(n + 1, 0.0);
  const auto weight = [&](size_t j) { return 1.0 / (sigma[j] * sigma[j]); };
  for (size_t j = n; j-- > 0;) after[j] = after[j + 1] + weight(j);
  double before = 0.0, cross = 0.0;
  for (size_t j = 0; j < n; ++j) {
    cross += weight(j) * (before + after[j + 1]);
    before += weight(j);
  }
  return std::sqrt(static_cast<double>(n - 1) * after[0] / cross);
}

}  // namespace taugrid
