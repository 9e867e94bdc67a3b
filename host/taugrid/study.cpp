#define TOML_HEADER_ONLY 1
#include "host/taugrid/study.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <stdexcept>

#include "host/taugrid/nearest_name.h"
#include "host/taugrid/prior_hash.h"
#include "host/taugrid/readers.h"
#include "host/taugrid/resumable_file.h"
#include "kernels/math/comparators.h"
#include "kernels/math/synthetic.h"

namespace taugrid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A table of the file, of which every key must be asked for.
class Section {
 public:
  Section(const toml::table& table, const std::string& file, std::string name)
      : table_(table), file_(file), name_(std::move(name)) {}

  [[noreturn]] void refuse(const toml::node* node, const std::string& what) const {
    const toml::node& at = node != nullptr ? *node : static_cast<const toml::node&>(table_);
    throw std::invalid_argument(fmt::format("{}:{}: {}", file_, at.source().begin.line, what));
  }

  std::string full(const std::string& key) const { return name_.empty() ? key : name_ + "." + key; }

  const toml::node* find(const std::string& key) {
    known_.insert(key);
    return table_.get(key);
  }
  const toml::node& need(const std::string& key) {
    const toml::node* node = find(key);
    if (node == nullptr) refuse(nullptr, full(key) + " is missing");
    return *node;
  }

  double number(const std::string& key, const toml::node& node, double least, double most,
                bool ends, const std::string& allowed) const {
    const auto value = node.value<double>();
    if (!value || node.is_boolean()) refuse(&node, full(key) + " is no number, must be " + allowed);
    const bool inside = ends ? *value >= least && *value <= most : *value > least && *value < most;
    if (!inside) refuse(&node, fmt::format("{} is {}, must be {}", full(key), *value, allowed));
    return *value;
  }
  double number(const std::string& key, double otherwise, double least, double most, bool ends,
                const std::string& allowed) {
    const toml::node* node = find(key);
    return node == nullptr ? otherwise : number(key, *node, least, most, ends, allowed);
  }
  // 100000 or 1e5.
  int64_t whole(const std::string& key, const toml::node& node, int64_t least, int64_t most) const {
    const std::string allowed = fmt::format("a whole number from {} to {}", least, most);
    const double value =
        number(key, node, static_cast<double>(least), static_cast<double>(most), true, allowed);
    if (value != std::floor(value))
      refuse(&node, fmt::format("{} is {}, must be {}", full(key), value, allowed));
    return static_cast<int64_t>(value);
  }
  bool flag(const std::string& key, bool otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    if (!node->is_boolean()) refuse(node, full(key) + " must be true or false");
    return *node->value<bool>();
  }
  std::string text(const std::string& key, const toml::node& node) const {
    const auto value = node.value<std::string>();
    if (!value) refuse(&node, full(key) + " must be a text in quotes");
    return *value;
  }
  std::string text(const std::string& key, const std::string& otherwise) {
    const toml::node* node = find(key);
    return node == nullptr ? otherwise : text(key, *node);
  }
  // One of two words; whether it is the second.
  bool second_of(const std::string& key, const std::string& first, const std::string& second) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    const std::string word = text(key, *node);
    if (word != first && word != second)
      refuse(node, fmt::format("{} is '{}', must be {} or {}", full(key), word, first, second));
    return word == second;
  }
  // A value, or a list of values that is not empty.
  std::vector<const toml::node*> list(const std::string& key) {
    const toml::node& node = need(key);
    std::vector<const toml::node*> nodes;
    if (const toml::array* array = node.as_array()) {
      for (const toml::node& item : *array) nodes.push_back(&item);
      if (nodes.empty()) refuse(&node, full(key) + " is empty");
    } else {
      nodes.push_back(&node);
    }
    return nodes;
  }

  // After everything has been asked for.
  void finish() const {
    for (const auto& [key, node] : table_) {
      if (known_.contains(std::string(key.str()))) continue;
      std::string known;
      for (const std::string& name : known_) known += (known.empty() ? "" : ", ") + name;
      throw std::invalid_argument(
          fmt::format("{}:{}: key {} is unknown; known {}are {}{}", file_, key.source().begin.line,
                      full(std::string(key.str())), name_.empty() ? "" : "in " + name_ + " ", known,
                      did_you_mean(key.str(), {known_.begin(), known_.end()})));
    }
  }

  const std::string& file() const { return file_; }

 private:
  const toml::table& table_;
  const std::string& file_;
  std::string name_;
  std::set<std::string> known_;
};

// "name:1,2" -> name and numbers.
struct NamedNumbers {
  std::string name;
  std::vector<double> numbers;
};

