// What there is to check of a data set under its priors, and which moments exist: once for one
// posterior (make_model) and over and over for many under the same priors. Internal.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/taugrid/priors.h"

namespace taugrid {

// p(tau | y) falls as tau to minus this; infinity where it falls faster than any power.
double posterior_exponent(const TauPrior& tau, const MuPrior& mu, int64_t n_schools);
// Whether E[tau^k | y] and E[theta_new^k | y] exist; for k = 0, whether the posterior is proper.
bool tau_moment_exists(const TauPrior& tau, const MuPrior& mu, int64_t n_schools, int k);
// Whether E[mu^k | y] exists.
bool mu_moment_exists(const TauPrior& tau, const MuPrior& mu, int64_t n_schools, int k);

class ModelChecks {
 public:
  ModelChecks(const TauPrior& tau, const MuPrior& mu);

  // Throws std::invalid_argument as validate() does, where data and priors are together too wide
  // for double precision, or where the posterior is improper.
  void check(std::span<const double> y, std::span<const double> sigma) const;

 private:
  struct Scale {
    double value;
    bool fixed;       // at that value: as small as one likes
    std::string row;  // "ROW: " of a mixture
  };
  TauPrior tau_;
  MuPrior mu_;
  std::vector<Scale> scales_;
};

}  // namespace taugrid
