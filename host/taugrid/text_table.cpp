#include "host/taugrid/text_table.h"

#include <algorithm>

#include "host/taugrid/number_text.h"

namespace taugrid {

std::string TextTable::text() const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    if (widths.size() < row.size()) widths.resize(row.size());
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(row[c]));
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

std::string TextTable::html() const {
  std::string text = "<table>\n";
  for (const auto& row : rows_) {
    const char* const tag = &row == rows_.data() ? "th" : "td";
    text += "<tr>";
    for (size_t c = 0; c < row.size(); ++c) {
      const bool left = c == 0 || c + 1 == row.size();
      text += std::string("<") + tag + (left ? " style=\"text-align:left\">" : ">") +
              html_escaped(row[c]) + "</" + tag + ">";
    }
    text += "</tr>\n";
  }
  return text + "</table>\n";
}

std::string html_escaped(const std::string& text) {
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
