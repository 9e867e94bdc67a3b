#include "host/taugrid/chi_square.h"

#include <cmath>

#include "kernels/math/elementary.h"
#include "kernels/math/normal_distribution.h"

namespace taugrid {
namespace {

using S = Scalar<>;

// log of x^a e^-x / Gamma(a), x = e^log_x.
double log_factor(double a, double log_x, double x) { return a * log_x - x - log_gamma<S>(a); }

}  // namespace

// The incomplete gamma function by its series below x = a + 1 and by its continued fraction (the
// modified method of Lentz) above (Press et al., Numerical Recipes, section 6.2).
ChiSquareTails chi_square_tails(double df, double chi_square) {
  const double a = 0.5 * df, x = 0.5 * chi_square;
  const double factor = log_factor(a, log<S>(x), x);
  if (x < a + 1.0) {
    double term = 1.0 / a, sum = term;
    for (double n = a + 1.0; term > 1e-17 * sum; n += 1.0) sum += term *= x / n;
    const double lower = factor + log<S>(sum);
    return {lower, lower < 0.0 ? log1mexp<S>(-lower) : -HUGE_VAL};
  }
  constexpr double kTiny = 1e-300;
  double b = x + 1.0 - a, c = 1.0 / kTiny, d = 1.0 / b, h = d;
  for (int i = 1; i < 100000; ++i) {
    const double an = -i * (i - a);
    b += 2.0;
    d = an * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1.0 / d;
    h *= d * c;
    if (std::abs(d * c - 1.0) < 1e-16) break;
  }
  const double upper = factor + log<S>(h);
  return {upper < 0.0 ? log1mexp<S>(-upper) : -HUGE_VAL, upper};
}

double log_chi_square_quantile(double df, double z) {
  const double a = 0.5 * df;
  const bool lower_tail = z < 0.0;
  const double target = log_normal_cdf<S>(lower_tail ? z : -z);
  // Wilson & Hilferty, or where that fails far down, P = x^a / Gamma(a + 1).
  const double cube = 1.0 - 2.0 / (9.0 * df) + z * std::sqrt(2.0 / (9.0 * df));
  double l = cube > 0.3 ? 3.0 * log<S>(cube) + log<S>(a) : (target + log_gamma<S>(a + 1.0)) / a;
  // Newton on the log of the tail in l = log(x), within a bracket.
  double low = -HUGE_VAL, high = HUGE_VAL;
  for (int i = 0; i < 200; ++i) {
    const double x = exp<S>(l);
    const ChiSquareTails tails = chi_square_tails(df, 2.0 * x);
    const double gap = (lower_tail ? tails.log_lower : tails.log_upper) - target;
    ((gap < 0.0) == lower_tail ? low : high) = l;
    const double slope =
        exp<S>(log_factor(a, l, x) - (lower_tail ? tails.log_lower : tails.log_upper));
    double next = l - gap / (lower_tail ? slope : -slope);
    if (!(next > low && next < high)) {
      next = std::isinf(low) ? l - 1.0 : std::isinf(high) ? l + 1.0 : 0.5 * (low + high);
    }
    const bool done = std::abs(next - l) <= 1e-15 * (1.0 + std::abs(next));
    l = next;
    if (done) break;
  }
  return l - log<S>(a);
}

SmoothTableStorage chi_square_table(double df) {
  return make_smooth_table([df](double z) { return log_chi_square_quantile(df, z); }, -8.4, 8.4,
                           28);
}

}  // namespace taugrid
