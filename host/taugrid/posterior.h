// The public interface: one posterior, its exact summary and its draws.
//
//   taugrid::Posterior posterior({{28, 8, -3}, {15, 10, 16}, {}}, "half_cauchy:5", "flat");
//   taugrid::FitSummary exact = posterior.summary();
//   taugrid::Draws draws = posterior.draw(1'000'000, /*seed=*/1);
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "taugrid/buffer.h"
#include "taugrid/data.h"
#include "taugrid/model.h"
#include "taugrid/summary.h"

namespace taugrid {

// Which device computes, and with how many threads.
struct DeviceOptions {
  std::string backend = "auto";  // auto, cpu, cuda
  int threads = 0;               // 0: as many as the machine has
};

struct SummaryOptions {
  std::vector<double> probabilities = {0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975};  // in (0, 1)
  double level = 0.95;                                                              // in (0, 1)
  // On request (on_request.h).
  std::vector<double> more_levels = {};  // of further intervals, in (0, 1)
  std::vector<ExceedRequest> exceed = {};
  std::vector<DensityRequest> density = {};
  std::vector<double> given_tau =
      {};                // units of y, from 0 to 1e24 times the smallest sigma, or infinity
  bool weights = false;  // at most 4096 schools
  bool bayes_factors = false;
  bool loo = false;
};

// Of draws. Double is the default; single is the fast path, with a stream of its own (the numbers
// are other draws, not the same ones rounded), of which docs/precision.md states the accuracy.
enum class Precision { kDouble, kSingle };

// Of the credible interval of a level: with equal tails, or the shortest.
enum class IntervalKind { kCentral, kShortest };

// Columns of draws, units of y: tau (n), mu (n), theta_j (n) for j = 0 .. J - 1, theta_new (n), and
// lp (n) if it was asked for. A quantity that does not exist (mu and theta_new at tau = infinity
// under a flat prior) is NaN throughout.
template <class T>
class DrawBlockOf {
 public:
  DrawBlockOf(const T* columns, int64_t stride, uint64_t first, int64_t n, int64_t n_schools,
              bool has_lp)
      : columns_(columns),
        stride_(stride),
        first_(first),
        n_(n),
        n_schools_(n_schools),
        has_lp_(has_lp) {}

  uint64_t first() const { return first_; }  // index of the first draw
  int64_t size() const { return n_; }
  int64_t n_schools() const { return n_schools_; }
  bool has_lp() const { return has_lp_; }
  std::span<const T> tau() const { return column(0); }
  std::span<const T> mu() const { return column(1); }
  std::span<const T> theta(int64_t j) const { return column(2 + j); }
  std::span<const T> theta_new() const { return column(2 + n_schools_); }
  std::span<const T> lp() const { return column(3 + n_schools_); }
  // In the order above.
  std::span<const T> column(int64_t k) const {
    return {columns_ + k * stride_, static_cast<size_t>(n_)};
  }
  // Its draws begin .. begin + n - 1, counted from 0.
  DrawBlockOf part(int64_t begin, int64_t n) const {
    return {columns_ + begin, stride_, first_ + static_cast<uint64_t>(begin), n,
            n_schools_,       has_lp_};
  }

 private:
  const T* columns_;
  int64_t stride_;
  uint64_t first_;
  int64_t n_;
  int64_t n_schools_;
  bool has_lp_;
};
using DrawBlock = DrawBlockOf<double>;

// Draws in memory, column by column.
template <class T>
struct DrawsOf {
  BufferOf<T> values;  // ((J + 3 or J + 4), n)
  uint64_t first = 0;
  int64_t n = 0;
  int64_t n_schools = 0;
  bool has_lp = false;
  DrawBlockOf<T> view() const { return {values.data(), n, first, n, n_schools, has_lp}; }
};
using Draws = DrawsOf<double>;
using SingleDraws = DrawsOf<float>;

// Called from the thread that started the work. Progress has the number of draws done so far; a
// stop check that answers true ends the work with the exception Stopped.
struct RunControl {
  std::function<void(int64_t done)> progress;
  std::function<bool()> stop;
};

struct Stopped : std::exception {
  const char* what() const noexcept override { return "stopped"; }
};

class Posterior {
 public:
  // Validates the data, parses the priors (design's syntax: "half_cauchy:5", "normal:0,5", ..) and
  // checks that the posterior is proper. Throws std::invalid_argument.
  Posterior(Data data, const std::string& tau_prior, const std::string& mu_prior,
            const DeviceOptions& device = {});
  ~Posterior();
  Posterior(Posterior&&) noexcept;
  Posterior& operator=(Posterior&&) noexcept;

