#include "host/taugrid/batch_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "host/taugrid/column_lists.h"
#include "host/taugrid/csv_reader.h"
#include "host/taugrid/csv_scanner.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/readers.h"
#include "host/taugrid/row_text.h"

namespace taugrid {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // of UTF-8
constexpr size_t kNoCut = 0;
// A record longer than this is an open quote, which would else take in the whole file.
constexpr size_t kMostRecord = size_t{1} << 26;
// Between two questions whether to stop, while the input keeps the reader waiting.
constexpr int kWaitMilliseconds = 100;

bool is_absent(std::string_view text) { return text.empty() || text == "NA"; }

// Lines that begin in bytes: LF, CRLF and CR end one, within quotes too.
int64_t count_lines(std::string_view bytes) {
  int64_t n = std::count(bytes.begin(), bytes.end(), '\n');
  for (size_t at = bytes.find('\r'); at != std::string_view::npos; at = bytes.find('\r', at + 1))
    if (at + 1 == bytes.size() || bytes[at + 1] != '\n') ++n;
  return n;
}

// Whether LF ends every record: there are no quotes, and no CR but before an LF.
bool is_plain(std::string_view bytes) {
  if (bytes.find('"') != std::string_view::npos) return false;
  for (size_t at = bytes.find('\r'); at != std::string_view::npos; at = bytes.find('\r', at + 1))
    if (at + 1 < bytes.size() && bytes[at + 1] != '\n') return false;
  return true;
}

bool is_blank_or_comment(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos || line[first] == '#';
}

// The n-th field of a line without quotes; nothing where it has fewer.
std::optional<std::string_view> plain_field(std::string_view line, size_t n) {
  size_t begin = 0;
  for (; n > 0; --n) {
    const size_t comma = line.find(',', begin);
    if (comma == std::string_view::npos) return {};
    begin = comma + 1;
  }
  const size_t end = std::min(line.find_first_of(",\r\n", begin), line.size());
  return csv_trimmed(line.substr(begin, end - begin));
}

}  // namespace