NamedNumbers split(const std::string& text, const std::string& what) {
  const size_t colon = text.find(':');
  NamedNumbers named{text.substr(0, colon), {}};
  for (size_t begin = colon; begin != std::string::npos;) {
    const size_t end = text.find(',', begin + 1);
    named.numbers.push_back(parse_number(
        text.substr(begin + 1, end == std::string::npos ? end : end - begin - 1), what));
    begin = end;
  }
  return named;
}

SigmaDesign parse_sigma(const std::string& text) {
  const std::string what = "sigma '" + text + "'";
  const NamedNumbers named = split(text, what);
  SigmaDesign design{text, SigmaForm::kFixed, named.numbers};
  const auto refuse = [&](const std::string& allowed) {
    throw std::invalid_argument(what + " must be " + allowed);
  };
  const auto all = [&](auto&& holds) {
    return !named.numbers.empty() && std::ranges::all_of(named.numbers, holds);
  };
  const auto positive = [](double x) { return x > 0.0 && x < kInfinity; };
  if (named.name == "fixed") {
    if (!all(positive)) refuse("fixed:SIGMA,SIGMA,.. with positive numbers");
  } else if (named.name == "uniform") {
    design.form = SigmaForm::kUniform;
    if (!all(positive) || named.numbers.size() != 2 || !(named.numbers[0] < named.numbers[1]))
      refuse("uniform:LOWER,UPPER with 0 < LOWER < UPPER");
  } else if (named.name == "two_arm") {
    design.form = SigmaForm::kTwoArm;
    if (!all([](double n) { return n >= 2.0 && n <= 1e6 && n == std::floor(n); }))
      refuse("two_arm:N,N,.. with the patients in each arm, whole numbers from 2 to 1000000");
  } else {
    refuse("fixed:SIGMA,.., uniform:LOWER,UPPER or two_arm:N,..");
  }
  return design;
}

ThetaLaw parse_theta(const std::string& text, bool standardised) {
  const std::string what = "theta '" + text + "'";
  const NamedNumbers named = split(text, what);
  const auto refuse = [&](const std::string& allowed) {
    throw std::invalid_argument(what + " must be " + allowed);
  };
  const bool one = named.numbers.size() == 1 && std::isfinite(named.numbers[0]);
  const double parameter = one ? named.numbers[0] : 0.0;
  if (named.name == "normal") {
    if (!named.numbers.empty()) refuse("normal, without numbers");
    return {text, ThetaForm::kNormal, 0.0, standardised};
  }
  if (named.name == "skew_normal") {
    if (!one) refuse("skew_normal:ALPHA");
    return {text, ThetaForm::kSkewNormal, parameter, standardised};
  }
  if (named.name == "t") {
    if (!one || !(parameter > (standardised ? 2.0 : 0.1)) || !(parameter <= 1e6))
      refuse(standardised ? "t:DF with 2 < DF <= 1e6 (below, there is no sd)"
                          : "t:DF with 0.1 < DF <= 1e6");
    return {text, ThetaForm::kT, parameter, standardised};
  }
  if (named.name != "two_point") refuse("normal, skew_normal:ALPHA, t:DF or two_point:P");
  if (!one || !(parameter > 0.0 && parameter < 1.0)) refuse("two_point:P with 0 < P < 1");
  return {text, ThetaForm::kTwoPoint, parameter, true};
}

constexpr const char* kEstimatorNames[kEstimators] = {"common", "dl", "pm", "ml", "reml"};

// What `parse` says, with the line.
template <class Parse>
auto at_line(const Section& section, const toml::node& node, const Parse& parse) {
  try {
    return parse();
  } catch (const std::invalid_argument& error) {
    section.refuse(&node, error.what());
  }
}

void add_methods(Section& section, const toml::node& node, std::vector<Method>& methods) {
  if (const toml::table* table = node.as_table()) {
    Section entry(*table, section.file(), "methods");
    const toml::node& tau_node = entry.need("tau_prior");
    Method method{};
    method.bayesian = true;
    const std::string tau_prior = entry.text("tau_prior", tau_node);
    const std::string mu_prior = entry.text("mu_prior", std::string("flat"));
    method.name = entry.text("name", mu_prior == "flat" ? tau_prior : tau_prior + " " + mu_prior);
    entry.finish();
    method.tau_prior = at_line(section, node, [&] { return parse_tau_prior(tau_prior); });
    method.mu_prior = at_line(section, node, [&] { return parse_mu_prior(mu_prior); });
    methods.push_back(method);
    return;
  }
  const std::string text = section.text("methods", node);
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::string interval = colon == std::string::npos ? "" : text.substr(colon + 1);
  const auto* const found = std::ranges::find(kEstimatorNames, name);
  if (found == std::end(kEstimatorNames) ||
      (colon != std::string::npos && interval != "wald" && interval != "hk"))
    section.refuse(&node, fmt::format("method '{}' is unknown, must be one of {}, alone or with "
                                      ":wald or :hk, or a table with tau_prior",
                                      text, fmt::join(kEstimatorNames, ", ")));
  for (const bool hartung_knapp : {false, true}) {
    if (interval == (hartung_knapp ? "wald" : "hk")) continue;
    Method method{};
    method.estimator = static_cast<Estimator>(found - std::begin(kEstimatorNames));
    method.hartung_knapp = hartung_knapp;
    method.name = name + (hartung_knapp ? ":hk" : ":wald");
    methods.push_back(method);
  }
}

