// Rows of cells as aligned text, or as HTML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/taugrid/text_sink.h"

namespace taugrid {

// The first column and the last (of labels) to the left, numbers between them to the right.
class TextTable {
 public:
  using Cells = std::vector<std::string>;
  void add(const Cells& row);
  // Row by row.
  void write(const TextSink& sink) const;
  std::string text() const;
  // The first row is the head.
  void write_html(const TextSink& sink) const;

 private:
  // Cells lie one after another, because a table may have millions.
  template <class Row>
  void for_rows(const Row& row) const;
  std::string chars_;
  std::vector<uint32_t> lengths_;  // of all cells
  std::vector<uint32_t> n_cells_;  // of each row
  std::vector<size_t> widths_;     // of each column
};

// With <, >, & and " as HTML has them.
std::string html_escaped(std::string_view text);

}  // namespace taugrid
