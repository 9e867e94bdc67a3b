// The lists of what can be derived and checked, once: parsing and its errors are made of them.
#include "host/taugrid/derived.h"

#include <algorithm>
#include <stdexcept>

#include "host/taugrid/derived_counter.h"

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

// "best,rank" -> its words, none of them unknown, empty or there twice.
template <class Known>
std::vector<std::string> parse_list(const char* what, const std::string& text, const Known& known) {
  std::vector<std::string> words;
  if (text.empty()) return words;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    const std::string word = text.substr(begin, comma - begin);
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      std::string names;
      for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
      throw std::invalid_argument(std::string(what) + " '" + text + "': '" + word +
                                  "' is unknown, must be one of " + names +
                                  ", separated by commas");
    }
    if (std::find(words.begin(), words.end(), word) != words.end())
      throw std::invalid_argument(std::string(what) + " '" + text + "': '" + word +
                                  "' is there twice");
    words.push_back(word);
    begin = comma + 1;
  }
  return words;
}

}  // namespace

DeriveRequest parse_derive(const std::string& derive, const std::string& checks) {
  std::vector<std::string> derived_names;
  for (const DerivedName& row : kDerived) derived_names.emplace_back(row.name);
  DeriveRequest request;
  for (const std::string& word : parse_list("derive", derive, derived_names))
    for (const DerivedName& row : kDerived)
      if (word == row.name) request.*row.wanted = true;
  request.checks =
      parse_list("check", checks, std::vector<std::string>(std::begin(kChecks), std::end(kChecks)));
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
