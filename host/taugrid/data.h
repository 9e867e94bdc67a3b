// One data set: an estimate y_j and its known standard error sigma_j for each of J schools
// (studies, genes, voxels).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace taugrid {

struct Data {
  std::vector<double> y;            // (J), any unit
  std::vector<double> sigma;        // (J), units of y, > 0
  std::vector<std::string> labels;  // (J), or empty

  int64_t n_schools() const { return static_cast<int64_t>(y.size()); }
};

// Throws std::invalid_argument, naming the row (1-based) and the quantity, unless J >= 1, lengths
// agree, every y is finite, every sigma is finite and positive, and both are within the range that
// double precision can hold in one problem: max sigma and max |y_j - y_k| within 1e24 of the
// smallest sigma.
void validate(const Data& data);
// The same of values alone.
void validate(std::span<const double> y, std::span<const double> sigma);

// That of the smallest sigma, of several the one of the smallest y: its y is the centre about which
// everything is computed.
size_t most_precise_school(std::span<const double> y, std::span<const double> sigma);

}  // namespace taugrid
