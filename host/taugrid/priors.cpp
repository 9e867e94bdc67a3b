#include "host/taugrid/priors.h"

#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "host/taugrid/nearest_name.h"
#include "host/taugrid/prior_integral.h"
#include "host/taugrid/prior_mixture.h"
#include "host/taugrid/prior_reference.h"
#include "host/taugrid/prior_storage.h"
#include "host/taugrid/prior_table.h"
#include "host/taugrid/prior_text.h"
#include "host/taugrid/typical_scale.h"
#include "kernels/math/elementary.h"
#include "kernels/math/posterior.h"

namespace taugrid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double log_of(double x) { return log<Scalar<>>(x); }
double log_gamma_of(double x) { return log_gamma<Scalar<>>(x); }

// What a parameter may be, and how it changes with the unit of y.
enum class Range { kPositive, kAny, kFromZeroToInfinity };
struct Parameter {
  const char* name;
  int unit_power;  // of y: 1 a scale, -1 a rate, 2 a variance, 0 a pure number
  Range range = Range::kPositive;
};

// What a row fills its record from.
struct Inputs {
  std::vector<double> p;                   // the parameters, internal units
  double unit;                             // of those
  std::span<const double> sigma_for_rows;  // of a mixture, each of which notes whether it looks
  const TauPrior& prior;
  PriorStorage& storage;  // for what a record has no room for

  // (J), internal units. Looking is noted: such a record is of these data alone.
  std::span<const double> sigma() const {
    storage.of_sigma = true;
    return sigma_for_rows;
  }
};

// One named prior of tau: its documentation, its parameters, and its record.
struct Row {
  TauPriorRow text;
  std::vector<Parameter> parameters;
  int optional;  // how many of the last parameters may be left out
  bool (*proper)(const std::vector<double>& p);
  double (*tail_exponent)(const std::vector<double>& p);
  void (*fill)(const Inputs& in, PriorRecord& record);
  int min_schools = 1;
  // Where what follows the colon is no list of numbers; it knows all that the fields above say of
  // others.
  TauPrior (*parse)(const std::string& text) = nullptr;
};

using Parameters = std::vector<double>;
bool always(const Parameters&) { return true; }
bool never(const Parameters&) { return false; }
double no_tail(const Parameters&) { return kInfinity; }
template <int kExponent>
double tail(const Parameters&) {
  return kExponent;
}

const double kLog2 = 0.69314718055994530942;
const double kLog2OverPi = -0.45158270528945486473;  // log(2/pi)

// The scale of a prior that has one: where the scan looks.
void set_scale(double scale, PriorRecord& r) {
  r.log_scale = log_of(scale);
  r.inverse_scale = 1.0 / scale;
  r.seed_x = r.log_scale;
  r.seed_width = 1.0;
}

// exponent log1p((tau/scale)^q) and tau^slope
void set_ratio(double scale, double q, double exponent, double slope, double log_constant,
               PriorRecord& r) {
  set_scale(scale, r);
  r.q = q;
  r.exponent = exponent;
  r.slope = slope;
  r.log_constant = log_constant;
}

// rate (tau/scale)^power and tau^slope
void set_exponential(double scale, double power, double rate, double slope, double log_constant,
                     PriorRecord& r) {
  set_scale(scale, r);
  r.power = power;
  r.rate = rate;
  r.slope = slope;
  r.log_constant = log_constant;
}

// tau^2 inverse gamma
void set_inverse_gamma_variance(double shape, double scale, PriorRecord& r) {
  set_exponential(std::sqrt(scale), -2.0, 1.0, -2.0 * shape - 1.0,
                  kLog2 + shape * log_of(scale) - log_gamma_of(shape), r);
}

// tau^slope (sum w)^alpha (sum w^2)^beta exp(-gamma sum log v); proper ones are normalised
// numerically.
void set_school_sums(double alpha, double beta, double gamma, bool proper, const Inputs& in,
                     PriorRecord& r) {
  r.form = PriorForm::kSchoolSums;
  r.slope = 1.0;
  r.alpha = alpha;
  r.beta = beta;
  r.gamma = gamma;
  if (proper) r.log_constant = -log_prior_integral(r, in.sigma());
}

