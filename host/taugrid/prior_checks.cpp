#include "host/taugrid/prior_checks.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "host/taugrid/buffer.h"
#include "host/taugrid/check_statistics.h"
#include "host/taugrid/model_checks.h"
#include "host/taugrid/parallel.h"
#include "host/taugrid/tau_prior_law.h"
#include "kernels/cpu/study_kernels.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// A thread's memory.
struct Worker {
  Buffer theta;       // (J, part)
  Buffer statistics;  // (statistic, kBlockDraws)
  std::vector<uint64_t> counts;
};

}  // namespace

void check_prior_draws(const Model& model) {
  const auto refuse = [](const std::string& why) {
    throw std::invalid_argument("check-prior: " + why);
  };
  if (!model.tau_prior.proper)
    refuse("tau prior " + model.tau_prior.text +
           " is improper, and nothing can be drawn from it; a proper one (half_normal:scale, "
           "half_cauchy:scale, ..) will do");
  if (!model.mu_prior.proper())
    refuse("mu prior " + model.mu_prior.text +
           " is improper, and nothing can be drawn from it; normal:mean,sd or uniform:lower,upper "
           "will do");
  if (model.tau_prior.no_pooling())
    refuse("at tau = infinity the prior of a study's data is improper");
}

std::vector<PredictiveCheck> prior_checks(const Engine& engine,
                                          const std::vector<std::string>& names, int64_t n,
                                          uint64_t seed, const RunControl& control, int64_t done) {
  const Model& model = engine.model;
  const int64_t n_schools = model.data.n_schools();
  const size_t n_checks = names.size();
  const TauPriorLaw tau(engine.problem.tau_prior, engine.sigma, *engine.kernels);
  PriorDrawPlan priors{};
  priors.priors.n_schools = n_schools;
  priors.priors.mu_prior = engine.problem.mu;
  tau.put_into(priors.priors);
  priors.centre = engine.centre;
  priors.unit = engine.unit;
  const ReplicatePlanOf<double> data{n_schools, model.data.sigma.data(), engine.centre};

  // One window that begins and ends at T(y): what is counted is past it.
  std::vector<double> y, observed, scale(n_checks, 0.0);
  for (const double value : model.data.y) y.push_back(value - engine.centre);
  for (const std::string& name : names) observed.push_back(statistic_of(name, y));
  const CountPlan plan{static_cast<int64_t>(n_checks),
                       1,
                       observed.data(),
                       observed.data(),
                       observed.data(),
                       scale.data()};
  const size_t per_check = static_cast<size_t>(counts_per_window(kBinsPerPilotWindow));

  const int threads = engine.threads, slots = n_slots(threads);
  const int64_t part = part_draws(n_schools);
  std::vector<Worker> workers;
  for (int w = 0; w < threads; ++w)
    workers.push_back({Buffer(static_cast<size_t>(n_schools * part)),
                       Buffer(n_checks * static_cast<size_t>(kBlockDraws)),
                       std::vector<uint64_t>(n_checks * per_check)});
  std::vector<double> block_sums(2 * n_checks * static_cast<size_t>(slots));
  std::vector<double> sums(2 * n_checks);
  const auto length = [&](int64_t block) { return std::min(kBlockDraws, n - block * kBlockDraws); };
  ordered_blocks(
      (n + kBlockDraws - 1) / kBlockDraws, threads,
      [&](int64_t block, int slot, int worker_id) {
        Worker& worker = workers[static_cast<size_t>(worker_id)];
        const int64_t whole =
            (length(block) + kDrawAlignment - 1) / kDrawAlignment * kDrawAlignment;
        for (int64_t begin = 0; begin < whole; begin += part) {
          const int64_t size = std::min(part, whole - begin);
          const auto first = static_cast<uint64_t>(block * kBlockDraws + begin);
          engine.kernels->study()->draw_from_priors(priors, {seed, 0, Purpose::kPriorDraw}, first,
                                                    size, worker.theta.data(), part);
          CheckStatisticsOf<double> statistics{};
          for (size_t k = 0; k < n_checks; ++k)
            place_of(names[k], statistics) =
                worker.statistics.data() + static_cast<int64_t>(k) * kBlockDraws + begin;
          engine.kernels->in_double.replicate(data, {seed, 0, Purpose::kPredictive}, first, size,
                                              worker.theta.data(), part, statistics);
        }
        engine.kernels->in_double.summarise_pilot(
            plan, worker.statistics.data(), kBlockDraws, length(block),
            block_sums.data() + 2 * n_checks * static_cast<size_t>(slot), worker.counts.data());
      },
      [&](int64_t block, int slot) {
        if (control.stop && control.stop()) throw Stopped();
        for (size_t i = 0; i < sums.size(); ++i)
          sums[i] += block_sums[sums.size() * static_cast<size_t>(slot) + i];
        if (control.progress) control.progress(done + block * kBlockDraws + length(block));
      });

  // The posterior of one study under a flat mu is the prior; every T grows as tau does.
  const MuPrior flat = parse_mu_prior("flat");
  const bool mean_exists = tau_moment_exists(model.tau_prior, flat, 1, 1),
             sd_exists = tau_moment_exists(model.tau_prior, flat, 1, 2);
  std::vector<PredictiveCheck> checks;
  for (size_t k = 0; k < n_checks; ++k) {
    uint64_t count = 0;
    for (const Worker& worker : workers) count += worker.counts[k * per_check];
    checks.push_back(predictive_check(names[k], model.data.y, engine.centre, observed[k],
                                      sums.data() + 2 * k, count, n));
    if (!mean_exists) checks.back().mean = kNaN;
    if (!sd_exists) checks.back().sd = kNaN;
  }
  return checks;
}

}  // namespace taugrid
