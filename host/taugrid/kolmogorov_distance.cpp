#include "host/taugrid/kolmogorov_distance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace taugrid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTolerance = 1e-10;
// An error of the cubic at the middle of an interval beyond which nothing is concluded from it, and
// how many times that error the truth may be away from it.
constexpr double kCubicHolds = 1e-2;
constexpr double kMargin = 8.0;
// What both laws have alike, F - G does not show: as long as neither is a cubic to this, both may
// have a narrow part somewhere inside.
constexpr double kLawHolds = 1e-6;

// Both laws at one point.
struct Place {
  double x;
  LawPoint f, g;

  // F - G, by the tails that are the smaller.
  double difference() const {
    return f.lower + g.lower < f.upper + g.upper ? f.lower - g.lower : g.upper - f.upper;
  }
  double slope() const { return f.density - g.density; }
};

struct Stretch {
  Place a, b;
  double width() const { return b.x - a.x; }
  // Of |F - G| between them.
  double bound() const { return std::max(b.f.lower - a.g.lower, b.g.lower - a.f.lower); }
};

// The cubic with given values and slopes at the ends of an interval, in t = (x - a)/(b - a):
//   c0 + c1 t + c2 t^2 + c3 t^3
struct Cubic {
  double c0, c1, c2, c3;

  Cubic(double value0, double slope0, double value1, double slope1)
      : c0(value0),
        c1(slope0),
        c2(3.0 * (value1 - value0) - 2.0 * slope0 - slope1),
        c3(2.0 * (value0 - value1) + slope0 + slope1) {}

  // By the value and the slope at the middle: a symmetric feature may hide from either.
  double error(double value, double slope_there) const {
    return std::max(std::abs(value - at(0.5)), 0.25 * std::abs(slope_there - slope(0.5)));
  }
  double at(double t) const { return c0 + t * (c1 + t * (c2 + t * c3)); }
  double slope(double t) const { return c1 + t * (2.0 * c2 + t * 3.0 * c3); }

  // Its extrema between the ends, at most two.
  std::vector<double> extrema() const {
    // 3 c3 t^2 + 2 c2 t + c1 = 0, by the root that does not cancel.
    const double discriminant = c2 * c2 - 3.0 * c3 * c1;
    if (!(discriminant >= 0.0)) return {};
    const double q = -(c2 + std::copysign(std::sqrt(discriminant), c2));
    std::vector<double> inside;
    for (const double t : {q / (3.0 * c3), c1 / q})
      if (t > 0.0 && t < 1.0) inside.push_back(t);
    return inside;
  }
  double largest() const {
    double most = std::max(std::abs(at(0.0)), std::abs(at(1.0)));
    for (const double t : extrema()) most = std::max(most, std::abs(at(t)));
    return most;
  }
};

Cubic difference_cubic(const Stretch& in) {
  return {in.a.difference(), in.a.slope() * in.width(), in.b.difference(),
          in.b.slope() * in.width()};
}

// How far cubics are from the laws at the middle of an interval.
double cubic_error(const Stretch& in, const Place& middle) {
  const double h = in.width();
  const auto of_law = [&](LawPoint Place::*law) {
    const LawPoint &a = in.a.*law, &b = in.b.*law, &m = middle.*law;
    return Cubic(a.lower, a.density * h, b.lower, b.density * h).error(m.lower, m.density * h);
  };
  const double of_difference = difference_cubic(in).error(middle.difference(), middle.slope() * h);
  const double of_laws = std::min(of_law(&Place::f), of_law(&Place::g));
  return of_laws > kLawHolds ? std::max(of_difference, of_laws) : of_difference;
}

class Search {
 public:
  Search(const LawFunction& f, const LawFunction& g) : f_(f), g_(g) {}

  std::vector<Place> at(const std::vector<double>& x) {
    std::vector<LawPoint> f(x.size()), g(x.size());
    f_(x, f);
    g_(x, g);
    std::vector<Place> places;
    for (size_t i = 0; i < x.size(); ++i) {
      places.push_back({x[i], f[i], g[i]});
      best_ = std::max(best_, std::abs(places.back().difference()));
    }
    return places;
  }

  // Outwards from the outermost place until neither law has more beyond than the best so far.
  std::vector<Place> beyond(const Place& end, double sign, double reach) {
    std::vector<Place> places = {end};
    const auto left = [&] {
      const Place& p = places.back();
      return sign < 0.0 ? std::max(p.f.lower, p.g.lower) : std::max(p.f.upper, p.g.upper);
    };
    while (left() > best_ + kTolerance && std::isfinite(reach)) {
      places.push_back(at({end.x + sign * reach})[0]);
      reach *= 2.0;
    }
    return places;
  }

  double run(std::vector<Stretch> open) {
    std::vector<double> extrema;
    // Halving from 1e300 to the spacing of doubles takes 2100 steps.
    for (int generation = 0; generation < 2200 && !open.empty(); ++generation) {
      std::erase_if(open, [&](const Stretch& in) { return done(in); });
      std::vector<double> middles;
      for (const Stretch& in : open) middles.push_back(in.a.x + 0.5 * in.width());
      const std::vector<Place> places = at(middles);
      std::vector<Stretch> next;
      for (size_t i = 0; i < open.size(); ++i) {
        const double error = cubic_error(open[i], places[i]);
        for (const Stretch& half : {Stretch{open[i].a, places[i]}, Stretch{places[i], open[i].b}}) {
          if (!(error < kCubicHolds)) {
            next.push_back(half);
            continue;
          }
          const Cubic within = difference_cubic(half);
          if (within.largest() + kMargin * error < best_) continue;
          if (error > kTolerance) {
            next.push_back(half);
            continue;
          }
          for (const double t : within.extrema()) extrema.push_back(half.a.x + t * half.width());
        }
      }
      open = std::move(next);
    }
    at(extrema);
    return best_;
  }

 private:
  bool done(const Stretch& in) const {
    const double middle = in.a.x + 0.5 * in.width();
    return !(in.bound() > best_ + kTolerance) || !(middle > in.a.x && middle < in.b.x);
  }

  const LawFunction& f_;
  const LawFunction& g_;
  double best_ = 0.0;
};

}  // namespace

double kolmogorov_distance(const LawFunction& f, const LawFunction& g,
                           std::span<const double> points) {
  std::vector<double> start(points.begin(), points.end());
  if (start.empty()) start = {0.0};
  std::ranges::sort(start);
  start.erase(std::ranges::unique(start).begin(), start.end());
  Search search(f, g);
  const std::vector<Place> middle = search.at(start);
  const double width = start.back() - start.front();
  const double reach = width > 0.0 ? width : std::max(std::abs(start[0]) * 1e-9, 1e-300);
  std::vector<Place> places = search.beyond(middle.front(), -1.0, reach);
  std::ranges::reverse(places);
  places.insert(places.end(), middle.begin() + 1, middle.end());
  const std::vector<Place> right = search.beyond(middle.back(), 1.0, reach);
  places.insert(places.end(), right.begin() + 1, right.end());
  std::vector<Stretch> open;
  for (size_t i = 0; i + 1 < places.size(); ++i) open.push_back({places[i], places[i + 1]});
  return search.run(std::move(open));
}

}  // namespace taugrid
