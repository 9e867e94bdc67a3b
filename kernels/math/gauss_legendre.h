// The 16-point Gauss-Legendre rule on (-1, 1) and the Legendre series through its nodes.
//   integral of f   ~ sum_i w_i f(t_i),                       exact for degree 31
//   coefficients    c_n = (n + 1/2) sum_i w_i P_n(t_i) f(t_i), the interpolant of degree 15
#pragma once

#include "kernels/math/lanes.h"

namespace taugrid {

inline constexpr int kPanelNodes = 16;

// Node i, i = 0..15, increasing. One half of them; the other is its mirror.
TAUGRID_INLINE double gauss_node(int i) {
  constexpr double kNode[8] = {0.09501250983763744, 0.2816035507792589, 0.45801677765722737,
                               0.6178762444026438,  0.755404408355003,  0.8656312023878318,
                               0.9445750230732326,  0.9894009349916499};
  return i < 8 ? -kNode[7 - i] : kNode[i - 8];
}

TAUGRID_INLINE double gauss_weight(int i) {
  constexpr double kWeight[8] = {0.1894506104550685,   0.18260341504492358, 0.16915651939500254,
                                 0.14959598881657674,  0.12462897125553388, 0.09515851168249279,
                                 0.062253523938647894, 0.027152459411754096};
  return i < 8 ? kWeight[7 - i] : kWeight[i - 8];
}

}  // namespace taugrid
