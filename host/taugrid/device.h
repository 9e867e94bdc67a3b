// What this build is and what it found on this machine: for `taugrid info` and for the head of
// outputs.
#pragma once

#include <string>
#include <vector>

namespace taugrid {

// The version of the library: "0.1.0".
const char* version();

struct BuildInfo {
  std::string version;
  int stream;                                 // kStreamVersion: the version of the random numbers
  std::string compiler;                       // "GCC 12.2.0"
  bool cuda;                                  // compiled in
  std::string netcdf;                         // version of netCDF-C; empty where left out
  std::vector<std::string> instruction_sets;  // compiled in and of this CPU, slowest first
  std::string instruction_set_used;
  int threads;                       // of the machine
  std::vector<std::string> devices;  // CUDA devices, "NVIDIA H100 80GB HBM3"
  std::string cuda_reason;           // why there is none; empty where there is one
};

BuildInfo build_info();

}  // namespace taugrid
