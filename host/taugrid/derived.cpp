// The lists of what can be derived and checked, once: parsing and its errors are made of them.
#include "host/taugrid/derived.h"

#include <algorithm>
#include <stdexcept>

#include "host/taugrid/derived_counter.h"
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

DeriveRequest parse_derive(const std::string& derive, const std::string& checks) {
  std::vector<std::string> derived_names;
  for (const DerivedName& row : kDerived) derived_names.emplace_back(row.name);
  DeriveRequest request;
  for (const std::string& word : parse_words("derive", derive, derived_names))
    for (const DerivedName& row : kDerived)
      if (word == row.name) request.*row.wanted = true;
  request.checks = parse_words("check", checks, {std::begin(kChecks), std::end(kChecks)});
  return request;
}

void check_derive(const DeriveRequest& request, int64_t n_schools) {
  std::string checks;
  for (const std::string& name : request.checks) checks += (checks.empty() ? "" : ",") + name;
  parse_derive("",
               checks);  // throws where the library's caller wrote what the command line could not
  if ((request.rank || request.pairwise) && n_schools > kMostRankedSchools)
    throw std::invalid_argument(std::string("derive ") + (request.rank ? "rank" : "pairwise") +
                                ": there are " + std::to_string(n_schools) +
                                " schools, must be at most " + std::to_string(kMostRankedSchools) +
                                " (J x J counts in every thread; best and max have no such limit)");
  if (n_schools < 2 &&
      std::find(request.checks.begin(), request.checks.end(), "sd") != request.checks.end())
    throw std::invalid_argument("check sd: there is 1 school, must be at least 2");
}

}  // namespace taugrid
