// The statistics T of predictive checks (derived.h), of data and of replicated data. Internal.
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/derived.h"
#include "kernels/math/replicate.h"

namespace taugrid {

// T of values, which are relative to a centre; of these max, min and mean are too.
double statistic_of(const std::string& name, const std::vector<double>& values);

// Where the kernel puts a statistic.
template <class T>
T*& place_of(const std::string& name, CheckStatisticsOf<T>& statistics) {
  return name == "max"    ? statistics.max
         : name == "min"  ? statistics.min
         : name == "mean" ? statistics.mean
                          : statistics.sd;
}

// The check of T(y), relative to a centre but for sd, against n values of T(y_rep): their sums of
// differences from it and of the differences' squares, and how many are at or above it. y (J) is in
// units of y.
PredictiveCheck predictive_check(const std::string& name, const std::vector<double>& y,
                                 double centre, double observed, const double* sums, uint64_t count,
                                 int64_t n);

}  // namespace taugrid
