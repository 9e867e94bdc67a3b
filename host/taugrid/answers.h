// The methods of a simulation study at work: what each says of the replicates of a run of blocks.
// One worker of one scenario. Internal.
//
// On a CUDA device a run is many blocks, since it wants many data sets at once; the CPU takes one.
// Synthetic data, classical estimators and fits are the device's then; where the predictive law of
// a posterior is to be scored, its fits stay on the CPU, which has the law's nodes of tau at hand.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/taugrid/batch_worker.h"
#include "host/taugrid/predictive_score.h"
#include "host/taugrid/student_t.h"
#include "host/taugrid/study.h"
#include "host/taugrid/synthetic_data.h"
#include "kernels/cuda/cuda_study.h"

namespace taugrid {

enum class StudyParameter { kMu, kTau, kTheta, kThetaNew };
const char* study_parameter_name(StudyParameter parameter);

// What is measured of a method, in the order of the results.
struct MeasuredParameter {
  StudyParameter parameter;
  bool interval, crps;
};
std::vector<MeasuredParameter> measured_parameters(const Study& study, const Method& method);
// How many values of the parameter there are: theta has k.
int64_t values_of(const MeasuredParameter& measured, int64_t k);

// Constants of a number of studies, which all workers share.
struct ScenarioConstants {
  ScenarioConstants(const Study& study, const Scenario& scenario);
  double wald;                         // half width over se
  double hartung_knapp;                // t with k - 1 df
  double prediction;                   // t with k - 2 df; NaN at k = 2
  std::unique_ptr<StudentTCrps> crps;  // t with k - 2 df, from k = 3 on
};

// Of one value.
struct Statement {
  double estimate, lower, upper, crps;
};

class Answers {
 public:
  // All that is given must outlive this.
  Answers(const Study& study, const Scenario& scenario, const ScenarioConstants& constants,
          const ScenarioData& data, const CpuKernels& kernels, int64_t capacity, bool on_cuda);

  // Makes replicates first .. first + n - 1 (first a multiple of kDrawAlignment, n <= capacity) and
  // gives them to every method.
  void compute(int64_t first, int64_t n);

  const SyntheticBlock& block() const { return block_; }
  const std::vector<MeasuredParameter>& measured(size_t method) const { return measured_[method]; }
  // The most statements of a method.
  size_t most_statements() const { return most_; }
  // What a method says of all that is measured of it in replicate i of those, theta as k statements
  // in place of one. False where it has no answer.
  bool state(size_t method, int64_t i, Statement* statements);

  // Why the first replicate without an answer under a method had none, and then the first without
  // a score of theta_new: two for each method, empty where there was none.
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  // Of a posterior, by replicate.
  struct Fits {
    std::unique_ptr<BatchFitter> fitter;     // on the CPU
    std::vector<ParsedPriors> priors;        // of the worker
    std::unique_ptr<BatchWorker> on_device;  // on CUDA
    std::unique_ptr<PredictiveScore> score;  // where wanted
    size_t width = 0;
    std::vector<double> values;  // (capacity, width)
    std::vector<double> crps;    // (capacity)
    std::vector<char> failed;    // (capacity)
  };
  void fit(size_t m, int64_t n);
  void fit_on_cuda(size_t m, int64_t n);
  bool state_comparator(size_t m, int64_t i, Statement* statement);
  bool state_posterior(size_t m, int64_t i, Statement* statement);
  void note_failure(size_t m, const std::string& why) { note(failures_[2 * m], why); }
  void note_no_score(size_t m, const std::string& why) { note(failures_[2 * m + 1], why); }
  static void note(std::string& failure, const std::string& why) {
    if (failure.empty()) failure = why;
  }

  const Study& study_;
  const Scenario& scenario_;
  const ScenarioConstants& constants_;
  const ScenarioData& data_;
  const CpuKernels& kernels_;
  int64_t capacity_;
  SyntheticBlock block_;
  std::unique_ptr<CudaStudy> device_;
  std::vector<std::vector<MeasuredParameter>> measured_;  // by method
  std::vector<Fits> fits_;                                // by method
  std::vector<std::string> failures_;
  size_t most_ = 0;
  ComparatorPlan comparators_{};
  Buffer scratch_, estimates_;  // empty without comparators
  std::vector<double> y_, sigma_;
};

}  // namespace taugrid
