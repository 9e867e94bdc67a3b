#include "host/taugrid/posterior.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "host/taugrid/batch_fitter.h"
#include "host/taugrid/double_block.h"
#include "host/taugrid/draw_summary.h"
#include "host/taugrid/engine.h"
#include "host/taugrid/evidence.h"
#include "host/taugrid/ieee_environment.h"
#include "host/taugrid/internal_units.h"
#include "host/taugrid/parallel.h"
#include "host/taugrid/parameter_answers.h"
#include "host/taugrid/prior_checks.h"
#include "host/taugrid/requests.h"
#include "kernels/math/atoms.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kMaxDraws = int64_t{1} << 53;

ParameterSummary parameter_summary(const ParameterResult& result, const std::string& name,
                                   const std::string& label, bool located, const Units& units,
                                   size_t n_probabilities, size_t lower, size_t upper) {
  const auto place = [&](double x) { return located ? units.place(x) : units.size(x); };
  ParameterSummary summary;
  summary.name = name;
  summary.label = label;
  summary.mean = place(result.mean);
  summary.sd = units.size(result.sd);
  summary.mode = place(result.mode);
  for (size_t i = 0; i < n_probabilities; ++i)
    summary.quantiles.push_back(place(result.quantile[i]));
  summary.central = {place(result.quantile[lower]), place(result.quantile[upper])};
  summary.shortest = {place(result.shortest_lower), place(result.shortest_upper)};
  return summary;
}

// Of the moments of tau that exist, those from `kept` on are not within double precision.
std::string out_of_range_note(const Model& model, int existing, int kept) {
  const std::string of =
      "tau and theta_new" + std::string(model.mu_prior.proper() ? "" : ", and of mu,");
  if (existing == 2 && kept == 0)
    return "the mean and standard deviation of " + of +
           " exist, but their integrals leave the range of double precision";
  return std::string(kept == 1 ? "the standard deviation of " : "the mean of ") + of +
         " exists, but its integral leaves the range of double precision";
}

std::vector<std::string> notes_of(const Model& model) {
  std::vector<std::string> notes;
  const bool flat = !model.mu_prior.proper();
  const bool infinite = model.tau_prior.no_pooling();
  if (infinite) {
    notes.push_back(
        "tau = infinity is no pooling: theta_j ~ N(y_j, sigma_j^2), theta_new does not exist, and "
        "mu " +
        std::string(flat ? "does not exist under a flat prior" : "keeps its prior"));
    notes.push_back("the marginal likelihood is 0 at tau = infinity");
    return notes;
  }
  for (int k = 1; k <= 2; ++k) {
    const std::string moment = k == 1 ? "mean" : "standard deviation";
    std::string absent = model.tau_moment_exists(k) ? "" : "tau, theta_new";
    if (!model.mu_moment_exists(k)) absent += ", mu";
    if (!absent.empty())
      notes.push_back("the tail of p(tau|y) is too heavy for the " + moment + " of " + absent);
    if (k == 1 && !absent.empty()) break;
  }
  if (!model.tau_prior.proper)
    notes.push_back("no marginal likelihood: the prior of tau is improper");
  else if (flat)
    notes.push_back("in the marginal likelihood the flat prior of mu counts as density 1");
  return notes;
}

void check_probability(double p, const char* what) {
  if (!(p > 0.0 && p < 1.0))
    throw std::invalid_argument(std::string(what) + " is " + std::to_string(p) +
                                ", must be between 0 and 1");
}

void check_draws(int64_t n, uint64_t first) {
  if (n < 1 || n > kMaxDraws || first > static_cast<uint64_t>(kMaxDraws))
    throw std::invalid_argument("number of draws is " + std::to_string(n) +
                                ", must be from 1 to 2^53");
}

}  // namespace

