// Data sets from files: CSV with a header, and Stan's JSON data.
//
//   label,y,sigma             {"J": 8, "y": [28, 8, ..], "sigma": [15, 10, ..]}
//   A,28,15
//   ..
//
// The format is decided by content, not by name: a file whose first character other than white
// space is `{` is JSON. Numbers are read the same in every locale. Nothing here judges values: NaN
// or a negative sigma is read, and refused by validate().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "taugrid/data.h"

namespace taugrid {

// What the columns of CSV, the keys of JSON, are called.
struct DataColumns {
  std::string y = "y", sigma = "sigma";
  std::string label;   // a column of CSV; without a name `label`, where there is one
  std::string advice;  // ends the message where one is not there: how to name another
};

struct ReadResult {
  Data data;
  std::string name;                  // of the file, as in messages
  std::vector<int64_t> lines;        // (J) in the file, 1-based; of JSON none
  std::vector<std::string> notices;  // one line each, of what the file has and we ignored
};

// Reads a file, or standard input for "-". Throws std::invalid_argument naming the file, the row
// (1-based, header and comments not counted), the line, the quantity and the text.
ReadResult read_data(const std::string& path, const DataColumns& columns = {});

// The text of a file, or of standard input for "-", without UTF-8's byte order mark. Throws
// std::invalid_argument: "cannot read FILE: ..".
std::string read_text(const std::string& path);

// The same for text already in memory; `name` stands for the file in messages.
ReadResult parse_data(std::string_view text, const std::string& name,
                      const DataColumns& columns = {});

// As that of the data, naming the file and the line: "data.csv: row 1 (line 2): sigma is ..".
void validate(const ReadResult& read);

// The whole of a text as one number into `value`, as parse_number reads it; false where that
// throws.
bool read_number(std::string_view text, double& value);

// The whole of a text as one number, with an optional sign, in any decimal spelling of C, inf and
// nan included. Throws std::invalid_argument: "`what` is 'abc', not a number", or ".. outside the
// range of double precision".
double parse_number(std::string_view text, std::string_view what);

}  // namespace taugrid
