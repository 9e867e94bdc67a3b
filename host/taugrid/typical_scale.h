// The typical sampling variance of the studies.
#pragma once

#include <span>

namespace taugrid {

// s with s^2 = (J - 1) S1/(S1^2 - S2), S1 = sum sigma_j^-2, S2 = sum sigma_j^-4, in units of sigma
// (J), J >= 2: the s^2 of I^2 = tau^2/(tau^2 + s^2) (Higgins & Thompson 2002, Stat. Med. 21(11),
// eq. 9).
double typical_scale(std::span<const double> sigma);

}  // namespace taugrid
