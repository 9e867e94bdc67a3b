// A finished result with all that a writer may meet: labels with commas and quotes, values that do
// not exist, numbers that need all their digits. The values mean nothing.
#pragma once

#include <limits>

#include "host/taugrid/summary.h"

namespace taugrid {

inline FitSummary example_fit() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInf = std::numeric_limits<double>::infinity();
  FitSummary fit;
  fit.n_schools = 2;
  fit.tau_prior = "half_t:4,5";
  fit.mu_prior = "flat";
  fit.backend = "cpu (v3)";
  fit.seconds = 0.000125;
  fit.probabilities = {0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975};
  fit.level = 0.95;
  fit.log_marginal_likelihood = kNan;
  fit.parameters = {
      {"tau", "", kNan, kInf, 0, {0.1, 0.2, 1, 5.0 / 3, 4, 8, 16}, {0.1, 16}, {0, 8}},
      {"mu",
       "",
       7.932375018237794,
       5.178394779722792,
       7.8,
       {-2.1, -0.3, 4.7, 7.9, 11.2, 16.3, 18.2},
       {-2.1, 18.2},
       {-2.2, 18.1}},
      {"theta[1]",
       "Hart, \"H\"",
       11.4,
       8.3,
       8.8,
       {-2.1, 0, 6, 10.2, 15.5, 27, 31.6},
       {-2.1, 31.6},
       {-3.5, 29.6}},
      {"theta[2]",
       "Søren",
       -0.00012,
       6.3,
       7.8,
       {-4.7, -2.3, 4, 7.9, 11.8, 18.2, 20.7},
       {-4.7, 20.7},
       {-4.7, 20.6}},
      {"theta_new",
       "",
       kNan,
       kNan,
       kNan,
       {kNan, kNan, kNan, kNan, kNan, kNan, kNan},
       {kNan, kNan},
       {kNan, kNan}},
  };
  fit.joint_mode_tau = 0;
  fit.joint_mode_mu = 7.5;
  fit.cov_mu_tau = kNan;
  fit.corr_mu_tau = 0.25;
  fit.notes = {"first note", "second note"};
  return fit;
}

inline DrawSummary example_draw() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  DrawSummary draw;
  draw.draws = 1'000'000;
  draw.seed = 18446744073709551615u;
  draw.precision = "double";
  draw.draws_per_second = 37.125e6;
  draw.probabilities = {0.025, 0.25, 0.5, 0.75, 0.975};
  for (int k = 0; k < 4; ++k) {
    draw.parameters.push_back(
        {k + 0.1, 0.005, 5, {k - 3.0, k - 1.0, k + 0.1, k + 1.0, k + 3.0}, 5.25});
  }
  draw.parameters.push_back({kNan, kNan, kNan, {kNan, kNan, kNan, kNan, kNan}, 0});
  return draw;
}

}  // namespace taugrid
