// The records of a CSV text one after another (RFC 4180, with what is met in practice: CRLF or a
// lone CR, blank lines, lines of comment that begin with #, spaces around fields). Fields are views
// into the text, so that reading costs no allocation. Internal.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace taugrid {

class CsvScanner {
 public:
  // `text` begins with a record, in this line of its file; it must outlive this.
  explicit CsvScanner(std::string_view text, int64_t first_line = 1)
      : at_(text.data()), begin_(text.data()), end_(text.data() + text.size()), line_(first_line) {}

  // The next record that is neither blank nor a comment; false at the end.
  bool next();

  // Its fields, trimmed and unquoted, valid until the next.
  const std::vector<std::string_view>& fields() const { return fields_; }
  int64_t line() const { return record_line_; }     // where it begins, 1-based
  size_t offset() const { return record_offset_; }  // in the text
  // What is wrong with its quotes, with the line; empty where nothing is. A quote that is not
  // closed makes the rest of the text its field; what follows a closing quote is left out.
  const std::string& problem() const { return problem_; }
  bool unclosed() const { return unclosed_; }

  size_t next_offset() const { return static_cast<size_t>(at_ - begin_); }
  int64_t next_line() const { return line_; }

 private:
  bool at_break() const { return at_ == end_ || *at_ == '\n' || *at_ == '\r'; }
  void end_line();
  void skip_spaces();
  void read_quoted();

  const char* at_;
  const char* begin_;
  const char* end_;
  int64_t line_;
  int64_t record_line_ = 0;
  size_t record_offset_ = 0;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unescaped_;  // fields that hold doubled quotes; their places stay
  std::string problem_;
  bool unclosed_ = false;
};

std::string_view csv_trimmed(std::string_view text);

}  // namespace taugrid
