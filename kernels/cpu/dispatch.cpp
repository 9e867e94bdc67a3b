// Which instruction sets this CPU has, and which one runs.
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "kernels/kernels.h"

namespace taugrid {
namespace {

bool cpu_has(const std::string& isa) {
  if (isa == "generic") return true;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (isa == "v2") return __builtin_cpu_supports("x86-64-v2") != 0;
  if (isa == "v3") return __builtin_cpu_supports("x86-64-v3") != 0;
  if (isa == "v4") return __builtin_cpu_supports("x86-64-v4") != 0;
#endif
  return false;
}

std::vector<const CpuKernels*> compiled_in() {
  std::vector<const CpuKernels*> kernels = {cpu_kernels_generic()};
#if defined(TAUGRID_HAS_V2)
  kernels.push_back(cpu_kernels_v2());
#endif
#if defined(TAUGRID_HAS_V3)
  kernels.push_back(cpu_kernels_v3());
#endif
#if defined(TAUGRID_HAS_V4)
  kernels.push_back(cpu_kernels_v4());
#endif
  return kernels;
}

}  // namespace

std::vector<const CpuKernels*> cpu_kernels_available() {
  std::vector<const CpuKernels*> available;
  for (const CpuKernels* kernels : compiled_in())
    if (cpu_has(kernels->isa)) available.push_back(kernels);
  return available;
}

const CpuKernels& cpu_kernels() {
  const std::vector<const CpuKernels*> available = cpu_kernels_available();
  const char* wanted = std::getenv("TAUGRID_ISA");
  if (wanted == nullptr || *wanted == '\0') return *available.back();
  std::string names;
  for (const CpuKernels* kernels : available) {
    if (kernels->isa == std::string(wanted)) return *kernels;
    names += names.empty() ? kernels->isa : std::string(", ") + kernels->isa;
  }
  throw std::invalid_argument("TAUGRID_ISA is " + std::string(wanted) + ", must be one of " +
                              names + " (compiled in, and of this CPU)");
}

}  // namespace taugrid
