#include "host/taugrid/measures.h"

#include <cmath>
#include <limits>

#include "kernels/math/lanes.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double real(int64_t n) { return static_cast<double>(n); }

}  // namespace

void RunningMoments::add(double x) {
  ++n;
  const double delta = x - mean;
  mean += delta / real(n);
  squares += delta * (x - mean);
}

void RunningMoments::merge(const RunningMoments& other) {
  if (other.n == 0) return;
  const double total = real(n + other.n), delta = other.mean - mean;
  squares += other.squares + delta * delta * (real(n) * real(other.n) / total);
  mean += delta * (real(other.n) / total);
  n += other.n;
}

double RunningMoments::standard_error() const {
  return n < 2 ? kNaN : std::sqrt(squares / (real(n) * real(n - 1)));
}

void RunningShare::add(double x) {
  ++n;
  sum += x;
  squares += x * x;
}

void RunningShare::merge(const RunningShare& other) {
  n += other.n;
  sum += other.sum;
  squares += other.squares;
}

double RunningShare::mean() const { return sum / real(n); }

double RunningShare::standard_error() const {
  if (n < 2) return kNaN;
  const double about_mean = squares - sum * (sum / real(n));
  return std::sqrt((about_mean > 0.0 ? about_mean : 0.0) / (real(n) * real(n - 1)));
}

void RunningPair::add(double a, double b) {
  ++n;
  const double delta_a = a - mean_a, delta_b = b - mean_b;
  mean_a += delta_a / real(n);
  mean_b += delta_b / real(n);
  aa += delta_a * (a - mean_a);
  ab += delta_a * (b - mean_b);
  bb += delta_b * (b - mean_b);
}

void RunningPair::merge(const RunningPair& other) {
  if (other.n == 0) return;
  const double total = real(n + other.n);
  const double delta_a = other.mean_a - mean_a, delta_b = other.mean_b - mean_b;
  const double share = real(n) * real(other.n) / total;
  aa += other.aa + delta_a * delta_a * share;
  ab += other.ab + delta_a * delta_b * share;
  bb += other.bb + delta_b * delta_b * share;
  mean_a += delta_a * (real(other.n) / total);
  mean_b += delta_b * (real(other.n) / total);
  n += other.n;
}

void RunningErrors::add(double error, double spread) {
  if (about.n == 0) reference = error;
  const double gap = error - reference;
  about.add(gap, gap * gap + spread);
}

void RunningErrors::merge(const RunningErrors& other) {
  if (other.about.n == 0) return;
  if (about.n == 0) {
    *this = other;
    return;
  }
  // The other's a and b about this reference: a + d and b + 2 d a + d^2.
  const double d = other.reference - reference;
  RunningPair moved = other.about;
  moved.mean_b += 2.0 * d * moved.mean_a + d * d;
  moved.mean_a += d;
  moved.bb += 4.0 * d * (moved.ab + d * moved.aa);
  moved.ab += 2.0 * d * moved.aa;
  about.merge(moved);
}

void ParameterMeasures::add(const Score& score) {
  ++n;
  if (score.failed) return;
  if (!std::isnan(score.error)) {
    error.add(score.error, score.spread);
    squared_error.add(score.squared_error);
  }
  if (!std::isnan(score.width)) {
    covered.add(score.covered);
    width.add(score.width);
    excludes.add(score.excludes);
  }
  if (!std::isnan(score.crps)) crps.add(score.crps);
}

void ParameterMeasures::merge(const ParameterMeasures& other) {
  n += other.n;
  error.merge(other.error);
  squared_error.merge(other.squared_error);
  covered.merge(other.covered);
  width.merge(other.width);
  excludes.merge(other.excludes);
  crps.merge(other.crps);
}

std::vector<MeasureRow> ParameterMeasures::rows(bool interval, bool score) const {
  std::vector<MeasureRow> rows;
  const auto add = [&](const char* name, double value, double mcse, int64_t used) {
    rows.push_back({name, used > 0 ? value : kNaN, used > 0 ? mcse : kNaN, used, n - used});
  };
  const auto add_share = [&](const char* name, const RunningShare& of) {
    add(name, of.mean(), of.standard_error(), of.n);
  };
  const RunningPair& about = error.about;
  const double count = real(about.n), below = real(about.n - 1);
  const bool several = about.n > 1;
  add("bias", error.reference + about.mean_a,
      several ? std::sqrt(about.aa / (count * below)) : kNaN, about.n);
  // The variance of the errors, b - a^2 on average. Its standard error by the delta method: that of
  // the mean of b - 2 (mean a) a. Under normal errors this is Morris's sd / sqrt(2 (n - 1)), and it
  // holds under others and of averages too.
  const double variance = (about.mean_b - about.mean_a * about.mean_a) * count / below;
  const double sd = several ? std::sqrt(variance > 0.0 ? variance : 0.0) : kNaN;
  const double spread = about.bb + 4.0 * about.mean_a * (about.mean_a * about.aa - about.ab);
  add("empirical_sd", sd,
      sd > 0.0 ? std::sqrt((spread > 0.0 ? spread : 0.0) / (count * below)) / (2.0 * sd) : kNaN,
      about.n);
  add("mse", squared_error.mean, squared_error.standard_error(), squared_error.n);
  if (interval) {
    add_share("coverage", covered);
    add("width", width.mean, width.standard_error(), width.n);
    add_share("excludes_zero", excludes);
  }
  if (score) add("crps", crps.mean, crps.standard_error(), crps.n);
  return rows;
}

void ParameterMeasures::save(std::vector<uint64_t>& words) const {
  const auto put = [&](double x) { words.push_back(bits_of(x)); };
  words.push_back(static_cast<uint64_t>(n));
  words.push_back(static_cast<uint64_t>(error.about.n));
  for (const double x : {error.reference, error.about.mean_a, error.about.mean_b, error.about.aa,
                         error.about.ab, error.about.bb})
    put(x);
  for (const RunningMoments* of : {&squared_error, &width, &crps}) {
    words.push_back(static_cast<uint64_t>(of->n));
    put(of->mean);
    put(of->squares);
  }
  for (const RunningShare* of : {&covered, &excludes}) {
    words.push_back(static_cast<uint64_t>(of->n));
    put(of->sum);
    put(of->squares);
  }
}

const uint64_t* ParameterMeasures::load(const uint64_t* words) {
  n = static_cast<int64_t>(*words++);
  error.about.n = static_cast<int64_t>(*words++);
  for (double* x : {&error.reference, &error.about.mean_a, &error.about.mean_b, &error.about.aa,
                    &error.about.ab, &error.about.bb})
    *x = real_of(*words++);
  for (RunningMoments* of : {&squared_error, &width, &crps}) {
    of->n = static_cast<int64_t>(*words++);
    of->mean = real_of(*words++);
    of->squares = real_of(*words++);
  }
  for (RunningShare* of : {&covered, &excludes}) {
    of->n = static_cast<int64_t>(*words++);
    of->sum = real_of(*words++);
    of->squares = real_of(*words++);
  }
  return words;
}

}  // namespace taugrid
