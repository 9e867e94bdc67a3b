#include "host/taugrid/batch_writer.h"

#include <charconv>
#include <cmath>

#include "host/taugrid/csv_fields.h"

namespace taugrid {
namespace {

constexpr size_t kLongestNumber = 24;  // "-1.7976931348623157e+308"

void append_text(const std::string& text, std::string& bytes) {
  if (csv_needs_quotes(text)) {
    bytes += csv_quoted(text);
  } else {
    bytes += text;
  }
}

}  // namespace

std::vector<std::string> batch_header(const BatchColumns& columns) {
  std::vector<std::string> names = {"group", "J"};
  for (std::string& name : columns.names()) names.push_back(std::move(name));
  names.emplace_back("error");
  return names;
}

std::string batch_csv_header(const BatchColumns& columns) {
  std::string text;
  for (const std::string& name : batch_header(columns))
    text += (text.empty() ? "" : ",") + csv_quoted(name);
  return text + "\n";
}

void encode_batch_csv(const BatchRows& rows, std::string& bytes) {
  size_t next_error = 0;
  const size_t longest_row = (rows.n_columns + 1) * (kLongestNumber + 1);
  for (size_t i = 0; i < rows.size(); ++i) {
    append_text(rows.groups[i], bytes);
    // Numbers go straight into the string's memory.
    const size_t used = bytes.size();
    bytes.resize(used + longest_row + 2);
    char* at = bytes.data() + used;
    *at++ = ',';
    at = std::to_chars(at, at + kLongestNumber, rows.n_schools[i]).ptr;
    const double* const values = rows.values + i * rows.n_columns;
    for (size_t c = 0; c < rows.n_columns; ++c) {
      *at++ = ',';
      if (!std::isnan(values[c])) at = std::to_chars(at, at + kLongestNumber, values[c]).ptr;
    }
    *at++ = ',';
    bytes.resize(static_cast<size_t>(at - bytes.data()));
    if (next_error < rows.errors.size() &&
        rows.errors[next_error].data_set == static_cast<int64_t>(i))
      append_text(rows.errors[next_error++].text, bytes);
    bytes += '\n';
  }
}

}  // namespace taugrid
