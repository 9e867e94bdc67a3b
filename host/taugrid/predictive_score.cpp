#include "host/taugrid/predictive_score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/taugrid/ieee_environment.h"
#include "host/taugrid/model_checks.h"
#include "kernels/cpu/study_kernels.h"
#include "kernels/math/law.h"

namespace taugrid {
namespace {

using S = Scalar<>;

// Below, theta_new has mass further out than crps.h integrates: half_t:0.75,1 of one study,
// tau^-1.75, is wrong in its first digit. tests/crps_test.cpp has cases down to here.
constexpr double kLeastExponent = 1.9;

constexpr double kTolerance = 1e-8;  // of the score
constexpr int kMostRounds = 40;
constexpr double kMostV = 64.0;

// Gauss and Kronrod's rule of 7 and 15 points (Piessens et al., QUADPACK, 1983), from the outermost
// node to the middle one; the second weight is that of the 7, 0 where the node is none of theirs.
constexpr int kHalfRule = 8;
struct KronrodNode {
  double x, weight, weight_of_7;
};
constexpr KronrodNode kRule[kHalfRule] = {
    {0.991455371120812639206854697526329, 0.022935322010529224963732008058970, 0.0},
    {0.949107912342758524526189684047851, 0.063092092629978553290700663189204,
     0.129484966168869693270611432679082},
    {0.864864423359769072789712788640926, 0.104790010322250183839876322541518, 0.0},
    {0.741531185599394439863864773280788, 0.140653259715525918745189590510238,
     0.279705391489276667901467771423780},
    {0.586087235467691130294144691258338, 0.169004726639267902826583426598550, 0.0},
    {0.405845151377397166906606412076961, 0.190350578064785409913256402421014,
     0.381830050505118944950369775488975},
    {0.207784955007898467600689403773245, 0.204432940075298892414161999234649, 0.0},
    {0.0, 0.209482141084727828012999174891714, 0.417959183673469387755102040816327}};

struct Panel {
  double sign, lower, upper;  // of v

  double middle() const { return 0.5 * (lower + upper); }
  double half() const { return 0.5 * (upper - lower); }
  double place(double x, double v) const { return x + sign * sinh_of<S>(v); }
};

}  // namespace

PredictiveScore::PredictiveScore(const TauPrior& tau, const MuPrior& mu, int64_t n_schools,
                                 const CpuKernels& kernels)
    : kernels_(kernels) {
  const double exponent = posterior_exponent(tau, mu, n_schools);
  if (tau.no_pooling()) {
    absent_ = "without pooling there is no law of theta_new";
  } else if (tau.fixed() || exponent >= kLeastExponent) {
    return;
  } else if (exponent > 1.5) {
    absent_ = fmt::format(
        "p(tau|y) falls as tau^-{:g}: the score of so heavy a tail is not computed", exponent);
  } else {
    absent_ = fmt::format("p(tau|y) falls only as tau^-{:g}: the score is infinite", exponent);
  }
}

double PredictiveScore::at(BatchFitter& fitter, double x) {
  if (!absent_.empty()) return std::numeric_limits<double>::quiet_NaN();
  const IeeeEnvironment ieee;
  const Units& units = fitter.units();
  const double place = (x - units.centre) / units.unit;
  return units.size(fitter.problem().mu.form == MuForm::kUniform
                        ? integral(fitter, place)
                        : kernels_.study()->crps(fitter.problem(), place, fitter.workspace()));
}

// From x outwards to both sides, in v, t = x +- sinh(v), all panels of both sides by one call a
// round. Cut at the bounds of mu, where F has kinks if tau can be small. F is monotone: where it is
// the same at two points nothing hides between them.
double PredictiveScore::integral(BatchFitter& fitter, double x) {
  std::vector<Panel> panels;
  for (const double sign : {-1.0, 1.0}) {
    std::vector<double> ends;
    for (double v = 0.0; v <= kMostV; v += 1.0) ends.push_back(v);
    for (const double bound : {fitter.problem().mu.a, fitter.problem().mu.b})
      if (const double v = asinh_of<S>(sign * (bound - x)); v > 0.0 && v < kMostV)
        ends.push_back(v);
    std::ranges::sort(ends);
    for (size_t i = 0; i + 1 < ends.size(); ++i) panels.push_back({sign, ends[i], ends[i + 1]});
  }
  // What a panel can hold at most, and so what all have to add up to at most.
  points_.clear();
  for (const Panel& panel : panels) points_.push_back(panel.place(x, panel.lower));
  evaluate(fitter);
  std::vector<double> most;
  double most_of_all = 0.0;
  for (size_t i = 0; i < panels.size(); ++i) {
    const double tail = this->tail(panels[i].sign, i);
    most.push_back(tail * tail * std::abs(panels[i].place(x, panels[i].upper) - points_[i]));
    most_of_all += most.back();
  }
  if (!std::isfinite(most_of_all)) return std::numeric_limits<double>::quiet_NaN();
  std::vector<Panel> some;
  for (size_t i = 0; i < panels.size(); ++i)
    if (most[i] > 1e-12 * most_of_all) some.push_back(panels[i]);

  double done = 0.0;
  for (int round = 0; round < kMostRounds && !some.empty(); ++round) {
    points_.clear();
    for (const Panel& panel : some)
      for (const KronrodNode& node : kRule)
        for (const double of : {-1.0, 1.0})
          if (node.x > 0.0 || of > 0.0)
            points_.push_back(panel.place(x, panel.middle() + of * panel.half() * node.x));
    evaluate(fitter);
    std::vector<double> values, errors;
    double sum = done;
    size_t p = 0;
    for (const Panel& panel : some) {
      double of_15 = 0.0, of_7 = 0.0;
      for (const KronrodNode& node : kRule)
        for (int i = 0; i < (node.x > 0.0 ? 2 : 1); ++i, ++p) {
          // dt / dv = cosh(v) = sqrt(1 + (t - x)^2)
          const double gap = points_[p] - x, tail = this->tail(panel.sign, p);
          const double value = tail * tail * std::sqrt(1.0 + gap * gap);
          of_15 += node.weight * value;
          of_7 += node.weight_of_7 * value;
        }
      values.push_back(panel.half() * of_15);
      errors.push_back(panel.half() * std::abs(of_15 - of_7));
      sum += values.back();
    }
    std::vector<Panel> halves;
    for (size_t i = 0; i < some.size(); ++i) {
      // A NaN ends it.
      if (!(errors[i] > kTolerance * sum) || round + 1 == kMostRounds) {
        done += values[i];
      } else {
        halves.push_back({some[i].sign, some[i].lower, some[i].middle()});
        halves.push_back({some[i].sign, some[i].middle(), some[i].upper});
      }
    }
    some = std::move(halves);
  }
  return done;
}

void PredictiveScore::evaluate(BatchFitter& fitter) {
  lower_.resize(points_.size());
  upper_.resize(points_.size());
  density_.resize(points_.size());
  kernels_.law(fitter.problem(),
               {LawOf::kThetaNew, 0, false, static_cast<int64_t>(points_.size()), points_.data()},
               fitter.workspace(), {lower_.data(), upper_.data(), density_.data()});
}

}  // namespace taugrid
