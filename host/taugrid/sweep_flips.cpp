#include "host/taugrid/sweep_flips.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>
#include <utility>

#include "host/taugrid/ieee_environment.h"
#include "host/taugrid/parallel.h"
#include "host/taugrid/readers.h"
#include "kernels/math/elementary.h"

namespace taugrid {
namespace {

using S = Scalar<>;

constexpr double kLevels[] = {0.95, 0.05, 0.975, 0.025};  // of P(mu > 0)
constexpr double kTolerance = 1e-8;                       // of a parameter, relative to itself
constexpr int kShownDigits = 8;

// Two neighbours of a range on either side of a probability.
struct Bracket {
  const PriorFamily* range;
  bool of_tau;
  std::string other;  // the prior that stays
  size_t i;           // between values i and i + 1
  double at_i, at_next;
  double probability;
};

SweepFlip find_flip(const Bracket& bracket, const MuAboveZero& mu_above_zero) {
  const PriorFamily& range = *bracket.range;
  const auto variable = [&](double value) { return range.logarithmic ? log<S>(value) : value; };
  const auto value_of = [&](double x) { return range.logarithmic ? exp<S>(x) : x; };
  const auto f = [&](double x) {
    const std::string prior = range.at(value_of(x));
    return (bracket.of_tau ? mu_above_zero(prior, bracket.other)
                           : mu_above_zero(bracket.other, prior)) -
           bracket.probability;
  };
  const double lower = range.values[bracket.i], upper = range.values[bracket.i + 1];
  const double tolerance =
      range.logarithmic ? kTolerance : kTolerance * std::max(std::abs(lower), std::abs(upper));
  const double x = find_crossing(f, variable(lower), bracket.at_i - bracket.probability,
                                 variable(upper), bracket.at_next - bracket.probability, tolerance);
  const double value = parse_number(fmt::format("{:.{}g}", value_of(x), kShownDigits), "value");
  const std::string prior = range.at(value);
  return {bracket.of_tau,
          range.text,
          range.parameter,
          value,
          bracket.of_tau ? prior : bracket.other,
          bracket.of_tau ? bracket.other : prior,
          bracket.probability,
          bracket.at_next > bracket.at_i};
}

std::string unfound_text(const Bracket& bracket, const char* error) {
  const PriorFamily& range = *bracket.range;
  return fmt::format(
      "tau ~ {}, mu ~ {}: between {} {:.6g} and {:.6g} P(mu > 0) crosses {}, but where could not "
      "be found: {}",
      bracket.of_tau ? range.text : bracket.other, bracket.of_tau ? bracket.other : range.text,
      range.parameter, range.values[bracket.i], range.values[bracket.i + 1], bracket.probability,
      error);
}

std::vector<std::string> all_priors(std::span<const PriorFamily> families) {
  std::vector<std::string> priors;
  for (const PriorFamily& family : families)
    priors.insert(priors.end(), family.priors.begin(), family.priors.end());
  return priors;
}

}  // namespace

double find_crossing(const std::function<double(double)>& f, double a, double fa, double b,
                     double fb, double tolerance) {
  if (fa == 0.0) return a;
  if (fb == 0.0) return b;
  const bool rises = fb > fa;
  // Of the interpolated point: how far it is drawn to the middle, and how far it may be from it.
  const double k1 = 0.2 / (b - a);
  double radius_unit = tolerance;
  int n_bisection = 1;  // one more than bisection needs
  while (radius_unit < 0.5 * (b - a)) {
    radius_unit *= 2.0;
    ++n_bisection;
  }
  for (int j = 0; b - a > 2.0 * tolerance && j < 200; ++j) {
    const double middle = 0.5 * (a + b);
    const double radius =
        std::max(0.0, std::ldexp(tolerance, std::max(n_bisection - j, 0)) - 0.5 * (b - a));
    const double interpolated = (fb * a - fa * b) / (fb - fa);
    const double towards = middle >= interpolated ? 1.0 : -1.0;
    const double nudge = std::max(k1 * (b - a) * (b - a), 0.5 * tolerance);
    const double truncated =
        nudge <= std::abs(middle - interpolated) ? interpolated + towards * nudge : middle;
    const double x = std::abs(truncated - middle) <= radius ? truncated : middle - towards * radius;
    if (!(x > a && x < b)) break;
    const double fx = f(x);
    if (fx == 0.0 || std::isnan(fx)) return x;
    if ((fx > 0.0) == rises) {
      b = x;
      fb = fx;
    } else {
      a = x;
      fa = fx;
    }
  }
  return 0.5 * (a + b);
}

std::string SweepFlip::event() const {
  if (probability == 0.95 || probability == 0.05)
    return fmt::format("P(mu > 0) {} {}", rises ? "rises above" : "falls below", probability);
  const bool leaves = (probability > 0.5) == rises;
  return leaves ? fmt::format("the central 95% interval of mu is {} 0 from here on",
                              probability > 0.5 ? "above" : "below")
                : "the central 95% interval of mu holds 0 from here on";
}

FoundFlips find_flips(std::span<const PriorFamily> tau, std::span<const PriorFamily> mu,
                      std::span<const SweepRow> rows, const MuAboveZero& mu_above_zero, int threads,
                      const std::function<bool()>& stop) {
  const std::vector<std::string> tau_priors = all_priors(tau), mu_priors = all_priors(mu);
  std::vector<Bracket> brackets;
  // Along the priors of tau and of mu alike: `row(k, o)` has prior k of these and o of the others.
  const auto scan = [&](std::span<const PriorFamily> families, bool of_tau,
                        const std::vector<std::string>& others, const auto& row) {
    for (size_t o = 0; o < others.size(); ++o)
      for (size_t first = 0; const PriorFamily& family : families) {
        for (size_t i = 0; i + 1 < family.values.size(); ++i) {
          const double at_i = row(first + i, o).mu_above_zero;
          const double at_next = row(first + i + 1, o).mu_above_zero;
          if (std::isnan(at_i) || std::isnan(at_next)) continue;
          std::vector<Bracket> here;
          for (const double p : kLevels)
            if ((at_i >= p) != (at_next >= p))
              here.push_back({&family, of_tau, others[o], i, at_i, at_next, p});
          std::ranges::sort(here, {}, [&](const Bracket& bracket) {
            return at_next > at_i ? bracket.probability : -bracket.probability;
          });
          brackets.insert(brackets.end(), here.begin(), here.end());
        }
        first += family.priors.size();
      }
  };
  const size_t n_tau = tau_priors.size();
  scan(tau, true, mu_priors,
       [&](size_t t, size_t m) -> const SweepRow& { return rows[m * n_tau + t]; });
  scan(mu, false, tau_priors,
       [&](size_t m, size_t t) -> const SweepRow& { return rows[m * n_tau + t]; });

  FoundFlips found;
  struct Slot {
    std::optional<SweepFlip> flip;
    std::string note;
  };
  std::vector<Slot> slots(static_cast<size_t>(n_slots(threads)));
  ordered_blocks(
      static_cast<int64_t>(brackets.size()), threads,
      [&](int64_t i, int slot, int) {
        const IeeeEnvironment ieee;
        const Bracket& bracket = brackets[static_cast<size_t>(i)];
        Slot& result = slots[static_cast<size_t>(slot)];
        result = {};
        try {
          result.flip = find_flip(bracket, mu_above_zero);
        } catch (const Stopped&) {
          throw;
        } catch (const std::exception& error) {
          // The rows are good, and so are the other flips.
          result.note = unfound_text(bracket, error.what());
        }
      },
      [&](int64_t, int slot) {
        if (stop && stop()) throw Stopped();
        Slot& result = slots[static_cast<size_t>(slot)];
        if (result.flip) {
          found.flips.push_back(std::move(*result.flip));
        } else {
          found.notes.push_back(std::move(result.note));
        }
      });
  return found;
}

}  // namespace taugrid
