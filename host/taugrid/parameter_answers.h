// What is asked of one parameter at a time, beside a summary of all. Internal: the public interface
// is posterior.h.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/taugrid/law.h"
#include "host/taugrid/posterior.h"

namespace taugrid {

// Throws std::invalid_argument, beginning with `what`, where one is NaN.
void check_points(const std::vector<double>& x, const std::string& what);

// law_at, exact at the infinities too.
std::vector<LawPoint> law_at_points(const Engine& engine, const ParameterId& parameter,
                                    const std::vector<double>& x, bool relative_tails,
                                    const RunControl& control);

// The places among `probabilities` of the ends of a level's central interval, which mostly are ones
// already asked for and else are added.
std::pair<size_t, size_t> add_ends(double level, std::vector<double>& probabilities);

// Probabilities and the level in (0, 1), checked before.
std::vector<double> quantiles_of(const Engine& engine, const ParameterId& parameter,
                                 const std::vector<double>& probabilities,
                                 const RunControl& control);
Interval interval_of(const Engine& engine, const ParameterId& parameter, double level,
                     IntervalKind kind);

}  // namespace taugrid