// The factorial design of one table: k, sigma, theta, mu, tau or i2, the last running fastest.
void add_scenarios(Section section, Study& study) {
  const bool calibration = study.kind == StudyKind::kCalibration;
  const bool comparators =
      std::ranges::any_of(study.methods, [](const Method& m) { return !m.bayesian; });
  std::vector<int64_t> ks;
  for (const toml::node* node : section.list("k"))
    ks.push_back(section.whole("k", *node, comparators ? 2 : 1, kMostStudyK));
  std::vector<SigmaDesign> sigmas;
  for (const toml::node* node : section.list("sigma")) {
    const std::string text = section.text("sigma", *node);
    sigmas.push_back(at_line(section, *node, [&] { return parse_sigma(text); }));
    const SigmaDesign& design = sigmas.back();
    if (design.form != SigmaForm::kUniform &&
        static_cast<int64_t>(design.numbers.size()) > *std::ranges::min_element(ks))
      section.refuse(node, fmt::format("sigma '{}' lists {} studies, more than k = {}", text,
                                       design.numbers.size(), *std::ranges::min_element(ks)));
  }
  std::vector<ThetaLaw> thetas = {{"normal", ThetaForm::kNormal, 0.0, true}};
  std::vector<double> mus = {0.0}, heterogeneity = {0.0};
  bool by_i2 = false;
  if (!calibration) {
    const bool raw = section.second_of("theta_scale", "sd", "raw");
    if (section.find("theta") != nullptr) {
      thetas.clear();
      for (const toml::node* node : section.list("theta")) {
        const std::string text = section.text("theta", *node);
        thetas.push_back(at_line(section, *node, [&] { return parse_theta(text, !raw); }));
      }
    }
    mus.clear();
    for (const toml::node* node : section.list("mu"))
      mus.push_back(section.number("mu", *node, -1e12, 1e12, true, "from -1e12 to 1e12"));
    by_i2 = section.find("i2") != nullptr;
    if (by_i2 && section.find("tau") != nullptr)
      section.refuse(section.find("i2"), "both " + section.full("tau") + " and " +
                                             section.full("i2") + " are given; one says it all");
    heterogeneity.clear();
    if (by_i2) {
      for (const toml::node* node : section.list("i2")) {
        const double i2 = section.number("i2", *node, 0.0, 1.0, true, "at least 0, below 1");
        if (i2 == 1.0) section.refuse(node, section.full("i2") + " is 1, must be below 1");
        heterogeneity.push_back(i2);
      }
    } else {
      for (const toml::node* node : section.list("tau"))
        heterogeneity.push_back(section.number("tau", *node, 0.0, 1e12, true, "from 0 to 1e12"));
    }
  }
  section.finish();
  for (const int64_t k : ks)
    for (const SigmaDesign& sigma : sigmas)
      for (const ThetaLaw& theta : thetas)
        for (const double mu : mus)
          for (const double h : heterogeneity) {
            const double variance = sigma.mean_variance(k);
            const double tau = by_i2 ? std::sqrt(variance * h / (1.0 - h)) : h;
            const double i2 = by_i2 ? h : tau * tau / (tau * tau + variance);
            study.scenarios.push_back(
                {static_cast<int64_t>(study.scenarios.size()), k, sigma, theta, mu, tau, i2});
          }
}

void read_measures(Section& section, Study& study) {
  study.level = section.number("level", 0.95, 0.0, 1.0, false, "between 0 and 1");
  study.shortest = section.second_of("interval", "central", "shortest");
  study.posterior_mean = section.second_of("estimate", "median", "mean");
  if (section.find("parameters") == nullptr) {
    study.of_mu = study.of_tau = study.of_theta_new = true;
  } else {
    for (const toml::node* node : section.list("parameters")) {
      const std::string name = section.text("parameters", *node);
      bool* const of = name == "mu"          ? &study.of_mu
                       : name == "tau"       ? &study.of_tau
                       : name == "theta"     ? &study.of_theta
                       : name == "theta_new" ? &study.of_theta_new
                                             : nullptr;
      if (of == nullptr)
        section.refuse(node, fmt::format("parameter '{}' is unknown, must be one of mu, tau, "
                                         "theta, theta_new",
                                         name));
      *of = true;
    }
  }
  study.crps = section.flag("crps", study.of_theta_new);
  if (study.crps && !study.of_theta_new)
    section.refuse(section.find("crps"), "crps is the score of theta_new, which parameters lack");
}

}  // namespace