// s0 of dumouchel and shrinkage: s0^2 = J / sum sigma_j^-2, the harmonic mean of the variances.
double harmonic_scale(std::span<const double> sigma) {
  double sum = 0.0;
  for (const double s : sigma) sum += 1.0 / (s * s);
  return std::sqrt(static_cast<double>(sigma.size()) / sum);
}

const char* const kRoever = "Roever 2020, J. Stat. Softw. 93(6)";
const char* const kGelman = "Gelman 2006, Bayesian Analysis 1(3)";

// The one place where a prior of tau is added. Scales are in units of y.
const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = {
      {{"uniform", "uniform or uniform:A", "flat on tau > 0 (improper), or on (0, A)",
        "1, or 1/A for tau < A", kGelman, "uniform:50", "0, or none with A"},
       {{"A", 1}},
       1,
       [](const Parameters& p) { return !p.empty(); },
       [](const Parameters& p) { return p.empty() ? 0.0 : kInfinity; },
       [](const Inputs& in, PriorRecord& r) {
         if (in.p.empty()) return;
         r.upper_tau = in.p[0];
         r.upper_x = log_of(in.p[0]);
         r.log_constant = -r.upper_x;
       }},
      {{"half_normal", "half_normal:scale", "normal(0, scale^2) folded at 0",
        "sqrt(2/pi)/scale exp(-tau^2/(2 scale^2))", kRoever, "half_normal:5", "none"},
       {{"scale", 1}},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         set_exponential(in.p[0], 2.0, 0.5, 0.0, 0.5 * kLog2OverPi - log_of(in.p[0]), r);
       }},
      {{"half_cauchy", "half_cauchy:scale", "Cauchy(0, scale) folded at 0",
        "2/(pi scale) / (1 + (tau/scale)^2)", kGelman, "half_cauchy:5", "2"},
       {{"scale", 1}},
       0,
       always,
       tail<2>,
       [](const Inputs& in, PriorRecord& r) {
         set_ratio(in.p[0], 2.0, 1.0, 0.0, kLog2OverPi - log_of(in.p[0]), r);
       }},
      {{"half_t", "half_t:df,scale", "Student's t folded at 0",
        "2 Gamma((df+1)/2) / (Gamma(df/2) sqrt(df pi) scale) (1 + (tau/scale)^2/df)^(-(df+1)/2)",
        kGelman, "half_t:4,5", "df + 1"},
       {{"df", 0}, {"scale", 1}},
       0,
       always,
       [](const Parameters& p) { return p[0] + 1.0; },
       [](const Inputs& in, PriorRecord& r) {
         const double df = in.p[0], scale = in.p[1];
         // log(2 / sqrt(df pi)) by log(2/pi), to stay clear of a second constant.
         const double log_constant = log_gamma_of(0.5 * (df + 1.0)) - log_gamma_of(0.5 * df) +
                                     0.5 * kLog2 + 0.5 * kLog2OverPi - 0.5 * log_of(df) -
                                     log_of(scale);
         set_ratio(scale * std::sqrt(df), 2.0, 0.5 * (df + 1.0), 0.0, log_constant, r);
       }},
      {{"half_logistic", "half_logistic:scale", "logistic folded at 0",
        "2 exp(-tau/scale) / (scale (1 + exp(-tau/scale))^2)", kRoever, "half_logistic:5", "none"},
       {{"scale", 1}},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         r.form = PriorForm::kHalfLogistic;
         set_scale(in.p[0], r);
         r.log_constant = kLog2 - r.log_scale;
       }},
      {{"exponential", "exponential:scale", "exponential with mean scale", "exp(-tau/scale)/scale",
        kRoever, "exponential:5", "none"},
       {{"scale", 1}},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         set_exponential(in.p[0], 1.0, 1.0, 0.0, -log_of(in.p[0]), r);
       }},
      {{"lomax", "lomax:shape,scale", "Lomax (Pareto of the second kind)",
        "shape/scale (1 + tau/scale)^-(shape+1)", kRoever, "lomax:3,10", "shape + 1"},
       {{"shape", 0}, {"scale", 1}},
       0,
       always,
       [](const Parameters& p) { return p[0] + 1.0; },
       [](const Inputs& in, PriorRecord& r) {
         set_ratio(in.p[1], 1.0, in.p[0] + 1.0, 0.0, log_of(in.p[0]) - log_of(in.p[1]), r);
       }},
      {{"rayleigh", "rayleigh:scale", "Rayleigh", "tau/scale^2 exp(-tau^2/(2 scale^2))", kRoever,
        "rayleigh:5", "none"},
       {{"scale", 1}},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         set_exponential(in.p[0], 2.0, 0.5, 1.0, -2.0 * log_of(in.p[0]), r);
       }},
      {{"log_normal", "log_normal:meanlog,sdlog", "log tau is normal",
        "exp(-(log tau - meanlog)^2/(2 sdlog^2)) / (tau sdlog sqrt(2 pi))", kRoever,
        "log_normal:1,1", "none"},
       {{"meanlog", 0, Range::kAny}, {"sdlog", 0}},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         r.form = PriorForm::kLogLocation;
         r.log_scale = in.p[0] - log_of(in.unit);
         r.width = in.p[1];
         r.df = kInfinity;
         r.slope = -1.0;
         r.log_constant = -log_of(r.width) - kLogRoot2Pi;
         r.seed_x = r.log_scale;
         r.seed_width = r.width;
       }},
      {{"log_t", "log_t:df,location,scale", "log tau is Student's t",
        "t density of (log tau - location)/scale with df, over tau scale", kRoever, "log_t:4,1,1",
        "1"},
       {{"df", 0}, {"location", 0, Range::kAny}, {"scale", 0}},
       0,
       always,
       tail<1>,
       [](const Inputs& in, PriorRecord& r) {
         const double df = in.p[0];
         r.form = PriorForm::kLogLocation;
         r.log_scale = in.p[1] - log_of(in.unit);
         r.width = in.p[2];
         r.df = df;
         r.slope = -1.0;
         r.log_constant = log_gamma_of(0.5 * (df + 1.0)) - log_gamma_of(0.5 * df) +
                          0.5 * kLog2OverPi - 0.5 * kLog2 - 0.5 * log_of(df) - log_of(r.width);
         r.seed_x = r.log_scale;
         r.seed_width = r.width;
       }},
      {{"gamma", "gamma:shape,rate", "gamma",
        "rate^shape/Gamma(shape) tau^(shape-1) exp(-rate tau)", kRoever, "gamma:2,0.2", "none"},
       {{"shape", 0}, {"rate", -1}},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         const double shape = in.p[0], rate = in.p[1];
         set_exponential(1.0 / rate, 1.0, 1.0, shape - 1.0,
                         shape * log_of(rate) - log_gamma_of(shape), r);
       }},
      {{"inv_gamma", "inv_gamma:shape,scale", "tau is inverse gamma",
        "scale^shape/Gamma(shape) tau^-(shape+1) exp(-scale/tau)", kRoever, "inv_gamma:2,5",
        "shape + 1"},
       {{"shape", 0}, {"scale", 1}},
       0,
       always,
       [](const Parameters& p) { return p[0] + 1.0; },
       [](const Inputs& in, PriorRecord& r) {
         const double shape = in.p[0], scale = in.p[1];
         set_exponential(scale, -1.0, 1.0, -shape - 1.0,
                         shape * log_of(scale) - log_gamma_of(shape), r);
       }},
      {{"inv_gamma_var", "inv_gamma_var:shape,scale",
        "tau^2 is inverse gamma (scale in squared units of y)",
        "2 scale^shape/Gamma(shape) tau^-(2 shape+1) exp(-scale/tau^2)", kGelman,
        "inv_gamma_var:1,5", "2 shape + 1"},
       {{"shape", 0}, {"scale", 2}},
       0,
       always,
       [](const Parameters& p) { return 2.0 * p[0] + 1.0; },
       [](const Inputs& in, PriorRecord& r) { set_inverse_gamma_variance(in.p[0], in.p[1], r); }},
      {{"inv_chi_scaled", "inv_chi_scaled:df,scale", "tau^2 is scaled inverse chi-squared",
        "inv_gamma_var:df/2,df scale^2/2", kRoever, "inv_chi_scaled:4,5", "df + 1"},
       {{"df", 0}, {"scale", 1}},
       0,
       always,
       [](const Parameters& p) { return p[0] + 1.0; },
       [](const Inputs& in, PriorRecord& r) {
         set_inverse_gamma_variance(0.5 * in.p[0], 0.5 * in.p[0] * in.p[1] * in.p[1], r);
       }},
      {{"log_uniform", "log_uniform:lo,hi", "log tau is uniform",
        "1/(tau log(hi/lo)) for lo < tau < hi", kRoever, "log_uniform:0.1,100", "none"},
       {{"lo", 1}, {"hi", 1}},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         r.slope = -1.0;
         r.lower_tau = in.p[0];
         r.upper_tau = in.p[1];
         r.lower_x = log_of(in.p[0]);
         r.upper_x = log_of(in.p[1]);
         r.log_constant = -log_of(r.upper_x - r.lower_x);
       }},
      {{"sqrt", "sqrt", "uniform in sqrt(tau) (improper)", "tau^(-1/2)", kRoever, "sqrt", "1/2"},
       {},
       0,
       never,
       [](const Parameters&) { return 0.5; },
       [](const Inputs&, PriorRecord& r) { r.slope = -0.5; }},
      {{"jeffreys", "jeffreys", "Jeffreys' prior of tau (improper)", "sqrt(sum (tau/v_j)^2)",
        kRoever, "jeffreys", "1"},
       {},
       0,
       never,
       tail<1>,
       [](const Inputs& in, PriorRecord& r) { set_school_sums(0.0, 0.5, 0.0, false, in, r); }},
      {{"overall_jeffreys", "overall_jeffreys", "Jeffreys' prior of (mu, tau)",
        "sqrt(sum 1/v_j * sum (tau/v_j)^2), normalised numerically", kRoever, "overall_jeffreys",
        "2"},
       {},
       0,
       always,
       tail<2>,
       [](const Inputs& in, PriorRecord& r) { set_school_sums(0.5, 0.5, 0.0, true, in, r); }},
      {{"berger_deely", "berger_deely", "Berger & Deely's (improper)", "prod (tau/v_j)^(1/J)",
        "Berger & Deely 1988, JASA 83(402)", "berger_deely", "1"},
       {},
       0,
       never,
       tail<1>,
       [](const Inputs& in, PriorRecord& r) {
         set_school_sums(0.0, 0.0, 1.0 / static_cast<double>(in.sigma().size()), false, in, r);
       }},
      {{"conventional", "conventional", "Berger & Deely's proper variant",
        "prod (tau/v_j^(3/2))^(1/J), normalised numerically", "Berger & Deely 1988, JASA 83(402)",
        "conventional", "2"},
       {},
       0,
       always,
       tail<2>,
       [](const Inputs& in, PriorRecord& r) {
         set_school_sums(0.0, 0.0, 1.5 / static_cast<double>(in.sigma().size()), true, in, r);
       }},
      {{"dumouchel", "dumouchel", "DuMouchel's, s0^2 = J/sum sigma_j^-2", "s0/(s0 + tau)^2",
        "DuMouchel & Normand 2000", "dumouchel", "2"},
       {},
       0,
       always,
       tail<2>,
       [](const Inputs& in, PriorRecord& r) {
         const double s0 = harmonic_scale(in.sigma());
         set_ratio(s0, 1.0, 2.0, 0.0, -log_of(s0), r);
       }},
      {{"shrinkage", "shrinkage", "uniform shrinkage, s0 as dumouchel's",
        "2 s0^2 tau/(s0^2 + tau^2)^2", "Daniels 1999, Canadian J. Stat. 27(3)", "shrinkage", "3"},
       {},
       0,
       always,
       tail<3>,
       [](const Inputs& in, PriorRecord& r) {
         const double s0 = harmonic_scale(in.sigma());
         set_ratio(s0, 2.0, 2.0, 1.0, kLog2 - 2.0 * log_of(s0), r);
       }},
      {{"i2", "i2",
        "uniform in I^2, s^2 = (J-1) S1/(S1^2 - S2), S1 = sum sigma_j^-2, S2 = sum sigma_j^-4; J "
        ">= 2",
        "2 s^2 tau/(s^2 + tau^2)^2", kRoever, "i2", "3"},
       {},
       0,
       always,
       tail<3>,
       [](const Inputs& in, PriorRecord& r) {
         const double s = typical_scale(in.sigma());
         set_ratio(s, 2.0, 2.0, 1.0, kLog2 - 2.0 * log_of(s), r);
       },
       2},
      {{"fixed", "fixed:value", "tau is known: 0 pools completely, inf not at all",
        "point mass at value", "BDA3, section 5.5", "fixed:8", "none"},
       {{"value", 1, Range::kFromZeroToInfinity}},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         r.form = PriorForm::kPoint;
         r.value = in.p[0];
       }},
      {{"table", "table:FILE", "CSV file with columns tau and density",
        "exp of the monotone cubic in tau through the logarithms, between the outermost knots of "
        "density above 0; "
        "normalised numerically",
        "Fritsch & Butland 1984, SIAM J. Sci. Stat. Comput. 5(2)", "table:data/tau_prior.csv",
        "none"},
       {},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         fill_prior_table(in.prior.knots, in.unit, r, in.storage);
       },
       1,
       parse_table_prior},
      {{"mixture", "mixture:WEIGHT*PRIOR+WEIGHT*PRIOR+..",
        "weighted sum of proper priors of this list", "sum of weight p(tau), weights that sum to 1",
        "Roever 2020, J. Stat. Softw. 93(6)", "mixture:0.5*half_normal:1+0.5*half_cauchy:5",
        "least of its rows"},
       {},
       0,
       always,
       no_tail,
       [](const Inputs& in, PriorRecord& r) {
         fill_prior_mixture(in.prior, in.unit, in.sigma_for_rows, r, in.storage);
       },
       1,
       parse_mixture_prior},
  };
  return kRows;
}