BatchInput::BatchInput(const std::string& path, const BatchInputOptions& options,
                       std::function<bool()> stop)
    : name_(path == "-" ? "standard input" : path),
      stop_(std::move(stop)),
      block_bytes_(options.block_bytes) {
  if (path == "-") {
    descriptor_ = STDIN_FILENO;
  } else {
    // That of a named pipe waits for someone to write.
    while ((descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) < 0 && errno == EINTR)
      check_stop();
    if (descriptor_ < 0)
      throw std::invalid_argument(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  try {
    struct stat status {};
    if (::fstat(descriptor_, &status) == 0) {
      if (S_ISDIR(status.st_mode))
        throw std::invalid_argument(fmt::format("cannot read {}: it is a directory", path));
      if (S_ISREG(status.st_mode)) {
        file_size_ = status.st_size;
        ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
      }
    }
    read_header(options);
  } catch (...) {
    if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
    throw;
  }
}

BatchInput::~BatchInput() {
  if (descriptor_ != STDIN_FILENO) ::close(descriptor_);
}

void BatchInput::check_stop() const {
  if (stop_ && stop_()) throw Stopped();
}

// A signal comes to any thread, and so need not end the read() of this one; nor would it, if it
// came just before.
void BatchInput::wait_for_bytes() const {
  if (!stop_ || file_size_ >= 0) return;
  pollfd source{descriptor_, POLLIN, 0};
  for (;;) {
    check_stop();
    const int n = ::poll(&source, 1, kWaitMilliseconds);
    if (n > 0 || (n < 0 && errno != EINTR)) return;  // what is wrong is said by read()
  }
}

// Appends until there are `size` bytes; false where the file ends first.
bool BatchInput::read_more(std::string& bytes, size_t size) {
  size_t used = bytes.size();
  if (used < size) bytes.resize(size);
  while (used < size && !at_end_) {
    wait_for_bytes();
    const ssize_t n = ::read(descriptor_, bytes.data() + used, size - used);
    if (n < 0 && errno == EINTR) {
      check_stop();
      continue;
    }
    if (n < 0)
      throw std::runtime_error(fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
    if (n == 0) at_end_ = true;
    used += static_cast<size_t>(n);
  }
  bytes.resize(used);
  return !at_end_;
}

void BatchInput::read_header(const BatchInputOptions& options) {
  // Until a first record stands whole, whatever comments come before it.
  std::string text;
  for (size_t size = block_bytes_;; size *= 2) {
    read_more(text, size);
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
      throw std::invalid_argument(fmt::format("{}: the text is UTF-16; save it as UTF-8", name_));
    const size_t mark = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    CsvScanner scanner(std::string_view(text).substr(mark));
    const bool found = scanner.next();
    // One that reaches to the end of what was read may go on.
    if (!at_end_ && (!found || scanner.next_offset() + mark == text.size())) {
      if (text.size() > kMostRecord)
        throw std::invalid_argument(fmt::format("{}: there is no header", name_));
      continue;
    }
    if (!found)
      throw std::invalid_argument(fmt::format(
          "{}: the file {}", name_,
          text.find_first_not_of(" \t\r\n", mark) == std::string::npos ? "is empty"
                                                                       : "has comments only"));
    if (!scanner.problem().empty())
      throw std::invalid_argument(fmt::format("{}: {}", name_, scanner.problem()));
    header_.assign(scanner.fields().begin(), scanner.fields().end());
    next_line_ = scanner.next_line();
    position_ = static_cast<int64_t>(scanner.next_offset() + mark);
    carry_ = text.substr(static_cast<size_t>(position_));
    break;
  }

  n_fields_ = header_.size();
  const std::vector<std::string> y = expand_columns(options.y, "--y");
  const std::vector<std::string> sigma = expand_columns(options.sigma, "--se");
  if (y.size() != sigma.size())
    throw std::invalid_argument(fmt::format(
        "--y names {} columns and --se {}; their numbers must be equal", y.size(), sigma.size()));
  wide_ = y.size() > 1;
  const std::string advice =
      wide_ ? "" : "; columns of one row a data set are named with --y y1..yk --se se1..sek";
  for (const std::string& column : y)
    y_fields_.push_back(csv_column(header_, column, name_, advice));
  for (const std::string& column : sigma)
    sigma_fields_.push_back(csv_column(header_, column, name_));
  std::vector<bool> used(n_fields_, false);
  for (const auto* fields : {&y_fields_, &sigma_fields_})
    for (const size_t field : *fields) {
      if (used[field])
        throw std::invalid_argument(
            fmt::format("column {} is named twice by --y and --se", header_[field]));
      used[field] = true;
    }
  std::string by = options.by;
  if (by.empty() && std::ranges::find(header_, "group") != header_.end()) by = "group";
  if (!by.empty()) {
    has_group_ = true;
    group_field_ = csv_column(header_, by, name_);
    used[group_field_] = true;
  } else if (!wide_) {
    throw std::invalid_argument(fmt::format(
        "{}: there is no column group; name the column of the data sets with --by, or the columns "
        "of one row a data set with --y y1..yk --se se1..sek; the header has: {}",
        name_, fmt::join(header_, ", ")));
  }
  std::string ignored;
  for (size_t c = 0; c < n_fields_; ++c)
    if (!used[c]) ignored += (ignored.empty() ? "" : ", ") + header_[c];
  if (!ignored.empty()) notices_.push_back(fmt::format("{}: ignored columns {}", name_, ignored));
}

bool BatchInput::take(BatchText& block) {
  std::string& bytes = block.bytes;
  std::swap(bytes, carry_);
  carry_.clear();
  for (size_t size = block_bytes_;; size = std::max(2 * bytes.size(), size)) {
    const bool more = read_more(bytes, size);
    if (!more) break;
    const size_t cut = find_cut(bytes);
    if (cut == kNoCut) continue;
    carry_.assign(bytes, cut);
    bytes.resize(cut);
    break;
  }
  if (bytes.empty()) return false;
  block.first_line = next_line_;
  block.first_row = next_row_;
  next_line_ += count_lines(bytes);
  if (wide_ && !has_group_) next_row_ += count_records(bytes);
  position_ += static_cast<int64_t>(bytes.size());
  return true;
}

size_t BatchInput::find_cut(std::string_view bytes) const {
  return is_plain(bytes) ? find_cut_plain(bytes) : find_cut_quoted(bytes);
}

// From the end: the last line at which a data set begins.
size_t BatchInput::find_cut_plain(std::string_view bytes) const {
  const size_t last = bytes.rfind('\n');
  if (last == std::string_view::npos) return kNoCut;
  if (wide_) return last + 1;
  size_t after = 0;  // where the record after the one looked at begins, and its group
  std::optional<std::string_view> group_after;
  for (size_t end = last + 1; end > 0;) {
    const size_t before = end >= 2 ? bytes.rfind('\n', end - 2) : std::string_view::npos;
    const size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view line = bytes.substr(begin, end - begin);
    end = begin;
    if (is_blank_or_comment(line)) continue;
    const auto group = plain_field(line, group_field_);
    if (!group) continue;  // goes with the record before it
    if (group_after && *group != *group_after) return after;
    group_after = group;
    after = begin;
  }
  return kNoCut;
}

size_t BatchInput::find_cut_quoted(std::string_view bytes) const {
  size_t cut = kNoCut;
  std::optional<std::string> group;
  CsvScanner scanner(bytes, next_line_);
  size_t begin = 0;
  while (scanner.next()) {
    begin = scanner.offset();
    // One that reaches to the end may go on.
    if (scanner.next_offset() == bytes.size()) {
      if (bytes.size() - begin > kMostRecord && scanner.unclosed())
        throw std::invalid_argument(fmt::format("{}: {}", name_, scanner.problem()));
      break;
    }
    if (wide_) {
      cut = scanner.next_offset();
      continue;
    }
    if (scanner.fields().size() <= group_field_) continue;
    const std::string_view here = scanner.fields()[group_field_];
    if (group && here != *group) cut = begin;
    if (!group || here != *group) group = here;
  }
  return cut;
}

int64_t BatchInput::count_records(std::string_view bytes) const {
  CsvScanner scanner(bytes);
  int64_t n = 0;
  while (scanner.next()) ++n;
  return n;
}

void BatchInput::parse(const BatchText& text, BatchBlock& block) const {
  block.y.clear();
  block.sigma.clear();
  block.lines.clear();
  block.studies.clear();
  block.n_schools.clear();
  block.first_lines.clear();
  block.errors.clear();
  block.offsets.assign(1, 0);
  if (wide_) {
    parse_wide(text, block);
  } else {
    parse_long(text, block);
  }
}

namespace {

// As ==, in place of a call: this is asked at every row, and names are short.
bool same_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto word = [](const char* at) {
    uint64_t bits;
    std::memcpy(&bits, at, sizeof bits);
    return bits;
  };
  if (a.size() < 8 || a.size() > 16) return a == b;
  const size_t last = a.size() - 8;
  return word(a.data()) == word(b.data()) && word(a.data() + last) == word(b.data() + last);
}

// The next data set of a block.
void begin_group(BatchBlock& block, std::string_view group, int64_t line) {
  const auto n = block.n_schools.size();
  if (block.groups.size() == n) block.groups.emplace_back();
  block.groups[n] = group;
  block.n_schools.push_back(0);
  block.first_lines.push_back(line);
}

// Its first error is what is said of it.
void add_error(BatchBlock& block, std::string text) {
  const auto data_set = static_cast<int64_t>(block.n_schools.size()) - 1;
  if (!block.errors.empty() && block.errors.back().data_set == data_set) return;
  block.errors.push_back({data_set, std::move(text)});
}

// Why a text is no number, in the words of the other readers.
std::string number_error(std::string_view text, std::string_view what) {
  try {
    parse_number(text, what);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

void BatchInput::parse_long(const BatchText& text, BatchBlock& block) const {
  const size_t y_field = y_fields_[0], sigma_field = sigma_fields_[0];
  CsvScanner scanner(text.bytes, text.first_line);
  const auto end_group = [&] {
    if (!block.n_schools.empty()) block.offsets.push_back(static_cast<int64_t>(block.y.size()));
  };
  while (scanner.next()) {
    const std::vector<std::string_view>& fields = scanner.fields();
    if (scanner.unclosed())
      throw std::invalid_argument(fmt::format("{}: {}", name_, scanner.problem()));
    const bool named = fields.size() > group_field_;
    if (block.n_schools.empty() ||
        (named && !same_text(fields[group_field_], block.groups[block.n_schools.size() - 1]))) {
      end_group();
      begin_group(block, named ? fields[group_field_] : std::string_view(), scanner.line());
    }
    const int64_t row = ++block.n_schools.back();
    double y = 0.0, sigma = 0.0;
    if (fields.size() == n_fields_ && scanner.problem().empty() &&
        read_number(fields[y_field], y) && read_number(fields[sigma_field], sigma)) {
      block.y.push_back(y);
      block.sigma.push_back(sigma);
      block.lines.push_back(scanner.line());
      continue;
    }
    const std::string where = fmt::format("row {} (line {})", row, scanner.line());
    if (!scanner.problem().empty()) {
      add_error(block, scanner.problem());
    } else if (fields.size() != n_fields_) {
      add_error(block, fmt::format("{}: {} fields, but the header has {}", where, fields.size(),
                                   n_fields_));
    } else if (!read_number(fields[y_field], y)) {
      add_error(block,
                number_error(fields[y_field], fmt::format("{}: {}", where, header_[y_field])));
    } else {
      add_error(block, number_error(fields[sigma_field],
                                    fmt::format("{}: {}", where, header_[sigma_field])));
    }
  }
  end_group();
}

void BatchInput::parse_wide(const BatchText& text, BatchBlock& block) const {
  CsvScanner scanner(text.bytes, text.first_line);
  for (int64_t row = text.first_row + 1; scanner.next(); ++row) {
    const std::vector<std::string_view>& fields = scanner.fields();
    if (scanner.unclosed())
      throw std::invalid_argument(fmt::format("{}: {}", name_, scanner.problem()));
    if (has_group_) {
      begin_group(block, fields.size() > group_field_ ? fields[group_field_] : std::string_view(),
                  scanner.line());
    } else {
      begin_group(block, std::to_string(row), scanner.line());
    }
    const std::string where = fmt::format("line {}", scanner.line());
    if (!scanner.problem().empty()) {
      add_error(block, scanner.problem());
    } else if (fields.size() != n_fields_) {
      add_error(block, fmt::format("{}: {} fields, but the header has {}", where, fields.size(),
                                   n_fields_));
    } else {
      for (size_t k = 0; k < y_fields_.size(); ++k) {
        const std::string_view y_text = fields[y_fields_[k]], se_text = fields[sigma_fields_[k]];
        const bool no_y = is_absent(y_text), no_se = is_absent(se_text);
        if (no_y && no_se) continue;
        ++block.n_schools.back();
        double y = 0.0, sigma = 0.0;
        if (no_y != no_se) {
          const std::string &absent = header_[no_y ? y_fields_[k] : sigma_fields_[k]],
                            &present = header_[no_y ? sigma_fields_[k] : y_fields_[k]];
          add_error(block, fmt::format("{}: {} is absent, but {} is {}", where, absent, present,
                                       no_y ? se_text : y_text));
        } else if (!read_number(y_text, y)) {
          add_error(block,
                    number_error(y_text, fmt::format("{}: {}", where, header_[y_fields_[k]])));
        } else if (!read_number(se_text, sigma)) {
          add_error(block,
                    number_error(se_text, fmt::format("{}: {}", where, header_[sigma_fields_[k]])));
        } else {
          block.y.push_back(y);
          block.sigma.push_back(sigma);
          block.lines.push_back(scanner.line());
          block.studies.push_back(static_cast<int32_t>(k));
        }
      }
      if (block.n_schools.back() == 0)
        add_error(block, fmt::format("{}: every study is absent", where));
    }
    block.offsets.push_back(static_cast<int64_t>(block.y.size()));
  }
}

std::string BatchInput::error_text(const BatchBlock& block, const BatchError& error) const {
  const auto of_row = row_text(error.text);
  const auto p = static_cast<size_t>(error.data_set);
  const auto first = static_cast<size_t>(block.offsets[p]);
  const auto n = static_cast<size_t>(block.offsets[p + 1]) - first;
  if (!of_row || static_cast<size_t>(of_row->row) > n)
    return wide_ && n > 0 ? fmt::format("line {}: {}", block.lines[first], error.text) : error.text;
  const size_t at = first + static_cast<size_t>(of_row->row) - 1;
  if (!wide_) return fmt::format("row {} (line {}){}", of_row->row, block.lines[at], of_row->rest);
  return fmt::format("line {}: study {}{}", block.lines[at], block.studies[at] + 1, of_row->rest);
}

int64_t BatchInput::most_schools(const std::string& path, const BatchInputOptions& options,
                                 const std::function<bool()>& stop) {
  BatchInput input(path, options, stop);
  BatchText text;
  BatchBlock block;
  int64_t most = 0;
  while (input.take(text)) {
    input.check_stop();
    input.parse(text, block);
    for (const int64_t n : block.n_schools) most = std::max(most, n);
  }
  return most;
}

}  // namespace taugrid
