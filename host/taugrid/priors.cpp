#include "host/taugrid/priors.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "kernels/math/elementary.h"
#include "kernels/math/posterior.h"

namespace taugrid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double log_of(double x) { return log<Scalar<>>(x); }

// One named prior of tau: its documentation, its parameters, and its record.
struct Row {
  TauPriorRow text;
  // Parameter names; each is positive and finite unless the row is `fixed`.
  std::vector<const char*> parameters;
  int optional;  // how many of the last parameters may be left out
  bool (*proper)(const std::vector<double>& p);
  double (*tail_exponent)(const std::vector<double>& p);
  // p: parameters in internal units where they are in units of y.
  void (*fill)(const std::vector<double>& p, PriorRecord& record);
};

bool always(const std::vector<double>&) { return true; }
double no_tail(const std::vector<double>&) { return kInfinity; }

const double kLog2OverPi = -0.45158270528945486473;  // log(2/pi)

// The one place where a prior of tau is added. Every parameter here is in units of y.
const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {{"uniform", "uniform or uniform:A", "flat on tau > 0 (improper), or on (0, A)", "1, or 1/A for tau < A",
        "Gelman 2006, Bayesian Analysis 1(3)", "uniform:50"},
       {"A"},
       1,
       [](const std::vector<double>& p) { return !p.empty(); },
       [](const std::vector<double>& p) { return p.empty() ? 0.0 : kInfinity; },
       [](const std::vector<double>& p, PriorRecord& r) {
         if (p.empty()) return;
         r.upper_x = log_of(p[0]);
         r.log_constant = -r.upper_x;
       }},
      {{"half_normal", "half_normal:scale", "normal(0, scale^2) folded at 0",
        "sqrt(2/pi)/scale exp(-tau^2/(2 scale^2))", "Roever 2020, J. Stat. Softw. 93(6)", "half_normal:5"},
       {"scale"},
       0,
       always,
       no_tail,
       [](const std::vector<double>& p, PriorRecord& r) {
         r.log_scale = log_of(p[0]);
         r.rate = 0.5;
         r.power = 2.0;
         r.log_constant = 0.5 * kLog2OverPi - r.log_scale;
       }},
      {{"half_cauchy", "half_cauchy:scale", "Cauchy(0, scale) folded at 0",
        "2/(pi scale) / (1 + (tau/scale)^2)", "Gelman 2006, Bayesian Analysis 1(3)", "half_cauchy:5"},
       {"scale"},
       0,
       always,
       [](const std::vector<double>&) { return 2.0; },
       [](const std::vector<double>& p, PriorRecord& r) {
         r.log_scale = log_of(p[0]);
         r.exponent = 1.0;
         r.q = 2.0;
         r.log_constant = kLog2OverPi - r.log_scale;
       }},
      {{"fixed", "fixed:value", "tau is known: 0 pools completely, inf not at all", "point mass at value",
        "BDA3, section 5.5", "fixed:8"},
       {"value"},
       0,
       always,
       no_tail,
       [](const std::vector<double>& p, PriorRecord& r) {
         r.form = PriorForm::kPoint;
         r.value = p[0];
       }},
  };
  return kRows;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

struct NameAndNumbers {
  std::string name;
  std::vector<std::string> texts;
  std::vector<double> numbers;
};

// "name:1,2" -> name and numbers; `what` names the prior in errors.
NameAndNumbers split(const std::string& text, const std::string& what) {
  NameAndNumbers parts;
  const size_t colon = text.find(':');
  parts.name = text.substr(0, colon);
  if (colon == std::string::npos) return parts;
  size_t begin = colon + 1;
  while (true) {
    const size_t comma = text.find(',', begin);
    std::string item = text.substr(begin, comma == std::string::npos ? comma : comma - begin);
    const size_t first = item.find_first_not_of(' ');
    item = first == std::string::npos ? "" : item.substr(first, item.find_last_not_of(' ') - first + 1);
    if (item.size() > 1 && item[0] == '+' && item[1] != '+' && item[1] != '-') item.erase(0, 1);
    double value = 0.0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
    if (error == std::errc::result_out_of_range)
      throw std::invalid_argument(what + " prior " + text + ": " + item + " is beyond the range of a double");
    if (item.empty() || error != std::errc() || end != item.data() + item.size())
      throw std::invalid_argument(what + " prior " + text + ": '" + item + "' is not a number");
    parts.texts.push_back(item);
    parts.numbers.push_back(value);
    if (comma == std::string::npos) break;
    begin = comma + 1;
  }
  return parts;
}

