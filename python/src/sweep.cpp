// One data set under many priors.
#include "taugrid/sweep.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>

#include "bindings.h"

namespace taugrid::python {
namespace {

SweepSummary sweep_priors(const Column& y, const Column& sigma, std::vector<std::string> tau_priors,
                          std::vector<std::string> mu_priors, std::string base, std::string base_mu,
                          std::string quantities, std::string statistics, int threads) {
  const Data data{to_vector(y), to_vector(sigma), {}};
  const SweepRequest request{
      std::move(tau_priors), std::move(mu_priors),  std::move(base), std::move(base_mu),
      std::move(quantities), std::move(statistics), threads};
  std::optional<SweepSummary> summary;
  run_interruptibly([&](const RunControl& control) { summary = sweep(data, request, control); });
  return *std::move(summary);
}

template <auto kMember>
void def_column(nb::class_<SweepSummary>& bound, const char* name) {
  bound.def_prop_ro(
      name,
      [](const SweepSummary& summary) {
        std::vector<double> column;
        for (const SweepRow& row : summary.rows) column.push_back(row.*kMember);
        return to_array(std::move(column));
      },
      nb::rv_policy::move, "(rows)");
}
template <auto kMember>
void def_texts(nb::class_<SweepSummary>& bound, const char* name) {
  bound.def_prop_ro(name, [](const SweepSummary& summary) {
    std::vector<std::string> column;
    for (const SweepRow& row : summary.rows) column.push_back(row.*kMember);
    return column;
  });
}

}  // namespace

void bind_sweep(nb::module_& module) {
  nb::class_<SweepFlip>(module, "SweepFlip")
      .def_ro("of_tau", &SweepFlip::of_tau)
      .def_ro("range", &SweepFlip::range)
      .def_ro("parameter", &SweepFlip::parameter)
      .def_ro("value", &SweepFlip::value)
      .def_ro("tau_prior", &SweepFlip::tau_prior)
      .def_ro("mu_prior", &SweepFlip::mu_prior)
      .def_ro("probability", &SweepFlip::probability)
      .def_ro("rises", &SweepFlip::rises)
      .def_prop_ro("event", &SweepFlip::event);

  nb::class_<SweepSummary> summary(module, "SweepSummary");
  summary.def_ro("base_tau_prior", &SweepSummary::base_tau_prior)
      .def_ro("base_mu_prior", &SweepSummary::base_mu_prior)
      .def_ro("columns", &SweepSummary::columns)
      .def_ro("flips", &SweepSummary::flips)
      .def_ro("notes", &SweepSummary::notes)
      .def_prop_ro(
          "values",
          [](const SweepSummary& sweep) {
            std::vector<std::vector<double>> rows;
            for (const SweepRow& row : sweep.rows) rows.push_back(row.values);
            return to_array(rows, sweep.columns.size());
          },
          nb::rv_policy::move, "(rows, columns)");
  def_texts<&SweepRow::tau_prior>(summary, "tau_prior");
  def_texts<&SweepRow::mu_prior>(summary, "mu_prior");
  def_texts<&SweepRow::error>(summary, "error");
  def_column<&SweepRow::mu_above_zero>(summary, "mu_above_zero");
  def_column<&SweepRow::log_marginal_likelihood>(summary, "log_marginal_likelihood");
  def_column<&SweepRow::ks_mu>(summary, "ks_mu");
  def_column<&SweepRow::shift_mu>(summary, "shift_mu");
  module.def("sweep", sweep_priors, nb::arg("y"), nb::arg("sigma"), nb::arg("tau_priors"),
             nb::arg("mu_priors"), nb::arg("base"), nb::arg("base_mu"), nb::arg("quantities"),
             nb::arg("statistics"), nb::arg("threads"));
}

}  // namespace taugrid::python
