// The priors by name: the one table of priors of tau, and the three of mu.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace taugrid {

enum class MuForm : int32_t;  // kernels/math/posterior.h
struct PriorRecord;           // kernels/math/priors.h
struct PriorStorage;          // prior_storage.h

// A point of a tabulated density.
struct PriorKnot {
  double tau;      // units of y
  double density;  // > 0, of any normalisation
};

// A prior of tau as parsed from "name:p1,p2".
struct TauPrior {
  std::string text;  // as given
  std::string name;
  std::vector<double> parameters;  // units of y where the table says so
  bool proper;
  // The density falls as tau^-tail_exponent; infinity where it falls faster than any power.
  double tail_exponent;
  // Whether a logarithm helps it: a moment exists at the limit of the exponent too.
  bool log_tail;
  int min_schools;  // fewer leave the prior undefined
  std::vector<PriorKnot> knots =
      {};  // of a table, ascending, those of density 0 at its ends left out
  std::vector<TauPrior> rows = {};   // of a mixture
  std::vector<double> weights = {};  // of a mixture's rows; they sum to 1

  bool fixed() const { return std::string_view(name) == "fixed"; }
  bool no_pooling() const;  // fixed at infinity
};

struct MuPrior {
  std::string text;
  MuForm form;
  double a;  // normal: mean; uniform: lower bound; units of y
  double b;  // normal: sd; uniform: upper bound
  bool proper() const;
};

// Throws std::invalid_argument naming the prior, the parameter, its value and what is allowed. A
// table is read from its file here.
TauPrior parse_tau_prior(const std::string& text);
MuPrior parse_mu_prior(const std::string& text);

// Of a support, and of the step from one knot to the next: the least length relative to its upper
// end. Shorter ones are no more than some hundred thousand doubles.
inline constexpr double kLeastSupport = 1e-9;

// The parameters that scale with y, as lengths: those of the prior's own scale.
std::vector<double> tau_prior_scales(const TauPrior& prior);

// The record that the kernels evaluate, for tau and sigma (J) in units of `unit` (a power of two).
// It points into `storage`, which must be empty and outlive it.
PriorRecord tau_prior_record(const TauPrior& prior, double unit, std::span<const double> sigma,
                             PriorStorage& storage);

// One row of the table, for help texts and documentation.
struct TauPriorRow {
  const char* name;
  const char* syntax;       // "half_normal:scale"
  const char* description;  // one line
  const char* density;      // formula in plain text
  const char* reference;
  const char* example;  // a valid text, for tests and help
  const char* tail;     // of tau: its tail exponent, "none" where it falls faster than any power
};
std::span<const TauPriorRow> tau_prior_rows();
std::span<const TauPriorRow> mu_prior_rows();

// The parameters of a row in order, for what reads a prior's text in parts. Throws
// std::invalid_argument for a name that is no row's.
struct PriorParameter {
  const char* name;
  bool positive;  // else it may be 0, and of most negative
};
std::vector<PriorParameter> tau_prior_parameters(const std::string& name);
std::vector<PriorParameter> mu_prior_parameters(const std::string& name);

// The reference of all priors, in Markdown: docs/priors.md.
std::string prior_reference();

}  // namespace taugrid
