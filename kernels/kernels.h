// What the host layer sees of the devices: no CUDA types, no instruction sets. Everything is in
// internal units (see Problem) unless a comment says otherwise.
#pragma once

#include <vector>

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cuda/cuda_kernels.h"

namespace taugrid {

// The kernels of every instruction set that was compiled in and that this CPU can run, slowest
// first.
std::vector<const CpuKernels*> cpu_kernels_available();

// The fastest of them, or the one that the environment variable TAUGRID_ISA names. Throws
// std::invalid_argument if that is unknown, not compiled in, or not of this CPU.
const CpuKernels& cpu_kernels();

}  // namespace taugrid
