#include "host/taugrid/csv_scanner.h"

#include <fmt/format.h>

namespace taugrid {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }

}  // namespace

std::string_view csv_trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Past one line break: LF, CRLF or CR.
void CsvScanner::end_line() {
  if (at_ == end_) return;
  if (*at_ == '\r' && at_ + 1 != end_ && at_[1] == '\n') ++at_;
  ++at_;
  ++line_;
}

void CsvScanner::skip_spaces() {
  while (at_ != end_ && is_space(*at_)) ++at_;
}

bool CsvScanner::next() {
  for (;;) {
    if (at_ == end_) return false;
    const char* const start = at_;
    skip_spaces();
    if (at_ != end_ && *at_ == '#')
      while (!at_break()) ++at_;
    if (at_break()) {
      end_line();
      continue;
    }
    record_line_ = line_;
    record_offset_ = static_cast<size_t>(start - begin_);
    break;
  }
  fields_.clear();
  if (!unescaped_.empty()) unescaped_.clear();
  if (!problem_.empty()) problem_.clear();
  for (;;) {
    skip_spaces();
    if (at_ != end_ && *at_ == '"') {
      read_quoted();
    } else {
      const char* const begin = at_;
      while (at_ != end_ && *at_ != ',' && *at_ != '\n' && *at_ != '\r') ++at_;
      const char* last = at_;
      while (last != begin && is_space(last[-1])) --last;
      fields_.emplace_back(begin, static_cast<size_t>(last - begin));
    }
    if (at_break()) break;
    ++at_;
  }
  end_line();
  return true;
}

void CsvScanner::read_quoted() {
  const int64_t begin_line = line_;
  const char* begin = ++at_;
  std::string* copy = nullptr;  // where a doubled quote makes one necessary
  for (;; ++at_) {
    if (at_ == end_) {
      problem_ = fmt::format("line {}: a quoted field has no closing quote", begin_line);
      unclosed_ = true;
      break;
    }
    if (*at_ == '"') {
      if (at_ + 1 == end_ || at_[1] != '"') break;
      // Two quotes in a quoted field are one.
      if (copy == nullptr) copy = &unescaped_.emplace_back();
      copy->append(begin, at_ + 1);
      begin = ++at_ + 1;
    } else if (*at_ == '\n' || (*at_ == '\r' && (at_ + 1 == end_ || at_[1] != '\n'))) {
      ++line_;
    }
  }
  if (copy != nullptr) {
    copy->append(begin, at_);
    fields_.emplace_back(*copy);
  } else {
    fields_.emplace_back(begin, static_cast<size_t>(at_ - begin));
  }
  if (at_ == end_) return;
  ++at_;
  skip_spaces();
  if (!at_break() && *at_ != ',') {
    problem_ = fmt::format("line {}: there is text after a closing quote", line_);
    while (!at_break() && *at_ != ',') ++at_;
  }
}

}  // namespace taugrid
