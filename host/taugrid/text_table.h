// Rows of cells as aligned text.
#pragma once

#include <string>
#include <vector>

namespace taugrid {

// The first column and the last (of labels) to the left, numbers between them to the right.
class TextTable {
 public:
  using Cells = std::vector<std::string>;
  void add(Cells row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<Cells> rows_;
};

}  // namespace taugrid
