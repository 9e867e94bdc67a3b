#include "host/taugrid/student_t.h"

#include <algorithm>
#include <cmath>

#include "kernels/math/elementary.h"
#include "kernels/math/gauss_legendre.h"
#include "kernels/math/normal_distribution.h"

namespace taugrid {
namespace {

using S = Scalar<>;
double sinh_of(double s) {
  const double e = expm1<S>(s);
  return 0.5 * (e + e / (e + 1.0));
}

double log_cosh(double s) {
  const double sinh = sinh_of(s);
  return 0.5 * log1p<S>(sinh * sinh);
}

// Of x >= 0.
double asinh_of(double x) {
  const double x2 = x * x;
  return log1p<S>(x + x2 / (1.0 + std::sqrt(1.0 + x2)));
}

constexpr double kPi = 3.14159265358979323846;
constexpr double kLog2 = 0.69314718055994530942;
constexpr double kLogRootPi = 0.57236494292470008707;

// log of Gamma((df + 1) / 2) / (Gamma(df / 2) sqrt(pi)), the constant of cosh^-df.
double log_constant(double df) {
  return log_gamma<S>(0.5 * (df + 1.0)) - log_gamma<S>(0.5 * df) - kLogRootPi;
}

// The largest s = asinh |x| of a CRPS table; x is then 4e6.
constexpr double kLargestS = 16.0;

}  // namespace

double student_t_between(double df, double t) {
  const double end = asinh_of(t / std::sqrt(df));
  const double constant = log_constant(df);
  // Panels as narrow as the peak of the density.
  const double width = std::min(0.5, 1.0 / std::sqrt(df));
  double sum = 0.0;
  for (double lower = 0.0; lower < end; lower += width) {
    const double half = 0.5 * (std::min(lower + width, end) - lower);
    double panel = 0.0;
    for (int i = 0; i < kPanelNodes; ++i) {
      const double s = lower + half * (1.0 + gauss_node(i));
      panel += gauss_weight(i) * exp<S>(constant - df * log_cosh(s));
    }
    sum += half * panel;
    if (half * panel < 1e-18 * sum) break;
  }
  return std::min(sum, 0.5);
}

double student_t_density(double df, double t) {
  return exp<S>(log_constant(df) - 0.5 * log<S>(df) - 0.5 * (df + 1.0) * log1p<S>(t * t / df));
}

double student_t_quantile(double df, double p) {
  if (p == 0.5) return 0.0;
  const double mass = std::abs(p - 0.5);
  // Newton within a bracket, from the normal quantile, which is too small.
  double lower = 0.0, upper = HUGE_VAL;
  double t = -normal_quantile<S>(0.5 - mass);
  for (int i = 0; i < 400; ++i) {
    const double gap = student_t_between(df, t) - mass;
    (gap < 0.0 ? lower : upper) = t;
    double next = t - gap / student_t_density(df, t);
    if (!(next > lower && next < upper)) next = std::isinf(upper) ? 2.0 * t : 0.5 * (lower + upper);
    const bool done = std::abs(next - t) <= 1e-15 * next;
    t = next;
    if (done) break;
  }
  return p < 0.5 ? -t : t;
}

double student_t_crps(double df, double x) {
  const double magnitude = std::abs(x);
  if (df == 1.0)
    return magnitude * 2.0 * student_t_between(df, magnitude) +
           (2.0 * kLog2 - log1p<S>(magnitude * magnitude)) / kPi;
  // B(1/2, df - 1/2) / B(1/2, df/2)^2 = G(df - 1/2) G((df+1)/2)^2 / (sqrt(pi) G(df) G(df/2)^2)
  const double log_ratio =
      log_gamma<S>(df - 0.5) - log_gamma<S>(df) + kLogRootPi + 2.0 * log_constant(df);
  return magnitude * 2.0 * student_t_between(df, magnitude) +
         2.0 * student_t_density(df, magnitude) * (df + magnitude * magnitude) / (df - 1.0) -
         2.0 * std::sqrt(df) / (df - 1.0) * exp<S>(log_ratio);
}

StudentTCrps::StudentTCrps(double df)
    : table_(make_smooth_table(
          [df](double s) {
            const double x = sinh_of(s);
            return student_t_crps(df, x) / std::sqrt(1.0 + x * x);
          },
          0.0, kLargestS, 48)) {}

double StudentTCrps::at(double x) const {
  const double magnitude = std::abs(x);
  const double s = std::min(asinh_of(magnitude), kLargestS);
  // Further out CRPS / sqrt(1 + x^2) is what it is there to 3e-6 (df = 1) and better.
  return smooth_value<S>(table_.view(), s) * std::sqrt(1.0 + magnitude * magnitude);
}

}  // namespace taugrid
