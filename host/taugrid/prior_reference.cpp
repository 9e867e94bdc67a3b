#include "host/taugrid/prior_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/taugrid/priors.h"

namespace taugrid {
namespace {

// The first J with a posterior, a mean and an sd of tau: a + J - 1 > k + 1 for k = 0, 1, 2 under a
// flat mu, one school fewer under a proper one. `log_tail` and the prior's own propriety are
// exceptions that log_t alone needs.
std::string first_schools(const TauPriorRow& row, const TauPriorFacts& facts) {
  const std::string tail = row.tail;
  if (std::isinf(facts.tail_exponent) && tail == "none") return "1, 1, 1";
  if (tail.find_first_not_of("0123456789/") != std::string::npos) return "by the rule";
  const double a = facts.tail_exponent;
  std::string text;
  for (int k = 0; k <= 2; ++k) {
    const double least = std::floor(k + 2.0 - a) + 1.0;
    text += fmt::format("{}{}", k == 0 ? "" : ", ",
                        k == 0 && facts.proper ? 1.0 : std::max(1.0, least));
  }
  return text;
}

// A vertical bar ends a cell in Markdown.
std::string cell(std::string text) {
  for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, "\\");
  return text;
}

}  // namespace

std::string prior_reference() {
  std::string text =
      "# Priors of tau and mu\n\n"
      "<!-- Written by `taugrid info --priors > docs/priors.md` from the table in "
      "host/taugrid/priors.cpp; a test holds "
      "them equal. -->\n\n"
      "v_j = sigma_j^2 + tau^2; S1 and S2 are sums over schools of sigma_j^-2 and sigma_j^-4; "
      "scales are in the units "
      "of y. Names follow R's bayesmeta (Roever 2020) where it has the prior.\n"
      "[table-and-mixture-priors.md](table-and-mixture-priors.md) says how `table` and `mixture` "
      "are written.\n\n"
      "The tail exponent a: the density falls as tau^-a; none where it falls faster than any "
      "power. With J schools and "
      "a flat mu the posterior\nfalls as tau^-(a + J - 1), with a proper prior of mu as tau^-(a + "
      "J). It is proper if "
      "the prior is, or if that exponent is above 1; E tau^k\nand E theta_new^k (and E mu^k under "
      "a flat mu) exist if "
      "it is above k + 1 (`log_t`: equal suffices). Every theta_j has all moments.\nThe last "
      "column has the first J "
      "with a posterior, a mean and an sd of tau under a flat mu; under a proper prior of mu one "
      "less will do.\n\n"
      "| prior of tau | | parameters | density | proper | a | J | reference |\n"
      "|---|---|---|---|---|---|---|---|\n";
  for (const TauPriorRow& row : tau_prior_rows()) {
    const TauPriorFacts facts = tau_prior_facts(row.name);
    const std::string proper = !facts.proper                   ? "no"
                               : facts.proper_without_optional ? "yes"
                                                               : "with all parameters";
    const bool log_tail = std::string(row.name) == "log_t";
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} | {} |\n", row.syntax,
                        cell(row.description), facts.parameters.empty() ? "none" : facts.parameters,
                        cell(row.density), proper, row.tail,
                        log_tail ? "1, 2, 3" : first_schools(row, facts), row.reference);
  }
  text +=
      "\n| prior of mu | | density | proper | reference |\n"
      "|---|---|---|---|---|\n";
  for (const TauPriorRow& row : mu_prior_rows())
    text += fmt::format("| `{}` | {} | {} | {} | {} |\n", row.syntax, cell(row.description),
                        cell(row.density), parse_mu_prior(row.example).proper() ? "yes" : "no",
                        row.reference);
  return text;
}

}  // namespace taugrid
