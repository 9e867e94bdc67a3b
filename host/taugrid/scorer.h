// The methods of a simulation study at work: estimates and intervals of each replicate of a block,
// and what they score against the truth. One worker of one scenario. Internal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/taugrid/batch_fitter.h"
#include "host/taugrid/measures.h"
#include "host/taugrid/student_t.h"
#include "host/taugrid/study.h"
#include "host/taugrid/synthetic_data.h"

namespace taugrid {

enum class StudyParameter { kMu, kTau, kTheta, kThetaNew };
const char* study_parameter_name(StudyParameter parameter);

// What is measured of a method, in the order of the results.
struct MeasuredParameter {
  StudyParameter parameter;
  bool interval, crps;
};
std::vector<MeasuredParameter> measured_parameters(const Study& study, const Method& method);

// Constants of a number of studies, which all workers share.
struct ScenarioConstants {
  ScenarioConstants(const Study& study, const Scenario& scenario);
  double wald;                         // half width over se
  double hartung_knapp;                // t with k - 1 df
  double prediction;                   // t with k - 2 df; NaN at k = 2
  std::unique_ptr<StudentTCrps> crps;  // t with k - 2 df, from k = 4 on
};

class Scorer {
 public:
  Scorer(const Study& study, const Scenario& scenario, const ScenarioConstants& constants,
         const CpuKernels& kernels, int64_t capacity);

  // The first n replicates of a block. `measures` has an element for each parameter of each method,
  // in order. `lines`, if not null, receives a line of --replicates-out for each of them; first is
  // the number of the block's first replicate.
  void score(const SyntheticBlock& block, int64_t first, int64_t n,
             std::vector<ParameterMeasures>& measures, std::string* lines);

  // Why the first replicate failed under a method; empty where none did.
  const std::string& failure(size_t method) const { return failures_[method]; }

  static constexpr const char* kReplicatesHeader =
      "scenario,replicate,method,parameter,truth,estimate,lower,upper\n";

 private:
  struct Statement {  // of one parameter
    double estimate, lower, upper, crps;
  };
  // Of all that is measured of method m: theta as k statements in place of one.
  bool state_comparator(const Method& method, const SyntheticBlock& block, int64_t i);
  bool state_posterior(size_t m, const SyntheticBlock& block, int64_t i);
  void note_failure(size_t m, const std::string& why);

  const Study& study_;
  const Scenario& scenario_;
  const ScenarioConstants& constants_;
  const CpuKernels& kernels_;
  std::vector<std::vector<MeasuredParameter>> measured_;  // by method
  std::vector<std::unique_ptr<BatchFitter>> fitters_;     // by method; null of comparators
  std::vector<std::string> failures_;
  ComparatorPlan comparators_{};
  Buffer scratch_, estimates_;
  int64_t stride_;
  std::vector<double> y_, sigma_, values_;
  std::vector<Statement> statements_;
};

}  // namespace taugrid
