// One posterior as the kernels see it: the data in internal units, the posterior of tau as panels,
// and the sampling table. Internal: the public interface is posterior.h.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/taugrid/model.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/prior_storage.h"
#include "host/taugrid/tau_table.h"
#include "kernels/kernels.h"

namespace taugrid {

// What draws in single need: y, sigma and the table rounded once, in the engine's units but for the
// centre, which is a float here.
struct SingleModel {
  std::vector<float> y, sigma;
  TauTableOf<float> table;
  DrawModelOf<float> draws;
};

// Draws that come at a time where rows of many columns are to stay near 32 MB: a power of 2, from
// kDrawAlignment to kBlockDraws.
int64_t part_draws(int64_t n_columns);

struct Engine {
  Engine(Model model, const std::string& backend, int threads);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Model model;
  const CpuKernels*
      kernels;  // of the fit and the table; of the draws too where they are not on_cuda
  int threads;
  bool on_cuda = false;
  bool fits_on_cuda =
      false;             // only where cuda was asked for: one posterior is sooner done on the CPU
  std::string cpu_text;  // "cpu (v4)"
  std::string backend_text;  // of the draws: "cpu (v4)", "cuda (NVIDIA H100)"
  std::string why_not_cuda;  // where `auto` took the CPU
  // y = centre + unit * internal: the unit is a power of two, so that scaling is exact, and the
  // centre is one of the y, so that shifting is.
  double centre;
  double unit;
  double log_unit;
  std::vector<double> y, sigma;  // internal
  PriorStorage prior_storage;    // what the problem's prior points into
  Problem problem;
  bool tau_is_random;  // not fixed
  // What blocks of draws that are being worked on may take together. Their size is fixed, because
  // sums over draws have the shape of blocks; with thousands of schools that is gigabytes.
  size_t most_block_bytes = size_t{4} << 30;
  std::unique_ptr<FitWorkspace> posterior;  // of tau, where tau is random

  // The sampling table, made when the first draw asks for it: it costs many fits.
  const TauTable& table() const;
  // In the precision of T, double or float; that in single is made on first use and throws
  // std::invalid_argument where single cannot hold the problem.
  template <class T = double>
  DrawModelOf<T> draw_model() const;
  int64_t n_columns(bool with_lp) const { return model.data.n_schools() + (with_lp ? 4 : 3); }
  // The atoms of tau as draws take them.
  template <class T>
  DrawAtomsOf<T> draw_atoms() const;
  // What is asked of a fit, but for the probabilities: everything; and nothing but the nodes of tau
  // in the workspace.
  FitRequest request() const;
  FitRequest nodes_request() const;
  // The exact summary, on whichever device fits. The control's stop, of many schools, throws
  // Stopped.
  void fit(const FitRequest& request, FitResult& result, const RunControl& control = {}) const;

  // Draws first .. first + n - 1, any first and n, into columns `stride` apart, in their precision.
  template <class T>
  void draw(uint64_t seed, uint64_t first, int64_t n, bool with_lp, T* columns,
            int64_t stride) const;

  // The same by every thread, or by the GPU.
  template <class T>
  void draw_into(T* columns, int64_t stride, int64_t n, uint64_t seed, uint64_t first, bool with_lp,
                 const RunControl& control) const;
  template <class T>
  DrawsOf<T> draws(int64_t n, uint64_t seed, uint64_t first, bool with_lp) const;

  // Exact quantiles (parameter, probability) in the order of the columns, units of y; NaN where a
  // parameter does not exist.
  std::vector<double> quantiles(const std::vector<double>& probabilities) const;

 private:
  mutable std::once_flag table_made_;
  mutable TauTable table_;
  mutable std::once_flag single_once_;
  mutable std::unique_ptr<SingleModel> single_;
};

template <>
DrawModel Engine::draw_model() const;
template <>
DrawModelOf<float> Engine::draw_model() const;

// Results of a fit with the memory that they point into.
struct FitStorage {
  FitStorage(int64_t n_schools, int n_probabilities);
  FitResult result;
  std::vector<double> quantiles;  // (J + 3, n_probabilities) in the order of the columns
  std::vector<ParameterResult> theta;
};

}  // namespace taugrid
