#include "host/taugrid/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>

#include "host/taugrid/batch_fitter.h"
#include "host/taugrid/evidence.h"
#include "host/taugrid/ieee_environment.h"
#include "host/taugrid/kolmogorov_distance.h"
#include "host/taugrid/parallel.h"
#include "host/taugrid/prior_ranges.h"
#include "host/taugrid/sweep_flips.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// All priors of one kind, parsed once.
template <class Prior>
struct PriorList {
  std::vector<PriorFamily> families;
  std::vector<Prior> priors;
};

template <class Prior>
PriorList<Prior> parse_list(const std::vector<std::string>& texts, PriorOf of,
                            Prior (*parse)(const std::string&)) {
  PriorList<Prior> list{parse_prior_families(texts, of), {}};
  for (const PriorFamily& family : list.families)
    for (const std::string& prior : family.priors) list.priors.push_back(parse(prior));
  return list;
}

void check_size(size_t n_tau, size_t n_mu) {
  if (n_tau == 0) throw std::invalid_argument("there is no prior of tau");
  if (n_mu == 0) throw std::invalid_argument("there is no prior of mu");
  if (n_tau > kMostSweepPriors / n_mu)
    throw std::invalid_argument(
        fmt::format("there are {} priors of tau and {} of mu, must be at most {} combinations",
                    n_tau, n_mu, kMostSweepPriors));
}

// The chosen columns, and mu among the quantities whether it is chosen or not.
struct Columns {
  BatchColumns all;
  size_t n_chosen;  // the first ones
};

Columns make_columns(const SweepRequest& request, int64_t n_schools) {
  Columns columns{parse_batch_columns(request.quantities, request.statistics, n_schools), 0};
  columns.n_chosen = columns.all.size();
  if (std::ranges::find(columns.all.quantities, ParameterKind::kMu) == columns.all.quantities.end())
    columns.all.quantities.push_back(ParameterKind::kMu);
  return columns;
}

// The posterior under one pair of priors.
class Point {
 public:
  Point(const Data& data, const TauPrior& tau, const MuPrior& mu, const BatchColumns& columns)
      : tau_(tau), mu_(mu), fitter_(tau, mu, columns), values_(columns.size()) {
    fitter_.fit(data.y, data.sigma, values_.data());
  }

  const std::vector<double>& values() const { return values_; }
  double mu_mean() const { return fitter_.result().mu.mean; }  // internal units, those of the data
  double mu_sd() const { return fitter_.result().mu.sd; }
  double mu_above_zero() { return fitter_.tails(ParameterKind::kMu, 0, 0.0).upper; }
  bool mu_exists() const { return !tau_.no_pooling() || mu_.proper(); }

  double log_marginal_likelihood() const {
    const double log_evidence = fitter_.result().log_evidence;
    return tau_.proper && std::isfinite(log_evidence)
               ? log_evidence + log_evidence_constant(mu_.form, fitter_.problem().n_schools,
                                                      fitter_.units().log_unit)
               : kNaN;
  }

  LawFunction mu_law() {
    return [this](std::span<const double> x, std::span<LawPoint> law) { fitter_.mu_law(x, law); };
  }

  // Where the law of mu lies, units of y: about the middle of tau's mass, and beside its jumps.
  void add_places(std::vector<double>& places) {
    if (!tau_.no_pooling()) {
      const FitWorkspace& w = fitter_.workspace();
      double below = 0.0;
      int middle = 0;
      for (int i = 0; i < w.n_nodes && below < 0.5; ++i) {
        below += w.tau.weight[i];
        middle = i;
      }
      const double sd = std::sqrt(w.v_mu[middle]);
      for (int k = -4; k <= 4; ++k)
        places.push_back(fitter_.units().place(w.mu_hat[middle] + 0.75 * k * sd));
    }
    if (mu_.form == MuForm::kNormal)
      places.insert(places.end(), {mu_.a - mu_.b, mu_.a, mu_.a + mu_.b});
    if (mu_.form != MuForm::kUniform) return;
    const double width = mu_.b - mu_.a;
    for (const double jump : {mu_.a, mu_.b}) {
      const double beside = std::max(1e-13 * width, 0x1p-50 * std::abs(jump));
      places.insert(places.end(), {jump - beside, jump + beside});
    }
  }

 private:
  const TauPrior& tau_;
  const MuPrior& mu_;
  BatchFitter fitter_;
  std::vector<double> values_;
};

double distance_of_mu(Point& point, Point& base) {
  if (!point.mu_exists() || !base.mu_exists()) return kNaN;
  std::vector<double> places;
  base.add_places(places);
  point.add_places(places);
  return kolmogorov_distance(point.mu_law(), base.mu_law(), places);
}

// The base prior's posterior for each thread, because a law is evaluated in its workspace.
class Base {
 public:
  Base(const Data& data, TauPrior tau, MuPrior mu, int threads)
      : data_(data),
        tau_(std::move(tau)),
        mu_(std::move(mu)),
        columns_(parse_batch_columns("mu", "mean,sd")),
        points_(static_cast<size_t>(threads)) {}

  const TauPrior& tau() const { return tau_; }
  const MuPrior& mu() const { return mu_; }

  // Throws as BatchFitter::fit does.
  Point& at(int worker) {
    std::unique_ptr<Point>& point = points_[static_cast<size_t>(worker)];
    if (!point) point = std::make_unique<Point>(data_, tau_, mu_, columns_);
    return *point;
  }

 private:
  const Data& data_;
  TauPrior tau_;
  MuPrior mu_;
  BatchColumns columns_;
  std::vector<std::unique_ptr<Point>> points_;
};