const Row& row_of(const std::string& name) {
  std::vector<std::string> names;
  for (const Row& row : rows()) {
    if (name == row.text.name) return row;
    names.emplace_back(row.text.syntax);
  }
  throw std::invalid_argument("tau prior '" + name + "' is unknown; known are " + joined(names));
}

}  // namespace

bool MuPrior::proper() const { return form != MuForm::kFlat; }

TauPrior parse_tau_prior(const std::string& text) {
  const NameAndNumbers parts = split(text, "tau");
  const Row& row = row_of(parts.name);
  const size_t most = row.parameters.size();
  const size_t least = most - static_cast<size_t>(row.optional);
  if (parts.numbers.size() < least || parts.numbers.size() > most)
    throw std::invalid_argument("tau prior " + text + ": has " + std::to_string(parts.numbers.size()) +
                                " parameters, must be " + row.text.syntax);
  const bool fixed = parts.name == "fixed";
  for (size_t i = 0; i < parts.numbers.size(); ++i) {
    const double value = parts.numbers[i];
    const bool allowed = fixed ? value >= 0.0 : value > 0.0 && std::isfinite(value);
    if (!allowed)
      throw std::invalid_argument("tau prior " + text + ": " + row.parameters[i] + " is " + parts.texts[i] +
                                  ", must be " + (fixed ? "in [0, inf]" : "positive and finite"));
  }
  return {text, parts.name, parts.numbers, row.proper(parts.numbers), row.tail_exponent(parts.numbers)};
}

MuPrior parse_mu_prior(const std::string& text) {
  const NameAndNumbers parts = split(text, "mu");
  const auto& p = parts.numbers;
  const auto require = [&](bool condition, const std::string& message) {
    if (!condition) throw std::invalid_argument("mu prior " + text + ": " + message);
  };
  for (size_t i = 0; i < p.size(); ++i)
    require(std::isfinite(p[i]), "'" + parts.texts[i] + "' must be finite");
  if (parts.name == "flat") {
    require(p.empty(), "flat has no parameters");
    return {text, MuForm::kFlat, 0.0, 0.0};
  }
  if (parts.name == "normal") {
    require(p.size() == 2, "has " + std::to_string(p.size()) + " parameters, must be normal:mean,sd");
    require(p[1] > 0.0, "sd is " + parts.texts[1] + ", must be positive");
    return {text, MuForm::kNormal, p[0], p[1]};
  }
  if (parts.name == "uniform") {
    require(p.size() == 2, "has " + std::to_string(p.size()) + " parameters, must be uniform:lower,upper");
    require(p[0] < p[1], "lower is " + parts.texts[0] + ", must be below upper, " + parts.texts[1]);
    return {text, MuForm::kUniform, p[0], p[1]};
  }
  std::vector<std::string> names;
  for (const TauPriorRow& row : mu_prior_rows()) names.emplace_back(row.syntax);
  throw std::invalid_argument("mu prior '" + parts.name + "' is unknown; known are " + joined(names));
}

PriorRecord tau_prior_record(const TauPrior& prior, double unit) {
  PriorRecord record{};
  record.form = PriorForm::kPower;
  record.power = 1.0;
  record.q = 1.0;
  record.lower_x = -kInfinity;
  record.upper_x = kInfinity;
  std::vector<double> p = prior.parameters;
  for (double& value : p) value /= unit;
  row_of(prior.name).fill(p, record);
  return record;
}

std::span<const TauPriorRow> tau_prior_rows() {
  static const std::vector<TauPriorRow> kTexts = [] {
    std::vector<TauPriorRow> texts;
    for (const Row& row : rows()) texts.push_back(row.text);
    return texts;
  }();
  return kTexts;
}

std::span<const TauPriorRow> mu_prior_rows() {
  static const TauPriorRow kTexts[] = {
      {"flat", "flat", "flat on the line (improper)", "1", "BDA3, section 5.4", "flat"},
      {"normal", "normal:mean,sd", "normal", "exp(-(mu - mean)^2/(2 sd^2)) / (sd sqrt(2 pi))",
       "Roever 2020, J. Stat. Softw. 93(6)", "normal:0,5"},
      {"uniform", "uniform:lower,upper", "flat between two bounds", "1/(upper - lower)", "BDA3, section 2.8",
       "uniform:-20,20"},
  };
  return kTexts;
}

}  // namespace taugrid
