#include "host/taugrid/device.h"

#include "host/taugrid/netcdf_version.h"
#include "host/taugrid/parallel.h"
#include "kernels/kernels.h"

namespace taugrid {

const char* version() { return TAUGRID_VERSION; }

BuildInfo build_info() {
  BuildInfo info;
  info.version = version();
  info.stream = kStreamVersion;
#if defined(__clang__)
  info.compiler = "Clang " __clang_version__;
#else
  info.compiler = "GCC " __VERSION__;
#endif
  info.cuda = cuda_compiled_in();
  info.netcdf = netcdf_version();
  const CudaDevices cuda = cuda_devices();
  info.devices = cuda.names;
  info.cuda_reason = cuda.reason;
  for (const CpuKernels* kernels : cpu_kernels_available())
    info.instruction_sets.push_back(kernels->isa);
  info.instruction_set_used = cpu_kernels().isa;
  info.threads = thread_count(0);
  return info;
}

}  // namespace taugrid