const Row& row_of(const std::string& name) {
  for (const Row& row : rows())
    if (name == row.text.name) return row;
  std::vector<std::string> names;
  for (const Row& row : rows()) names.emplace_back(row.text.syntax);
  std::vector<std::string> words;
  for (const Row& row : rows()) words.emplace_back(row.text.name);
  throw std::invalid_argument("tau prior '" + name + "' is unknown; known are " + joined(names) +
                              did_you_mean(name, words));
}

}  // namespace

bool TauPrior::no_pooling() const { return fixed() && parameters[0] == kInfinity; }

TauPrior parse_tau_prior(const std::string& text) {
  if (const Row& row = row_of(text.substr(0, text.find(':'))); row.parse != nullptr)
    return row.parse(text);
  const NameAndNumbers parts = split_prior(text, "tau");
  const Row& row = row_of(parts.name);
  const size_t most = row.parameters.size();
  const size_t least = most - static_cast<size_t>(row.optional);
  if (parts.numbers.size() < least || parts.numbers.size() > most)
    throw std::invalid_argument("tau prior " + text + ": has " +
                                std::to_string(parts.numbers.size()) + " parameters, must be " +
                                row.text.syntax);
  for (size_t i = 0; i < parts.numbers.size(); ++i) {
    const double value = parts.numbers[i];
    const auto require = [&](bool condition, const char* allowed) {
      if (!condition)
        throw std::invalid_argument("tau prior " + text + ": " + row.parameters[i].name + " is " +
                                    parts.texts[i] + ", must be " + allowed);
    };
    switch (row.parameters[i].range) {
      case Range::kPositive:
        require(value > 0.0 && std::isfinite(value), "positive and finite");
        break;
      case Range::kAny:
        require(std::isfinite(value), "finite");
        break;
      case Range::kFromZeroToInfinity:
        require(value >= 0.0, "in [0, inf]");
        break;
    }
  }
  if (parts.name == "log_uniform" &&
      !(parts.numbers[1] - parts.numbers[0] > kLeastSupport * parts.numbers[1]))
    throw std::invalid_argument("tau prior " + text + ": lo is " + parts.texts[0] +
                                ", must be below hi, " + parts.texts[1] +
                                ", by more than 1e-9 of it");
  return {text,
          parts.name,
          parts.numbers,
          row.proper(parts.numbers),
          row.tail_exponent(parts.numbers),
          parts.name == "log_t",
          row.min_schools};
}

