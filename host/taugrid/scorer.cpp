#include "host/taugrid/scorer.h"

#include <fmt/format.h>

#include <iterator>
#include <limits>

#include "host/taugrid/csv_fields.h"

namespace taugrid {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double truth_of(StudyParameter parameter, const SyntheticColumns& columns, int64_t i, int64_t j) {
  switch (parameter) {
    case StudyParameter::kMu:
      return columns.mu[i];
    case StudyParameter::kTau:
      return columns.tau[i];
    case StudyParameter::kTheta:
      return columns.theta[j * columns.stride + i];
    case StudyParameter::kThetaNew:
      break;
  }
  return columns.theta_new[i];
}

}  // namespace

void score(const Study& study, const Scenario& scenario, Answers& answers, int64_t begin, int64_t n,
           int64_t number, std::vector<ParameterMeasures>& measures, std::string* lines) {
  const SyntheticColumns& columns = answers.block().columns;
  std::vector<Statement> statements(answers.most_statements());
  for (int64_t i = begin; i < begin + n; ++i) {
    size_t place = 0;
    for (size_t m = 0; m < study.methods.size(); ++m) {
      if (answers.measured(m).empty()) continue;
      const bool stated = answers.state(m, i, statements.data());
      const Statement* statement = statements.data();
      for (const MeasuredParameter& measured : answers.measured(m)) {
        const int64_t n_values = values_of(measured, scenario.k);
        Score score{};
        score.failed = !stated;
        if (!measured.interval) score.width = kNaN;
        double mean_error = 0.0;
        for (int64_t j = 0; stated && j < n_values; ++j, ++statement) {
          const double truth = truth_of(measured.parameter, columns, i, j);
          const double error = statement->estimate - truth;
          // Welford's update: of one value it leaves no spread.
          const double before = error - mean_error;
          mean_error += before / static_cast<double>(j + 1);
          score.spread += before * (error - mean_error);
          score.error += error;
          score.squared_error += error * error;
          score.width += statement->upper - statement->lower;
          score.covered += statement->lower <= truth && truth <= statement->upper ? 1.0 : 0.0;
          score.excludes += statement->lower > 0.0 || statement->upper < 0.0 ? 1.0 : 0.0;
          score.crps += statement->crps;
          if (lines == nullptr) continue;
          fmt::format_to(std::back_inserter(*lines), "{},{},{},", scenario.number,
                         number + i - begin, study.methods[m].name);
          *lines += study_parameter_name(measured.parameter);
          if (n_values > 1 || measured.parameter == StudyParameter::kTheta)
            fmt::format_to(std::back_inserter(*lines), "[{}]", j + 1);
          for (const double x : {truth, statement->estimate, statement->lower, statement->upper})
            *lines += "," + csv_number(x);
          *lines += '\n';
        }
        const double count = static_cast<double>(n_values);
        for (double* mean : {&score.error, &score.squared_error, &score.spread, &score.width,
                             &score.covered, &score.excludes, &score.crps})
          *mean = *mean / count;
        measures[place++].add(score);
      }
    }
  }
}

}  // namespace taugrid
