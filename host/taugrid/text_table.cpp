#include "host/taugrid/text_table.h"

#include <algorithm>

#include "host/taugrid/number_text.h"

namespace taugrid {

void TextTable::add(const Cells& row) {
  if (widths_.size() < row.size()) widths_.resize(row.size());
  for (size_t c = 0; c < row.size(); ++c) {
    widths_[c] = std::max(widths_[c], display_width(row[c]));
    chars_ += row[c];
    lengths_.push_back(static_cast<uint32_t>(row[c].size()));
  }
  n_cells_.push_back(static_cast<uint32_t>(row.size()));
}

// row(cells, number) for each.
template <class Row>
void TextTable::for_rows(const Row& row) const {
  std::vector<std::string_view> cells;
  size_t at = 0;
  auto length = lengths_.begin();
  for (size_t r = 0; r < n_cells_.size(); ++r) {
    cells.clear();
    for (uint32_t c = 0; c < n_cells_[r]; ++c) {
      cells.push_back(std::string_view(chars_).substr(at, *length));
      at += *length++;
    }
    row(cells, r);
  }
}

void TextTable::write(const TextSink& sink) const {
  std::string text;
  for_rows([&](const std::vector<std::string_view>& cells, size_t) {
    for (size_t c = 0; c < cells.size(); ++c) {
      if (c > 0) text += "  ";
      const size_t blanks = widths_[c] - display_width(cells[c]);
      const bool left = c == 0 || c + 1 == widths_.size();
      if (!left) text.append(blanks, ' ');
      text += cells[c];
      if (left) text.append(blanks, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
    if (text.size() < kTextPart) return;
    sink(text);
    text.clear();
  });
  sink(text);
}

std::string TextTable::text() const {
  std::string whole;
  write([&](std::string_view part) { whole += part; });
  return whole;
}

void TextTable::write_html(const TextSink& sink) const {
  std::string text = "<table>\n";
  for_rows([&](const std::vector<std::string_view>& cells, size_t row) {
    const char* const tag = row == 0 ? "th" : "td";
    text += "<tr>";
    for (size_t c = 0; c < cells.size(); ++c) {
      const bool left = c == 0 || c + 1 == cells.size();
      text += std::string("<") + tag + (left ? " style=\"text-align:left\">" : ">") +
              html_escaped(cells[c]) + "</" + tag + ">";
    }
    text += "</tr>\n";
    if (text.size() < kTextPart) return;
    sink(text);
    text.clear();
  });
  sink(text + "</table>\n");
}

std::string html_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace taugrid