std::vector<PriorParameter> tau_prior_parameters(const std::string& name) {
  std::vector<PriorParameter> parameters;
  for (const Parameter& parameter : row_of(name).parameters)
    parameters.push_back({parameter.name, parameter.range == Range::kPositive});
  return parameters;
}

std::vector<double> tau_prior_scales(const TauPrior& prior) {
  const Row& row = row_of(prior.name);
  std::vector<double> scales;
  if (!prior.knots.empty()) scales.push_back(prior.knots.back().tau);
  for (size_t i = 0; i < prior.parameters.size(); ++i) {
    const double value = prior.parameters[i];
    switch (row.parameters[i].unit_power) {
      case 1:
        scales.push_back(value);
        break;
      case -1:
        scales.push_back(1.0 / value);
        break;
      case 2:
        scales.push_back(std::sqrt(value));
        break;
    }
  }
  return scales;
}

PriorRecord tau_prior_row_record(const TauPrior& prior, double unit, std::span<const double> sigma,
                                 PriorStorage& storage) {
  PriorRecord record{};
  record.form = PriorForm::kPower;
  record.power = 1.0;
  record.q = 1.0;
  record.lower_x = -kInfinity;
  record.upper_x = record.upper_tau = kInfinity;
  const Row& row = row_of(prior.name);
  Inputs in{prior.parameters, unit, sigma, prior, storage};
  for (size_t i = 0; i < in.p.size(); ++i)
    for (int power = row.parameters[i].unit_power; power != 0; power += power > 0 ? -1 : 1)
      in.p[i] = power > 0 ? in.p[i] / unit : in.p[i] * unit;
  row.fill(in, record);
  return record;
}

