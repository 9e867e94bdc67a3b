// Compiled once per instruction set, as kernels.cpp is, and under its rules.
#include "kernels/cpu/study_kernels.h"

#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/isa_lanes.h"
#include "kernels/cpu/team.h"
#include "kernels/math/crps.h"

namespace taugrid {
namespace {

void synthesize_kernel(const SyntheticPlan& plan, const StreamPosition& at, uint64_t first,
                       int64_t n, const SyntheticColumns& columns) {
  const IeeeEnvironment ieee;
  for (int64_t i = 0; i < n; i += L::N)
    synthesize<L>(plan, at, first + static_cast<uint64_t>(i), columns, i);
}

void compare_kernel(const ComparatorPlan& plan, int64_t n, const double* y, const double* sigma,
                    int64_t stride, double* scratch, double* estimates) {
  const IeeeEnvironment ieee;
  for (int64_t i = 0; i < n; i += L::N)
    compare<L>(plan, y + i, sigma + i, stride, scratch, L::N, estimates + i);
}

void draw_from_priors_kernel(const PriorDrawPlan& plan, const StreamPosition& at, uint64_t first,
                             int64_t n, double* theta, int64_t stride) {
  const IeeeEnvironment ieee;
  for (int64_t i = 0; i < n; i += L::N)
    draw_from_priors<L>(plan, at, first + static_cast<uint64_t>(i), theta + i, stride);
}

double crps_kernel(const Problem& problem, double x, FitWorkspace& workspace) {
  const IeeeEnvironment ieee;
  CpuTeam<L> team;
  return predictive_crps(team, problem, x, workspace);
}

}  // namespace

const StudyKernels* TAUGRID_JOIN_OF(study_kernels_, TAUGRID_ISA_NAME)() {
  static const StudyKernels kKernels{synthesize_kernel, compare_kernel, crps_kernel,
                                     draw_from_priors_kernel};
  return &kKernels;
}

}  // namespace taugrid
