// The posterior by brute force, from the model's definition: prior(tau) prior(mu) prod N(y_j; mu,
// sigma_j^2 + tau^2) is evaluated on a two-dimensional grid in (log tau, mu) and summed; mu is not
// integrated out in closed form, and theta_j, theta_new enter by their normal law given (mu, tau)
// at every point. The oracle of the library's own quadrature, of which it shares no line.
//
// mu: Gauss-Legendre panels between the points where the integrand is e^-45 of its largest, cut
// wherever a CDF or a conditional law has its step. log tau: panels at most 1 wide, halved until
// halving changes nothing. Sums are of long double; exp and erfc of double, which is 1e-15 of what
// is compared to 1e-9. Everything is about the first y, so that y near 1e8 costs nothing.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/taugrid/data.h"

namespace taugrid {

using Wide = long double;

inline constexpr Wide kWidePi = 3.141592653589793238462643383279502884L;
inline constexpr Wide kWideInfinity = std::numeric_limits<Wide>::infinity();

// Nodes and weights on (-1, 1), by Newton's method on the Legendre polynomial.
inline std::vector<std::pair<Wide, Wide>> gauss_rule(int n) {
  std::vector<std::pair<Wide, Wide>> rule;
  for (int i = 0; i < n; ++i) {
    Wide t = std::cos(kWidePi * (i + 0.75L) / (n + 0.5L)), slope = 1;
    for (int step = 0; step < 8; ++step) {
      Wide before = 0, p = 1;
      for (int k = 0; k < n; ++k) {
        const Wide next = ((2 * k + 1) * t * p - k * before) / (k + 1);
        before = p;
        p = next;
      }
      slope = n * (t * p - before) / (t * t - 1);
      t -= p / slope;
    }
    rule.emplace_back(t, 2 / ((1 - t * t) * slope * slope));
  }
  return rule;
}

// "name:1,2" -> {1, 2}
inline std::vector<Wide> prior_numbers(const std::string& text) {
  std::vector<Wide> numbers;
  for (size_t at = text.find(':'); at != std::string::npos; at = text.find(',', at + 1))
    numbers.push_back(std::stod(text.substr(at + 1)));  // as the program reads it
  return numbers;
}

struct DirectTauPrior {
  std::function<Wide(Wide tau)> log_density;  // per unit of tau
  Wide scale;                                 // where it changes; 0 where nowhere
  Wide upper;                                 // end of its support
};

inline DirectTauPrior direct_tau_prior(const std::string& text) {
  const std::string name = text.substr(0, text.find(':'));
  const std::vector<Wide> p = prior_numbers(text);
  if (name == "uniform" && p.empty()) return {[](Wide) { return 0.0L; }, 0, kWideInfinity};
  if (p.size() != 1) throw std::logic_error("no direct form of tau prior " + text);
  const Wide s = p[0];
  if (name == "uniform") return {[s](Wide) { return -std::log(s); }, s, s};
  if (name == "half_normal") {
    return {[s](Wide tau) {
              return 0.5L * std::log(2 / kWidePi) - std::log(s) - 0.5L * (tau / s) * (tau / s);
            },
            s, kWideInfinity};
  }
  if (name == "half_cauchy") {
    return {[s](Wide tau) {
              // log(1 + r^2) where r^2 may overflow nothing: long double reaches 1e4932.
              return std::log(2 / kWidePi) - std::log(s) - std::log1p((tau / s) * (tau / s));
            },
            s, kWideInfinity};
  }
  throw std::logic_error("no direct form of tau prior " + text);
}

class DirectPosterior {
 public:
  // tau_moments: the highest k <= 2 for which E[tau^k | y] exists.
  DirectPosterior(const Data& data, const std::string& tau_prior, const std::string& mu_prior,
                  int tau_moments)
      : DirectPosterior(data, direct_tau_prior(tau_prior), mu_prior, tau_moments) {}

