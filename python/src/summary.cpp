// The finished results of a fit.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "taugrid/summary.h"
#include "taugrid/writers.h"

namespace taugrid::python {
namespace {

Array<double> quantiles(const ParameterSummary& parameter) { return to_array(parameter.quantiles); }

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
      .def_ro("mode", &ParameterSummary::mode)
      .def_ro("central", &ParameterSummary::central)
      .def_ro("shortest", &ParameterSummary::shortest)
      .def_prop_ro("quantiles", quantiles, "(P), at Summary.probabilities.");

  nb::class_<ConditionalMoments>(module, "ConditionalMoments", "Moments given n values of tau.")
      .def_prop_ro("tau", [](const ConditionalMoments& m) { return to_array(m.tau); })
      .def_prop_ro("log_density",
                   [](const ConditionalMoments& m) { return to_array(m.log_density); })
      .def_prop_ro("mu_mean", [](const ConditionalMoments& m) { return to_array(m.mu_mean); })
      .def_prop_ro("mu_sd", [](const ConditionalMoments& m) { return to_array(m.mu_sd); })
      .def_prop_ro(
          "theta_mean",
          [](const ConditionalMoments& m) {
            return to_array(m.theta_mean, m.theta_mean.empty() ? 0 : m.theta_mean[0].size());
          },
          "(n, J)")
      .def_prop_ro(
          "theta_sd",
          [](const ConditionalMoments& m) {
            return to_array(m.theta_sd, m.theta_sd.empty() ? 0 : m.theta_sd[0].size());
          },
          "(n, J)")
      .def_prop_ro("i2", [](const ConditionalMoments& m) { return to_array(m.i2); });

  nb::class_<Weights>(module, "Weights")
      .def_prop_ro("shrinkage", [](const Weights& w) { return to_array(w.shrinkage); })
      .def_ro("linear", &Weights::linear)
      .def_prop_ro("mu", [](const Weights& w) { return to_array(w.mu); })
      .def_ro("mu_prior", &Weights::mu_prior)
      .def_prop_ro(
          "theta", [](const Weights& w) { return to_array(w.theta, w.theta.size()); }, "(J, J)")
      .def_prop_ro("theta_prior", [](const Weights& w) { return to_array(w.theta_prior); });

  nb::class_<BayesFactors>(module, "BayesFactors")
      .def_ro("tau_zero", &BayesFactors::tau_zero)
      .def_ro("mu_zero", &BayesFactors::mu_zero)
      .def_ro("log_tau_zero", &BayesFactors::log_tau_zero)
      .def_ro("log_mu_zero", &BayesFactors::log_mu_zero);

  nb::class_<LeaveOneOut>(module, "LeaveOneOut")
      .def_ro("elpd", &LeaveOneOut::elpd)
      .def_ro("se", &LeaveOneOut::se)
      .def_ro("p_loo", &LeaveOneOut::p_loo)
      .def_prop_ro("pointwise", [](const LeaveOneOut& l) { return to_array(l.pointwise); })
      .def_prop_ro("lpd", [](const LeaveOneOut& l) { return to_array(l.lpd); })
      .def_prop_ro("pit", [](const LeaveOneOut& l) { return to_array(l.pit); });

  nb::class_<FitSummary>(module, "Summary", "The exact posterior of one data set.")
      .def_ro("n_schools", &FitSummary::n_schools)
      .def_ro("tau_prior", &FitSummary::tau_prior)
      .def_ro("mu_prior", &FitSummary::mu_prior)
      .def_ro("backend", &FitSummary::backend)
      .def_ro("seconds", &FitSummary::seconds)
      .def_ro("level", &FitSummary::level)
      .def_ro("log_marginal_likelihood", &FitSummary::log_marginal_likelihood)
      .def_ro("joint_mode_tau", &FitSummary::joint_mode_tau)
      .def_ro("joint_mode_mu", &FitSummary::joint_mode_mu)
      .def_ro("cov_mu_tau", &FitSummary::cov_mu_tau)
      .def_ro("corr_mu_tau", &FitSummary::corr_mu_tau)
      .def_ro("notes", &FitSummary::notes)
      .def_prop_ro("probabilities",
                   [](const FitSummary& summary) { return to_array(summary.probabilities); })
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
