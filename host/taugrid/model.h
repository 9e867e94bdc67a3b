// A data set with its priors: what is proper, and which moments exist.
#pragma once

#include <string>
#include <vector>

#include "taugrid/data.h"
#include "taugrid/priors.h"

namespace taugrid {

struct Model {
  Data data;
  TauPrior tau_prior;
  MuPrior mu_prior;

  // Whether E[tau^k | y] and E[theta_new^k | y] exist; for k = 0, whether the posterior is proper.
  bool tau_moment_exists(int k) const;
  // Whether E[mu^k | y] exists. (Every theta_j has all moments.)
  bool mu_moment_exists(int k) const;
};

// Validates everything. Throws std::invalid_argument, for an improper posterior with the reason and
// what would make it proper.
Model make_model(Data data, const std::string& tau_prior, const std::string& mu_prior);

}  // namespace taugrid
