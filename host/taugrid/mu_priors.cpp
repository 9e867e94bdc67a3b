// The priors of mu: their table and their syntax.
#include <cmath>
#include <stdexcept>

#include "host/taugrid/nearest_name.h"
#include "host/taugrid/prior_text.h"
#include "host/taugrid/priors.h"
#include "kernels/math/posterior.h"

namespace taugrid {

bool MuPrior::proper() const { return form != MuForm::kFlat; }

namespace {

[[noreturn]] void refuse_name(const std::string& name) {
  std::vector<std::string> names;
  for (const TauPriorRow& row : mu_prior_rows()) names.emplace_back(row.syntax);
  std::vector<std::string> words;
  for (const TauPriorRow& row : mu_prior_rows()) words.emplace_back(row.name);
  throw std::invalid_argument("mu prior '" + name + "' is unknown; known are " + joined(names) +
                              did_you_mean(name, words));
}

}  // namespace

std::vector<PriorParameter> mu_prior_parameters(const std::string& name) {
  if (name == "flat") return {};
  if (name == "normal") return {{"mean", false}, {"sd", true}};
  if (name == "uniform") return {{"lower", false}, {"upper", false}};
  refuse_name(name);
}

MuPrior parse_mu_prior(const std::string& text) {
  const NameAndNumbers parts = split_prior(text, "mu");
  const auto& p = parts.numbers;
  const auto require = [&](bool condition, const std::string& message) {
    if (!condition) throw std::invalid_argument("mu prior " + text + ": " + message);
  };
  for (size_t i = 0; i < p.size(); ++i)
    require(std::isfinite(p[i]), "'" + parts.texts[i] + "' must be finite");
  if (parts.name == "flat") {
    require(p.empty(), "flat has no parameters");
    return {text, MuForm::kFlat, 0.0, 0.0};
  }
  if (parts.name == "normal") {
    require(p.size() == 2,
            "has " + std::to_string(p.size()) + " parameters, must be normal:mean,sd");
    require(p[1] > 0.0, "sd is " + parts.texts[1] + ", must be positive");
    return {text, MuForm::kNormal, p[0], p[1]};
  }
  if (parts.name == "uniform") {
    require(p.size() == 2,
            "has " + std::to_string(p.size()) + " parameters, must be uniform:lower,upper");
    require(p[0] < p[1], "lower is " + parts.texts[0] + ", must be below upper, " + parts.texts[1]);
    return {text, MuForm::kUniform, p[0], p[1]};
  }
  refuse_name(parts.name);
}

std::span<const TauPriorRow> mu_prior_rows() {
  static const TauPriorRow kTexts[] = {
      {"flat", "flat", "flat on the line (improper)", "1", "BDA3, section 5.4", "flat", ""},
      {"normal", "normal:mean,sd", "normal", "exp(-(mu - mean)^2/(2 sd^2)) / (sd sqrt(2 pi))",
       "Roever 2020, J. Stat. Softw. 93(6)", "normal:0,5", ""},
      {"uniform", "uniform:lower,upper", "flat between two bounds", "1/(upper - lower)",
       "BDA3, section 2.8", "uniform:-20,20", ""},
  };
  return kTexts;
}

}  // namespace taugrid
