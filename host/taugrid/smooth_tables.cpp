#include "host/taugrid/smooth_tables.h"

#include "kernels/math/elementary.h"

namespace taugrid {

SmoothTableStorage make_smooth_table(const std::function<double(double)>& f, double lower,
                                     double upper, int n_panels) {
  constexpr int kN = kSmoothCoefficients;
  double cosine[4 * kN];  // cos(pi i / (2 N))
  for (int i = 0; i < 4 * kN; ++i) {
    double sine;
    sincos_2pi<Scalar<>>(static_cast<double>(i) / (4 * kN), sine, cosine[i]);
  }
  const auto cosine_of = [&](int i) { return cosine[i % (4 * kN)]; };
  const double width = (upper - lower) / n_panels;
  SmoothTableStorage table;
  table.lower = lower;
  table.inverse_width = 1.0 / width;
  for (int panel = 0; panel < n_panels; ++panel) {
    double value[kN];
    for (int i = 0; i < kN; ++i)
      value[i] = f(lower + width * (panel + 0.5 * (1.0 + cosine_of(2 * i + 1))));
    // The Chebyshev series, then in powers by T_{n+1} = 2 t T_n - T_{n-1}.
    double power[kN] = {}, before[kN] = {}, chebyshev[kN] = {1.0};
    for (int n = 0; n < kN; ++n) {
      double c = 0.0;
      for (int i = 0; i < kN; ++i) c += value[i] * cosine_of(n * (2 * i + 1));
      c *= (n == 0 ? 1.0 : 2.0) / kN;
      for (int p = 0; p < kN; ++p) power[p] += c * chebyshev[p];
      double next[kN];
      for (int p = 0; p < kN; ++p)
        next[p] =
            (n == 0 ? 1.0 : 2.0) * (p > 0 ? chebyshev[p - 1] : 0.0) - (n == 0 ? 0.0 : before[p]);
      for (int p = 0; p < kN; ++p) {
        before[p] = chebyshev[p];
        chebyshev[p] = next[p];
      }
    }
    table.coefficient.insert(table.coefficient.end(), power, power + kN);
  }
  return table;
}

}  // namespace taugrid
