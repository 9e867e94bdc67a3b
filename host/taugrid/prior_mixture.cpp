#include "host/taugrid/prior_mixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>

#include "host/taugrid/prior_storage.h"
#include "host/taugrid/readers.h"
#include "kernels/math/elementary.h"

namespace taugrid {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr size_t kMostRows = 16;
constexpr double kSumTolerance = 1e-9;
// A row narrower than this in log tau is one that a plain scan could step over.
constexpr double kNarrow = 0.7;

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

struct WeightedText {
  std::string weight, prior;
};

// "0.5*half_normal:1" -> weight and prior, if it begins like that: a plus sign may also belong to a
// number.
std::optional<WeightedText> weighted(const std::string& text) {
  const size_t star = text.find('*');
  if (star == std::string::npos) return std::nullopt;
  WeightedText row{trimmed(text.substr(0, star)), trimmed(text.substr(star + 1))};
  try {
    parse_number(row.weight, "weight");
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
  return row;
}

std::vector<std::string> split_rows(const std::string& text) {
  std::vector<std::string> rows;
  size_t begin = 0;
  for (size_t plus = text.find('+'); plus != std::string::npos; plus = text.find('+', plus + 1)) {
    if (trimmed(text.substr(begin, plus - begin)).empty()) continue;  // a sign in front of a weight
    if (!weighted(text.substr(plus + 1))) continue;
    rows.push_back(text.substr(begin, plus - begin));
    begin = plus + 1;
  }
  rows.push_back(text.substr(begin));
  return rows;
}

// The scan's points about a narrow row: `n` from -10 to 10 widths.
void add_scan(const PriorRecord& row, size_t n, std::vector<double>& scan) {
  for (size_t k = 0; k < n; ++k)
    scan.push_back(row.seed_x +
                   row.seed_width *
                       (20.0 * static_cast<double>(k) / static_cast<double>(n - 1) - 10.0));
}

void sort_unique(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

// Where the scan looks, where panels are cut, and what the density does not do smoothly, of all
// rows.
void add_places(const std::vector<PriorRecord>& rows, PriorRecord& record, PriorStorage& storage) {
  std::vector<double> scan, cuts, jumps, kinks;
  size_t n_narrow = 0, n_tables = 0;
  for (const PriorRecord& row : rows) {
    n_narrow += row.seed_width > 0.0 && row.seed_width < kNarrow;
    n_tables += row.form == PriorForm::kTable;
  }
  for (const PriorRecord& row : rows) {
    if (row.seed_width > 0.0)
      scan.insert(scan.end(), {row.seed_x - 3.0, row.seed_x, row.seed_x + 3.0});
    for (const double end : {row.lower_x, row.upper_x}) {
      if (!std::isfinite(end)) continue;
      scan.push_back(end);
      if (end > record.lower_x && end < record.upper_x) jumps.push_back(end);
    }
    const std::vector<double> smooth = storage.read(row.kinks);
    kinks.insert(kinks.end(), smooth.begin(), smooth.end());
    // The corners of many tables, thinned.
    const std::vector<double> corners = storage.read(row.scan);
    const size_t step = (n_tables * corners.size() + 95) / 96;
    for (size_t i = 0; i < corners.size(); i += step) {
      scan.push_back(corners[i]);
      cuts.push_back(corners[i]);
    }
  }
  const size_t room = (kMostPriorScan - scan.size()) / std::max<size_t>(1, n_narrow);
  // Cuts about narrow rows at 6 widths and 8-fold distances: the nearest of all rows first.
  double factor = 6.0;
  for (const PriorRecord& row : rows)
    if (row.seed_width > 0.0 && row.seed_width < kNarrow) {
      add_scan(row, std::min<size_t>(41, room), scan);
      cuts.push_back(row.seed_x);
    }
  for (; factor < 1e300; factor *= 8.0) {
    bool any = false;
    for (const PriorRecord& row : rows) {
      const double distance = factor * row.seed_width;
      if (!(distance > 0.0 && row.seed_width < kNarrow && distance < 2.0) ||
          cuts.size() + 2 > kMostPriorCuts)
        continue;
      cuts.insert(cuts.end(), {row.seed_x - distance, row.seed_x + distance});
      any = true;
    }
    if (!any) break;
  }
  sort_unique(scan);
  sort_unique(cuts);
  sort_unique(jumps);
  sort_unique(kinks);
  record.scan = storage.add(scan);
  record.cuts = storage.add(cuts);
  record.jumps = storage.add(jumps);
  record.kinks = storage.add(kinks);
}

}  // namespace

std::vector<MixtureRowPlace> mixture_row_places(const std::string& text) {
  std::vector<MixtureRowPlace> places;
  size_t begin = std::min(text.find(':'), text.size() - 1) + 1;
  for (const std::string& row : split_rows(text.substr(begin))) {
    const size_t end = begin + row.size();
    const size_t star = row.find('*');
    const size_t prior = star == std::string::npos ? 0 : row.find_first_not_of(' ', star + 1);
    places.push_back({begin + std::min(prior, row.size()), end});
    begin = end + 1;
  }
  return places;
}

TauPrior parse_mixture_prior(const std::string& text) {
  const std::string what = "tau prior " + text;
  const auto refuse = [&](const std::string& message) {
    return std::invalid_argument(what + ": " + message);
  };
  const size_t colon = text.find(':');
  const std::string body = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (trimmed(body).empty())
    throw refuse("has no rows, must be mixture:WEIGHT*PRIOR+WEIGHT*PRIOR+..");
  TauPrior prior{text, "mixture", {}, true, kInfinity, false, 1};
  double sum = 0.0;
  int number = 0;
  for (const std::string& row_text : split_rows(body)) {
    const std::string where = fmt::format("row {}", ++number);
    const std::optional<WeightedText> parts = weighted(row_text);
    if (!parts)
      throw refuse(fmt::format("{} is '{}', must be WEIGHT*PRIOR", where, trimmed(row_text)));
    const double weight = parse_number(parts->weight, what + ": " + where + ": weight");
    if (!(weight > 0.0 && std::isfinite(weight)))
      throw refuse(fmt::format("{}: weight is {}, must be positive", where, parts->weight));
    if (parts->prior.rfind("mixture", 0) == 0)
      throw refuse(where + " is a mixture itself; write its rows out");
    TauPrior row = [&] {
      try {
        return parse_tau_prior(parts->prior);
      } catch (const std::invalid_argument& error) {
        throw refuse(where + ": " + error.what());
      }
    }();
    if (!row.proper)
      throw refuse(
          fmt::format("{}: {} is improper; a weight says nothing of a density without an integral",
                      where, row.text));
    if (row.no_pooling())
      throw refuse(where +
                   ": fixed:inf has no posterior probability beside other priors; leave it out");
    sum += weight;
    // The heaviest tail is the mixture's; of equal ones, that without a logarithm.
    if (row.tail_exponent < prior.tail_exponent ||
        (row.tail_exponent == prior.tail_exponent && !row.log_tail)) {
      prior.log_tail = row.log_tail;
      prior.tail_exponent = row.tail_exponent;
    }
    prior.min_schools = std::max(prior.min_schools, row.min_schools);
    prior.weights.push_back(weight);
    prior.rows.push_back(std::move(row));
  }
  if (!(std::abs(sum - 1.0) <= kSumTolerance))
    throw refuse(fmt::format("the weights sum to {}, must sum to 1", sum));
  if (prior.rows.size() > kMostRows)
    throw refuse(fmt::format("has {} rows, must have at most {}", prior.rows.size(), kMostRows));
  for (double& weight : prior.weights) weight /= sum;
  return prior;
}

void fill_prior_mixture(const TauPrior& prior, double unit, std::span<const double> sigma,
                        PriorRecord& record, PriorStorage& storage) {
  std::vector<PriorRecord> rows;
  std::map<double, double> atoms;  // weight by tau
  record.form = PriorForm::kMixture;
  record.slope = -1.0;  // its density per unit of log tau has no unit
  record.lower_x = record.lower_tau = kInfinity;
  record.upper_x = -kInfinity;
  record.upper_tau = 0.0;
  for (size_t i = 0; i < prior.rows.size(); ++i) {
    PriorRecord row = tau_prior_row_record(prior.rows[i], unit, sigma, storage);
    if (row.form == PriorForm::kPoint) {
      atoms[row.value] += prior.weights[i];
      continue;
    }
    row.log_constant += log<Scalar<>>(prior.weights[i]);
    record.lower_x = std::min(record.lower_x, row.lower_x);
    record.upper_x = std::max(record.upper_x, row.upper_x);
    record.lower_tau = std::min(record.lower_tau, row.lower_tau);
    record.upper_tau = std::max(record.upper_tau, row.upper_tau);
    record.school_sums = record.school_sums || row.form == PriorForm::kSchoolSums;
    rows.push_back(row);
  }
  add_places(rows, record, storage);
  std::vector<double> pairs;
  for (const auto& [tau, weight] : atoms) pairs.insert(pairs.end(), {tau, log<Scalar<>>(weight)});
  record.atoms = storage.add(pairs);
  storage.rows = std::move(rows);
}

}  // namespace taugrid