double SigmaDesign::number(int64_t j) const {
  return numbers[std::min(static_cast<size_t>(j), numbers.size() - 1)];
}

double SigmaDesign::mean_variance(int64_t k) const {
  if (form == SigmaForm::kUniform)
    return (numbers[0] * numbers[0] + numbers[0] * numbers[1] + numbers[1] * numbers[1]) / 3.0;
  double sum = 0.0;
  for (int64_t j = 0; j < k; ++j)
    sum += form == SigmaForm::kTwoArm ? 2.0 / number(j) : number(j) * number(j);
  return sum / static_cast<double>(k);
}

Study parse_study(const std::string& text, const std::string& file) {
  toml::table root;
  try {
    root = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    throw std::invalid_argument(
        fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
  }
  Section section(root, file, "");
  Study study{};
  study.file = file;
  study.text = text;
  study.kind = section.second_of("kind", "simulation", "calibration") ? StudyKind::kCalibration
                                                                      : StudyKind::kSimulation;
  study.seed = 1;
  if (const toml::node* node = section.find("seed"))
    study.seed = static_cast<uint64_t>(section.whole("seed", *node, 0, int64_t{1} << 53));
  study.replicates = section.whole("replicates", section.need("replicates"), 2, kMostReplicates);
  study.sigma_factor = 1.0;
  if (const toml::node* node = section.find("misspecify")) {
    if (!node->is_table()) section.refuse(node, "misspecify must be a table");
    Section misspecify(*node->as_table(), file, "misspecify");
    study.sigma_factor = misspecify.number("sigma", 1.0, 0.0, 1e6, false, "positive, below 1e6");
    misspecify.finish();
  }
  if (study.kind == StudyKind::kSimulation) {
    for (const toml::node* node : section.list("methods"))
      add_methods(section, *node, study.methods);
    std::set<std::string> names;
    for (const Method& method : study.methods)
      if (!names.insert(method.name).second)
        section.refuse(section.find("methods"),
                       "method '" + method.name + "' appears twice; give it another name");
    read_measures(section, study);
  } else {
    const toml::node& tau = section.need("tau_prior");
    const toml::node& mu = section.need("mu_prior");
    const std::string tau_text = section.text("tau_prior", tau);
    const std::string mu_text = section.text("mu_prior", mu);
    study.tau_prior = at_line(section, tau, [&] { return parse_tau_prior(tau_text); });
    study.mu_prior = at_line(section, mu, [&] { return parse_mu_prior(mu_text); });
    if (!study.tau_prior.proper || study.tau_prior.no_pooling())
      section.refuse(&tau,
                     "tau prior " + tau_text + " is improper: a calibration draws tau from it");
    if (!study.mu_prior.proper())
      section.refuse(&mu, "mu prior " + mu_text + " is improper: a calibration draws mu from it");
    study.bins = 100;
    if (const toml::node* node = section.find("bins")) {
      study.bins = section.whole("bins", *node, 2, kFineCells);
      if (kFineCells % study.bins != 0)
        section.refuse(node, fmt::format("bins is {}, must divide {}", study.bins, kFineCells));
    }
  }
  const toml::node& scenarios = section.need("scenarios");
  if (const toml::table* table = scenarios.as_table()) {
    add_scenarios(Section(*table, file, "scenarios"), study);
  } else if (const toml::array* array = scenarios.as_array()) {
    for (const toml::node& item : *array) {
      if (!item.is_table()) section.refuse(&item, "scenarios must be a table, or several");
      add_scenarios(Section(*item.as_table(), file, "scenarios"), study);
    }
  } else {
    section.refuse(&scenarios, "scenarios must be a table, or several");
  }
  section.finish();
  if (study.scenarios.empty()) section.refuse(&scenarios, "there are no scenarios");
  return study;
}

uint64_t study_hash(const Study& study) {
  uint64_t hash = hash_bytes(study.text);
  const auto add = [&](const TauPrior& prior) { hash = hash_bytes({}, hash ^ prior_hash(prior)); };
  for (const Method& method : study.methods)
    if (method.bayesian) add(method.tau_prior);
  if (study.kind == StudyKind::kCalibration) add(study.tau_prior);
  return hash;
}

Study read_study(const std::string& path) { return parse_study(read_text(path), path); }

}  // namespace taugrid
