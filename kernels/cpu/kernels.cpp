// The CPU's kernels: loops over packs. Compiled once per instruction set, with the macros of
// isa_lanes.h.
// Nothing here may become a weak symbol that another instruction set's object could provide: the
// lane set carries a tag with internal linkage, and only kernels/math and C headers are included.
#include "kernels/cpu/cpu_kernels.h"
#include "kernels/cpu/isa_lanes.h"
#include "kernels/cpu/part_team.h"
#include "kernels/cpu/team.h"
#include "kernels/math/draw.h"
#include "kernels/math/fit.h"
#include "kernels/math/law.h"

namespace taugrid {
namespace {

template <class Lanes, class T = typename Lanes::Element>
void draw_kernel(const DrawModelOf<T>& model, const StreamPosition& at, uint64_t first, int64_t n,
                 bool with_lp, T* columns, int64_t stride) {
  const IeeeEnvironment ieee;
  constexpr int N = Lanes::N;
  if (with_lp)
    for (int64_t i = 0; i < n; i += N)
      draw<Lanes, true>(model, at, first + static_cast<uint64_t>(i), columns + i, stride);
  else
    for (int64_t i = 0; i < n; i += N)
      draw<Lanes, false>(model, at, first + static_cast<uint64_t>(i), columns + i, stride);
}

template <class Lanes, class T = typename Lanes::Element>
void normals_kernel(const StreamPosition& at, uint64_t first, int64_t n, int64_t n_schools,
                    T* columns, int64_t stride) {
  const IeeeEnvironment ieee;
  for (int64_t i = 0; i < n; i += Lanes::N) {
    const uint64_t index = first + static_cast<uint64_t>(i);
    const NormalPair<Lanes> z01 = first_normals<Lanes>(at, index, draw_block<Lanes>(at, index, 0));
    Lanes::store(columns + i, z01.z0);
    Lanes::store(columns + stride + i, z01.z1);
    for (int64_t j = 0; j < n_schools; j += kBlockUniforms<Lanes>) {
      const BlockNormals<Lanes> normals = school_normals<Lanes>(at, index, j);
      for (int k = 0; k < kBlockUniforms<Lanes>; ++k)
        Lanes::store(columns + (2 + j + k) * stride + i, normals.z[k]);
    }
  }
}

template <class T, int kBins = kBinsPerWindow>
void summarise_kernel(const CountPlan& plan, const T* columns, int64_t stride, int64_t n,
                      double* sums, uint64_t* counts) {
  const IeeeEnvironment ieee;
  CpuTeam<L> team;
  for (int64_t c = 0; c < plan.n_columns; ++c)
    summarise_column<0, kBins>(team, plan, c, columns + c * stride, static_cast<int>(n),
                               sums + 2 * c,
                               counts + c * plan.n_windows * counts_per_window(kBins));
}

template <class T>
void summarise_part_kernel(const CountPlan& plan, const T* columns, int64_t stride, int64_t begin,
                           int64_t n, double* stripes, double* sums, uint64_t* counts) {
  const IeeeEnvironment ieee;
  PartTeam<L> team;
  team.begin = static_cast<int>(begin);
  for (int64_t c = 0; c < plan.n_columns; ++c) {
    team.stripes = stripes + c * 2 * kStripes;
    summarise_column(team, plan, c, columns + c * stride, static_cast<int>(n), sums + 2 * c,
                     counts + c * plan.n_windows * counts_per_window());
  }
}

template <class Lanes, class T = typename Lanes::Element>
void derive_kernel(const DerivedCounts& counts, const DerivedWorkspaceOf<T>& work, uint64_t first,
                   int64_t n, const T* columns, int64_t stride, T* maxima) {
  const IeeeEnvironment ieee;
  count_derived<Lanes>(counts, work, first, n, columns, stride, maxima);
}

template <class Lanes, class T = typename Lanes::Element>
void replicate_kernel(const ReplicatePlanOf<T>& plan, const StreamPosition& at, uint64_t first,
                      int64_t n, const T* columns, int64_t stride,
                      const CheckStatisticsOf<T>& statistics) {
  const IeeeEnvironment ieee;
  for (int64_t i = 0; i < n; i += Lanes::N)
    replicate<Lanes>(plan, at, first + static_cast<uint64_t>(i), columns + i, stride, statistics,
                     i);
}

void fit_kernel(const Problem& problem, const FitRequest& request, FitWorkspace& workspace,
                FitResult& result) {
  const IeeeEnvironment ieee;
  CpuTeam<L> team;
  fit(team, problem, request, workspace, result);
}

void law_kernel(const Problem& problem, const LawRequest& request, FitWorkspace& workspace,
                const LawValues& values) {
  const IeeeEnvironment ieee;
  CpuTeam<L> team;
  evaluate_law(team, problem, request, workspace, values);
}

void panel_quantiles_kernel(const Panels& panels, int64_t n, const double* p,
                            const double* from_right, double* x, double* density, double* slope) {
  const IeeeEnvironment ieee;
  for (int64_t i = 0; i < n; i += L::N) {
    const auto at = panel_quantile<L>(panels, L::load(p + i), L::load(from_right + i) > 0.5);
    L::store(x + i, at.x);
    L::store(density + i, at.density);
    L::store(slope + i, at.slope);
  }
}

void panel_densities_kernel(const Panels& panels, int64_t n, const double* x, double* density) {
  const IeeeEnvironment ieee;
  for (int64_t i = 0; i < n; i += L::N) {
    const auto at = L::load(x + i);
    L::store(density + i, panel_cdf<L>(panels, at, at != at).density);
  }
}

void log_posterior_kernel(const Problem& problem, int64_t n, const double* x, double* log_density) {
  const IeeeEnvironment ieee;
  for (int64_t i = 0; i < n; i += L::N) {
    GivenTau<L> at;
    L::store(log_density + i, log_posterior<L>(problem, L::load(x + i), at));
  }
}

template <class Lanes, class T = typename Lanes::Element>
constexpr DrawKernelsOf<T> draw_kernels() {
  return {draw_kernel<Lanes>,       normals_kernel<Lanes>,
          summarise_kernel<T>,      summarise_kernel<T, kBinsPerPilotWindow>,
          summarise_part_kernel<T>, derive_kernel<Lanes>,
          replicate_kernel<Lanes>};
}

}  // namespace

const StudyKernels* TAUGRID_JOIN_OF(study_kernels_, TAUGRID_ISA_NAME)();  // study_kernels.cpp

const CpuKernels* TAUGRID_JOIN_OF(cpu_kernels_, TAUGRID_ISA_NAME)() {
  static const CpuKernels kKernels{TAUGRID_TEXT_OF(TAUGRID_ISA_NAME),
                                   L::N,
                                   draw_kernels<L>(),
                                   draw_kernels<S>(),
                                   fit_kernel,
                                   law_kernel,
                                   panel_quantiles_kernel,
                                   panel_densities_kernel,
                                   log_posterior_kernel,
                                   TAUGRID_JOIN_OF(study_kernels_, TAUGRID_ISA_NAME)};
  return &kKernels;
}

}  // namespace taugrid