namespace {

// The intervals of further levels, each by a fit of its own: it is the shortest interval that takes
// the time.
void add_levels(const Engine& engine, const SummaryOptions& options, const RunControl& control,
                FitSummary& summary) {
  std::vector<double> levels = options.more_levels;
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  std::erase(levels, options.level);
  const Units units{engine.centre, engine.unit, engine.log_unit};
  for (const double level : levels) {
    const double ends[] = {0.5 * (1.0 - level), 1.0 - 0.5 * (1.0 - level)};
    FitStorage storage(engine.model.data.n_schools(), 2);
    FitRequest request = engine.request();
    request.probabilities = ends;
    request.n_probabilities = 2;
    request.level = level;
    request.joint = false;
    engine.fit(request, storage.result, control);
    const FitResult& result = storage.result;
    for (size_t k = 0; k < summary.parameters.size(); ++k) {
      const bool last = k + 1 == summary.parameters.size();
      const ParameterResult& from = k == 0   ? result.tau
                                    : k == 1 ? result.mu
                                    : last   ? result.theta_new
                                             : result.theta[k - 2];
      const ParameterSummary at = parameter_summary(from, "", "", k > 0, units, 2, 0, 1);
      summary.parameters[k].more_central.push_back(at.central);
      summary.parameters[k].more_shortest.push_back(at.shortest);
    }
    summary.more_levels.push_back(level);
  }
}

}  // namespace

struct Posterior::State : Engine {
  using Engine::Engine;
};

Posterior::Posterior(Data data, const std::string& tau_prior, const std::string& mu_prior,
                     const DeviceOptions& device)
    : state_([&] {
        const IeeeEnvironment ieee;
        return std::make_unique<State>(make_model(std::move(data), tau_prior, mu_prior),
                                       device.backend, device.threads);
      }()) {}
Posterior::~Posterior() = default;
Posterior::Posterior(Posterior&&) noexcept = default;
Posterior& Posterior::operator=(Posterior&&) noexcept = default;

const Model& Posterior::model() const { return state_->model; }

std::string Posterior::backend() const { return state_->backend_text; }

std::string Posterior::why_not_cuda() const { return state_->why_not_cuda; }

