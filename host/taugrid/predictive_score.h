// The continuous ranked probability score of the posterior predictive law of a new effect, the
// integral of (F(t) - 1{t >= x})^2, in the units of y. Under a flat or a normal prior of mu by
// kernels/math/crps.h; under a uniform one, where the law is no mixture of normals, by adaptive
// Gauss-Kronrod integration of F^2 and (1 - F)^2 of the exact distribution function, to 1e-7.
// Internal.
//
// It is finite where p(tau|y) falls faster than tau^-1.5: F's tails then fall faster than t^-0.5,
// and need no mean (that mean does exist from tau^-2 on).
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/batch_fitter.h"

namespace taugrid {

class PredictiveScore {
 public:
  PredictiveScore(const TauPrior& tau, const MuPrior& mu, int64_t n_schools,
                  const CpuKernels& kernels);

  // Why there is none; empty where there is one.
  const std::string& absent() const { return absent_; }
  // At x, of the last fit. NaN where there is none.
  double at(BatchFitter& fitter, double x);

 private:
  // At x, of internal units.
  double integral(BatchFitter& fitter, double x);
  void evaluate(BatchFitter& fitter);  // both tails at the points
  // At point i that of x's side: F below, 1 - F above.
  double tail(double sign, size_t i) const { return sign < 0.0 ? lower_[i] : upper_[i]; }

  const CpuKernels& kernels_;
  std::string absent_;
  std::vector<double> points_, lower_, upper_, density_;
};

}  // namespace taugrid
