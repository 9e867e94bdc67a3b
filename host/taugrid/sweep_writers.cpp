#include "host/taugrid/sweep_writers.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "host/taugrid/csv_fields.h"
#include "host/taugrid/device.h"
#include "kernels/math/philox.h"

namespace taugrid {
namespace {

using Json = nlohmann::ordered_json;

// What a prior's file or an error holds may be no UTF-8.
std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// "theta[1].central95.lower" -> ["theta[1]"]["central95"][0]; of other columns, two keys.
void add_column(Json& row, const std::string& column, double value) {
  const size_t dot = column.find('.');
  Json& parameter = row[column.substr(0, dot)];
  std::string statistic = column.substr(dot + 1);
  for (const std::string end : {".lower", ".upper"}) {
    if (!statistic.ends_with(end)) continue;
    statistic.resize(statistic.size() - end.size());
    parameter[statistic].push_back(value);
    return;
  }
  parameter[statistic] = value;
}

Json row_json(const SweepSummary& sweep, const SweepRow& row) {
  Json object;
  object["tau_prior"] = row.tau_prior;
  object["mu_prior"] = row.mu_prior;
  for (size_t i = 0; i < sweep.columns.size(); ++i)
    add_column(object, sweep.columns[i], row.values[i]);
  object["mu_above_zero"] = row.mu_above_zero;
  object["log_marginal_likelihood"] = row.log_marginal_likelihood;
  object["ks_mu"] = row.ks_mu;
  object["shift_mu"] = row.shift_mu;
  object["error"] = row.error.empty() ? Json() : Json(row.error);
  return object;
}

Json flip_json(const SweepFlip& flip) {
  return {{"of", flip.of_tau ? "tau_prior" : "mu_prior"},
          {"range", flip.range},
          {"parameter", flip.parameter},
          {"value", flip.value},
          {"tau_prior", flip.tau_prior},
          {"mu_prior", flip.mu_prior},
          {"mu_above_zero", flip.probability},
          {"rises", flip.rises},
          {"event", flip.event()}};
}

// One line an element.
template <class Elements, class ToJson>
std::string array_text(const Elements& elements, const ToJson& to_json) {
  std::string text = "[";
  for (const auto& element : elements)
    text += (text.size() == 1 ? "\n    " : ",\n    ") + dumped(to_json(element));
  return text + (text.size() == 1 ? "]" : "\n  ]");
}

}  // namespace

std::string sweep_json(const SweepSummary& sweep) {
  Json head;
  head["taugrid"] = version();
  head["stream"] = kStreamVersion;
  head["backend"] = sweep.backend;
  head["seconds"] = sweep.seconds;
  head["model"] = {{"J", sweep.n_schools}};
  head["base"] = {{"tau_prior", sweep.base_tau_prior}, {"mu_prior", sweep.base_mu_prior}};
  std::string text = "{\n";
  for (const auto& item : head.items())
    text += "  " + dumped(item.key()) + ": " + dumped(item.value()) + ",\n";
  text += "  \"rows\": " +
          array_text(sweep.rows, [&](const SweepRow& row) { return row_json(sweep, row); });
  text += ",\n  \"flips\": " + array_text(sweep.flips, flip_json);
  return text + ",\n  \"notes\": " + dumped(sweep.notes) + "\n}\n";
}

std::string sweep_csv(const SweepSummary& sweep) {
  std::string text = "tau_prior,mu_prior";
  for (const std::string& column : sweep.columns) text += "," + csv_quoted(column);
  text += ",log_marginal_likelihood,ks_mu,shift_mu,error\n";
  for (const SweepRow& row : sweep.rows) {
    text += csv_quoted(row.tau_prior) + "," + csv_quoted(row.mu_prior);
    for (const double value : row.values) text += "," + csv_number(value);
    for (const double value : {row.log_marginal_likelihood, row.ks_mu, row.shift_mu})
      text += "," + csv_number(value);
    text += "," + csv_quoted(row.error) + "\n";
  }
  return text;
}

}  // namespace taugrid
