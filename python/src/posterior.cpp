// One posterior: its exact answers, and its draws in NumPy's memory.
#include "taugrid/posterior.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <tuple>

#include "bindings.h"
#include "taugrid/observations.h"

namespace taugrid::python {
namespace {

// Rows of draws; of a const T they may be read-only.
template <class T>
using Rows = nb::ndarray<T, nb::ndim<2>, nb::device::cpu>;

void construct(Posterior* self, const Column& y, const Column& sigma,
               std::vector<std::string> labels, const std::string& tau_prior,
               const std::string& mu_prior, const std::string& backend, int threads) {
  Data data{to_vector(y), to_vector(sigma), std::move(labels)};
  const nb::gil_scoped_release no_gil;
  new (self) Posterior(std::move(data), tau_prior, mu_prior, {backend, threads});
}

FitSummary summary(const Posterior& posterior, const std::vector<double>& probabilities,
                   const std::vector<double>& levels,
                   const std::vector<std::pair<std::string, double>>& exceed,
                   const std::vector<std::tuple<std::string, double, double, int64_t>>& density,
                   const std::vector<double>& given_tau, bool weights, bool bayes_factors,
                   bool loo) {
  SummaryOptions options;
  options.probabilities.insert(options.probabilities.end(), probabilities.begin(),
                               probabilities.end());
  options.more_levels = levels;
  for (const auto& [parameter, value] : exceed) options.exceed.push_back({parameter, value});
  for (const auto& [parameter, lower, upper, n] : density)
    options.density.push_back({parameter, lower, upper, n});
  options.given_tau = given_tau;
  options.weights = weights;
  options.bayes_factors = bayes_factors;
  options.loo = loo;
  std::optional<FitSummary> result;
  run_interruptibly(
      [&](const RunControl& control) { result = posterior.summary(options, control); });
  return *std::move(result);
}

Array<double> quantiles(const Posterior& posterior, const std::string& parameter,
                        const Column& probabilities) {
  std::vector<double> p = to_vector(probabilities);
  run_interruptibly(
      [&](const RunControl& control) { p = posterior.quantiles(parameter, p, control); });
  return to_array(std::move(p));
}

Array<double> exceed(const Posterior& posterior, const std::string& parameter, const Column& at) {
  std::vector<double> x = to_vector(at);
  run_interruptibly(
      [&](const RunControl& control) { x = posterior.exceed(parameter, x, control); });
  return to_array(std::move(x));
}

std::pair<Array<double>, Array<double>> density(const Posterior& posterior,
                                                const std::string& parameter, const Column& at) {
  const std::vector<double> x = to_vector(at);
  DensityCurve curve;
  run_interruptibly(
      [&](const RunControl& control) { curve = posterior.density(parameter, x, control); });
  return {to_array(std::move(curve.pdf)), to_array(std::move(curve.cdf))};
}

Interval interval(const Posterior& posterior, const std::string& parameter, double level,
                  bool shortest) {
  return posterior.interval(parameter, level,
                            shortest ? IntervalKind::kShortest : IntervalKind::kCentral);
}

// Room for `n_columns` x n values; std::bad_alloc (MemoryError) where that is no size at all.
template <class T>
std::unique_ptr<BufferOf<T>> make_buffer(int64_t n_columns, int64_t n) {
  constexpr double kMost = 0x1p50;
  if (static_cast<double>(n_columns) * static_cast<double>(n) > kMost) throw std::bad_alloc();
  return std::make_unique<BufferOf<T>>(static_cast<size_t>(n_columns * std::max<int64_t>(n, 0)));
}

template <class T>
Array<T> draw(const Posterior& posterior, int64_t n, uint64_t seed) {
  const int64_t n_columns = posterior.model().data.n_schools() + 3;
  auto buffer = make_buffer<T>(n_columns, n);
  T* const columns = buffer->data();
  run_interruptibly([&](const RunControl& control) {
    posterior.draw_into(columns, n, n, seed, 0, false, control);
  });
  return to_array(std::move(buffer), columns,
                  {static_cast<size_t>(n_columns), static_cast<size_t>(n)});
}

// The package has seen to the shape and the strides.
template <class T>
void draw_into(const Posterior& posterior, const Rows<T>& out, uint64_t seed) {
  run_interruptibly([&](const RunControl& control) {
    posterior.draw_into(out.data(), out.stride(0), static_cast<int64_t>(out.shape(1)), seed, 0,
                        false, control);
  });
}

Array<double> lp(const Posterior& posterior, int64_t n, uint64_t seed, bool single) {
  auto buffer = make_buffer<double>(1, n);
  double* const values = buffer->data();
  run_interruptibly([&](const RunControl& control) {
    posterior.draw_blocks(
        n, seed, true,
        [&](const DrawBlock& block) { std::ranges::copy(block.lp(), values + block.first()); },
        control, single ? Precision::kSingle : Precision::kDouble);
  });
  return to_array(std::move(buffer), values, {static_cast<size_t>(n)});
}

// Columns (J, n) that `fill` computes of the draws that begin at `draws`.
template <class T, class Fill>
Array<T> beside_draws(const Posterior& posterior, const Rows<const T>& draws, const Fill& fill) {
  const Data& data = posterior.model().data;
  const auto n = static_cast<int64_t>(draws.shape(1));
  auto buffer = make_buffer<T>(data.n_schools(), n);
  T* const columns = buffer->data();
  const DrawBlockOf<T> block(draws.data(), draws.stride(0), 0, n, data.n_schools(),
                             /*has_lp=*/false);
  run_interruptibly([&](const RunControl& control) { fill(data, block, columns, n, control); });
  return to_array(std::move(buffer), columns,
                  {static_cast<size_t>(data.n_schools()), static_cast<size_t>(n)});
}

template <class T>
Array<T> log_likelihoods(const Posterior& posterior, const Rows<const T>& draws) {
  return beside_draws<T>(
      posterior, draws,
      [](const Data& data, const DrawBlockOf<T>& block, T* columns, int64_t n,
         const RunControl& control) { log_likelihood(data, block, columns, n, control); });
}

template <class T>
Array<T> replicates(const Posterior& posterior, const Rows<const T>& draws, uint64_t seed) {
  return beside_draws<T>(
      posterior, draws,
      [&](const Data& data, const DrawBlockOf<T>& block, T* columns, int64_t n,
          const RunControl& control) { replicate_data(data, block, seed, columns, n, control); });
}

template <class T>
void bind_draws(nb::class_<Posterior>& posterior, const std::string& suffix) {
  const auto def = [&](const char* name, auto function, auto... extra) {
    posterior.def((name + suffix).c_str(), function, extra...);
  };
  def("draw", draw<T>, nb::arg("n"), nb::arg("seed"),
      "Draws 0 .. n - 1 of the stream `seed` in fresh memory: (J + 3, n), rows tau, mu, theta[1] "
      "..\n"
      "theta[J], theta_new.");
  def("draw_into", draw_into<T>, nb::arg("out").noconvert(), nb::arg("seed"),
      "The same into rows (J + 3, n), each of them contiguous.");
  def("log_likelihood", log_likelihoods<T>, nb::arg("draws").noconvert(),
      "log N(y_j | theta_j, sigma_j^2) of draws as above: (J, n).");
  def("replicates", replicates<T>, nb::arg("draws").noconvert(), nb::arg("seed"),
      "Data replicated from draws as above of that seed: (J, n), units of y.");
}

}  // namespace

void bind_posterior(nb::module_& module) {
  nb::class_<Posterior> posterior(module, "Posterior");
  posterior
      .def("__init__", construct, nb::arg("y"), nb::arg("sigma"), nb::arg("labels"),
           nb::arg("tau_prior"), nb::arg("mu_prior"), nb::arg("backend"), nb::arg("threads"))
      .def_prop_ro("backend", &Posterior::backend, "What draws.")
      .def("index", &Posterior::parameter_index, nb::arg("parameter"),
           "The place of a parameter, named as on the command line, in Summary.")
      .def("summary", summary, nb::arg("probabilities") = std::vector<double>{},
           nb::arg("levels") = std::vector<double>{},
           nb::arg("exceed") = std::vector<std::pair<std::string, double>>{},
           nb::arg("density") = std::vector<std::tuple<std::string, double, double, int64_t>>{},
           nb::arg("given_tau") = std::vector<double>{}, nb::arg("weights") = false,
           nb::arg("bayes_factors") = false, nb::arg("loo") = false,
           "The exact summary, with what the command line gives on request.")
      .def("quantiles", quantiles, nb::arg("parameter"), nb::arg("probabilities"))
      .def("interval", interval, nb::arg("parameter"), nb::arg("level"), nb::arg("shortest"),
           nb::call_guard<nb::gil_scoped_release>())
      .def("density", density, nb::arg("parameter"), nb::arg("x"), "Density and CDF at x.")
      .def("exceed", exceed, nb::arg("parameter"), nb::arg("x"), "P(parameter > x | y).")
      .def("lp", lp, nb::arg("n"), nb::arg("seed"), nb::arg("single"),
           "lp of draws 0 .. n - 1 of the stream `seed`: (n).");
  bind_draws<double>(posterior, "");
  bind_draws<float>(posterior, "_single");
}

}  // namespace taugrid::python
