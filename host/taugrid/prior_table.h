// A prior of tau tabulated in a file. Internal.
#pragma once

#include <string>
#include <vector>

#include "host/taugrid/priors.h"

namespace taugrid {

struct PriorStorage;

// "table:FILE". Throws std::invalid_argument naming the file, the row (1-based, the header not
// counted) and what is allowed: columns tau (ascending, >= 0) and density (>= 0, and 0 at the ends
// only), at least two of them above 0.
TauPrior parse_table_prior(const std::string& text);

// The files that the text of a prior of tau names: that of a table, those of a mixture's rows. The
// text is not judged.
std::vector<std::string> prior_table_files(const std::string& text);

// The record of a density whose logarithm is a monotone cubic in tau between each two knots: a
// piecewise cubic Hermite interpolant with the slopes of Fritsch & Butland, which are those of
// SciPy's PchipInterpolator and of MATLAB's pchip.
void fill_prior_table(const std::vector<PriorKnot>& knots, double unit, PriorRecord& record,
                      PriorStorage& storage);

}  // namespace taugrid