SweepRow make_row(const Data& data, const TauPrior& tau, const MuPrior& mu, const Columns& columns,
                  Point* base) {
  SweepRow row{tau.text, mu.text, std::vector<double>(columns.n_chosen, kNaN), kNaN, kNaN, kNaN,
               kNaN,     ""};
  try {
    Point point(data, tau, mu, columns.all);
    std::copy_n(point.values().begin(), columns.n_chosen, row.values.begin());
    row.log_marginal_likelihood = point.log_marginal_likelihood();
    if (point.mu_exists()) row.mu_above_zero = point.mu_above_zero();
    if (base != nullptr) {
      row.ks_mu = distance_of_mu(point, *base);
      row.shift_mu = (point.mu_mean() - base->mu_mean()) / base->mu_sd();
    }
  } catch (const Stopped&) {
    throw;
  } catch (const std::exception& error) {
    row.error = error.what();
  }
  return row;
}

void add_notes(const std::vector<TauPrior>& tau, const std::vector<MuPrior>& mu,
               const std::string& base_error, SweepSummary& summary) {
  if (!base_error.empty())
    summary.notes.push_back("no ks_mu and shift_mu: the base prior has no posterior: " +
                            base_error);
  if (std::ranges::any_of(tau, [](const TauPrior& prior) { return !prior.proper; }))
    summary.notes.push_back("no marginal likelihood where the prior of tau is improper");
  if (std::ranges::any_of(mu, [](const MuPrior& prior) { return !prior.proper(); }))
    summary.notes.push_back("in the marginal likelihood the flat prior of mu counts as density 1");
}

}  // namespace

int64_t sweep_size(const SweepRequest& request) {
  const auto count = [](const std::vector<std::string>& texts, PriorOf of) {
    size_t n = 0;
    for (const PriorFamily& family : parse_prior_families(texts, of)) n += family.priors.size();
    return n;
  };
  const size_t n_tau = count(request.tau_priors, PriorOf::kTau);
  const size_t n_mu = count(request.mu_priors, PriorOf::kMu);
  check_size(n_tau, n_mu);
  return static_cast<int64_t>(n_tau * n_mu);
}

SweepSummary sweep(const Data& data, const SweepRequest& request, const RunControl& control) {
  const IeeeEnvironment ieee;
  const auto start = std::chrono::steady_clock::now();
  validate(data);
  const PriorList<TauPrior> tau = parse_list(request.tau_priors, PriorOf::kTau, parse_tau_prior);
  const PriorList<MuPrior> mu = parse_list(request.mu_priors, PriorOf::kMu, parse_mu_prior);
  const size_t n_tau = tau.priors.size(), n_mu = mu.priors.size();
  check_size(n_tau, n_mu);
  const Columns columns = make_columns(request, data.n_schools());
  const int threads = thread_count(request.threads);

  Base base(
      data,
      request.base_tau_prior.empty() ? tau.priors[0] : parse_tau_prior(request.base_tau_prior),
      request.base_mu_prior.empty() ? mu.priors[0] : parse_mu_prior(request.base_mu_prior),
      threads);
  SweepSummary summary{};
  std::string base_error;
  try {
    base.at(0);
  } catch (const std::exception& error) {
    if (!request.base_tau_prior.empty() || !request.base_mu_prior.empty())
      throw std::invalid_argument(std::string("the base prior: ") + error.what());
    base_error = error.what();
  }

  summary.n_schools = data.n_schools();
  summary.backend = std::string("cpu (") + cpu_kernels().isa + ")";
  summary.base_tau_prior = base.tau().text;
  summary.base_mu_prior = base.mu().text;
  summary.columns = columns.all.names();
  summary.columns.resize(columns.n_chosen);
  for (size_t m = 0; m < n_mu; ++m)
    for (size_t first = m * n_tau; const PriorFamily& family : tau.families) {
      summary.groups.push_back({first, family.priors.size()});
      first += family.priors.size();
    }

  std::vector<SweepRow> slots(static_cast<size_t>(n_slots(threads)));
  ordered_blocks(
      static_cast<int64_t>(n_tau * n_mu), threads,
      [&](int64_t block, int slot, int worker) {
        const IeeeEnvironment ieee_of_worker;
        const auto i = static_cast<size_t>(block);
        slots[static_cast<size_t>(slot)] =
            make_row(data, tau.priors[i % n_tau], mu.priors[i / n_tau], columns,
                     base_error.empty() ? &base.at(worker) : nullptr);
      },
      [&](int64_t block, int slot) {
        if (control.stop && control.stop()) throw Stopped();
        summary.rows.push_back(std::move(slots[static_cast<size_t>(slot)]));
        if (control.progress) control.progress(block + 1);
      });

  const BatchColumns least = parse_batch_columns("mu", "mean");
  const auto mu_above_zero = [&](const std::string& tau_text, const std::string& mu_text) {
    const TauPrior tau_prior = parse_tau_prior(tau_text);
    const MuPrior mu_prior = parse_mu_prior(mu_text);
    return Point(data, tau_prior, mu_prior, least).mu_above_zero();
  };
  const auto any_range = [](const std::vector<PriorFamily>& families) {
    return std::ranges::any_of(families, &PriorFamily::is_range);
  };
  summary.has_ranges = any_range(tau.families) || any_range(mu.families);
  FoundFlips found =
      find_flips(tau.families, mu.families, summary.rows, mu_above_zero, threads, control.stop);
  summary.flips = std::move(found.flips);
  summary.notes = std::move(found.notes);
  add_notes(tau.priors, mu.priors, base_error, summary);
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

}  // namespace taugrid
