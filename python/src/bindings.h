// What the bindings share: arrays in and out, and work that ends at Ctrl-C. The bindings compute
// nothing: they turn Python's arguments into the library's and its results into arrays.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "taugrid/posterior.h"

namespace taugrid::python {

namespace nb = nanobind;

using Column = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Array = nb::ndarray<nb::numpy, T, nb::c_contig>;

inline std::vector<double> to_vector(const Column& column) {
  return {column.data(), column.data() + column.size()};
}

// An array that owns `storage`, whose values are at `data`.
template <class T, class Storage>
Array<T> to_array(std::unique_ptr<Storage> storage, T* data, std::initializer_list<size_t> shape) {
  const nb::capsule owner(storage.get(), [](void* p) noexcept { delete static_cast<Storage*>(p); });
  storage.release();
  return Array<T>(data, shape, owner);
}

inline Array<double> to_array(std::vector<double> values) {
  auto storage = std::make_unique<std::vector<double>>(std::move(values));
  double* const data = storage->data();
  const size_t size = storage->size();
  return to_array(std::move(storage), data, {size});
}

// (rows.size(), n_columns)
inline Array<double> to_array(const std::vector<std::vector<double>>& rows, size_t n_columns) {
  auto storage = std::make_unique<std::vector<double>>();
  storage->reserve(rows.size() * n_columns);
  for (const std::vector<double>& row : rows)
    storage->insert(storage->end(), row.begin(), row.end());
  double* const data = storage->data();
  return to_array(std::move(storage), data, {rows.size(), n_columns});
}

// Runs `work(control)` without the GIL. Python's signal handlers run between its blocks, a few
// times a second; what they raise (KeyboardInterrupt) ends the work.
template <class Work>
void run_interruptibly(const Work& work) {
  using Clock = std::chrono::steady_clock;
  RunControl control;
  control.stop = [last = Clock::now()]() mutable {
    const auto now = Clock::now();
    if (now - last < std::chrono::milliseconds(100)) return false;
    last = now;
    const nb::gil_scoped_acquire gil;
    return PyErr_CheckSignals() != 0;
  };
  try {
    const nb::gil_scoped_release no_gil;
    work(control);
  } catch (const Stopped&) {
    throw nb::python_error();
  }
}

void bind_summary(nb::module_& module);
void bind_posterior(nb::module_& module);
void bind_batch(nb::module_& module);
void bind_sweep(nb::module_& module);

}  // namespace taugrid::python
