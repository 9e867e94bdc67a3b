// The lists of what can be derived and checked, once: parsing and its errors are made of them.
#include "host/taugrid/derived.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "host/taugrid/word_list.h"

namespace taugrid {
namespace {

struct DerivedName {
  const char* name;
  bool DeriveRequest::*wanted;
};
constexpr DerivedName kDerived[] = {{"best", &DeriveRequest::best},
                                    {"rank", &DeriveRequest::rank},
                                    {"pairwise", &DeriveRequest::pairwise},
                                    {"max", &DeriveRequest::max}};
constexpr const char* kChecks[] = {"max", "min", "mean", "sd"};

}  // namespace

DeriveRequest parse_derive(const std::string& derive, const std::string& checks,
                           const std::string& prior_checks) {
  std::vector<std::string> derived_names;
  for (const DerivedName& row : kDerived) derived_names.emplace_back(row.name);
  DeriveRequest request;
  for (const std::string& word : parse_words("derive", derive, derived_names))
    for (const DerivedName& row : kDerived)
      if (word == row.name) request.*row.wanted = true;
  const std::vector<std::string> statistics(std::begin(kChecks), std::end(kChecks));
  request.checks = parse_words("check", checks, statistics);
  request.prior_checks = parse_words("check-prior", prior_checks, statistics);
  return request;
}

void check_derive(const DeriveRequest& request, int64_t n_schools) {
  // Throws where the library's caller wrote what the command line could not.
  parse_derive("", fmt::format("{}", fmt::join(request.checks, ",")),
               fmt::format("{}", fmt::join(request.prior_checks, ",")));
  if ((request.rank || request.pairwise) && n_schools > kMostRankedSchools)
    throw std::invalid_argument(std::string("derive ") + (request.rank ? "rank" : "pairwise") +
                                ": there are " + std::to_string(n_schools) +
                                " schools, must be at most " + std::to_string(kMostRankedSchools) +
                                " (J x J counts in every thread; best and max have no such limit)");
  const auto needs_two = [&](const char* what, const std::vector<std::string>& names) {
    if (n_schools < 2 && std::ranges::find(names, "sd") != names.end())
      throw std::invalid_argument(std::string(what) + " sd: there is 1 school, must be at least 2");
  };
  needs_two("check", request.checks);
  needs_two("check-prior", request.prior_checks);
}

}  // namespace taugrid
