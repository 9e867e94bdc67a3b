#include "host/taugrid/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "host/taugrid/chi_square.h"
#include "kernels/math/elementary.h"

namespace taugrid {
namespace {

using S = Scalar<>;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kPi = 3.14159265358979323846;

}  // namespace

PitCounts::PitCounts() : cells(static_cast<size_t>(kFineCells)) {}

void PitCounts::add(double pit) {
  if (std::isnan(pit)) {
    ++failures;
    return;
  }
  const double place = std::floor(pit * static_cast<double>(kFineCells));
  const double last = static_cast<double>(kFineCells - 1);
  ++cells[static_cast<size_t>(std::clamp(place, 0.0, last))];
}

double chi_square_p_value(double df, double x) {
  return x > 0.0 ? exp<S>(chi_square_tails(df, x).log_upper) : 1.0;
}

double kolmogorov_p_value_of(double d, double n) {
  const double root = std::sqrt(n);
  const double x = (root + 0.12 + 0.11 / root) * d;
  if (!(x > 0.0)) return 1.0;
  double sum = 0.0;
  if (x < 1.0) {  // Jacobi's other series
    for (int k = 1; k <= 5; ++k) {
      const double odd = (2 * k - 1) * kPi / x;
      sum += exp<S>(-0.125 * odd * odd);
    }
    return std::max(1.0 - std::sqrt(2.0 * kPi) / x * sum, 0.0);
  }
  for (int k = 1; k <= 20; ++k) sum += (k % 2 == 1 ? 2.0 : -2.0) * exp<S>(-2.0 * k * k * x * x);
  return std::clamp(sum, 0.0, 1.0);
}

std::vector<MeasureRow> PitCounts::rows(int64_t bins) const {
  int64_t n = 0;
  double distance = 0.0;
  for (const uint64_t count : cells) n += static_cast<int64_t>(count);
  const double total = static_cast<double>(n);
  int64_t below = 0;
  for (int64_t i = 0; i < kFineCells; ++i) {
    below += static_cast<int64_t>(cells[static_cast<size_t>(i)]);
    const double expected = static_cast<double>(i + 1) / static_cast<double>(kFineCells);
    distance = std::max(distance, std::abs(static_cast<double>(below) / total - expected));
  }
  const int64_t width = kFineCells / bins;
  const double expected = total / static_cast<double>(bins);
  double chi_square = 0.0;
  std::vector<MeasureRow> counts;
  for (int64_t bin = 0; bin < bins; ++bin) {
    uint64_t count = 0;
    for (int64_t i = bin * width; i < (bin + 1) * width; ++i)
      count += cells[static_cast<size_t>(i)];
    const double gap = static_cast<double>(count) - expected;
    chi_square += gap * gap / expected;
    counts.push_back(
        {fmt::format("count[{}]", bin + 1), static_cast<double>(count), kNaN, n, failures});
  }
  const auto value = [&](double x) { return n > 0 ? x : kNaN; };
  std::vector<MeasureRow> rows = {
      {"chi_square", value(chi_square), kNaN, n, failures},
      {"chi_square_p", value(chi_square_p_value(static_cast<double>(bins - 1), chi_square)), kNaN,
       n, failures},
      {"ks", value(distance), kNaN, n, failures},
      {"ks_p", value(kolmogorov_p_value_of(distance, total)), kNaN, n, failures}};
  rows.insert(rows.end(), counts.begin(), counts.end());
  return rows;
}

std::vector<std::string> calibrated_parameters(const Study& study, int64_t k) {
  std::vector<std::string> names;
  if (!study.tau_prior.fixed()) names.emplace_back("tau");
  names.emplace_back("mu");
  for (int64_t j = 1; j <= k; ++j) names.push_back(fmt::format("theta[{}]", j));
  names.emplace_back("theta_new");
  return names;
}

Calibrator::Calibrator(const Study& study, const Scenario& scenario, const CpuKernels& kernels)
    : tau_known_(study.tau_prior.fixed()),
      k_(scenario.k),
      fitter_(study.tau_prior, study.mu_prior,
              // The nodes of tau are all that is needed of a fit.
              BatchColumns{{ParameterKind::kTau}, {{StatisticKind::kMean}}}, kernels),
      y_(static_cast<size_t>(scenario.k)),
      sigma_(static_cast<size_t>(scenario.k)),
      values_(1) {}

// Where tau is an atom its CDF jumps: a uniform place within the jump is uniform again.
double Calibrator::tau_pit(double tau, double place) {
  const BatchFitter::Tails tails = fitter_.tails(ParameterKind::kTau, 0, tau);
  const FitWorkspace& w = fitter_.workspace();
  for (int a = 0; a < w.n_atoms; ++a)
    if (fitter_.units().size(w.atom[a]) == tau)
      return (tails.lower - w.atom_mass[a]) + place * w.atom_mass[a];
  return tails.lower;
}

void Calibrator::evaluate(const SyntheticBlock& block, int64_t n, std::vector<double>& pits) {
  const SyntheticColumns& columns = block.columns;
  const size_t n_parameters = static_cast<size_t>(k_ + (tau_known_ ? 2 : 3));
  pits.resize(n_parameters * static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    block.copy_data(i, y_.data(), sigma_.data());
    size_t parameter = 0;
    const auto put = [&](double pit) {
      pits[parameter++ * static_cast<size_t>(n) + static_cast<size_t>(i)] = pit;
    };
    try {
      fitter_.fit(y_, sigma_, values_.data());
    } catch (const std::exception& error) {
      if (failure_.empty()) failure_ = error.what();
      while (parameter < n_parameters) put(kNaN);
      continue;
    }
    if (!tau_known_) put(tau_pit(columns.tau[i], columns.atom_place[i]));
    put(fitter_.tails(ParameterKind::kMu, 0, columns.mu[i]).lower);
    for (int64_t j = 0; j < k_; ++j)
      put(fitter_.tails(ParameterKind::kTheta, j, columns.theta[j * columns.stride + i]).lower);
    put(fitter_.tails(ParameterKind::kThetaNew, 0, columns.theta_new[i]).lower);
  }
}

}  // namespace taugrid
