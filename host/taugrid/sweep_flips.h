// Where along the ranges of a sweep P(mu > 0 | y) crosses the probabilities at which a conclusion
// flips. Internal.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "host/taugrid/prior_ranges.h"
#include "host/taugrid/sweep.h"

namespace taugrid {

// Of a prior of tau and one of mu, by their texts.
using MuAboveZero =
    std::function<double(const std::string& tau_prior, const std::string& mu_prior)>;

struct FoundFlips {
  std::vector<SweepFlip> flips;
  std::vector<std::string> notes;  // of each that was seen but not found, a line
};

// `rows` are those of all combinations, for each prior of mu all of tau; what is NaN there has no
// crossing beside it. Ranges of tau come first, for each prior of mu; then those of mu, for each of
// tau; each by the value of its parameter. Where `mu_above_zero` throws, that flip is left out with
// a note, but Stopped ends the whole.
FoundFlips find_flips(std::span<const PriorFamily> tau, std::span<const PriorFamily> mu,
                      std::span<const SweepRow> rows, const MuAboveZero& mu_above_zero, int threads,
                      const std::function<bool()>& stop = {});

// x between a and b, of which f has different signs fa and fb, to within `tolerance` of a change of
// sign: the ITP method (Oliveira & Takahashi 2020, ACM Trans. Math. Softw. 47(1)), which takes
// hardly more evaluations than bisection at worst, and few where f is smooth.
double find_crossing(const std::function<double(double)>& f, double a, double fa, double b,
                     double fb, double tolerance);

}  // namespace taugrid
