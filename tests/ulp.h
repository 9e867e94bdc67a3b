// How tests measure an elementary function: samples of its range, its largest
// error in ulp against MPFR at 128 bits, and the bits of every lane width
// against one lane.
//
// A function under test is a generic lambda (lanes, x) whose first argument
// only carries the lane set's type: TAUGRID_LANES(log<L>(x)).
#pragma once

#include <gtest/gtest.h>
#include <mpreal.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/math/lanes.h"

namespace taugrid {

using Oracle = mpfr::mpreal;

inline constexpr int kOracleBits = 128;
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

#define TAUGRID_LANES(expression) \
  [](auto lanes, auto x) {        \
    using L = decltype(lanes);    \
    return expression;            \
  }

// n points of (lo, hi): multiples of the golden ratio modulo 1, equidistributed
// and never random.
inline std::vector<double> uniform_samples(double lo, double hi, int n) {
  std::vector<double> x;
  for (int i = 0; i < n; ++i) {
    const double u = std::fmod((i + 0.5) * 0.61803398874989485, 1.0);
    x.push_back(lo + (hi - lo) * u);
  }
  return x;
}

// n points whose logarithms are equidistributed.
inline std::vector<double> log_samples(double lo, double hi, int n) {
  std::vector<double> x = uniform_samples(std::log(lo), std::log(hi), n);
  for (double& value : x) value = std::exp(value);
  return x;
}

// The 401 doubles around x.
inline std::vector<double> neighbours(double x) {
  std::vector<double> out = {x};
  double below = x;
  double above = x;
  for (int i = 0; i < 200; ++i) {
    below = std::nextafter(below, -kInfinity);
    above = std::nextafter(above, kInfinity);
    out.push_back(below);
    out.push_back(above);
  }
  return out;
}

inline std::vector<double> negated(std::vector<double> x) {
  for (double& value : x) value = -value;
  return x;
}

// The lists end to end.
template <class... Lists>
std::vector<double> join(const std::vector<double>& first, const Lists&... rest) {
  std::vector<double> out = first;
  (out.insert(out.end(), rest.begin(), rest.end()), ...);
  return out;
}

// Distance to the exact value, in spacings of doubles there; 0 where the exact
// value rounds to the infinity that was returned.
inline double ulps(double got, const Oracle& exact) {
  if (exact.toDouble() == got && (std::isinf(got) || exact == got)) return 0.0;
  if (!std::isfinite(got) || !mpfr::isfinite(exact) || mpfr::iszero(exact)) return kInfinity;
  const long spacing = std::max(static_cast<long>(exact.get_exp()) - 53, -1074L);
  return mpfr::abs(mpfr::ldexp(Oracle(got, kOracleBits) - exact, -spacing)).toDouble();
}

struct Worst {
  double ulp = 0.0;
  double at = 0.0;
};

template <class Function, class Exact>
Worst worst_ulp(Function function, Exact exact, const std::vector<double>& samples) {
  mpfr::mpreal::set_default_prec(kOracleBits);
  Worst worst;
  for (const double x : samples) {
    const double error = ulps(function(Scalar<>{}, x), exact(Oracle(x, kOracleBits)));
    if (!(error <= worst.ulp)) worst = {error, x};
  }
  return worst;
}

// The largest error over the samples is at most `bound` ulp, and no less than
// nine tenths of it: a bound is what was measured, rounded up.
#define TAUGRID_EXPECT_ULP(bound, ...)                                     \
  do {                                                                     \
    const ::taugrid::Worst worst = ::taugrid::worst_ulp(__VA_ARGS__);      \
    EXPECT_LE(worst.ulp, bound) << ::testing::PrintToString(worst.at);     \
    EXPECT_GE(worst.ulp, 0.9 * (bound)) << "the stated bound is too wide"; \
  } while (false)

template <class L, class Function>
void expect_bits_of_one_lane(Function function, const std::vector<double>& samples) {
  int differing = 0;
  for (size_t i = 0; i + L::N <= samples.size(); i += L::N) {
    const auto result = function(L{}, L::load(&samples[i]));
    for (int lane = 0; lane < L::N; ++lane) {
      const double expected = function(Scalar<>{}, samples[i + lane]);
      differing += bits_of(L::lane(result, lane)) != bits_of(expected);
    }
  }
  EXPECT_EQ(differing, 0) << "of " << samples.size() << " at width " << L::N;
}

template <class Function>
void expect_same_bits_at_every_width(Function function, std::vector<double> samples) {
  while (samples.size() % 8 != 0) samples.push_back(samples.back());
  expect_bits_of_one_lane<Pack<2>>(function, samples);
  expect_bits_of_one_lane<Pack<4>>(function, samples);
  expect_bits_of_one_lane<Pack<8>>(function, samples);
}

}  // namespace taugrid
