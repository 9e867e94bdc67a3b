// Rows of cells as aligned text, or as HTML.
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
  // The first row is the head.
  std::string html() const;

 private:
  std::vector<Cells> rows_;
};

// With <, >, & and " as HTML has them.
std::string html_escaped(const std::string& text);

}  // namespace taugrid
