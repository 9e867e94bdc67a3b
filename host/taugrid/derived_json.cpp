// What was derived from draws, as JSON: shares of draws, each with its Monte Carlo standard error
// beside it.
#include "host/taugrid/result_json.h"

namespace taugrid {
namespace {

Json matrix(const std::vector<double>& values, size_t n) {
  Json rows = Json::array();
  for (size_t i = 0; i < n; ++i) {
    const auto row = values.begin() + static_cast<std::ptrdiff_t>(i * n);
    rows.push_back(std::vector<double>(row, row + static_cast<std::ptrdiff_t>(n)));
  }
  return rows;
}

Json largest_json(const FitSummary& fit, const DrawSummary& draw, const LargestEffect& largest) {
  Json object;
  object["school"] = largest.school + 1;
  const std::string& label = fit.parameters[static_cast<size_t>(2 + largest.school)].label;
  if (!label.empty()) object["label"] = label;
  object["mean"] = largest.mean;
  object["se_mean"] = largest.se_mean;
  object["sd"] = largest.sd;
  for (size_t i = 0; i < draw.probabilities.size(); ++i)
    object["q" + percent_text(draw.probabilities[i])] = largest.quantiles[i];
  object["rank_error"] = largest.rank_error;
  return object;
}

Json checks_json(const std::vector<PredictiveCheck>& checks) {
  Json array = Json::array();
  for (const PredictiveCheck& check : checks)
    array.push_back({{"statistic", check.statistic},
                     {"observed", check.observed},
                     {"mean", check.mean},
                     {"sd", check.sd},
                     {"p_value", check.p_value},
                     {"mcse", check.mcse}});
  return array;
}

}  // namespace

Json result_derived(const Result& result) {
  Json object = Json::object();
  if (result.draw == nullptr) return object;
  const DerivedSummary& derived = result.draw->derived;
  const size_t n = static_cast<size_t>(result.fit.n_schools);
  Json members = Json::object();
  if (!derived.best.p.empty()) {
    members["best"] = derived.best.p;
    members["best_se"] = derived.best.se;
  }
  if (!derived.rank.p.empty()) {
    members["rank"] = matrix(derived.rank.p, n);
    members["rank_se"] = matrix(derived.rank.se, n);
  }
  if (!derived.pairwise.p.empty()) {
    members["pairwise"] = matrix(derived.pairwise.p, n);
    members["pairwise_se"] = matrix(derived.pairwise.se, n);
  }
  if (!derived.max.empty()) members["max"] = largest_json(result.fit, *result.draw, derived.max[0]);
  if (!derived.shared.p.empty()) members["shared"] = derived.shared.p[0];
  if (!members.empty()) object["derived"] = members;
  if (!result.draw->checks.empty()) object["checks"] = checks_json(result.draw->checks);
  if (!result.draw->prior_checks.empty())
    object["prior_checks"] = checks_json(result.draw->prior_checks);
  return object;
}

}  // namespace taugrid
