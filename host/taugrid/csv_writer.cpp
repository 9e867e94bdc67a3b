// One wide row: the objects of JSON, flattened. Keys are joined with dots (`tau.q2.5`,
// `joint.mode.mu`), a parameter's name stands for its place in the array, an interval's ends are
// `.lower` and `.upper`, and a place in any other array is a number from 1
// (`exceed[1].probability`, `weights.theta[2][1]`). What does not exist is an empty field. Notes, a
// list of any length, have no column.
#include "host/taugrid/csv_fields.h"
#include "host/taugrid/result_json.h"
#include "host/taugrid/writer_functions.h"

namespace taugrid {
namespace {

enum class Line { kKeys, kValues };

// One line of the two, field by field.
class Fields {
 public:
  Fields(Line line, const TextSink& sink) : line_(line), sink_(sink) {}

  void add(const std::string& key, const std::string& value) {
    if (text_.size() >= kTextPart) hand_on();
    if (!first_) text_ += ',';
    first_ = false;
    text_ += line_ == Line::kKeys ? csv_quoted(key) : value;
  }
  void end() {
    text_ += '\n';
    hand_on();
  }

 private:
  void hand_on() {
    sink_(text_);
    text_.clear();
  }

  const Line line_;
  const TextSink& sink_;
  std::string text_;
  bool first_ = true;
};

std::string value_text(const Json& value) {
  if (value.is_string()) return csv_quoted(value.get_ref<const std::string&>());
  if (!value.is_number_float()) return value.is_null() ? "" : value.dump();
  return csv_number(value.get<double>());
}

void append(Fields& fields, const std::string& key, const Json& value) {
  if (value.is_object()) {
    for (const auto& item : value.items()) append(fields, key + "." + item.key(), item.value());
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      append(fields, key + "[" + std::to_string(i + 1) + "]", value[i]);
    }
  } else {
    fields.add(key, value_text(value));
  }
}

// A parameter's name, which it tells first, begins its keys.
class CsvSink final : public ParameterSink {
 public:
  explicit CsvSink(Fields& fields) : fields_(fields) {}

  void text(const std::string& key, const std::string& value) override {
    if (key == "name") {
      name_ = value + ".";
    } else {
      fields_.add(name_ + key, csv_quoted(value));
    }
  }
  void number(const std::string& key, double value) override {
    fields_.add(name_ + key, csv_number(value));
  }
  void interval(const std::string& key, const Interval& value) override {
    number(key + ".lower", value.lower);
    number(key + ".upper", value.upper);
  }
  void object(const std::string& key, const Json& value) override {
    append(fields_, name_ + key, value);
  }

 private:
  Fields& fields_;
  std::string name_;
};

}  // namespace

void write_csv(const Result& result, const TextSink& sink) {
  // Objects are named before items() is taken of them: a temporary would be gone in the loop.
  const Json head = result_head(result), derived = result_derived(result),
             tail = result_tail(result);
  const ParameterMembers members(result);
  for (const Line line : {Line::kKeys, Line::kValues}) {
    Fields fields(line, sink);
    CsvSink parameter(fields);
    for (const auto& item : head.items()) append(fields, item.key(), item.value());
    for (size_t k = 0; k < result.fit.parameters.size(); ++k) members.tell(k, parameter);
    for (const auto& item : derived.items()) append(fields, item.key(), item.value());
    for (const auto& item : tail.items()) {
      if (item.key() != "notes") append(fields, item.key(), item.value());
    }
    fields.end();
  }
}

}  // namespace taugrid
