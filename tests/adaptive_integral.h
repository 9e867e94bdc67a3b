// The integral of exp(f(x)) over the line, x = log tau, by 16-point Gauss-Legendre panels that are
// halved until halving changes nothing, in long double: an oracle that shares no line with the
// library's quadrature.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

#include "tests/direct_integration.h"

namespace taugrid {

class AdaptiveIntegral {
 public:
  struct Node {
    Wide x, weight;  // relative to exp(peak())
  };

  // The range reaches to where exp(f(x)) and exp(f(x) + moments x), with the distance from
  // `places`, are e^-46 of their largest. breaks and places are tau: where f is not smooth, and
  // near which it changes.
  AdaptiveIntegral(std::function<Wide(Wide)> f, int moments, const std::vector<Wide>& breaks,
                   const std::vector<Wide>& places)
      : f_(std::move(f)) {
    for (const Wide tau : breaks) cuts_.push_back(std::log(tau));
    for (const Wide tau : places) cuts_.push_back(std::log(tau));
    std::sort(cuts_.begin(), cuts_.end());
    const Wide first = std::floor(cuts_.front()) - 2, last = std::ceil(cuts_.back()) + 2;
    for (Wide x = first; x <= last; x += 0.5L) cuts_.push_back(x);
    Wide moment_peak = -kWideInfinity;
    const auto note = [&](Wide x) {
      peak_ = std::max(peak_, f_(x));
      moment_peak = std::max(moment_peak, f_(x) + moments * x);
    };
    std::sort(cuts_.begin(), cuts_.end());
    for (size_t i = 0; i + 1 < cuts_.size(); ++i)
      for (int k = 0; k < 4; ++k) note(cuts_[i] + (cuts_[i + 1] - cuts_[i]) * (2 * k + 1) / 8);
    // Towards the largest, which may be narrow.
    Wide best = cuts_.front(), value = f_(best);
    for (size_t i = 0; i + 1 < cuts_.size(); ++i)
      for (int k = 0; k < 4; ++k) {
        const Wide x = cuts_[i] + (cuts_[i + 1] - cuts_[i]) * (2 * k + 1) / 8;
        if (f_(x) > value) best = x, value = f_(x);
      }
    for (Wide reach = 0.25L; reach > 1e-8L; reach /= 2)
      for (const Wide x : {best - reach, best + reach})
        if (f_(x) > value) best = x, value = f_(x);
    note(best);
    for (Wide reach = 0.25L; reach > 1e-7L; reach /= 4)
      cuts_.insert(cuts_.end(), {best - reach, best + reach});
    cuts_.push_back(best);
    // Outwards, faster and faster.
    for (Wide x = first, step = 0.5L;; step *= 1.3L) {
      x -= step;
      cuts_.push_back(x);
      if (x < -11000) throw std::logic_error("the adaptive integral has no end");
      note(x);
      if (f_(x) + std::log(1 + first - x) < peak_ - 46) break;
    }
    for (Wide x = last, step = 0.5L;; step *= 1.3L) {
      x += step;
      cuts_.push_back(x);
      if (x > 11000) throw std::logic_error("the adaptive integral has no end");
      note(x);
      if (f_(x) + moments * x + std::log(1 + x - last) < moment_peak - 46 &&
          f_(x) + std::log(1 + x - last) < peak_ - 46)
        break;
    }
    std::sort(cuts_.begin(), cuts_.end());
    moments_ = moments;
    moment_peak_ = moment_peak;
    for (size_t i = 0; i + 1 < cuts_.size(); ++i)
      if (cuts_[i] < cuts_[i + 1])
        halve(cuts_[i], cuts_[i + 1], rule(cuts_[i], cuts_[i + 1]), 0, nodes_);
    for (const Node& node : nodes_) total_ += node.weight;
  }

  const std::vector<Node>& nodes() const { return nodes_; }
  Wide peak() const { return peak_; }
  Wide total() const { return total_; }  // relative to exp(peak())
  Wide log_total() const { return peak_ + std::log(total_); }

  // The integral up to x, relative to exp(peak()).
  Wide below(Wide x) const {
    Wide sum = 0;
    for (size_t i = 0; i + 1 < cuts_.size() && cuts_[i] < x; ++i) {
      const Wide b = std::min(cuts_[i + 1], x);
      if (!(cuts_[i] < b)) continue;
      std::vector<Node> nodes;
      halve(cuts_[i], b, rule(cuts_[i], b), 0, nodes);
      for (const Node& node : nodes) sum += node.weight;
    }
    return sum;
  }

 private:
  std::vector<Node> rule(Wide a, Wide b) const {
    static const std::vector<std::pair<Wide, Wide>> kRule = gauss_rule(16);
    std::vector<Node> nodes;
    for (const auto& [t, weight] : kRule) {
      const Wide x = (a + b) / 2 + (b - a) / 2 * t;
      nodes.push_back({x, weight * (b - a) / 2 * std::exp(f_(x) - peak_)});
    }
    return nodes;
  }

  void halve(Wide a, Wide b, const std::vector<Node>& whole, int depth,
             std::vector<Node>& nodes) const {
    const Wide middle = (a + b) / 2;
    const std::vector<Node> left = rule(a, middle), right = rule(middle, b);
    Wide change = 0, size = 0, moment_change = 0;
    const auto moment = [&](const Node& node) {
      return moments_ == 0 ? 0 : node.weight * std::exp(moments_ * node.x - moment_peak_ + peak_);
    };
    for (const Node& node : whole) change += node.weight, moment_change += moment(node);
    for (const auto* half : {&left, &right})
      for (const Node& node : *half) {
        change -= node.weight;
        moment_change -= moment(node);
        size += node.weight;
      }
    if (depth > 40) throw std::logic_error("the adaptive integral does not converge");
    if (std::abs(change) > 1e-14L * size + 1e-17L || std::abs(moment_change) > 1e-14L) {
      halve(a, middle, left, depth + 1, nodes);
      halve(middle, b, right, depth + 1, nodes);
      return;
    }
    nodes.insert(nodes.end(), left.begin(), left.end());
    nodes.insert(nodes.end(), right.begin(), right.end());
  }

  std::function<Wide(Wide)> f_;
  std::vector<Wide> cuts_;
  std::vector<Node> nodes_;
  Wide peak_ = -kWideInfinity, total_ = 0, moment_peak_ = 0;
  int moments_ = 0;
};

}  // namespace taugrid
