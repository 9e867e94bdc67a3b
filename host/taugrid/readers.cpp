// Which reader reads a file; and the JSON one, which has nlohmann-json to lean on. CSV is
// csv_reader.cpp.
#include "host/taugrid/readers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <istream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "host/taugrid/csv_reader.h"
#include "host/taugrid/row_text.h"

namespace taugrid {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // of UTF-8

using Json = nlohmann::ordered_json;

// What Stan's JSON holds where a number is expected: a number, or a string for NaN and the
// infinities.
double json_number(const Json& value, const std::string& what) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return parse_number(value.get_ref<const std::string&>(), what);
  throw std::invalid_argument(fmt::format("{} is {}, not a number", what, value.dump()));
}

std::vector<double> json_column(const Json& object, const std::string& name,
                                const std::string& quantity, const std::string& advice) {
  const auto found = object.find(quantity);
  if (found == object.end()) {
    std::string keys;
    for (const auto& item : object.items()) keys += (keys.empty() ? "" : ", ") + item.key();
    throw std::invalid_argument(fmt::format("{}: there is no \"{}\"; the keys are: {}{}", name,
                                            quantity, keys.empty() ? "none" : keys, advice));
  }
  // A vector of length 1 is often written as its only number.
  if (!found->is_array()) return {json_number(*found, fmt::format("{}: {}", name, quantity))};
  std::vector<double> column;
  column.reserve(found->size());
  for (const Json& value : *found) {
    column.push_back(
        json_number(value, fmt::format("{}: row {}: {}", name, column.size() + 1, quantity)));
  }
  return column;
}

ReadResult parse_stan_json(std::string_view text, const std::string& name,
                           const DataColumns& columns) {
  if (!columns.label.empty())
    throw std::invalid_argument(
        fmt::format("{}: this is JSON, which has no labels; they are a column of CSV", name));
  if (columns.y == columns.sigma)
    throw std::invalid_argument(fmt::format("{} is named twice by --y and --se", columns.y));
  Json object;
  try {
    object = Json::parse(text);
  } catch (const Json::exception& error) {  // of syntax, or a number beyond double precision
    throw std::invalid_argument(fmt::format("{}: not JSON: {}", name, error.what()));
  }
  ReadResult result;
  result.name = name;
  result.data.y = json_column(object, name, columns.y, columns.advice);
  result.data.sigma = json_column(object, name, columns.sigma, columns.advice);
  const size_t n = result.data.y.size();
  if (result.data.sigma.size() != n) {
    throw std::invalid_argument(
        fmt::format("{}: {} has {} values and {} has {}; their numbers must be equal", name,
                    columns.y, n, columns.sigma, result.data.sigma.size()));
  }
  if (const auto found = object.find("J"); found != object.end()) {
    if (json_number(*found, fmt::format("{}: J", name)) != static_cast<double>(n)) {
      throw std::invalid_argument(fmt::format("{}: J is {}, but {} and {} have {} values", name,
                                              found->dump(), columns.y, columns.sigma, n));
    }
  }
  for (const auto& item : object.items()) {
    if (item.key() == "J" || item.key() == columns.y || item.key() == columns.sigma) continue;
    result.notices.push_back(fmt::format("{}: ignored \"{}\"", name, item.key()));
  }
  return result;
}

// All that is left of a stream.
std::string read_rest(std::istream& in) {
  std::string text;
  for (size_t used = 0;;) {
    text.resize(std::max(2 * used, size_t{1} << 16));
    in.read(text.data() + used, static_cast<std::streamsize>(text.size() - used));
    used += static_cast<size_t>(in.gcount());
    if (in) continue;
    text.resize(used);
    return text;
  }
}

}  // namespace

std::string read_text(const std::string& path) {
  if (path == "-") return read_rest(std::cin);
  // Opening a directory for reading succeeds; only reading it fails.
  if (std::filesystem::is_directory(path)) {
    throw std::invalid_argument(fmt::format("cannot read {}: it is a directory", path));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw std::invalid_argument(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  std::string text = read_rest(file);
  if (file.bad()) {
    throw std::invalid_argument(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  return text;
}

namespace {

std::from_chars_result read_digits(std::string_view text, double& value) {
  // from_chars takes no plus sign; one in front of a minus sign stays an error.
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return std::from_chars(text.data(), text.data() + text.size(), value);
}

}  // namespace

bool read_number(std::string_view text, double& value) {
  const auto [end, error] = read_digits(text, value);
  return error == std::errc() && end == text.data() + text.size();
}

double parse_number(std::string_view text, std::string_view what) {
  double value = 0;
  if (read_number(text, value)) return value;
  if (text.empty()) throw std::invalid_argument(fmt::format("{} is empty, not a number", what));
  const auto [end, error] = read_digits(text, value);
  if (error == std::errc::result_out_of_range && end == text.data() + text.size()) {
    throw std::invalid_argument(
        fmt::format("{} is {}, outside the range of double precision", what, text));
  }
  throw std::invalid_argument(fmt::format("{} is '{}', not a number", what, text));
}

ReadResult parse_data(std::string_view text, const std::string& name, const DataColumns& columns) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    throw std::invalid_argument(fmt::format("{}: the text is UTF-16; save it as UTF-8", name));
  }
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) {
    throw std::invalid_argument(fmt::format("{}: the file is empty", name));
  }
  return text[start] == '{' ? parse_stan_json(text, name, columns) : parse_csv(text, name, columns);
}

ReadResult read_data(const std::string& path, const DataColumns& columns) {
  return parse_data(read_text(path), path == "-" ? "standard input" : path, columns);
}

void validate(const ReadResult& read) {
  try {
    validate(read.data);
  } catch (const std::invalid_argument& error) {
    const auto of_row = row_text(error.what());
    if (!of_row || static_cast<size_t>(of_row->row) > read.lines.size())
      throw std::invalid_argument(fmt::format("{}: {}", read.name, error.what()));
    throw std::invalid_argument(fmt::format("{}: row {} (line {}){}", read.name, of_row->row,
                                            read.lines[static_cast<size_t>(of_row->row) - 1],
                                            of_row->rest));
  }
}

}  // namespace taugrid
