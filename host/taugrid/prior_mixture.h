// A weighted sum of priors of tau. Internal.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/taugrid/priors.h"

namespace taugrid {

struct PriorStorage;

// "mixture:0.5*half_normal:1+0.5*half_cauchy:5". Throws std::invalid_argument naming the row and
// the quantity.
TauPrior parse_mixture_prior(const std::string& text);

// Where the priors of a mixture's rows stand in its text, for what looks into them: [begin, end).
struct MixtureRowPlace {
  size_t begin, end;
};
std::vector<MixtureRowPlace> mixture_row_places(const std::string& text);

// Its record; sigma (J) in internal units. The rows go to the storage.
void fill_prior_mixture(const TauPrior& prior, double unit, std::span<const double> sigma,
                        PriorRecord& record, PriorStorage& storage);

// The record of one prior, whose pointers into the storage are not yet set (priors.cpp).
PriorRecord tau_prior_row_record(const TauPrior& prior, double unit, std::span<const double> sigma,
                                 PriorStorage& storage);

}  // namespace taugrid