  DirectPosterior(const Data& data, DirectTauPrior tau_prior, const std::string& mu_prior,
                  int tau_moments)
      : prior_(std::move(tau_prior)), centre_(data.y[0]) {
    for (size_t j = 0; j < data.y.size(); ++j) {
      y_.push_back(Wide(data.y[j]) - centre_);
      variance_.push_back(Wide(data.sigma[j]) * data.sigma[j]);
    }
    const std::vector<Wide> p = prior_numbers(mu_prior);
    if (mu_prior.rfind("normal", 0) == 0) {
      mean0_ = p[0] - centre_;
      precision0_ = 1 / (p[1] * p[1]);
    } else if (mu_prior.rfind("uniform", 0) == 0) {
      lower_ = p[0] - centre_;
      upper_ = p[1] - centre_;
    }
    make_panels(tau_moments);
    sum_moments();
  }

  Wide log_evidence() const { return peak_ + std::log(total_); }
  Wide tau_mean() const { return tau_mean_; }
  Wide tau_sd() const { return std::sqrt(tau_variance_); }
  Wide mu_mean() const { return centre_ + mu_mean_; }
  Wide mu_sd() const { return std::sqrt(mu_variance_); }
  Wide cov_mu_tau() const { return cov_; }
  Wide theta_new_sd() const {
    return std::sqrt(mu_variance_ + tau_variance_ + tau_mean_ * tau_mean_);
  }
  Wide theta_mean(size_t j) const {
    Wide sum = 0;
    for (const Node& node : nodes_)
      sum += node.weight * (y_[j] + keep(node, j) * (node.mu_mean - y_[j]));
    return centre_ + sum / total_;
  }
  Wide theta_sd(size_t j) const {
    const Wide mean = theta_mean(j) - centre_;
    Wide sum = 0;
    for (const Node& node : nodes_) {
      const Wide off = y_[j] + keep(node, j) * (node.mu_mean - y_[j]) - mean;
      sum += node.weight * (variance_[j] * pull(node, j) +
                            keep(node, j) * keep(node, j) * node.mu_variance + off * off);
    }
    return std::sqrt(sum / total_);
  }

  double tau_cdf(double q) const {
    const Wide x = std::log(Wide(q));
    Wide sum = 0;
    for (const Panel& panel : panels_) {
      if (panel.upper <= x) {
        for (int i = 0; i < kNodes; ++i) sum += nodes_[panel.first + i].weight;
      } else if (panel.lower < x) {
        for (const Node& node : nodes_between(panel.lower, x)) sum += node.weight;
      }
    }
    return static_cast<double>(sum / total_);
  }
  // log p(tau | y) per unit of tau, up to a constant.
  Wide tau_log_density(Wide tau) const {
    const Node node = node_at(std::log(tau), 1);
    return std::log(node.weight) - std::log(tau);
  }

  // The laws of mu, theta_j and theta_new by one rule: CDF, density, and the density's first two
  // derivatives.
  struct Point {
    double cdf, density, slope, curvature;
  };
  Point mu(double q) const { return law(q, kMu, 0); }
  Point theta(size_t j, double q) const { return law(q, kTheta, j); }
  Point theta_new(double q) const { return law(q, kThetaNew, 0); }
  int n_nodes() const { return static_cast<int>(nodes_.size()); }

 private:
  static constexpr int kNodes = 16;
  static constexpr Wide kDrop = 45;
  enum Kind { kMu, kTheta, kThetaNew };

  // One log tau: what mu sees there.
  struct Node {
    Wide x, tau, weight;  // weight: Gauss weight times the integral over mu, relative to exp(peak_)
    Wide log_scale;       // of the integrand at mu = best: log joint density per unit of x and mu
    Wide best, low, high;       // largest integrand, and the range of mu
    Wide mu_mean, mu_variance;  // of mu given tau
    std::vector<Wide> w;        // 1 / v_j
    Wide gauss;                 // the Gauss weight alone
  };
  struct Panel {
    Wide lower, upper;
    size_t first;
  };

  // B_j and 1 - B_j.
  Wide pull(const Node& node, size_t j) const { return node.tau * node.tau * node.w[j]; }
  Wide keep(const Node& node, size_t j) const { return variance_[j] * node.w[j]; }

  // log of the joint density at (x, mu) less that at (x, best).
  Wide log_ratio(const Node& node, Wide mu) const {
    Wide sum = 0;
    for (size_t j = 0; j < y_.size(); ++j)
      sum += node.w[j] * ((node.best - mu) * (2 * y_[j] - mu - node.best));
    sum += precision0_ * ((node.best - mu) * (2 * mean0_ - mu - node.best));
    return -0.5L * sum;
  }

