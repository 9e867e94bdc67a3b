// netCDF where netCDF-C was not found when taugrid was built.
#include <stdexcept>

#include "host/taugrid/netcdf_table.h"
#include "host/taugrid/netcdf_version.h"
#include "host/taugrid/writer_functions.h"

namespace taugrid {
namespace {

[[noreturn]] void refuse(const std::string& path) {
  throw std::invalid_argument("cannot write " + path +
                              ": this taugrid was built without netCDF; install netCDF-C "
                              "(Debian: libnetcdf-dev) and build it anew");
}

}  // namespace

std::string netcdf_version() { return ""; }

std::unique_ptr<DrawFile> netcdf_file(const std::string& path, const DrawFileInfo&) {
  refuse(path);
}

void check_netcdf_path(const std::string& path) { refuse(path); }

void write_netcdf_table(const NetcdfTable& table, const ByteSource&, const std::function<bool()>&) {
  refuse(table.path);
}

}  // namespace taugrid
