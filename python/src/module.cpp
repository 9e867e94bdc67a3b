// taugrid._core: the library as Python sees it. The package's own modules (python/taugrid) are what
// users call.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "taugrid/device.h"
#include "taugrid/readers.h"

NB_MODULE(_core, module) {
  using namespace taugrid;
  using namespace taugrid::python;
  module.doc() = "Bindings of the C++ library; use the package taugrid.";
  module.attr("version") = version();
  module.attr("stream") = build_info().stream;
  module.def(
      "read_data",
      [](const std::string& path) {
        const ReadResult read = read_data(path);
        return nb::make_tuple(to_array(read.data.y), to_array(read.data.sigma), read.data.labels);
      },
      nb::arg("path"),
      nb::sig("def read_data(path: str) -> tuple[numpy.typing.NDArray[numpy.float64], "
              "numpy.typing.NDArray[numpy.float64], list[str]]"),
      "y (J), sigma (J) and labels (J, or none) of a CSV file or Stan's JSON data.");
  bind_summary(module);
  bind_posterior(module);
  bind_batch(module);
  bind_sweep(module);
}
