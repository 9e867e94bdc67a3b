// The finished results of a fit.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "taugrid/summary.h"
#include "taugrid/writers.h"

namespace taugrid::python {
namespace {

// A vector of a result, or its rows (n, m), as an array of its own.
template <auto kMember, class Class>
void def_array(Class& bound, const char* name) {
  using Result = typename Class::Type;
  bound.def_prop_ro(
      name, [](const Result& result) { return to_array(result.*kMember); }, nb::rv_policy::move);
}
template <auto kMember, class Class>
void def_rows(Class& bound, const char* name, const char* shape) {
  using Result = typename Class::Type;
  bound.def_prop_ro(
      name,
      [](const Result& result) {
        const auto& rows = result.*kMember;
        return to_array(rows, rows.empty() ? 0 : rows[0].size());
      },
      nb::rv_policy::move, shape);
}

std::string text(const FitSummary& summary, const std::string& format) {
  return find_writer(format).text({summary});
}

}  // namespace

void bind_summary(nb::module_& module) {
  nb::class_<Interval>(module, "Interval")
      .def_ro("lower", &Interval::lower)
      .def_ro("upper", &Interval::upper);

  nb::class_<ParameterSummary>(module, "ParameterSummary", "One parameter, units of y.")
      .def_ro("name", &ParameterSummary::name)
      .def_ro("label", &ParameterSummary::label)
      .def_ro("mean", &ParameterSummary::mean)
      .def_ro("sd", &ParameterSummary::sd)
      .def_ro("mode", &ParameterSummary::mode);

  nb::class_<ConditionalMoments> moments(module, "ConditionalMoments", "Given n values of tau.");
  def_array<&ConditionalMoments::tau>(moments, "tau");
  def_array<&ConditionalMoments::log_density>(moments, "log_density");
  def_array<&ConditionalMoments::mu_mean>(moments, "mu_mean");
  def_array<&ConditionalMoments::mu_sd>(moments, "mu_sd");
  def_rows<&ConditionalMoments::theta_mean>(moments, "theta_mean", "(n, J)");
  def_rows<&ConditionalMoments::theta_sd>(moments, "theta_sd", "(n, J)");
  def_array<&ConditionalMoments::i2>(moments, "i2");

  nb::class_<Weights> weights(module, "Weights");
  def_array<&Weights::shrinkage>(weights, "shrinkage");
  def_array<&Weights::mu>(weights, "mu");
  def_rows<&Weights::theta>(weights, "theta", "(J, J)");
  weights.def_ro("mu_prior", &Weights::mu_prior);
  def_array<&Weights::theta_prior>(weights, "theta_prior");

  nb::class_<BayesFactors>(module, "BayesFactors")
      .def_ro("tau_zero", &BayesFactors::tau_zero)
      .def_ro("mu_zero", &BayesFactors::mu_zero)
      .def_ro("log_tau_zero", &BayesFactors::log_tau_zero)
      .def_ro("log_mu_zero", &BayesFactors::log_mu_zero);

  nb::class_<LeaveOneOut> loo(module, "LeaveOneOut");
  loo.def_ro("elpd", &LeaveOneOut::elpd)
      .def_ro("se", &LeaveOneOut::se)
      .def_ro("p_loo", &LeaveOneOut::p_loo);
  def_array<&LeaveOneOut::pointwise>(loo, "pointwise");
  def_array<&LeaveOneOut::lpd>(loo, "lpd");
  def_array<&LeaveOneOut::pit>(loo, "pit");

  nb::class_<FitSummary>(module, "Summary", "The exact posterior of one data set.")
      .def_ro("tau_prior", &FitSummary::tau_prior)
      .def_ro("mu_prior", &FitSummary::mu_prior)
      .def_ro("backend", &FitSummary::backend)
      .def_ro("log_marginal_likelihood", &FitSummary::log_marginal_likelihood)
      .def_ro("joint_mode_tau", &FitSummary::joint_mode_tau)
      .def_ro("joint_mode_mu", &FitSummary::joint_mode_mu)
      .def_ro("cov_mu_tau", &FitSummary::cov_mu_tau)
      .def_ro("corr_mu_tau", &FitSummary::corr_mu_tau)
      .def_ro("notes", &FitSummary::notes)
      .def(
          "parameter", [](const FitSummary& s, size_t k) { return s.parameters.at(k); },
          nb::arg("k"), "Parameter k of tau, mu, theta[1] .. theta[J], theta_new, from 0.")
      .def_prop_ro("given_tau", [](const FitSummary& s) { return s.given_tau.value(); })
      .def_prop_ro("weights", [](const FitSummary& s) { return s.weights.value(); })
      .def_prop_ro("bayes_factors", [](const FitSummary& s) { return s.bayes_factors.value(); })
      .def_prop_ro("loo", [](const FitSummary& s) { return s.loo.value(); })
      .def("text", text, nb::arg("format"), nb::call_guard<nb::gil_scoped_release>(),
           "As the command line prints it: table, json, csv or html.");
}

}  // namespace taugrid::python
