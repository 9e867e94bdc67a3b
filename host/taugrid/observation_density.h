// log N(y_j | theta_j, sigma_j^2), the likelihood of one observation. Internal.
#pragma once

#include <vector>

#include "host/taugrid/data.h"
#include "kernels/math/elementary.h"

namespace taugrid {

class ObservationDensity {
 public:
  explicit ObservationDensity(const Data& data) : data_(data) {
    for (const double sigma : data.sigma) at_y_.push_back(-log<Scalar<>>(sigma) - kLogRoot2Pi);
  }

  // j counts from 0; theta in units of y.
  double log_at(size_t j, double theta) const {
    const double z = (data_.y[j] - theta) / data_.sigma[j];
    return at_y_[j] - 0.5 * (z * z);
  }

 private:
  const Data& data_;
  std::vector<double> at_y_;  // (J), where theta is y
};

}  // namespace taugrid
