// The posterior law of one parameter at given points: CDF in both tails and density. Internal: what
// is asked for from outside is exceedance probabilities and densities (on_request.h).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/taugrid/batch_columns.h"
#include "host/taugrid/engine.h"
#include "host/taugrid/internal_units.h"

namespace taugrid {

struct ParameterId {
  ParameterKind kind;
  int64_t j;                 // of theta, from 0
  std::string name() const;  // tau, mu, theta[1], .., theta_new
};

// By name, or by a school's label. Throws std::invalid_argument, beginning with `what`, with what
// there is.
ParameterId find_parameter(const std::string& text, const Data& data, const std::string& what);

struct LawPoint {
  double lower, upper;  // P(<= x), P(> x)
  double density;       // per unit of y
};

// At tau = infinity, no pooling; y_j and sigma_j of a theta, x in units of y.
LawPoint law_without_pooling(const MuPrior& mu, ParameterKind parameter, double y_j, double sigma_j,
                             double x);
// All mass at one place.
LawPoint point_mass(double at, double x);

// Of any but tau.
LawOf law_of(ParameterKind parameter);

// x in the internal units of mu and theta, within what the kernels take: beyond 1e60 there is
// nothing, and squares stay within the range of a double.
double internal_place(const Units& units, double x);

// The nodes of tau with mu given tau at each, which every exact average over p(tau | y) uses:
// w.tau.weight, w.tau_value, w.tau2, w.mu_hat, w.v_mu, .. (n_nodes). Not for tau = infinity.
std::unique_ptr<FitWorkspace> posterior_nodes(const Engine& engine);

// log p(tau | y) per unit of y for tau >= 0 in units of y: -infinity outside the prior's support,
// and the limit at 0, infinite where the prior's is. NaN where tau is fixed.
std::vector<double> log_tau_density(const Engine& engine, std::span<const double> tau);

// At x, units of y. With `relative_tails` each tail is accurate relative to itself: to about 1e-9
// down to 1e-10, and to 1e-16 absolutely (1e-15 under a uniform prior of mu); otherwise to 1e-11
// absolutely. All NaN where the parameter does not exist; the density of what is known is infinite
// there and 0 elsewhere.
// Several calls may share their posterior_nodes, which the first that needs them makes. The
// control's stop throws Stopped.
std::vector<LawPoint> law_at(const Engine& engine, const ParameterId& parameter,
                             std::span<const double> x, bool relative_tails,
                             std::unique_ptr<FitWorkspace>* shared = nullptr,
                             const RunControl& control = {});

}  // namespace taugrid
