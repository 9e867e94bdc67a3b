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

struct Row {
  std::string header;
  std::string values;
};

std::string value_text(const Json& value) {
  if (value.is_string()) return csv_quoted(value.get_ref<const std::string&>());
  if (!value.is_number_float()) return value.is_null() ? "" : value.dump();
  return csv_number(value.get<double>());
}

void append(Row& row, const std::string& key, const Json& value) {
  if (value.is_object()) {
    for (const auto& item : value.items()) append(row, key + "." + item.key(), item.value());
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      append(row, key + "[" + std::to_string(i + 1) + "]", value[i]);
    }
  } else {
    const char* separator = row.header.empty() ? "" : ",";
    row.header += separator + csv_quoted(key);
    row.values += separator + value_text(value);
  }
}

}  // namespace

std::string csv_text(const Result& result) {
  Row row;
  // Objects are named before items() is taken of them: a temporary would be gone in the loop.
  const Json head = result_head(result);
  for (const auto& item : head.items()) append(row, item.key(), item.value());
  for (size_t k = 0; k < result.fit.parameters.size(); ++k) {
    const Json parameter = result_parameter(result, k);
    const std::string& name = result.fit.parameters[k].name;
    for (const auto& item : parameter.items()) {
      const std::string key = name + "." + item.key();
      if (item.value().is_array()) {
        append(row, key + ".lower", item.value()[0]);
        append(row, key + ".upper", item.value()[1]);
      } else if (item.key() != "name") {
        append(row, key, item.value());
      }
    }
  }
  const Json derived = result_derived(result);
  for (const auto& item : derived.items()) append(row, item.key(), item.value());
  const Json tail = result_tail(result);
  for (const auto& item : tail.items()) {
    if (item.key() != "notes") append(row, item.key(), item.value());
  }
  return row.header + "\n" + row.values + "\n";
}

}  // namespace taugrid
