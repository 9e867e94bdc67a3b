#include "host/taugrid/csv_reader.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include "host/taugrid/csv_scanner.h"

namespace taugrid {
namespace {

using Texts = std::vector<std::string>;

// The next record; throws std::invalid_argument for a bad quote.
bool next_record(CsvScanner& scanner, const std::string& name) {
  if (!scanner.next()) return false;
  if (!scanner.problem().empty())
    throw std::invalid_argument(fmt::format("{}: {}", name, scanner.problem()));
  return true;
}

Texts texts_of(const CsvScanner& scanner) {
  return {scanner.fields().begin(), scanner.fields().end()};
}

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
                  const std::string& name, const std::string& advice) {
  if (const auto found = find_column(header, column, name)) return *found;
  const bool other_separator =
      header.size() == 1 && header[0].find_first_of(";\t") != std::string::npos;
  throw std::invalid_argument(
      fmt::format("{}: there is no column {}; the header has: {}{}", name, column, joined(header),
                  other_separator ? " (columns are separated by commas here)" : advice));
}

std::vector<CsvRecord> parse_csv_records(std::string_view text, const std::string& name) {
  CsvScanner scanner(text);
  std::vector<CsvRecord> records;
  while (next_record(scanner, name)) records.push_back({scanner.line(), texts_of(scanner)});
  return records;
}

ReadResult parse_csv(std::string_view text, const std::string& name, const DataColumns& columns) {
  CsvScanner scanner(text);
  if (!next_record(scanner, name)) {
    throw std::invalid_argument(fmt::format("{}: the file has comments only", name));
  }
  const Texts header = texts_of(scanner);
  const size_t y = csv_column(header, columns.y, name, columns.advice);
  const size_t sigma = csv_column(header, columns.sigma, name, columns.advice);
  if (y == sigma)
    throw std::invalid_argument(fmt::format("column {} is named twice by --y and --se", columns.y));
  const auto label = columns.label.empty()
                         ? find_column(header, "label", name)
                         : std::optional(csv_column(header, columns.label, name, columns.advice));
  const auto group = find_column(header, "group", name);
  // Unless that column was asked for as something else.
  const bool grouped = group && group != label && group != y && group != sigma;

  ReadResult result;
  result.name = name;
  for (size_t c = 0; c < header.size(); ++c) {
    if (c == y || c == sigma || c == label || c == group) continue;
    result.notices.push_back(fmt::format("{}: ignored column {}", name, header[c]));
  }

  std::string first_group;
  for (int64_t row = 1; next_record(scanner, name); ++row) {
    const std::vector<std::string_view>& fields = scanner.fields();
    // Only a mistake is worth the text.
    const auto where = [&] {
      return fmt::format("{}: row {} (line {})", name, row, scanner.line());
    };
    const auto number = [&](size_t field) {
      double value = 0.0;
      return read_number(fields[field], value)
                 ? value
                 : parse_number(fields[field], where() + ": " + header[field]);
    };
    if (fields.size() != header.size()) {
      throw std::invalid_argument(fmt::format("{}: {} fields, but the header has {}", where(),
                                              fields.size(), header.size()));
    }
    result.data.y.push_back(number(y));
    result.data.sigma.push_back(number(sigma));
    result.lines.push_back(scanner.line());
    if (label) result.data.labels.emplace_back(fields[*label]);
    if (!grouped) continue;
    if (row == 1) first_group = fields[*group];
    if (fields[*group] != first_group) {
      throw std::invalid_argument(fmt::format(
          "{}: group is '{}', and was '{}' before; a file of many data sets is for `taugrid "
          "batch`",
          where(), fields[*group], first_group));
    }
  }
  if (result.data.y.empty()) {
    throw std::invalid_argument(fmt::format("{}: there is a header, but no rows", name));
  }
  return result;
}

}  // namespace taugrid
