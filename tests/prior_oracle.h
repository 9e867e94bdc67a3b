// A prior of tau as an oracle needs it, tables, mixtures and numerically normalised rows included:
// its formula (prior_formulas.h) with its constant, where it is not smooth, and its atoms.
#pragma once

#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/adaptive_integral.h"
#include "tests/prior_formulas.h"

namespace taugrid {

// Knots of a CSV file whose columns are tau and density, with # comments; those of density 0 left
// out.
struct TableKnots {
  std::vector<Wide> tau, f;  // f: log density
};

inline TableKnots table_knots(const std::string& path) {
  TableKnots knots;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line[0] == 't') continue;
    const double density = std::stod(line.substr(line.find(',') + 1));
    if (density == 0) continue;
    knots.tau.push_back(std::stod(line));
    knots.f.push_back(std::log(static_cast<Wide>(density)));
  }
  return knots;
}

// The monotone cubic of Fritsch & Butland (1984), as SciPy's documentation of PchipInterpolator has
// it, by its basis on [0, 1]; -inf outside the knots.
inline Wide table_log_density(const TableKnots& knots, Wide tau) {
  const std::vector<Wide>&x = knots.tau, &f = knots.f;
  const size_t n = x.size();
  if (tau < x[0] || tau > x[n - 1]) return -kWideInfinity;
  const auto h = [&](size_t k) { return x[k + 1] - x[k]; };
  const auto d = [&](size_t k) { return (f[k + 1] - f[k]) / h(k); };
  const auto slope = [&](size_t k) -> Wide {
    if (n == 2) return d(0);
    if (k > 0 && k + 1 < n) {
      if (d(k - 1) * d(k) <= 0) return 0;
      const Wide w1 = 2 * h(k) + h(k - 1), w2 = h(k) + 2 * h(k - 1);
      return 1 / ((w1 / d(k - 1) + w2 / d(k)) / (w1 + w2));
    }
    const size_t near = k == 0 ? 0 : n - 2, next = k == 0 ? 1 : n - 3;
    const Wide three_point =
        ((2 * h(near) + h(next)) * d(near) - h(near) * d(next)) / (h(near) + h(next));
    if (three_point * d(near) <= 0) return 0;
    if (d(near) * d(next) < 0 && std::abs(three_point) > 3 * std::abs(d(near))) return 3 * d(near);
    return three_point;
  };
  size_t k = std::upper_bound(x.begin(), x.end(), tau) - x.begin();
  k = std::min(k, n - 1) - 1;
  const Wide s = (tau - x[k]) / h(k), r = 1 - s;
  return f[k] * (1 + 2 * s) * r * r + f[k + 1] * s * s * (3 - 2 * s) +
         h(k) * s * r * (slope(k) * r - slope(k + 1) * s);
}
struct PriorOracle {
  std::function<Wide(Wide tau)>
      log_density;  // of the part that is no atom, per unit of tau; -inf outside its support
  std::vector<Wide> breaks;  // tau between which it is smooth
  std::vector<Wide> places;  // tau near which it changes
  struct Atom {
    Wide tau, weight;
  };
  std::vector<Atom> atoms;
};

inline PriorOracle prior_oracle(const std::string& text, const std::vector<double>& sigma);

// WEIGHT*PRIOR joined by plus signs, with no other plus sign in these tests.
inline PriorOracle mixture_oracle(const std::string& text, const std::vector<double>& sigma) {
  PriorOracle all;
  struct Row {
    Wide log_weight;
    std::function<Wide(Wide)> log_density;
  };
  auto rows = std::make_shared<std::vector<Row>>();
  for (std::string rest = text.substr(8); !rest.empty();) {
    const std::string row = rest.substr(0, rest.find('+'));
    rest = rest.size() > row.size() ? rest.substr(row.size() + 1) : "";
    const Wide weight = std::stod(row);
    const std::string prior = row.substr(row.find('*') + 1);
    if (prior.rfind("fixed:", 0) == 0) {
      all.atoms.push_back({prior_numbers(prior)[0], weight});
      continue;
    }
    PriorOracle one = prior_oracle(prior, sigma);
    rows->push_back({std::log(weight), one.log_density});
    all.breaks.insert(all.breaks.end(), one.breaks.begin(), one.breaks.end());
    all.places.insert(all.places.end(), one.places.begin(), one.places.end());
  }
  if (rows->empty()) return all;
  all.log_density = [rows](Wide tau) {
    Wide largest = -kWideInfinity, sum = 0;
    std::vector<Wide> terms;
    for (const Row& row : *rows) terms.push_back(row.log_weight + row.log_density(tau));
    for (const Wide term : terms) largest = std::max(largest, term);
    if (largest == -kWideInfinity) return largest;
    for (const Wide term : terms) sum += std::exp(term - largest);
    return largest + std::log(sum);
  };
  return all;
}

inline PriorOracle prior_oracle(const std::string& text, const std::vector<double>& sigma) {
  const std::string name = text.substr(0, text.find(':'));
  if (name == "mixture") return mixture_oracle(text, sigma);
  PriorOracle oracle;
  if (name == "table") {
    const auto knots = std::make_shared<TableKnots>(table_knots(text.substr(6)));
    oracle.log_density = [knots](Wide tau) { return table_log_density(*knots, tau); };
    for (const Wide tau : knots->tau)
      if (tau > 0) oracle.breaks.push_back(tau);
    oracle.places = oracle.breaks;
  } else {
    oracle.log_density = [text, sigma](Wide tau) {
      return prior_formula(text, sigma, tau).log_density;
    };
    const std::vector<Wide> p = prior_numbers(text);
    if (name == "fixed") {
      oracle.log_density = nullptr;
      oracle.atoms.push_back({p[0], 1});
      return oracle;
    }
    if (name == "uniform" || name == "log_uniform") oracle.breaks = p;
    if (name == "log_normal" || name == "log_t") {
      const Wide at = p[p.size() - 2], width = p.back();
      for (int k = -12; k <= 12; ++k) oracle.places.push_back(std::exp(at + width * k));
    } else if (name == "gamma") {
      oracle.places = {1 / p[1], p[0] / p[1]};
    } else if (name == "inv_gamma_var") {
      oracle.places = {std::sqrt(p[1])};
    } else if (!p.empty()) {
      oracle.places = {p.back()};
    }
    for (const double s : sigma) oracle.places.push_back(s);
    if (!prior_formula(text, sigma, 1).up_to_a_constant) return oracle;
  }
  const auto log_density = oracle.log_density;
  const AdaptiveIntegral integral([&](Wide x) { return log_density(std::exp(x)) + x; }, 0,
                                  oracle.breaks, oracle.places);
  const Wide log_constant = -integral.log_total();
  oracle.log_density = [log_density, log_constant](Wide tau) {
    return log_density(tau) + log_constant;
  };
  return oracle;
}

}  // namespace taugrid