  // Of the log joint density in mu: the first, and minus the second.
  std::pair<Wide, Wide> derivatives(const Node& node, Wide mu) const {
    Wide gradient = precision0_ * (mean0_ - mu), precision = precision0_;
    for (size_t j = 0; j < y_.size(); ++j) {
      gradient += node.w[j] * (y_[j] - mu);
      precision += node.w[j];
    }
    return {gradient, precision};
  }

  // Where mu lives at this tau.
  Node locate(Wide x) const {
    Node node;
    node.x = x;
    node.tau = std::exp(x);
    Wide precision = precision0_, weighted = precision0_ * mean0_, logs = 0;
    for (size_t j = 0; j < y_.size(); ++j) {
      const Wide v = variance_[j] + node.tau * node.tau;
      node.w.push_back(1 / v);
      precision += 1 / v;
      weighted += y_[j] / v;
      logs += std::log(2 * kWidePi * v);
    }
    node.best = std::clamp(weighted / precision, lower_, upper_);
    Wide squares = precision0_ * (node.best - mean0_) * (node.best - mean0_);
    for (size_t j = 0; j < y_.size(); ++j)
      squares += node.w[j] * (y_[j] - node.best) * (y_[j] - node.best);
    node.log_scale = prior_.log_density(node.tau) + x - 0.5L * (logs + squares);
    if (precision0_ > 0) node.log_scale += 0.5L * std::log(precision0_ / (2 * kWidePi));
    if (upper_ < kWideInfinity) node.log_scale -= std::log(upper_ - lower_);
    // gradient d + precision d^2/2 = kDrop
    const Wide gradient = std::abs(weighted - precision * node.best);
    const Wide reach =
        2 * kDrop / (gradient + std::sqrt(gradient * gradient + 2 * kDrop * precision));
    // At a bound the gradient points out of it; else it is 0 but for rounding.
    node.low = std::max(lower_, node.best - reach);
    node.high = std::min(upper_, node.best + reach);
    return node;
  }

  // Sum of f(mu, weight) over Gauss nodes between low and high, with cuts.
  template <class F>
  void over_mu(const Node& node, Wide low, Wide high, std::vector<Wide> cuts, const F& f) const {
    static const std::vector<std::pair<Wide, Wide>> kRule = gauss_rule(16);
    for (int i = 0; i <= 4; ++i) cuts.push_back(node.low + (node.high - node.low) * i / 4);
    cuts.push_back(low);
    cuts.push_back(high);
    std::sort(cuts.begin(), cuts.end());
    for (size_t c = 0; c + 1 < cuts.size(); ++c) {
      const Wide a = std::max(cuts[c], low), b = std::min(cuts[c + 1], high);
      if (!(a < b)) continue;
      const Wide half = (b - a) / 2, middle = a + half;
      for (const auto& [t, weight] : kRule) {
        const Wide mu = middle + half * t;
        f(mu, weight * half * std::exp(static_cast<double>(log_ratio(node, mu))));
      }
    }
  }

  Node node_at(Wide x, Wide gauss) const {
    Node node = locate(x);
    Wide s0 = 0, s1 = 0, s2 = 0;
    const Wide unit = node.high - node.low;
    over_mu(node, node.low, node.high, {}, [&](Wide mu, Wide w) {
      const Wide d = (mu - node.best) / unit;
      s0 += w;
      s1 += w * d;
      s2 += w * d * d;
    });
    node.gauss = gauss;
    node.weight = gauss * s0 * std::exp(node.log_scale - peak_);
    node.mu_mean = node.best + unit * s1 / s0;
    node.mu_variance = unit * unit * (s2 / s0 - (s1 / s0) * (s1 / s0));
    return node;
  }

  std::vector<Node> nodes_between(Wide a, Wide b) const {
    static const std::vector<std::pair<Wide, Wide>> kRule = gauss_rule(kNodes);
    std::vector<Node> nodes;
    for (const auto& [t, weight] : kRule)
      nodes.push_back(node_at((a + b) / 2 + (b - a) / 2 * t, weight * (b - a) / 2));
    return nodes;
  }

