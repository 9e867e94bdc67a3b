// The law of the sampled tau. A draw's x = log tau is the sampling table's polynomials at a uniform u; with u
// continuous that law's distance from p(tau | y) in total variation is computed here from the polynomials and
// from log p(tau | y), which is normalised by Simpson's rule on a fine grid.
#include "host/taugrid/tau_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "host/taugrid/engine.h"
#include "kernels/math/inverse_cdf.h"
#include "tests/data_sets.h"
#include "tests/direct_integration.h"

namespace taugrid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Densities of x at points, relative to the largest seen in the first call.
std::vector<double> log_densities(const Engine& engine, std::vector<double> x) {
  const size_t n = x.size();
  while (x.size() % kDrawAlignment != 0) x.push_back(x.back());
  std::vector<double> out(x.size());
  engine.kernels->log_posterior(engine.problem, static_cast<int64_t>(x.size()), x.data(), out.data());
  for (size_t i = 0; i < n; ++i)
    if (x[i] > engine.problem.tau_prior.upper_x) out[i] = -kInfinity;
  out.resize(n);
  return out;
}

// p(x | y), normalised.
class Density {
 public:
  explicit Density(const Engine& engine) : engine_(engine) {
    // From the support's end, or far out, down: what lies within e^-46 of the largest.
    std::vector<double> x;
    for (double at = std::min(150.0, engine.problem.tau_prior.upper_x); at > -150.0; at -= 0.02) x.push_back(at);
    const std::vector<double> log_f = log_densities(engine, x);
    size_t first = 0, last = x.size() - 1;
    const auto best = std::max_element(log_f.begin(), log_f.end());
    peak_ = *best;
    while (log_f[first] < peak_ - 46.0) ++first;
    while (log_f[last] < peak_ - 46.0) --last;
    std::vector<double> ends;
    for (size_t i = last + 1; i + 1 > (first > 0 ? first : 1); --i) ends.push_back(x[i]);
    ends.push_back(x[first > 0 ? first - 1 : 0]);
    for (size_t i = 0; i + 1 < ends.size(); ++i) {
      pieces_.push_back({ends[i], ends[i + 1], 0.0});
    }
    right_ = ends.back();
    left_ = ends.front();
    mass_ = 1.0;
    double total = 0.0;
    for (Piece& piece : pieces_) {
      piece.mass = integral(piece.lower, piece.upper);
      total += piece.mass; largest_=std::max(largest_,piece.mass);
    }
    mass_ = total; if (unconverged) printf("unconverged %d ", unconverged); largest_ = 1.0;
    for (Piece& piece : pieces_) piece.mass /= total;
  }

  // By halves, until halving changes nothing.
  double integral(double a, double b, double whole = -1.0, int depth = 0) const {
    if (whole < 0.0) whole = gauss(a, b);
    const double middle = a + 0.5 * (b - a);
    const double left = gauss(a, middle), right = gauss(middle, b);
    if (std::abs(left + right - whole) < 1e-12 * (left + right) + 1e-15 * largest_ || depth > 26) { if (depth>26) ++unconverged; return left + right;}
    return integral(a, middle, left, depth + 1) + integral(middle, b, right, depth + 1);
  }
  mutable int unconverged=0; double largest_ = 0.0;

  std::vector<double> at(const std::vector<double>& x) const {
    std::vector<double> f = log_densities(engine_, x);
    for (double& value : f) value = std::exp(value - peak_) / mass_;
    return f;
  }

  double mass_below(double x) const {
    double sum = 0.0;
    for (const Piece& piece : pieces_) {
      if (piece.upper <= x) sum += piece.mass;
      else if (piece.lower < x) sum += integral(piece.lower, x);
    }
    return sum;
  }
  double mass_above(double x) const {
    double sum = 0.0;
    for (const Piece& piece : pieces_) {
      if (piece.lower >= x) sum += piece.mass;
      else if (piece.upper > x) sum += integral(x, piece.upper);
    }
    return sum;
  }

