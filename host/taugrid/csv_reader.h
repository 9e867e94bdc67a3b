// A data set from CSV (RFC 4180, with what is met in practice: CRLF or a lone CR, blank lines,
// lines of comment that begin with #, spaces around fields).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "taugrid/readers.h"

namespace taugrid {

// The records of a text that are neither blank nor a comment, fields trimmed and unquoted; `name`
// stands for the file in messages. Throws std::invalid_argument for a bad quote.
struct CsvRecord {
  int64_t line;  // where it begins, 1-based
  std::vector<std::string> fields;
};
std::vector<CsvRecord> parse_csv_records(std::string_view text, const std::string& name);

// Which field of a header is `column`. Throws std::invalid_argument, ending with `advice`, unless
// exactly one is.
size_t csv_column(const std::vector<std::string>& header, std::string_view column,
                  const std::string& name, const std::string& advice = "");

// The first record names the columns, in any order. Those not asked for are ignored with a notice.
// Throws as read_data does.
ReadResult parse_csv(std::string_view text, const std::string& name,
                     const DataColumns& columns = {});

}  // namespace taugrid
