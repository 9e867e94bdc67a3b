// netCDF where netCDF-C was not found when taugrid was built.
#include <stdexcept>

#include "host/taugrid/netcdf_version.h"
#include "host/taugrid/writer_functions.h"

namespace taugrid {

std::string netcdf_version() { return ""; }

std::unique_ptr<DrawFile> netcdf_file(const std::string& path, const DrawFileInfo&) {
  throw std::invalid_argument("cannot write " + path +
                              ": this taugrid was built without netCDF; install netCDF-C "
                              "(Debian: libnetcdf-dev) and build it anew");
}

}  // namespace taugrid