  void make_panels(int moments) {
    Wide low = prior_.scale > 0 ? prior_.scale : kWideInfinity, high = prior_.scale;
    for (size_t j = 0; j < y_.size(); ++j) {
      low = std::min(low, std::sqrt(variance_[j]));
      high = std::max({high, std::sqrt(variance_[j]), std::abs(y_[j])});
      if (precision0_ > 0) high = std::max(high, std::abs(y_[j] - mean0_));
      if (upper_ < kWideInfinity) high = std::max({high, lower_ - y_[j], y_[j] - upper_});
    }
    Wide left = std::log(low) - 50, right = std::min(std::log(high) + 55, std::log(prior_.upper));
    // A rough mass over mu is enough to find the range.
    const auto rough = [&](Wide x) {
      const Node node = locate(x);
      return node.log_scale + std::log(node.high - node.low);
    };
    const Wide step = std::min(0.25L, 0.5L / std::sqrt(Wide(y_.size())));
    Wide peak = -kWideInfinity, moment_peak = -kWideInfinity;
    std::vector<std::pair<Wide, Wide>> scan;
    for (Wide x = right; x > left; x -= step) {
      scan.emplace_back(x, rough(x));
      peak = std::max(peak, scan.back().second);
      moment_peak = std::max(moment_peak, scan.back().second + moments * x);
    }
    peak_ = peak;
    size_t first = 0, last = scan.size() - 1;
    while (scan[first].second + moments * scan[first].first < moment_peak - kDrop) ++first;
    while (scan[last].second < peak - kDrop) --last;
    right = std::min(right, scan[first].first + step);
    left = scan[last].first - step;

    // Panels 1 wide, and finer towards the peak until it is no narrower than they.
    Wide best = scan[0].first, value = scan[0].second;
    for (const auto& [x, f] : scan)
      if (f > value) best = x, value = f;
    for (Wide reach = step; reach > 1e-15L; reach /= 2)
      for (const Wide x : {best - reach, best + reach})
        if (x <= right && rough(x) > value) best = x, value = rough(x);
    peak_ = value;
    std::vector<Wide> cuts;
    const int n = static_cast<int>(std::ceil(right - left));
    for (int i = 0; i <= n; ++i) cuts.push_back(left + (right - left) * i / n);
    for (Wide reach = 0.5L; reach > 1e-12L; reach /= 2) {
      bool narrow = false;
      for (const Wide x : {best - reach, best + reach}) {
        narrow = narrow || x <= left || (x < right && rough(x) < value - 4);
        if (left < x && x < right) cuts.push_back(x);
      }
      if (!narrow) break;
    }
    std::sort(cuts.begin(), cuts.end());
    for (size_t i = 0; i + 1 < cuts.size(); ++i)
      if (cuts[i] < cuts[i + 1])
        halve(cuts[i], cuts[i + 1], nodes_between(cuts[i], cuts[i + 1]), 0);
  }

  // Takes (a, b) in halves if its integral agrees with theirs.
  void halve(Wide a, Wide b, const std::vector<Node>& whole, int depth) {
    const Wide middle = (a + b) / 2;
    const std::vector<Node> left = nodes_between(a, middle), right = nodes_between(middle, b);
    Wide change = 0, size = 0;
    for (const Node& node : left) size += node.weight;
    for (const Node& node : right) size += node.weight;
    for (const Node& node : whole) change += node.weight;
    change -= size;
    if (depth >= 30) throw std::logic_error("the direct integration does not converge");
    // The integral as a whole is near 1: peak_ is that of the density. Its rounding sets a floor.
    if (std::abs(change) > (1e-13L + 1e-18L * std::abs(peak_)) * size + 1e-17L) {
      halve(a, middle, left, depth + 1);
      halve(middle, b, right, depth + 1);
      return;
    }
    panels_.push_back({a, middle, nodes_.size()});
    nodes_.insert(nodes_.end(), left.begin(), left.end());
    panels_.push_back({middle, b, nodes_.size()});
    nodes_.insert(nodes_.end(), right.begin(), right.end());
  }

