// The posterior by one-dimensional integration over log tau of p(tau | y) with mu integrated out in
// closed form (BDA3, eqs. 5.20, 5.21), in long double, for any prior of tau, atoms included: fast
// enough for hundreds of models. direct_integration.h is the oracle of the closed forms themselves.
// Flat and normal priors of mu.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "tests/prior_oracle.h"

namespace taugrid {

class MarginalPosterior {
 public:
  MarginalPosterior(const Data& data, const std::string& tau_prior, const std::string& mu_prior,
                    int tau_moments)
      : data_(data), prior_(prior_oracle(tau_prior, data.sigma)) {
    if (mu_prior.rfind("normal", 0) == 0) {
      const std::vector<Wide> p = prior_numbers(mu_prior);
      mean0_ = p[0];
      precision0_ = 1 / (p[1] * p[1]);
    }
    std::vector<Wide> places = prior_.places;
    Wide low = data.y[0], high = data.y[0];
    for (size_t j = 0; j < data.y.size(); ++j) {
      places.push_back(data.sigma[j]);
      low = std::min<Wide>(low, data.y[j]);
      high = std::max<Wide>(high, data.y[j]);
    }
    if (high > low) places.push_back(high - low);
    if (precision0_ > 0) places.push_back(std::abs(mean0_ - low) + 1e-3L * places.back());
    if (prior_.log_density) {
      integral_ = std::make_unique<AdaptiveIntegral>(
          [this](Wide x) {
            const Wide tau = std::exp(x);
            const Wide log_p = prior_.log_density(tau);
            return log_p == -kWideInfinity ? log_p : log_p + x + at(tau).log_likelihood;
          },
          tau_moments, prior_.breaks, places);
      peak_ = integral_->peak();
      for (const AdaptiveIntegral::Node& node : integral_->nodes())
        if (node.weight > 0) add(std::exp(node.x), node.weight);
    } else {
      for (const PriorOracle::Atom& atom : prior_.atoms)
        peak_ = std::max(peak_, at(atom.tau).log_likelihood);
    }
    for (const PriorOracle::Atom& atom : prior_.atoms)
      add(atom.tau, atom.weight * std::exp(at(atom.tau).log_likelihood - peak_));
    for (const Node& node : nodes_) total_ += node.weight;
  }

  Wide log_evidence() const { return peak_ + std::log(total_); }

  double tau_cdf(double q) const {
    Wide sum = integral_ && q > 0 ? integral_->below(std::log(Wide(q))) : 0;
    for (const PriorOracle::Atom& atom : prior_.atoms)
      if (atom.tau <= q) sum += atom.weight * std::exp(at(atom.tau).log_likelihood - peak_);
    return static_cast<double>(sum / total_);
  }
  // The posterior mass of the atoms at tau.
  double atom_mass(double tau) const {
    Wide sum = 0;
    for (const PriorOracle::Atom& atom : prior_.atoms)
      if (atom.tau == tau) sum += atom.weight * std::exp(at(atom.tau).log_likelihood - peak_);
    return static_cast<double>(sum / total_);
  }

  // A parameter given tau is normal: its mean, variance and tau.
  struct Normal {
    Wide mean, variance;
  };
  using Given = std::function<Normal(Wide tau, const Normal& mu)>;
  static Given tau() {
    return [](Wide tau, const Normal&) { return Normal{tau, 0}; };
  }
  static Given mu() {
    return [](Wide, const Normal& mu) { return mu; };
  }
  static Given theta_new() {
    return [](Wide tau, const Normal& mu) { return Normal{mu.mean, mu.variance + tau * tau}; };
  }
  Given theta(size_t j) const {
    return
        [y = data_.y[j], s2 = Wide(data_.sigma[j]) * data_.sigma[j]](Wide tau, const Normal& mu) {
          const Wide v = s2 + tau * tau, keep = s2 / v;
          return Normal{y + keep * (mu.mean - y), s2 * (tau * tau / v) + keep * keep * mu.variance};
        };
  }

  struct Moments {
    Wide mean, sd;
  };
  Moments moments(const Given& given) const {
    Wide mean = 0, variance = 0;
    for (const Node& node : nodes_) mean += node.weight * given(node.tau, node.mu).mean;
    mean /= total_;
    for (const Node& node : nodes_) {
      const Normal one = given(node.tau, node.mu);
      variance += node.weight * (one.variance + (one.mean - mean) * (one.mean - mean));
    }
    return {mean, std::sqrt(variance / total_)};
  }
  double cdf(const Given& given, double q) const {
    Wide sum = 0;
    for (const Node& node : nodes_) {
      const Normal one = given(node.tau, node.mu);
      sum += node.weight *
             std::erfc(static_cast<double>((one.mean - q) / std::sqrt(2 * one.variance))) / 2;
    }
    return static_cast<double>(sum / total_);
  }

 private:
  struct At {
    Normal mu;
    Wide log_likelihood;
  };
  struct Node {
    Wide tau, weight;
    Normal mu;
  };

  At at(Wide tau) const {
    Wide precision = precision0_, weighted = precision0_ * (mean0_ - data_.y[0]), product = 1,
         logs = 0;
    for (size_t j = 0; j < data_.y.size(); ++j) {
      const Wide v = Wide(data_.sigma[j]) * data_.sigma[j] + tau * tau;
      precision += 1 / v;
      weighted += (Wide(data_.y[j]) - data_.y[0]) / v;
      product *= 2 * kWidePi * v;
      if (product > 1e3000L || product < 1e-3000L) logs += std::log(product), product = 1;
    }
    const Wide mean = weighted / precision;
    const Wide r0 = mean0_ - data_.y[0] - mean;
    Wide squares = precision0_ * r0 * r0;
    for (size_t j = 0; j < data_.y.size(); ++j) {
      const Wide r = Wide(data_.y[j]) - data_.y[0] - mean;
      squares += r * r / (Wide(data_.sigma[j]) * data_.sigma[j] + tau * tau);
    }
    // The integral over mu of a flat density of 1, or of the normal one.
    Wide log_p = -(logs + std::log(product) + squares + std::log(precision)) / 2;
    log_p += precision0_ > 0 ? std::log(precision0_) / 2 : std::log(2 * kWidePi) / 2;
    return {{mean + data_.y[0], 1 / precision}, log_p};
  }
  void add(Wide tau, Wide weight) { nodes_.push_back({tau, weight, at(tau).mu}); }

  Data data_;
  PriorOracle prior_;
  Wide mean0_ = 0, precision0_ = 0;
  std::unique_ptr<AdaptiveIntegral> integral_;
  std::vector<Node> nodes_;
  Wide peak_ = -kWideInfinity, total_ = 0;
};

}  // namespace taugrid
