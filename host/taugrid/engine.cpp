#include "host/taugrid/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "host/taugrid/buffer.h"
#include "host/taugrid/internal_units.h"
#include "host/taugrid/parallel.h"
#include "host/taugrid/tau_table.h"

namespace taugrid {

FitStorage::FitStorage(int64_t n_schools, int n_probabilities)
    : quantiles(static_cast<size_t>((n_schools + 3) * n_probabilities)),
      theta(static_cast<size_t>(n_schools)) {
  const auto row = [&](int64_t parameter) {
    return quantiles.data() + parameter * n_probabilities;
  };
  result.tau.quantile = row(0);
  result.mu.quantile = row(1);
  for (int64_t j = 0; j < n_schools; ++j) theta[static_cast<size_t>(j)].quantile = row(2 + j);
  result.theta_new.quantile = row(2 + n_schools);
  result.theta = theta.data();
}

namespace {

// Throws std::invalid_argument unless draws in single precision make sense: everything within the
// range of a float, and each school's sigma far above the spacing of floats at its y.
void check_single(const Engine& engine) {
  constexpr double kLeast = 1e-30, kMost = 1e30;  // of y and sigma as they are
  constexpr double kMostSigmas = 65536;  // |y| in units of sigma: a float is then 2^-8 sigma near
  const Data& data = engine.model.data;
  const auto refuse = [](const std::string& what, double value, const std::string& allowed) {
    throw std::invalid_argument("single precision: " + what + " is " + fmt::format("{}", value) +
                                ", must be " + allowed + "; draw in double precision");
  };
  const double smallest = *std::min_element(data.sigma.begin(), data.sigma.end());
  const std::string span =
      "at most 1e18 times the smallest sigma (" + fmt::format("{}", smallest) + ")";
  const double widest = kLargestSingleSpan * smallest;
  for (size_t j = 0; j < data.y.size(); ++j) {
    const std::string row = "row " + std::to_string(j + 1) + ": ";
    if (!(data.sigma[j] >= kLeast && data.sigma[j] <= kMost))
      refuse(row + "sigma", data.sigma[j], "from 1e-30 to 1e30");
    if (!(std::abs(data.y[j]) <= kMost)) refuse(row + "y", data.y[j], "from -1e30 to 1e30");
    if (data.sigma[j] > widest) refuse(row + "sigma", data.sigma[j], span);
    if (std::abs(data.y[j] - engine.centre) > widest)
      refuse(row + "y", data.y[j],
             "within 1e18 of the smallest sigma of " + fmt::format("{}", engine.centre));
    if (std::abs(data.y[j]) > kMostSigmas * data.sigma[j])
      refuse(row + "y", data.y[j], "at most 65536 times its sigma (subtract a constant)");
  }
  const MuPrior& mu = engine.model.mu_prior;
  if (mu.form == MuForm::kNormal) {
    if (std::abs(mu.a - engine.centre) > widest)
      refuse("mu prior " + mu.text + ": mean", mu.a, span);
    if (!(mu.b <= widest && mu.b >= 1e-9 * smallest))
      refuse("mu prior " + mu.text + ": sd", mu.b,
             "from 1e-9 to 1e18 times the smallest sigma (" + fmt::format("{}", smallest) + ")");
  }
  if (mu.form == MuForm::kUniform && (std::abs(mu.a) > kMost || std::abs(mu.b) > kMost))
    refuse("mu prior " + mu.text + ": bound", std::abs(mu.a) > kMost ? mu.a : mu.b,
           "from -1e30 to 1e30");
  const TauPrior& tau = engine.model.tau_prior;
  if (tau.fixed() && std::isfinite(tau.parameters[0]) && tau.parameters[0] > widest)
    refuse("tau prior " + tau.text + ": value", tau.parameters[0],
           span + " (no pooling is fixed:inf)");
}

std::unique_ptr<SingleModel> make_single_model(const Engine& engine) {
  check_single(engine);
  auto single = std::make_unique<SingleModel>();
  // With the centre a float, y = centre + unit * internal has the rounding of internal alone.
  const float centre = static_cast<float>(engine.centre);
  const double shift = (engine.centre - static_cast<double>(centre)) / engine.unit;
  for (size_t j = 0; j < engine.y.size(); ++j) {
    single->y.push_back(static_cast<float>(engine.y[j] + shift));
    single->sigma.push_back(static_cast<float>(engine.sigma[j]));
  }
  single->table = round_tau_table(engine.table());
  MuRecord mu = engine.problem.mu;
  if (mu.form != MuForm::kFlat) mu.a += shift;
  if (mu.form == MuForm::kUniform) mu.b += shift;
  single->draws = {{single->y.data(), single->sigma.data(), engine.problem.n_schools, mu,
                    engine.problem.tau_prior},
                   single->table.view(),
                   centre,
                   static_cast<float>(engine.unit),
                   engine.log_unit,
                   engine.draw_atoms<float>()};
  return single;
}

}  // namespace

int64_t part_draws(int64_t n_columns) {
  const auto fit =
      static_cast<int64_t>(std::bit_floor((uint64_t{1} << 22) / static_cast<uint64_t>(n_columns)));
  return std::clamp(fit, kDrawAlignment, kBlockDraws);
}

Engine::Engine(Model m, const std::string& backend, int thread_request)
    : model(std::move(m)), kernels(&cpu_kernels()), threads(thread_count(thread_request)) {
  if (backend != "auto" && backend != "cpu" && backend != "cuda")
    throw std::invalid_argument("backend '" + backend + "' is unknown; known are auto, cpu, cuda");
  cpu_text = std::string("cpu (") + kernels->isa + ")";
  backend_text = cpu_text;
  if (backend != "cpu") {
    const CudaDevices devices = cuda_devices();
    if (backend == "cuda" && devices.names.empty())
      throw std::invalid_argument("backend cuda: " + devices.reason);
    if (devices.names.empty()) {
      why_not_cuda = devices.reason;
    } else {
      on_cuda = true;
      fits_on_cuda = backend == "cuda";
      backend_text = "cuda (" + devices.names[0] + ")";
    }
  }

  const Data& data = model.data;
  const Units units = units_of(data.y, data.sigma);
  centre = units.centre;
  unit = units.unit;
  log_unit = units.log_unit;
  y.resize(data.y.size());
  sigma.resize(data.y.size());
  to_internal(units, data.y, data.sigma, y.data(), sigma.data());

  problem.y = y.data();
  problem.sigma = sigma.data();
  problem.n_schools = data.n_schools();
  problem.mu = mu_record(model.mu_prior, units);
  problem.tau_prior = tau_prior_record(model.tau_prior, unit, sigma, prior_storage);
  tau_is_random = problem.tau_prior.form != PriorForm::kPoint;

  if (tau_is_random) {
    posterior = std::make_unique_for_overwrite<FitWorkspace>();
    FitStorage storage(0, 0);
    kernels->fit(problem, nodes_request(), *posterior, storage.result);
  }
}

const TauTable& Engine::table() const {
  std::call_once(table_made_, [&] {
    if (!tau_is_random) return;
    // With atoms alone the table is looked into, and what it says is not taken.
    if (posterior->tau.n > 0)
      table_ = make_tau_table(*kernels, posterior->tau);
    else
      table_ = empty_tau_table();
  });
  return table_;
}

FitRequest Engine::request() const {
  FitRequest request = nodes_request();
  request.tau = request.mu = request.theta_new = request.theta = request.joint = true;
  request.mode_and_shortest = true;
  return request;
}

FitRequest Engine::nodes_request() const {
  return taugrid::nodes_request(model.tau_prior, model.mu_prior, model.data.n_schools());
}

void Engine::fit(const FitRequest& wanted, FitResult& result, const RunControl& control) const {
  if (fits_on_cuda) {
    cuda_fit(&problem, 1, wanted, &result);
    return;
  }
  // Schools: of which the posterior of tau takes longer than to be copied into fresh memory; whose
  // thetas are worth a thread; and, where a stop is to be heard, whose thetas take a second.
  constexpr int64_t kMany = 4096, kFewestShared = 512, kMostUnheard = 65536;
  FitRequest many = wanted;
  const bool tau_is_known =
      posterior && problem.n_schools >= kMany && wanted.tau_moments == nodes_request().tau_moments;
  const auto make_workspace = [&] {
    auto workspace = std::make_unique_for_overwrite<FitWorkspace>();
    if (tau_is_known) *workspace = *posterior;
    return workspace;
  };
  many.tau_known = tau_is_known;
  const int64_t begin = wanted.theta_begin;
  const int64_t n_theta = wanted.theta ? std::min(wanted.theta_end, problem.n_schools) - begin : 0;
  const int64_t n_parts =
      control.stop ? std::max<int64_t>(threads, n_theta / kMostUnheard) : threads;
  if (n_theta < kFewestShared || n_parts == 1) {
    kernels->fit(problem, many, *make_workspace(), result);
    return;
  }
  // A part of theta at a time.
  std::vector<char> unresolved(static_cast<size_t>(n_parts), 0);
  ordered_blocks(
      n_parts, threads,
      [&](int64_t part, int, int) {
        FitRequest request = many;
        request.theta_begin = begin + n_theta * part / n_parts;
        request.theta_end = begin + n_theta * (part + 1) / n_parts;
        FitStorage storage(0, wanted.n_probabilities);
        FitResult other = storage.result;
        other.theta = result.theta;
        FitResult& own = part == 0 ? result : other;
        // What is not of theta is the first part's.
        if (part > 0) request.tau = request.mu = request.theta_new = request.joint = false;
        kernels->fit(problem, request, *make_workspace(), own);
        unresolved[static_cast<size_t>(part)] = own.unresolved;
      },
      [&](int64_t, int) {
        if (control.stop && control.stop()) throw Stopped();
      });
  result.unresolved = std::ranges::find(unresolved, 1) != unresolved.end();
}

template <class T>
DrawAtomsOf<T> Engine::draw_atoms() const {
  DrawAtomsOf<T> atoms = {};
  if (!tau_is_random || posterior->n_atoms == 0) return atoms;
  const double* prior = problem.tau_prior.numbers + problem.tau_prior.atoms.first;
  atoms.n = posterior->n_atoms;
  atoms.smooth_mass = static_cast<T>(posterior->smooth_mass);
  double up_to = 0.0;
  for (int k = 0; k < atoms.n; ++k) {
    up_to += posterior->atom_mass[k];
    const double tau = posterior->atom[k];
    const double log_tau = tau > 0.0 ? log<Scalar<>>(tau) + log_unit : 0.0;
    atoms.up_to[k] = static_cast<T>(up_to);
    atoms.tau[k] = static_cast<T>(tau);
    atoms.log_prior[k] =
        static_cast<T>(prior[2 * k + 1] - static_cast<double>(problem.n_schools) * log_tau);
  }
  return atoms;
}

template <>
DrawModel Engine::draw_model() const {
  return {problem, table().view(), centre, unit, log_unit, draw_atoms<double>()};
}

template <>
DrawModelOf<float> Engine::draw_model() const {
  std::call_once(single_once_, [&] { single_ = make_single_model(*this); });
  return single_->draws;
}

template <class T>
void Engine::draw(uint64_t seed, uint64_t first, int64_t n, bool with_lp, T* columns,
                  int64_t stride) const {
  const StreamPosition at{seed, 0, Purpose::kPosteriorDraw};
  const DrawModelOf<T> draws = draw_model<T>();
  const auto kernel = kernels->of<T>().draw;
  const uint64_t align = kDrawAlignment;
  // Ragged ends go through a small block of their own.
  const auto ragged = [&](uint64_t begin, uint64_t end) {
    BufferOf<T> block(static_cast<size_t>(n_columns(with_lp) * kDrawAlignment));
    const uint64_t start = begin / align * align;
    kernel(draws, at, start, kDrawAlignment, with_lp, block.data(), kDrawAlignment);
    for (int64_t c = 0; c < n_columns(with_lp); ++c)
      std::memcpy(columns + c * stride + (begin - first),
                  block.data() + c * kDrawAlignment + (begin - start), (end - begin) * sizeof(T));
  };
  uint64_t begin = first;
  const uint64_t end = first + static_cast<uint64_t>(n);
  if (begin % align != 0) {
    const uint64_t stop = std::min(end, (begin / align + 1) * align);
    ragged(begin, stop);
    begin = stop;
  }
  const uint64_t whole = end / align * align;
  if (begin < whole) {
    kernel(draws, at, begin, static_cast<int64_t>(whole - begin), with_lp,
           columns + (begin - first), stride);
    begin = whole;
  }
  if (begin < end) ragged(begin, end);
}
template void Engine::draw(uint64_t, uint64_t, int64_t, bool, double*, int64_t) const;
template void Engine::draw(uint64_t, uint64_t, int64_t, bool, float*, int64_t) const;

template <class T>
void Engine::draw_into(T* columns, int64_t stride, int64_t n, uint64_t seed, uint64_t first,
                       bool with_lp, const RunControl& control) const {
  const auto done = [&](int64_t n_done) {
    if (control.stop && control.stop()) throw Stopped();
    if (control.progress) control.progress(n_done);
  };
  if (on_cuda) {
    CudaDrawsOf<T>(draw_model<T>())
        .run({seed, 0, Purpose::kPosteriorDraw}, first, n, {true, with_lp, nullptr}, nullptr,
             [&](const CudaChunkOf<T>& chunk) {
               const auto begin = static_cast<int64_t>(chunk.first - first);
               for (int64_t c = 0; c < n_columns(with_lp); ++c)
                 std::copy_n(chunk.columns + c * chunk.stride, chunk.n,
                             columns + c * stride + begin);
               done(begin + chunk.n);
             });
    return;
  }
  const auto end_of = [&](int64_t block) { return std::min(n, (block + 1) * kBlockDraws); };
  ordered_blocks((n + kBlockDraws - 1) / kBlockDraws, threads,
                 [&](int64_t block, int, int) {
                   const int64_t begin = block * kBlockDraws;
                   draw(seed, first + static_cast<uint64_t>(begin), end_of(block) - begin, with_lp,
                        columns + begin, stride);
                 },
                 [&](int64_t block, int) { done(end_of(block)); });
}
template void Engine::draw_into(double*, int64_t, int64_t, uint64_t, uint64_t, bool,
                                const RunControl&) const;
template void Engine::draw_into(float*, int64_t, int64_t, uint64_t, uint64_t, bool,
                                const RunControl&) const;

template <class T>
DrawsOf<T> Engine::draws(int64_t n, uint64_t seed, uint64_t first, bool with_lp) const {
  DrawsOf<T> draws;
  draws.first = first;
  draws.n = n;
  draws.n_schools = model.data.n_schools();
  draws.has_lp = with_lp;
  draws.values = BufferOf<T>(static_cast<size_t>(n_columns(with_lp) * n));
  draw_into(draws.values.data(), n, n, seed, first, with_lp, {});
  return draws;
}
template Draws Engine::draws(int64_t, uint64_t, uint64_t, bool) const;
template SingleDraws Engine::draws(int64_t, uint64_t, uint64_t, bool) const;

std::vector<double> Engine::quantiles(const std::vector<double>& probabilities) const {
  FitStorage storage(model.data.n_schools(), static_cast<int>(probabilities.size()));
  FitRequest wanted = request();
  wanted.probabilities = probabilities.data();
  wanted.n_probabilities = static_cast<int>(probabilities.size());
  wanted.mode_and_shortest = false;
  fit(wanted, storage.result);
  const size_t n = probabilities.size();
  for (size_t i = 0; i < storage.quantiles.size(); ++i)
    storage.quantiles[i] =
        i < n ? unit * storage.quantiles[i] : std::fma(unit, storage.quantiles[i], centre);
  return std::move(storage.quantiles);
}

}  // namespace taugrid
