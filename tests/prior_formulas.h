// Every named prior of tau as its formula is written in the field's papers, in long double and from
// the standard library: the oracle of the table of priors.
#pragma once

#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/direct_integration.h"

namespace taugrid {

struct PriorFormula {
  Wide log_density;  // per unit of tau
  bool up_to_a_constant;
};

inline PriorFormula prior_formula(const std::string& text, const std::vector<double>& sigma,
                                  Wide tau) {
  const std::string name = text.substr(0, text.find(':'));
  const std::vector<Wide> p = prior_numbers(text);
  const Wide n = static_cast<Wide>(sigma.size());
  Wide sum_w = 0, sum_w2 = 0, sum_log_v = 0, s1 = 0, s2 = 0;
  for (const double s : sigma) {
    const Wide v = Wide(s) * s + tau * tau;
    sum_w += 1 / v;
    sum_w2 += 1 / (v * v);
    sum_log_v += std::log(v);
    s1 += 1 / (Wide(s) * s);
    s2 += 1 / (Wide(s) * s * s * s);
  }
  const Wide t = std::log(tau);
  const auto exactly = [](Wide x) { return PriorFormula{x, false}; };
  const auto log_t_density = [](Wide z, Wide df) {
    return std::lgamma((df + 1) / 2) - std::lgamma(df / 2) - std::log(df * kWidePi) / 2 -
           (df + 1) / 2 * std::log1p(z * z / df);
  };
  const auto inverse_gamma_variance = [&](Wide a, Wide b) {
    return std::log(2.0L) + a * std::log(b) - std::lgamma(a) - (2 * a + 1) * t - b / (tau * tau);
  };
  if (name == "uniform" && !p.empty() && tau > p[0]) return exactly(-kWideInfinity);
  if (name == "log_uniform" && (tau < p[0] || tau > p[1])) return exactly(-kWideInfinity);
  if (name == "uniform") return exactly(p.empty() ? 0 : -std::log(p[0]));
  if (name == "half_normal")
    return exactly(std::log(2 / kWidePi) / 2 - std::log(p[0]) - tau * tau / (2 * p[0] * p[0]));
  if (name == "half_cauchy")
    return exactly(std::log(2 / (kWidePi * p[0])) - std::log1p(tau / p[0] * (tau / p[0])));
  if (name == "half_t") return exactly(std::log(2 / p[1]) + log_t_density(tau / p[1], p[0]));
  if (name == "half_logistic")
    return exactly(std::log(2 / p[0]) - tau / p[0] - 2 * std::log1p(std::exp(-tau / p[0])));
  if (name == "exponential") return exactly(-std::log(p[0]) - tau / p[0]);
  if (name == "lomax") return exactly(std::log(p[0] / p[1]) - (p[0] + 1) * std::log1p(tau / p[1]));
  if (name == "rayleigh") return exactly(t - 2 * std::log(p[0]) - tau * tau / (2 * p[0] * p[0]));
  if (name == "log_normal")
    return exactly(-t - std::log(p[1]) - std::log(2 * kWidePi) / 2 -
                   (t - p[0]) * (t - p[0]) / (2 * p[1] * p[1]));
  if (name == "log_t") return exactly(-t - std::log(p[2]) + log_t_density((t - p[1]) / p[2], p[0]));
  if (name == "gamma")
    return exactly(p[0] * std::log(p[1]) - std::lgamma(p[0]) + (p[0] - 1) * t - p[1] * tau);
  if (name == "inv_gamma")
    return exactly(p[0] * std::log(p[1]) - std::lgamma(p[0]) - (p[0] + 1) * t - p[1] / tau);
  if (name == "inv_gamma_var") return exactly(inverse_gamma_variance(p[0], p[1]));
  if (name == "inv_chi_scaled")
    return exactly(inverse_gamma_variance(p[0] / 2, p[0] * p[1] * p[1] / 2));
  if (name == "log_uniform") return exactly(-t - std::log(std::log(p[1] / p[0])));
  if (name == "sqrt") return exactly(-t / 2);
  if (name == "jeffreys") return exactly(std::log(tau * tau * sum_w2) / 2);
  if (name == "overall_jeffreys") return {std::log(sum_w * tau * tau * sum_w2) / 2, true};
  if (name == "berger_deely") return exactly(t - sum_log_v / n);
  if (name == "conventional") return {t - 1.5L * sum_log_v / n, true};
  const Wide s0 = std::sqrt(n / s1);
  const auto shrinkage = [&](Wide s) {
    return std::log(2 * s * s * tau) - 2 * std::log(s * s + tau * tau);
  };
  if (name == "dumouchel") return exactly(std::log(s0) - 2 * std::log(s0 + tau));
  if (name == "shrinkage") return exactly(shrinkage(s0));
  if (name == "i2") return exactly(shrinkage(std::sqrt((n - 1) * s1 / (s1 * s1 - s2))));
  throw std::logic_error("no formula of tau prior " + text);
}

}  // namespace taugrid
