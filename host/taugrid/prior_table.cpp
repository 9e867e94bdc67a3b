#include "host/taugrid/prior_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "host/taugrid/csv_reader.h"
#include "host/taugrid/prior_mixture.h"
#include "host/taugrid/prior_storage.h"
#include "host/taugrid/readers.h"
#include "kernels/math/elementary.h"
#include "kernels/math/gauss_legendre.h"

namespace taugrid {
namespace {

// As many knots stand for the shape of a table where the scan looks and where panels are cut at
// first.
constexpr size_t kMostCorners = 96;
// Between them log density is linear in log tau to within this.
constexpr double kCornerTolerance = 0.5;

double log_of(double x) { return log<Scalar<>>(x); }

std::vector<PriorKnot> read_knots(const std::string& path, const std::string& what) {
  const auto refuse = [&](const std::string& message) {
    return std::invalid_argument(what + ": " + message);
  };
  const std::vector<CsvRecord> records = parse_csv_records(read_text(path), what);
  if (records.empty())
    throw refuse("the file has no header; it must have the columns tau and density");
  const std::vector<std::string>& header = records[0].fields;
  const size_t tau = csv_column(header, "tau", what), density = csv_column(header, "density", what);

  std::vector<PriorKnot> knots;
  std::vector<size_t> zeros;
  for (size_t row = 1; row < records.size(); ++row) {
    const std::vector<std::string>& fields = records[row].fields;
    const std::string where = fmt::format("row {} (line {})", row, records[row].line);
    if (fields.size() != header.size())
      throw refuse(
          fmt::format("{}: {} fields, but the header has {}", where, fields.size(), header.size()));
    const PriorKnot knot{parse_number(fields[tau], what + ": " + where + ": tau"),
                         parse_number(fields[density], what + ": " + where + ": density")};
    if (!(knot.tau >= 0.0 && std::isfinite(knot.tau)))
      throw refuse(fmt::format("{}: tau is {}, must be from 0 on and finite", where, fields[tau]));
    if (!(knot.density >= 0.0 && std::isfinite(knot.density)))
      throw refuse(
          fmt::format("{}: density is {}, must be from 0 on and finite", where, fields[density]));
    if (!knots.empty() && !(knot.tau - knots.back().tau > kLeastSupport * knot.tau))
      throw refuse(fmt::format(
          "{}: tau is {}, must be above that of the row before, by more than 1e-9 of it", where,
          fields[tau]));
    knots.push_back(knot);
  }
  const auto positive = [](const PriorKnot& knot) { return knot.density > 0.0; };
  const auto first = std::find_if(knots.begin(), knots.end(), positive);
  const auto last = std::find_if(knots.rbegin(), knots.rend(), positive).base();
  for (auto knot = first; knot < last; ++knot)
    if (!positive(*knot))
      throw refuse(fmt::format(
          "row {}: density is 0 between rows where it is not; it may be 0 at the ends only",
          knot - knots.begin() + 1));
  if (last - first < 2) throw refuse("at least two rows must have a density above 0");
  return {first, last};
}

// The slope at the end of two intervals of widths h0 (the outer) and h1 with secants d0 and d1.
double end_slope(double h0, double h1, double d0, double d1) {
  const double slope = ((2.0 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
  if (!(slope * d0 > 0.0)) return 0.0;
  if (!(d0 * d1 > 0.0) && std::abs(slope) > 3.0 * std::abs(d0)) return 3.0 * d0;
  return slope;
}

// Slopes of the monotone interpolant of f at x.
std::vector<double> monotone_slopes(const std::vector<double>& x, const std::vector<double>& f) {
  const size_t n = x.size();
  std::vector<double> h(n - 1), secant(n - 1), slope(n);
  for (size_t i = 0; i + 1 < n; ++i) {
    h[i] = x[i + 1] - x[i];
    secant[i] = (f[i + 1] - f[i]) / h[i];
  }
  if (n == 2) return {secant[0], secant[0]};
  slope[0] = end_slope(h[0], h[1], secant[0], secant[1]);
  slope[n - 1] = end_slope(h[n - 2], h[n - 3], secant[n - 2], secant[n - 3]);
  for (size_t i = 1; i + 1 < n; ++i) {
    const bool turns =
        (secant[i - 1] > 0.0) != (secant[i] > 0.0) || secant[i - 1] == 0.0 || secant[i] == 0.0;
    const double before = 2.0 * h[i] + h[i - 1], after = h[i] + 2.0 * h[i - 1];
    slope[i] = turns ? 0.0 : (before + after) / (before / secant[i - 1] + after / secant[i]);
  }
  return slope;
}

// log of the integral over tau of exp of the cubics.
double log_integral(const std::vector<double>& cubics, const std::vector<double>& width,
                    double peak) {
  double sum = 0.0, lost = 0.0;  // Kahan's
  for (size_t i = 0; i < width.size(); ++i) {
    const double* c = cubics.data() + i * kTableStride + 2;
    const double fall = std::abs(c[1] + c[2] + c[3]);
    // Pieces over which the logarithm moves by a few units, on which 16 nodes are exact to
    // rounding.
    const int pieces = static_cast<int>(std::ceil(fall / 4.0)) + 1;
    for (int p = 0; p < pieces; ++p)
      for (int k = 0; k < kPanelNodes; ++k) {
        const double s = (p + 0.5 * (1.0 + gauss_node(k))) / pieces;
        const double log_p = std::fma(std::fma(std::fma(c[3], s, c[2]), s, c[1]), s, c[0]);
        const double term =
            0.5 * gauss_weight(k) * (width[i] / pieces) * exp<Scalar<>>(log_p - peak) - lost;
        const double next = sum + term;
        lost = (next - sum) - term;
        sum = next;
      }
  }
  return peak + log_of(sum);
}

// The x of the points (x, g) that a polyline needs to stay within the tolerance of all of them.
std::vector<double> corners(const std::vector<double>& x, const std::vector<double>& g) {
  std::vector<size_t> kept = {0, x.size() - 1};
  while (kept.size() < kMostCorners) {
    size_t worst = 0;
    double most = kCornerTolerance;
    for (size_t k = 0; k + 1 < kept.size(); ++k) {
      const size_t a = kept[k], b = kept[k + 1];
      for (size_t i = a + 1; i < b; ++i) {
        const double off = std::abs(g[i] - g[a] - (g[b] - g[a]) * ((x[i] - x[a]) / (x[b] - x[a])));
        if (off > most) {
          most = off;
          worst = i;
        }
      }
    }
    if (worst == 0) break;
    kept.insert(std::upper_bound(kept.begin(), kept.end(), worst), worst);
  }
  std::vector<double> places;
  for (const size_t i : kept) places.push_back(x[i]);
  return places;
}

}  // namespace

std::vector<std::string> prior_table_files(const std::string& text) {
  const std::string table = "table:", mixture = "mixture:";
  if (text.starts_with(table)) return {text.substr(table.size())};
  std::vector<std::string> files;
  if (!text.starts_with(mixture)) return files;
  for (const MixtureRowPlace& row : mixture_row_places(text)) {
    std::string prior = text.substr(row.begin, row.end - row.begin);
    prior.erase(prior.find_last_not_of(' ') + 1);
    if (prior.starts_with(table)) files.push_back(prior.substr(table.size()));
  }
  return files;
}

TauPrior parse_table_prior(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string path = colon == std::string::npos ? "" : text.substr(colon + 1);
  const std::string what = "tau prior " + text;
  if (path.empty()) throw std::invalid_argument(what + ": names no file, must be table:FILE");
  if (path == "-")
    throw std::invalid_argument(what + ": a table is read from a file, not from standard input");
  std::vector<PriorKnot> knots;
  try {
    knots = read_knots(path, what);
  } catch (const std::invalid_argument& error) {
    const std::string message = error.what();
    throw std::invalid_argument(message.starts_with(what) ? message : what + ": " + message);
  }
  return {text, "table",         {}, true, std::numeric_limits<double>::infinity(), false,
          1,    std::move(knots)};
}

void fill_prior_table(const std::vector<PriorKnot>& knots, double unit, PriorRecord& record,
                      PriorStorage& storage) {
  std::vector<double> tau, f;
  for (const PriorKnot& knot : knots) {
    tau.push_back(knot.tau / unit);
    f.push_back(log_of(knot.density));
  }
  const std::vector<double> slope = monotone_slopes(tau, f);
  std::vector<double> cubics, width;
  for (size_t i = 0; i + 1 < tau.size(); ++i) {
    const double h = tau[i + 1] - tau[i], rise = f[i + 1] - f[i];
    const double a = slope[i] * h, b = slope[i + 1] * h;
    width.push_back(h);
    cubics.insert(cubics.end(),
                  {tau[i], 1.0 / h, f[i], a, 3.0 * rise - 2.0 * a - b, a + b - 2.0 * rise});
  }
  // Knots in x = log tau; log density per unit of x there.
  std::vector<double> x, g, kinks;
  for (size_t i = tau[0] > 0.0 ? 0 : 1; i < tau.size(); ++i) {
    x.push_back(log_of(tau[i]));
    g.push_back(f[i] + x.back());
    if (i > 0 && i + 1 < tau.size()) kinks.push_back(x.back());
  }
  const std::vector<double> shape = corners(x, g);

  record.form = PriorForm::kTable;
  record.log_constant = -log_integral(cubics, width, *std::max_element(f.begin(), f.end()));
  record.lower_x = tau[0] > 0.0 ? x[0] : -std::numeric_limits<double>::infinity();
  record.upper_x = x.back();
  record.lower_tau = tau[0];
  record.upper_tau = tau.back();
  record.cubics = storage.add(cubics);
  record.cubics.n = static_cast<int32_t>(width.size());
  record.scan = record.cuts = storage.add(shape);
  record.kinks = storage.add(kinks);
}

}  // namespace taugrid
