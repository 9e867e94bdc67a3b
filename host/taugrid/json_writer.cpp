// JSON with one line a key and one line a parameter: to be read by programs, and still by eye and
// by grep.
//
// Parameters are printed as they are told, where a million objects would take longer than the fit.
// Numbers look as those of nlohmann-json, which prints the rest: the shortest digits that read
// back, with a point or an exponent.
#include <algorithm>
#include <charconv>
#include <cmath>

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

void append_text(std::string& text, const std::string& value) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::ranges::all_of(value, is_plain)) {
    text += '"';
    text += value;
    text += '"';
  } else {
    text += dumped(value);
  }
}

void append_number(std::string& text, double value) {
  if (!std::isfinite(value)) {
    text += "null";
    return;
  }
  char buffer[32];
  const double size = std::abs(value);
  const bool fixed = size == 0.0 || (size >= 1e-4 && size < 1e15);
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value,
                    fixed ? std::chars_format::fixed : std::chars_format::scientific);
  text.append(buffer, end);
  if (fixed && std::find(buffer, end, '.') == end) text += ".0";
}

class JsonSink final : public ParameterSink {
 public:
  explicit JsonSink(std::string& text) : text_(text) {}

  void text(const std::string& key, const std::string& value) override {
    begin(key);
    append_text(text_, value);
  }
  void number(const std::string& key, double value) override {
    begin(key);
    append_number(text_, value);
  }
  void interval(const std::string& key, const Interval& value) override {
    begin(key);
    text_ += '[';
    append_number(text_, value.lower);
    text_ += ',';
    append_number(text_, value.upper);
    text_ += ']';
  }
  void object(const std::string& key, const Json& value) override {
    begin(key);
    text_ += dumped(value);
  }

 private:
  void begin(const std::string& key) {
    if (text_.back() != '{') text_ += ',';
    text_ += '"';
    text_ += key;
    text_ += "\":";
  }

  std::string& text_;
};

}  // namespace

void write_json(const Result& result, const TextSink& sink) {
  std::string text = "{\n";
  append_members(text, result_head(result));
  text += "  \"parameters\": [\n";
  const ParameterMembers members(result);
  JsonSink parameter(text);
  const size_t n = result.fit.parameters.size();
  for (size_t k = 0; k < n; ++k) {
    text += "    {";
    members.tell(k, parameter);
    text += k + 1 < n ? "},\n" : "}\n";
    if (text.size() < kTextPart) continue;
    sink(text);
    text.clear();
  }
  text += "  ],\n";
  append_members(text, result_derived(result));
  append_members(text, result_tail(result));
  text.erase(text.size() - 2);  // the comma after the last member
  text += "\n}\n";
  sink(text);
}

}  // namespace taugrid
