// A data set from CSV (RFC 4180, with what is met in practice: CRLF or a lone CR, blank lines,
// lines of comment that begin with #, spaces around fields).
#pragma once

#include <string>
#include <string_view>

#include "taugrid/readers.h"

namespace taugrid {

// The first record names the columns: y and sigma in any order, label optional. Others are ignored
// with a notice. Throws as read_data does.
ReadResult parse_csv(std::string_view text, const std::string& name);

}  // namespace taugrid