 private:
  struct Piece {
    double lower, upper, mass;
  };
  double gauss(double a, double b) const {
    static const auto kRule = gauss_rule(16);
    std::vector<double> x;
    for (const auto& [t, w] : kRule) x.push_back(a + (b - a) * 0.5 * (1.0 + static_cast<double>(t)));
    const std::vector<double> f = at(x);
    double sum = 0.0;
    for (size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(kRule[i].second) * f[i];
    return 0.5 * (b - a) * sum;
  }

  const Engine& engine_;
  std::vector<Piece> pieces_;
  double peak_ = 0.0, left_ = 0.0, right_ = 0.0, mass_ = 1.0;
};

// With X(t) the table's x on one side of the median, t the smaller tail, and f the density of x, the
// substitution x = X(t) gives for any event A
//   P_table(A) - P(A) = integral of [X(t) in A] (1 - f(X(t)) |dX/dt|) dt
// (where X should turn back, the signed derivative makes the formula a bound). So the distance is half the
// integral of |1 - f X'| dt, and what the ends and the joints of cells leave out.
double total_variation(const Engine& engine) {
  const Density density(engine);
  const double* table = engine.table.data();
  double twice = 0x1p-52;  // u nearer than 2^-53 to an end
  for (int side = 0; side < 2; ++side) {
    const double direction = side == 0 ? 1.0 : -1.0;
    double joint = 0.0;
    for (int c = 0; c < kCellsPerSide; ++c) {
      const double* k = table + (static_cast<size_t>(side) * kCellsPerSide + static_cast<size_t>(c)) * 6;
      const double h = cell_edge(c + 1) - cell_edge(c);
      const auto contribution = [&](int points) {
        std::vector<double> x, slope;
        for (int i = 0; i < points; ++i) {
          const double s = (i + 0.5) / points;
          x.push_back(k[0] + s * (k[1] + s * (k[2] + s * (k[3] + s * (k[4] + s * k[5])))));
          slope.push_back(direction * (k[1] + s * (2 * k[2] + s * (3 * k[3] + s * (4 * k[4] + s * 5 * k[5])))) / h);
        }
        const std::vector<double> f = density.at(x);
        double sum = 0.0;
        for (int i = 0; i < points; ++i)
          sum += std::abs(1.0 - f[static_cast<size_t>(i)] * slope[static_cast<size_t>(i)]);
        return sum * h / points;
      };
      double of_cell = contribution(16);
      if (of_cell > 1e-13) of_cell = contribution(512);
      twice += of_cell;
      if (c > 0) twice += std::abs(k[0] - joint) * density.at({k[0]})[0];
      joint = k[0] + k[1] + k[2] + k[3] + k[4] + k[5];
    }
    const double end = table[static_cast<size_t>(side) * kCellsPerSide * 6];
    twice += side == 0 ? density.mass_below(end) : density.mass_above(end);
  }
  const double* k = table + (kCellsPerSide - 1) * 6;
  const double* l = table + (2 * kCellsPerSide - 1) * 6;
  const double gap = (k[0] + k[1] + k[2] + k[3] + k[4] + k[5]) - (l[0] + l[1] + l[2] + l[3] + l[4] + l[5]);
  twice += std::abs(gap) * density.at({k[0]})[0];
  return 0.5 * twice;
}
struct Case { Data data; std::string tau, mu; };
TEST(TV, Scan) {
  std::vector<Case> cs;
  Data wide; for (int i=0;i<13;++i){wide.y.push_back(i*1.5-3); wide.sigma.push_back(std::pow(10., i-6));}
  Data clusters{{0,1,-1,0.5,1000,1001,999,1000.5},{1,1,1,1,1,1,1,1},{}};
  Data clusters6{{0,1,-1,0.5,1e6,1e6+1,1e6-1,1e6+0.5},{1,1,1,1,1,1,1,1},{}};
  Data outlier{{28,8,-3,7,-1,1,18,1e6},{15,10,16,11,9,11,10,18},{}};
  Data outlier30=many_schools(30); outlier30.y[3]=1e6;
  Data equal{{3,3,3,3,3},{1,2,3,4,5},{}};
  Data one{{5},{2},{}};
  Data two{{5,9},{2,1},{}};
  Data big{{1e8,1e8+1e-3,1e8-2e-3},{1e-3,2e-3,1e-3},{}};
  std::vector<std::pair<const char*,Data>> ds={{"eight",eight_schools()},{"one",one},{"two",two},{"three",many_schools(3)},{"wide",wide},{"clusters",clusters},{"clusters6",clusters6},{"outlier",outlier},{"outlier30",outlier30},{"equal",equal},{"J30",many_schools(30)},{"J300",many_schools(300)},{"big",big}};
  for (auto&[name,d]:ds) for (const char* t : {"uniform","uniform:50","uniform:0.001","uniform:1e6","half_normal:5","half_normal:1e-9","half_normal:1e9","half_cauchy:5","half_cauchy:1e-9","half_cauchy:1e9","half_cauchy:0.01"}) for (const char* m : {"flat","normal:1,3","uniform:-2,6","uniform:20,21","normal:0,1e6"}) {
    try {
      Engine e(make_model(d,t,m),"cpu",1);
      double tv=total_variation(e);
      bool bad = !(tv<1e-9)||::testing::Test::HasNonfatalFailure();
      printf("%s %-10s %-16s %-12s tv %.2e panels %d range %g %g\n", tv<1e-9?"  ":"**", name,t,m,tv,e.posterior->tau.n,e.posterior->tau.lower[0],e.posterior->tau.upper[e.posterior->tau.n-1]); (void)bad;
    } catch(const std::invalid_argument&e){ }
  }
}
}}
