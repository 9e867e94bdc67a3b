// How far two laws on the line are apart: sup over x of |F(x) - G(x)|, of laws with densities.
//
// F - G is largest where the densities cross, and how often they do is not known beforehand. So the
// line is halved where the distance may yet be larger than what has been seen: CDFs rise, so that
// between a and b
//   |F - G| <= max(F(b) - G(a), G(b) - F(a)),
// whatever the laws do there; and where the cubics through F, G and F - G with their slopes at a
// and b are shown to hold at the middle, the extrema of the last are taken for those of F - G, and
// evaluated.
#pragma once

#include <functional>
#include <span>

#include "host/taugrid/law.h"

namespace taugrid {

// The law at x (n), ascending or not: CDF in both tails and density.
using LawFunction = std::function<void(std::span<const double> x, std::span<LawPoint> at)>;

// To about 1e-10 of what the laws are accurate to. `points` (any number, finite) are where to look
// first: the places of both laws, and beside each jump of a density a point on either side of it.
double kolmogorov_distance(const LawFunction& f, const LawFunction& g,
                           std::span<const double> points);

}  // namespace taugrid