PriorRecord tau_prior_record(const TauPrior& prior, double unit, std::span<const double> sigma,
                             PriorStorage& storage) {
  PriorRecord record = tau_prior_row_record(prior, unit, sigma, storage);
  // Only now do the arrays stay where they are.
  const auto attach = [&](PriorRecord& r) {
    if (storage.numbers.empty()) return;
    r.numbers = storage.numbers.data();
    r.n_numbers = static_cast<int32_t>(storage.numbers.size());
  };
  for (PriorRecord& r : storage.rows) attach(r);
  attach(record);
  record.rows = storage.rows.empty() ? nullptr : storage.rows.data();
  record.n_rows = static_cast<int32_t>(storage.rows.size());
  return record;
}

TauPriorFacts tau_prior_facts(const std::string& name) {
  const Row& row = row_of(name);
  TauPriorFacts facts;
  static const std::map<int, std::string> kUnits = {
      {-1, "inverse units of y"}, {0, ""}, {1, "units of y"}, {2, "squared units of y"}};
  const size_t least = row.parameters.size() - static_cast<size_t>(row.optional);
  for (size_t i = 0; i < row.parameters.size(); ++i) {
    const Parameter& parameter = row.parameters[i];
    const std::string& unit = kUnits.at(parameter.unit_power);
    const char* range = parameter.range == Range::kPositive ? " > 0"
                        : parameter.range == Range::kAny    ? ""
                                                            : " from 0 to inf";
    facts.parameters += (i == 0 ? "" : "; ") + std::string(parameter.name) + range +
                        (unit.empty() ? "" : ", " + unit) +
                        (i >= least ? " (may be left out)" : "");
  }
  if (row.parse != nullptr) {
    facts.proper = true;
    facts.tail_exponent = kInfinity;
    return facts;
  }
  // Of the form with all of its parameters.
  const std::vector<double> example = split_prior(row.text.example, "tau").numbers;
  facts.proper = row.proper(example);
  facts.proper_without_optional = row.optional > 0 ? row.proper({}) : facts.proper;
  facts.tail_exponent = row.tail_exponent(example);
  return facts;
}

std::span<const TauPriorRow> tau_prior_rows() {
  static const std::vector<TauPriorRow> kTexts = [] {
    std::vector<TauPriorRow> texts;
    for (const Row& row : rows()) texts.push_back(row.text);
    return texts;
  }();
  return kTexts;
}

}  // namespace taugrid
