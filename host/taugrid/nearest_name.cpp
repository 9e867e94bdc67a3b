#include "host/taugrid/nearest_name.h"

#include <algorithm>
#include <numeric>

namespace taugrid {
namespace {

constexpr size_t kMostEdits = 2;

// Levenshtein's, row by row of the table of prefixes.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string* nearest = nullptr;
  size_t fewest = kMostEdits + 1;
  for (const std::string& name : known) {
    // Before the table: a long word is far from every name.
    const size_t longer = std::max(word.size(), name.size()),
                 shorter = std::min(word.size(), name.size());
    if (longer - shorter > kMostEdits) continue;
    const size_t edits = edit_distance(word, name);
    if (edits >= fewest || edits >= shorter) continue;
    fewest = edits;
    nearest = &name;
  }
  return nearest == nullptr ? "" : "; did you mean " + *nearest + "?";
}

}  // namespace taugrid
