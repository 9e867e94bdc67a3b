#include "host/taugrid/draw_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "host/taugrid/word_list.h"

namespace taugrid {
namespace {

struct GroupName {
  const char* name;
  bool DrawGroups::*wanted;
};
constexpr GroupName kGroups[] = {{"posterior", &DrawGroups::posterior},
                                 {"sample_stats", &DrawGroups::sample_stats},
                                 {"log_likelihood", &DrawGroups::log_likelihood},
                                 {"posterior_predictive", &DrawGroups::posterior_predictive}};

}  // namespace

DrawGroups parse_draw_groups(const std::string& list) {
  std::vector<std::string> names;
  DrawGroups groups;
  for (const GroupName& row : kGroups) {
    names.emplace_back(row.name);
    groups.*row.wanted = false;
  }
  const std::vector<std::string> words = parse_words("groups", list, names);
  for (const std::string& word : words)
    for (const GroupName& row : kGroups)
      if (word == row.name) groups.*row.wanted = true;
  return groups;
}

void check_block(const DrawBlock& block, int64_t n_schools, const char* what) {
  if (!block.has_lp()) throw std::invalid_argument(fmt::format("{} needs draws with lp", what));
  if (block.n_schools() != n_schools)
    throw std::invalid_argument(
        fmt::format("a block of draws has {} schools, the file {}", block.n_schools(), n_schools));
}

int64_t rows_at_a_time(int64_t n_schools) {
  constexpr uint64_t kValues = uint64_t{1} << 20;
  const uint64_t fit = std::bit_floor(kValues / static_cast<uint64_t>(n_schools));
  return std::clamp(static_cast<int64_t>(fit), int64_t{16}, int64_t{8192});
}

}  // namespace taugrid
