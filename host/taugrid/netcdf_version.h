// Whether files are written as netCDF.
#pragma once

#include <string>

namespace taugrid {

// Of the netCDF-C library that was compiled in, "4.9.0"; empty where none was.
std::string netcdf_version();

}  // namespace taugrid
