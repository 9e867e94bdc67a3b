// Many data sets under one pair of priors.
#include "taugrid/batch.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "bindings.h"

namespace taugrid::python {
namespace {

using Offsets = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

struct BatchAnswer {
  BatchColumns columns;
  Array<double> values;
  std::vector<BatchError> errors;
};

BatchAnswer fit_batch(const Column& y, const Column& sigma, const Offsets& offsets,
                      const std::string& tau_prior, const std::string& mu_prior,
                      const std::string& quantities, const std::string& statistics, int64_t n_theta,
                      const std::string& backend, int threads) {
  const BatchData data{
      {y.data(), y.size()}, {sigma.data(), sigma.size()}, {offsets.data(), offsets.size()}, {}};
  const Batch batch({{tau_prior, mu_prior}}, parse_batch_columns(quantities, statistics, n_theta),
                    {backend, threads});
  const size_t n_rows = offsets.size() - 1, n_columns = batch.columns().size();
  auto buffer = std::make_unique<Buffer>(n_rows * n_columns);
  double* const values = buffer->data();
  std::vector<BatchError> errors;
  run_interruptibly([&](const RunControl& control) { errors = batch.fit(data, values, control); });
  return {batch.columns(), to_array(std::move(buffer), values, {n_rows, n_columns}),
          std::move(errors)};
}

}  // namespace

void bind_batch(nb::module_& module) {
  nb::class_<BatchAnswer>(module, "BatchAnswer")
      .def_prop_ro("columns", [](const BatchAnswer& answer) { return answer.columns.names(); })
      .def_prop_ro(
          "values", [](const BatchAnswer& answer) { return answer.values; }, nb::rv_policy::move,
          "(P, columns)")
      .def_prop_ro(
          "errors",
          [](const BatchAnswer& answer) {
            std::vector<std::pair<int64_t, std::string>> errors;
            for (const BatchError& error : answer.errors)
              errors.emplace_back(error.data_set, error.text);
            return errors;
          },
          "Data sets, from 0, that have no numbers, and why.");
  module.def("batch", fit_batch, nb::arg("y"), nb::arg("sigma"), nb::arg("offsets"),
             nb::arg("tau_prior"), nb::arg("mu_prior"), nb::arg("quantities"),
             nb::arg("statistics"), nb::arg("n_theta"), nb::arg("backend"), nb::arg("threads"),
             "Data set p is y[offsets[p]:offsets[p + 1]] and its sigma.");
}

}  // namespace taugrid::python
