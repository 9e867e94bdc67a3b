// The observations as draws see them: what ArviZ and loo keep beside draws.
#pragma once

#include <cstdint>

#include "taugrid/data.h"
#include "taugrid/posterior.h"

namespace taugrid {

// Both write columns (J, n) `stride` >= n values apart, of the draws of a block and their theta.
// T is double or float. The control's progress is in draws.

// log N(y_j | theta_j, sigma_j^2).
template <class T>
void log_likelihood(const Data& data, const DrawBlockOf<T>& draws, T* columns, int64_t stride,
                    const RunControl& control = {});

// y_rep_j = theta_j + sigma_j z_j, units of y: data replicated from each draw of the stream `seed`,
// with the normals (purpose predictive) that posterior predictive checks take too. The
// first draw is a multiple of 16; throws std::invalid_argument.
template <class T>
void replicate_data(const Data& data, const DrawBlockOf<T>& draws, uint64_t seed, T* columns,
                    int64_t stride, const RunControl& control = {});

}  // namespace taugrid
