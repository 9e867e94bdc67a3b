// The CPU's kernels as a table of functions, one for each instruction set. No C++ library header
// may be included here: the per-instruction-set objects must not hold its inline functions.
#pragma once

#include "kernels/math/derived_counts.h"
#include "kernels/math/draw.h"
#include "kernels/math/fit_types.h"
#include "kernels/math/law_types.h"
#include "kernels/math/philox.h"
#include "kernels/math/posterior.h"
#include "kernels/math/replicate.h"
#include "kernels/math/streamed_counts.h"

namespace taugrid {

struct StudyKernels;

// The unit of work and of summation: absolute indices [8192 b, 8192 (b + 1)) of the draws.
inline constexpr int64_t kBlockDraws = 8192;

// Draws are asked for in multiples of this, from a multiple of this: no lane set is wider.
inline constexpr int64_t kDrawAlignment = 16;

// The kernels of draws in the precision of T, double or float.
template <class T>
struct DrawKernelsOf {
  // Draws first .. first + n - 1 into columns (see draw.h), units of y; first and n multiples of
  // kDrawAlignment.
  void (*draw)(const DrawModelOf<T>& model, const StreamPosition& at, uint64_t first, int64_t n,
               bool with_lp, T* columns, int64_t stride);

  // The normals that draws first .. first + n - 1 of n_schools schools consume, z_0 .. z_(J + 1),
  // in columns, whole blocks of them: room for J + 5.
  void (*normals)(const StreamPosition& at, uint64_t first, int64_t n, int64_t n_schools,
                  T* columns, int64_t stride);

  // Sums and counts over one block's draws, n <= kBlockDraws (streamed_counts.h), in double: of
  // floats as if they had been converted first.
  void (*summarise)(const CountPlan& plan, const T* columns, int64_t stride, int64_t n,
                    double* sums, uint64_t* counts);
  // The same with windows of kBinsPerPilotWindow bins.
  void (*summarise_pilot)(const CountPlan& plan, const T* columns, int64_t stride, int64_t n,
                          double* sums, uint64_t* counts);

  // summarise by parts of a block: n draws from its draw `begin` on, both multiples of
  // kDrawAlignment but for the last n. stripes (n_columns, 2, kStripes) hold the sums so far, all 0
  // at first; `sums` are those of the block after its last part.
  void (*summarise_part)(const CountPlan& plan, const T* columns, int64_t stride, int64_t begin,
                         int64_t n, double* stripes, double* sums, uint64_t* counts);

  // Counts over draws first .. first + n - 1 of best, ranks and pairs, and their largest theta
  // (derived_counts.h); theta_1's column and those after it, as for summarise.
  void (*derive)(const DerivedCounts& counts, const DerivedWorkspaceOf<T>& work, uint64_t first,
                 int64_t n, const T* columns, int64_t stride, T* maxima);

  // Statistics of data replicated from draws first .. first + n - 1 (replicate.h); columns
  // likewise.
  void (*replicate)(const ReplicatePlanOf<T>& plan, const StreamPosition& at, uint64_t first,
                    int64_t n, const T* columns, int64_t stride,
                    const CheckStatisticsOf<T>& statistics);
};

// The CPU's kernels, compiled for one instruction set. All functions are re-entrant. They run under
// IEEE 754 round-to-nearest with subnormals, and restore the caller's floating-point environment.
struct CpuKernels {
  const char* isa;  // "generic", "v2", "v3", "v4"
  int width;        // double lanes; float lanes are twice as many (one, if one)

  DrawKernelsOf<double> in_double;
  DrawKernelsOf<float> in_single;
  // Those of one precision, where it is a template's.
  template <class T>
  const DrawKernelsOf<T>& of() const {
    if constexpr (sizeof(T) == sizeof(float))
      return in_single;
    else
      return in_double;
  }

  // The exact summary of one posterior (fit.h).
  void (*fit)(const Problem& problem, const FitRequest& request, FitWorkspace& workspace,
              FitResult& result);

  // CDF and density of mu, theta_j or theta_new at given points (law.h), in a workspace that fit
  // has left.
  void (*law)(const Problem& problem, const LawRequest& request, FitWorkspace& workspace,
              const LawValues& values);

  // Quantiles of a panelled density at n probabilities (a multiple of kDrawAlignment), counted from
  // the right where from_right is 1, with the density per unit of x there and its derivative.
  void (*panel_quantiles)(const Panels& panels, int64_t n, const double* p,
                          const double* from_right, double* x, double* density, double* slope);

  // Its density per unit of x at n points (a multiple of kDrawAlignment); beyond its ends, that at
  // the end.
  void (*panel_densities)(const Panels& panels, int64_t n, const double* x, double* density);

  // log p(x | y) up to a constant, per unit of x = log tau, at n points (a multiple of
  // kDrawAlignment).
  void (*log_posterior)(const Problem& problem, int64_t n, const double* x, double* log_density);

  const StudyKernels* (*study)();  // study_kernels.h
};

// Each is defined by kernels.cpp compiled for that instruction set.
const CpuKernels* cpu_kernels_generic();
const CpuKernels* cpu_kernels_v2();
const CpuKernels* cpu_kernels_v3();
const CpuKernels* cpu_kernels_v4();

}  // namespace taugrid
