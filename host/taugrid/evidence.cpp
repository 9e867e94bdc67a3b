#include "host/taugrid/evidence.h"

#include <limits>

namespace taugrid {

double log_evidence(const Engine& engine, const Problem& problem, FitWorkspace& workspace) {
  FitStorage storage(0, 0);
  FitRequest tau_only{};
  tau_only.level = 0.95;
  engine.kernels->fit(problem, tau_only, workspace, storage.result);
  return storage.result.log_evidence;
}

Evidence evidence_of(const Engine& engine) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (engine.model.tau_prior.no_pooling()) return {kNaN, nullptr};
  Evidence evidence{kNaN, std::make_unique_for_overwrite<FitWorkspace>()};
  const double log_p = log_evidence(engine, engine.problem, *evidence.nodes);
  if (!evidence.nodes->unresolved) evidence.log_p = log_p;
  return evidence;
}

double log_evidence_constant(MuForm mu, int64_t n_schools, double log_unit) {
  // y has J dimensions of unit and sqrt(2 pi), of which a flat mu takes one; the density of a
  // uniform mu brings the unit back.
  const double n = static_cast<double>(n_schools);
  const double n_units = mu == MuForm::kFlat ? n - 1.0 : n;
  const double n_roots = mu == MuForm::kNormal ? n : n - 1.0;
  return -(n_units * log_unit) - n_roots * kLogRoot2Pi;
}

}  // namespace taugrid