FitSummary Posterior::summary(const SummaryOptions& options, const RunControl& control) const {
  const IeeeEnvironment ieee;
  const auto start = std::chrono::steady_clock::now();
  for (const double p : options.probabilities) check_probability(p, "probability");
  check_probability(options.level, "level");
  for (const double level : options.more_levels) check_probability(level, "level");
  const State& s = *state_;
  check_requests(s.model, options);
  const Data& data = s.model.data;

  // The ends of the central interval are quantiles too, mostly ones already asked for.
  std::vector<double> probabilities = options.probabilities;
  std::sort(probabilities.begin(), probabilities.end());
  probabilities.erase(std::unique(probabilities.begin(), probabilities.end()), probabilities.end());
  const size_t n_shown = probabilities.size();
  const auto [lower, upper] = add_ends(options.level, probabilities);

  FitStorage storage(data.n_schools(), static_cast<int>(probabilities.size()));
  FitRequest request = s.request();
  request.probabilities = probabilities.data();
  request.n_probabilities = static_cast<int>(probabilities.size());
  request.level = options.level;
  s.fit(request, storage.result, control);
  const FitResult& result = storage.result;
  // tau = infinity alone has no evidence.
  if (!std::isfinite(result.log_evidence) && !s.model.tau_prior.no_pooling())
    throw std::runtime_error(kNotIntegrated);

  const Units units{s.centre, s.unit, s.log_unit};
  FitSummary summary;
  summary.n_schools = data.n_schools();
  summary.tau_prior = s.model.tau_prior.text;
  summary.mu_prior = s.model.mu_prior.text;
  summary.backend = s.fits_on_cuda ? s.backend_text : s.cpu_text;
  summary.probabilities.assign(probabilities.begin(),
                               probabilities.begin() + static_cast<std::ptrdiff_t>(n_shown));
  summary.level = options.level;
  const auto add = [&](const ParameterResult& parameter, const std::string& name,
                       const std::string& label, bool located) {
    summary.parameters.push_back(
        parameter_summary(parameter, name, label, located, units, n_shown, lower, upper));
  };
  add(result.tau, "tau", "", false);
  add(result.mu, "mu", "", true);
  for (int64_t j = 0; j < data.n_schools(); ++j)
    add(result.theta[j], "theta[" + std::to_string(j + 1) + "]",
        data.labels.empty() ? "" : data.labels[static_cast<size_t>(j)], true);
  add(result.theta_new, "theta_new", "", true);
  summary.joint_mode_tau = units.size(result.joint_mode_tau);
  summary.joint_mode_mu = units.place(result.joint_mode_mu);
  summary.cov_mu_tau = s.unit * s.unit * result.cov_mu_tau;
  summary.corr_mu_tau =
      result.tau.sd > 0.0 ? result.cov_mu_tau / (result.tau.sd * result.mu.sd) : kNaN;
  summary.notes = notes_of(s.model);
  if (s.tau_is_random)
    for (int k = 0; k < s.posterior->n_atoms; ++k)
      summary.notes.push_back(fmt::format(
          "P(tau = {:g} | y) = {:.6g}", s.unit * s.posterior->atom[k], s.posterior->atom_mass[k]));
  if (result.unresolved)
    summary.notes.push_back(
        "the quadrature ran out of panels: the last digits are not to be trusted");
  if (result.tau_moments < request.tau_moments)
    summary.notes.push_back(out_of_range_note(s.model, request.tau_moments, result.tau_moments));
  summary.log_marginal_likelihood =
      s.model.tau_prior.proper && std::isfinite(result.log_evidence)
          ? result.log_evidence +
                log_evidence_constant(s.problem.mu.form, data.n_schools(), s.log_unit)
          : kNaN;
  add_levels(s, options, control, summary);
  add_requests(s, options, control, summary);
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

int64_t Posterior::parameter_index(const std::string& parameter) const {
  const ParameterId id = find_parameter(parameter, model().data, "posterior");
  switch (id.kind) {
    case ParameterKind::kTau:
      return 0;
    case ParameterKind::kMu:
      return 1;
    case ParameterKind::kTheta:
      return 2 + id.j;
    case ParameterKind::kThetaNew:
      break;
  }
  return 2 + model().data.n_schools();
}

std::vector<double> Posterior::quantiles(const std::string& parameter,
                                         const std::vector<double>& probabilities,
                                         const RunControl& control) const {
  const IeeeEnvironment ieee;
  for (const double p : probabilities) check_probability(p, "probability");
  return quantiles_of(*state_, find_parameter(parameter, model().data, "quantiles"), probabilities,
                      control);
}

Interval Posterior::interval(const std::string& parameter, double level, IntervalKind kind) const {
  const IeeeEnvironment ieee;
  check_probability(level, "level");
  return interval_of(*state_, find_parameter(parameter, model().data, "interval"), level, kind);
}

DensityCurve Posterior::density(const std::string& parameter, const std::vector<double>& x,
                                const RunControl& control) const {
  const IeeeEnvironment ieee;
  const ParameterId id = find_parameter(parameter, model().data, "density");
  check_points(x, "density " + parameter);
  DensityCurve curve{id.name(), x, {}, {}};
  for (const LawPoint& point : law_at_points(*state_, id, x, false, control)) {
    curve.pdf.push_back(point.density);
    curve.cdf.push_back(point.lower);
  }
  return curve;
}

std::vector<double> Posterior::exceed(const std::string& parameter, const std::vector<double>& x,
                                      const RunControl& control) const {
  const IeeeEnvironment ieee;
  const ParameterId id = find_parameter(parameter, model().data, "exceed");
  check_points(x, "exceed " + parameter);
  std::vector<double> probabilities;
  for (const LawPoint& point : law_at_points(*state_, id, x, true, control))
    probabilities.push_back(point.upper);
  return probabilities;
}

double Posterior::tau_quantile(double probability) const {
  const IeeeEnvironment ieee;
  check_probability(probability, "probability");
  const State& s = *state_;
  if (!s.tau_is_random) return s.model.tau_prior.parameters[0];
  const bool right = probability > 0.5;
  const double tail = right ? 1.0 - probability : probability;
  if (s.posterior->n_atoms > 0)
    return s.unit * atom_quantile<Scalar<>>(*s.posterior, tail, right).tau;
  return s.unit * exp<Scalar<>>(panel_quantile<Scalar<>>(s.posterior->tau, tail, right).x);
}

double Posterior::tau_cdf(double tau) const {
  const IeeeEnvironment ieee;
  const State& s = *state_;
  if (!s.tau_is_random) return tau >= s.model.tau_prior.parameters[0] ? 1.0 : 0.0;
  return tau_tails<Scalar<>>(*s.posterior, tau / s.unit).lower;
}

Draws Posterior::draw(int64_t n, uint64_t seed, uint64_t first, bool with_lp) const {
  const IeeeEnvironment ieee;
  check_draws(n, first);
  return state_->draws<double>(n, seed, first, with_lp);
}

SingleDraws Posterior::draw_single(int64_t n, uint64_t seed, uint64_t first, bool with_lp) const {
  const IeeeEnvironment ieee;
  check_draws(n, first);
  return state_->draws<float>(n, seed, first, with_lp);
}

void Posterior::draw_into(double* columns, int64_t stride, int64_t n, uint64_t seed, uint64_t first,
                          bool with_lp, const RunControl& control) const {
  const IeeeEnvironment ieee;
  check_draws(n, first);
  state_->draw_into(columns, stride, n, seed, first, with_lp, control);
}

void Posterior::draw_into(float* columns, int64_t stride, int64_t n, uint64_t seed, uint64_t first,
                          bool with_lp, const RunControl& control) const {
  const IeeeEnvironment ieee;
  check_draws(n, first);
  state_->draw_into(columns, stride, n, seed, first, with_lp, control);
}

namespace {

template <class T>
void draw_blocks_in(const Engine& engine, int64_t n, uint64_t seed, bool with_lp,
                    const Posterior::BlockCallback& callback, const RunControl& control) {
  const DrawModelOf<T> model = engine.draw_model<T>();
  DoubleBlock doubles;
  const auto deliver = [&](const T* columns, int64_t stride, int64_t first, int64_t size) {
    if (control.stop && control.stop()) throw Stopped();
    callback(doubles.of(DrawBlockOf<T>(columns, stride, static_cast<uint64_t>(first), size,
                                       model.problem.n_schools, with_lp)));
    if (control.progress) control.progress(first + size);
  };
  if (engine.on_cuda) {
    CudaDrawsOf<T>(model).run({seed, 0, Purpose::kPosteriorDraw}, 0, n, {true, with_lp, nullptr},
                              nullptr, [&](const CudaChunkOf<T>& chunk) {
                                for (int64_t i = 0; i < chunk.n; i += kBlockDraws)
                                  deliver(chunk.columns + i, chunk.stride,
                                          static_cast<int64_t>(chunk.first) + i,
                                          std::min(kBlockDraws, chunk.n - i));
                              });
    return;
  }
  // With many schools a block has fewer draws, so that it stays near 32 MB.
  const int64_t n_columns = engine.n_columns(with_lp);
  const int64_t block_draws = part_draws(n_columns);
  const int64_t size = n_columns * block_draws;
  BufferOf<T> blocks(static_cast<size_t>(size * n_slots(engine.threads)));
  const auto length = [&](int64_t block) { return std::min(block_draws, n - block * block_draws); };
  ordered_blocks((n + block_draws - 1) / block_draws, engine.threads,
                 [&](int64_t block, int slot, int) {
                   engine.draw(seed, static_cast<uint64_t>(block * block_draws), length(block),
                               with_lp, blocks.data() + slot * size, block_draws);
                 },
                 [&](int64_t block, int slot) {
                   deliver(blocks.data() + slot * size, block_draws, block * block_draws,
                           length(block));
                 });
}

}  // namespace

void Posterior::draw_blocks(int64_t n, uint64_t seed, bool with_lp, const BlockCallback& callback,
                            const RunControl& control, Precision precision) const {
  const IeeeEnvironment ieee;
  check_draws(n, 0);
  const auto& run =
      precision == Precision::kSingle ? draw_blocks_in<float> : draw_blocks_in<double>;
  run(*state_, n, seed, with_lp, callback, control);
}

void Posterior::check_draw_summary(int64_t n, Precision precision,
                                   const DeriveRequest& derive) const {
  const IeeeEnvironment ieee;
  check_draws(n, 0);
  check_derive(derive, state_->model.data.n_schools());
  if (!derive.prior_checks.empty()) check_prior_draws(state_->model);
  if (precision == Precision::kSingle) state_->draw_model<float>();
}

DrawSummary Posterior::draw_summary(int64_t n, uint64_t seed, const RunControl& control,
                                    bool with_lp, const BlockCallback& also, Precision precision,
                                    const DeriveRequest& derive) const {
  const IeeeEnvironment ieee;
  check_draws(n, 0);
  return summarise_stream(*state_, n, seed, control, with_lp, also, precision, derive);
}

}  // namespace taugrid
