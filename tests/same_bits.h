// Equality of results bit by bit, naming the first difference.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "kernels/math/fit_types.h"
#include "kernels/math/lanes.h"

namespace taugrid {

inline testing::AssertionResult same_bits(const char*, const char*, const std::vector<double>& a,
                                          const std::vector<double>& b) {
  if (a.size() != b.size())
    return testing::AssertionFailure() << "sizes " << a.size() << " and " << b.size();
  for (size_t i = 0; i < a.size(); ++i)
    if (bits_of(a[i]) != bits_of(b[i]))
      return testing::AssertionFailure() << "element " << i << " is " << a[i] << " and " << b[i];
  return testing::AssertionSuccess();
}
#define EXPECT_SAME_BITS(a, b) EXPECT_PRED_FORMAT2(::taugrid::same_bits, a, b)

inline std::vector<double> values_of(const ParameterResult& p, const FitRequest& request) {
  std::vector<double> values = {p.mean, p.sd};
  if (request.mode_and_shortest)
    values.insert(values.end(), {p.mode, p.shortest_lower, p.shortest_upper});
  values.insert(values.end(), p.quantile, p.quantile + request.n_probabilities);
  return values;
}

// Every field that the request asks for.
inline void expect_same_fit(const FitResult& a, const FitResult& b, const FitRequest& request,
                            int64_t n_schools) {
  EXPECT_SAME_BITS(
      (std::vector<double>{a.log_evidence, a.cov_mu_tau, a.joint_mode_tau, a.joint_mode_mu}),
      (std::vector<double>{b.log_evidence, b.cov_mu_tau, b.joint_mode_tau, b.joint_mode_mu}));
  EXPECT_EQ(a.nodes, b.nodes);
  EXPECT_SAME_BITS(values_of(a.tau, request), values_of(b.tau, request)) << "tau";
  EXPECT_SAME_BITS(values_of(a.mu, request), values_of(b.mu, request)) << "mu";
  EXPECT_SAME_BITS(values_of(a.theta_new, request), values_of(b.theta_new, request)) << "theta_new";
  for (int64_t j = 0; request.theta && j < n_schools; ++j)
    EXPECT_SAME_BITS(values_of(a.theta[j], request), values_of(b.theta[j], request))
        << "theta " << j + 1;
}

}  // namespace taugrid