  const Model& model() const;
  std::string backend() const;       // what draws: "cpu (v4)", "cuda (NVIDIA H100)"
  std::string why_not_cuda() const;  // the reason, where `auto` took the CPU

  // Exact, without random numbers.
  // The control's progress is that of `loo`, in refits; its stop is heard in all that takes long.
  FitSummary summary(const SummaryOptions& options = {}, const RunControl& control = {}) const;

  // One parameter: tau, mu, theta[j] (j from 1), theta_new, or the label of a school. Throw
  // std::invalid_argument for others, and naming what is asked for beyond the ranges given. NaN
  // where the parameter does not exist.
  // Its place in FitSummary::parameters.
  int64_t parameter_index(const std::string& parameter) const;
  // Quantiles at probabilities in (0, 1), in their order, units of y: the bits of summary().
  std::vector<double> quantiles(const std::string& parameter,
                                const std::vector<double>& probabilities,
                                const RunControl& control = {}) const;
  // Level in (0, 1).
  Interval interval(const std::string& parameter, double level, IntervalKind kind) const;
  // Density and CDF at x, units of y, infinities allowed.
  DensityCurve density(const std::string& parameter, const std::vector<double>& x,
                       const RunControl& control = {}) const;
  // P(parameter > x | y), accurate relative to itself where it is small.
  std::vector<double> exceed(const std::string& parameter, const std::vector<double>& x,
                             const RunControl& control = {}) const;

  // The exact quantile function of the sampled tau, units of y: what draws of tau are the
  // inverse-CDF of.
  double tau_quantile(double probability) const;
  // The exact CDF of tau at a value, units of y.
  double tau_cdf(double tau) const;

  // Draws first .. first + n - 1 of the stream `seed`, 1 <= n <= 2^53. A draw depends on its index
  // alone: any split into calls, blocks or threads gives the same bits.
  Draws draw(int64_t n, uint64_t seed, uint64_t first = 0, bool with_lp = false) const;
  // In single precision. Throws std::invalid_argument where the data are beyond a float's range or
  // resolution (|y_j| above 65536 sigma_j).
  SingleDraws draw_single(int64_t n, uint64_t seed, uint64_t first = 0, bool with_lp = false) const;

  // The same into the caller's memory, `stride` >= n values from column to column.
  void draw_into(double* columns, int64_t stride, int64_t n, uint64_t seed, uint64_t first = 0,
                 bool with_lp = false, const RunControl& control = {}) const;
  void draw_into(float* columns, int64_t stride, int64_t n, uint64_t seed, uint64_t first = 0,
                 bool with_lp = false, const RunControl& control = {}) const;

  // The same by blocks of at most 8192, in order, from the calling thread. Draws in single
  // precision come as the doubles that they are.
  using BlockCallback = std::function<void(const DrawBlock&)>;
  void draw_blocks(int64_t n, uint64_t seed, bool with_lp, const BlockCallback& callback,
                   const RunControl& control = {}, Precision precision = Precision::kDouble) const;

  // Throws std::invalid_argument where draw_summary would refuse such a request, before anything is
  // drawn.
  void check_draw_summary(int64_t n, Precision precision = Precision::kDouble,
                          const DeriveRequest& derive = {}) const;

  // The summary of n draws (those of draw(n, seed)) in memory that does not grow with n; `also`
  // sees every block on the way. With a DeriveRequest also what only joint draws tell (derived.h);
  // throws std::invalid_argument where that is not to be had of so many or so few schools.
  DrawSummary draw_summary(int64_t n, uint64_t seed, const RunControl& control = {},
                           bool with_lp = false, const BlockCallback& also = {},
                           Precision precision = Precision::kDouble,
                           const DeriveRequest& derive = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The summary of draws in memory, with exact order statistics (rank_error 0).
DrawSummary summarise(const Draws& draws, uint64_t seed);
DrawSummary summarise(const SingleDraws& draws, uint64_t seed);

}  // namespace taugrid
