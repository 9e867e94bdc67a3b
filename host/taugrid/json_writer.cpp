// JSON with one line a key and one line a parameter: to be read by programs, and still by eye and
// by grep.
#include "host/taugrid/result_json.h"
#include "host/taugrid/writer_functions.h"

namespace taugrid {
namespace {

// Labels are the user's bytes; what is not UTF-8 among them is replaced rather than thrown on.
std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void append_members(std::string& text, const Json& object) {
  for (const auto& item : object.items()) {
    text += "  " + dumped(item.key()) + ": " + dumped(item.value()) + ",\n";
  }
}

}  // namespace

std::string json_text(const Result& result) {
  std::string text = "{\n";
  append_members(text, result_head(result));
  text += "  \"parameters\": [\n";
  const size_t n = result.fit.parameters.size();
  for (size_t k = 0; k < n; ++k) {
    text += "    " + dumped(result_parameter(result, k)) + (k + 1 < n ? ",\n" : "\n");
  }
  text += "  ],\n";
  append_members(text, result_derived(result));
  append_members(text, result_tail(result));
  text.erase(text.size() - 2);  // the comma after the last member
  text += "\n}\n";
  return text;
}

}  // namespace taugrid
