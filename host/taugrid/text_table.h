// Aligned columns of text, for people.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "host/taugrid/number_text.h"

namespace taugrid {

using Cells = std::vector<std::string>;

// Aligned text: the first column and the last (of labels) to the left, numbers to the right.
class Table {
 public:
  void add(Cells row) { rows_.push_back(std::move(row)); }

  std::string text() const {
    std::vector<size_t> widths;
    for (const auto& row : rows_) {
      if (widths.size() < row.size()) widths.resize(row.size());
      for (size_t c = 0; c < row.size(); ++c)
        widths[c] = std::max(widths[c], display_width(row[c]));
    }
    std::string text;
    for (const auto& row : rows_) {
      std::string line;
      for (size_t c = 0; c < row.size(); ++c) {
        if (c > 0) line += "  ";
        const bool left = c == 0 || c + 1 == widths.size();
        line += left ? left_aligned(row[c], widths[c]) : right_aligned(row[c], widths[c]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + '\n';
    }
    return text;
  }

 private:
  std::vector<Cells> rows_;
};

}  // namespace taugrid
