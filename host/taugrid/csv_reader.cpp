#include "host/taugrid/csv_reader.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

namespace taugrid {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Records one after another: a quoted field may hold line breaks, so lines are counted, not split.
class CsvScanner {
 public:
  CsvScanner(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  // The next record that is neither blank nor a comment; false at the end.
  bool next(std::vector<std::string>& fields) {
    while (at_ < text_.size()) {
      const std::string_view rest = text_.substr(at_);
      const std::string_view line = rest.substr(0, rest.find_first_of("\r\n"));
      const std::string_view content = trimmed(line);
      if (content.empty() || content[0] == '#') {
        at_ += line.size();
        end_line();
        continue;
      }
      record_line_ = line_;
      fields.clear();
      while (read_field(fields.emplace_back())) {
      }
      end_line();
      return true;
    }
    return false;
  }

  // Where the last record began, 1-based.
  int64_t line() const { return record_line_; }

 private:
  bool at_break() const { return at_ == text_.size() || text_[at_] == '\n' || text_[at_] == '\r'; }

  // Past one line break: LF, CRLF or CR.
  void end_line() {
    if (at_ == text_.size()) return;
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  // Up to and with the comma that follows it; false where the record ends instead.
  bool read_field(std::string& field) {
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == '"') {
      read_quoted(field);
    } else {
      const size_t begin = at_;
      while (!at_break() && text_[at_] != ',') ++at_;
      field = trimmed(text_.substr(begin, at_ - begin));
    }
    if (at_break()) return false;
    ++at_;
    return true;
  }

  void read_quoted(std::string& field) {
    const int64_t begin_line = line_;
    ++at_;
    for (;;) {
      if (at_ == text_.size()) {
        throw std::invalid_argument(
            fmt::format("{}: line {}: a quoted field has no closing quote", name_, begin_line));
      }
      if (text_[at_] == '"') {
        if (at_ + 1 == text_.size() || text_[at_ + 1] != '"') break;
        ++at_;  // two quotes in a quoted field are one
      } else if (text_[at_] == '\n' || (text_[at_] == '\r' && text_.substr(at_ + 1, 1) != "\n")) {
        ++line_;
      }
      field += text_[at_++];
    }
    ++at_;
    skip_spaces();
    if (!at_break() && text_[at_] != ',') {
      throw std::invalid_argument(
          fmt::format("{}: line {}: there is text after a closing quote", name_, line_));
    }
  }

  std::string_view text_;
  const std::string& name_;
  size_t at_ = 0;
  int64_t line_ = 1;
  int64_t record_line_ = 1;
};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::optional<size_t> find_column(const std::vector<std::string>& header, std::string_view column,
                                  const std::string& name) {
  std::optional<size_t> found;
  for (size_t c = 0; c < header.size(); ++c) {
    if (header[c] != column) continue;
    if (found)
      throw std::invalid_argument(fmt::format("{}: there are two columns {}", name, column));
    found = c;
  }
  return found;
}

}  // namespace

size_t csv_column(const std::vector<std::string>& header, std::string_view column,
                  const std::string& name) {
  if (const auto found = find_column(header, column, name)) return *found;
  const bool other_separator =
      header.size() == 1 && header[0].find_first_of(";\t") != std::string::npos;
  throw std::invalid_argument(
      fmt::format("{}: there is no column {}; the header has: {}{}", name, column, joined(header),
                  other_separator ? " (columns are separated by commas here)" : ""));
}

std::vector<CsvRecord> parse_csv_records(std::string_view text, const std::string& name) {
  CsvScanner scanner(text, name);
  std::vector<CsvRecord> records;
  std::vector<std::string> fields;
  while (scanner.next(fields)) records.push_back({scanner.line(), fields});
  return records;
}

ReadResult parse_csv(std::string_view text, const std::string& name) {
  CsvScanner scanner(text, name);
  std::vector<std::string> header;
  if (!scanner.next(header)) {
    throw std::invalid_argument(fmt::format("{}: the file has comments only", name));
  }
  const size_t y = csv_column(header, "y", name);
  const size_t sigma = csv_column(header, "sigma", name);
  const auto label = find_column(header, "label", name);
  const auto group = find_column(header, "group", name);

  ReadResult result;
  for (size_t c = 0; c < header.size(); ++c) {
    if (c == y || c == sigma || c == label || c == group) continue;
    result.notices.push_back(fmt::format("{}: ignored column {}", name, header[c]));
  }

  std::string first_group;
  std::vector<std::string> fields;
  for (int64_t row = 1; scanner.next(fields); ++row) {
    const std::string where = fmt::format("{}: row {} (line {})", name, row, scanner.line());
    if (fields.size() != header.size()) {
      throw std::invalid_argument(
          fmt::format("{}: {} fields, but the header has {}", where, fields.size(), header.size()));
    }
    result.data.y.push_back(parse_number(fields[y], where + ": y"));
    result.data.sigma.push_back(parse_number(fields[sigma], where + ": sigma"));
    if (label) result.data.labels.push_back(fields[*label]);
    if (!group) continue;
    if (row == 1) first_group = fields[*group];
    if (fields[*group] != first_group) {
      throw std::invalid_argument(fmt::format(
          "{}: group is '{}', and was '{}' before; a file of many data sets is for `taugrid "
          "batch`, which does not exist yet",
          where, fields[*group], first_group));
    }
  }
  if (result.data.y.empty()) {
    throw std::invalid_argument(fmt::format("{}: there is a header, but no rows", name));
  }
  return result;
}

}  // namespace taugrid
