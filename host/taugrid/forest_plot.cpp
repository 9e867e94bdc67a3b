#include "host/taugrid/forest_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <vector>

#include "host/taugrid/interval_plot.h"
#include "host/taugrid/number_text.h"
#include "host/taugrid/writers.h"

namespace taugrid {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

std::vector<PlotLine> plot_lines(const FitSummary& fit, const Data& data) {
  const auto place = [&](double probability) {
    const auto found = std::ranges::find(fit.probabilities, probability);
    if (found == fit.probabilities.end()) {
      throw std::invalid_argument("the plot needs the quantiles 0.25, 0.5 and 0.75");
    }
    return static_cast<size_t>(found - fit.probabilities.begin());
  };
  const size_t q25 = place(0.25), q50 = place(0.5), q75 = place(0.75);
  const size_t n = data.y.size();
  if (fit.parameters.size() != n + 3)
    throw std::invalid_argument("the plot's data are not those of its fit");

  // Where name and label together are too long, the label says more.
  const bool named = std::ranges::all_of(fit.parameters, [](const ParameterSummary& p) {
    return p.label.empty() || display_width(p.name + " " + p.label) <= kLongestPlotName;
  });
  std::vector<PlotLine> lines;
  for (size_t k = 1; k < fit.parameters.size(); ++k) {  // 0 is tau, which lives on another axis
    const ParameterSummary& p = fit.parameters[k];
    const bool school = k >= 2 && k < n + 2;
    const std::string name = p.label.empty() ? p.name : named ? p.name + " " + p.label : p.label;
    lines.push_back({name,
                     p.central,
                     {p.quantiles[q25], p.quantiles[q75]},
                     p.quantiles[q50],
                     school ? data.y[k - 2] : kNone});
  }
  return lines;
}

}  // namespace

std::string forest_plot(const FitSummary& fit, const Data& data, int width) {
  return interval_plot(plot_lines(fit, data), width) +
         fmt::format("\n● median   ━ 50%   ─ {}%   × y   ⊗ y at the median\n",
                     percent_text(fit.level));
}

}  // namespace taugrid