  void sum_moments() {
    Wide tau = 0, mu = 0;
    for (const Node& node : nodes_) {
      total_ += node.weight;
      tau += node.weight * node.tau;
      mu += node.weight * node.mu_mean;
    }
    tau_mean_ = tau / total_;
    mu_mean_ = mu / total_;
    Wide tau2 = 0, mu2 = 0, both = 0;
    for (const Node& node : nodes_) {
      const Wide dt = node.tau - tau_mean_, dm = node.mu_mean - mu_mean_;
      tau2 += node.weight * dt * dt;
      mu2 += node.weight * (dm * dm + node.mu_variance);
      both += node.weight * dt * dm;
    }
    tau_variance_ = tau2 / total_;
    mu_variance_ = mu2 / total_;
    cov_ = both / total_;
  }

  Point law(double at, Kind kind, size_t j) const {
    const Wide q = Wide(at) - centre_;
    Wide cdf = 0, density = 0, slope = 0, curvature = 0;
    for (const Node& node : nodes_) {
      if (node.weight < 1e-15L * total_) continue;
      const Wide scale = node.gauss * std::exp(node.log_scale - peak_);
      if (kind == kMu) {
        if (q > node.low)
          over_mu(node, node.low, std::min(q, node.high), {},
                  [&](Wide, Wide w) { cdf += scale * w; });
        if (q < lower_ || q > upper_) continue;
        const auto [gradient, precision] = derivatives(node, q);
        const Wide f = scale * std::exp(log_ratio(node, q));
        density += f;
        slope += f * gradient;
        curvature += f * (gradient * gradient - precision);
        continue;
      }
      // theta given mu and tau is N(shift + keep mu, sd^2): a step in mu of width sd/keep.
      const Wide b = kind == kTheta ? pull(node, j) : 0;
      const Wide shift = kind == kTheta ? b * y_[j] : 0,
                 keep = kind == kTheta ? this->keep(node, j) : 1;
      const Wide sd = kind == kTheta ? std::sqrt(variance_[j] * b) : node.tau;
      const bool narrow = 8 * sd < keep * (node.high - node.low);
      std::vector<Wide> cuts;
      if (narrow)
        for (const Wide k : {-9.0L, -4.0L, 0.0L, 4.0L, 9.0L})
          cuts.push_back(std::clamp((q - shift + k * sd) / keep, node.low, node.high));
      const auto normal = [&](Wide mu) {
        const Wide z = (q - shift - keep * mu) / sd;
        return std::pair{
            z, Wide(0.3989422804014327 * std::exp(-0.5 * static_cast<double>(z * z))) / sd};
      };
      over_mu(node, node.low, node.high, cuts, [&](Wide mu, Wide w) {
        const auto [z, f] = normal(mu);
        cdf += scale * w * (0.5 * std::erfc(static_cast<double>(-z) * 0.70710678118654752));
        density += scale * w * f;
        if (!narrow) {
          slope += scale * w * f * (-z / sd);
          curvature += scale * w * f * ((z * z - 1) / (sd * sd));
        } else {
          // By parts: the derivatives of the integrand in mu are the tamer ones.
          const auto [gradient, precision] = derivatives(node, mu);
          slope += scale * w * f * gradient / keep;
          curvature += scale * w * f * (gradient * gradient - precision) / (keep * keep);
        }
      });
      if (!narrow) continue;
      for (const Wide end : {lower_, upper_}) {
        if (end != node.low && end != node.high) continue;
        const auto [z, f] = normal(end);
        const Wide edge =
            (end == lower_ ? 1 : -1) * scale * f * std::exp(log_ratio(node, end)) / keep;
        slope += edge;
        curvature += edge * (-z / sd + derivatives(node, end).first / keep);
      }
    }
    return {static_cast<double>(cdf / total_), static_cast<double>(density / total_),
            static_cast<double>(slope / total_), static_cast<double>(curvature / total_)};
  }

  DirectTauPrior prior_;
  Wide centre_;
  std::vector<Wide> y_, variance_;
  Wide mean0_ = 0, precision0_ = 0;
  Wide lower_ = -kWideInfinity, upper_ = kWideInfinity;
  std::vector<Node> nodes_;
  std::vector<Panel> panels_;
  Wide peak_ = 0, total_ = 0;
  Wide tau_mean_ = 0, tau_variance_ = 0, mu_mean_ = 0, mu_variance_ = 0, cov_ = 0;
};

}  // namespace taugrid
