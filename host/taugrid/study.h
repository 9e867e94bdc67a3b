// A simulation study as its TOML file describes it: scenarios (a factorial design), methods, what
// is measured. docs/simulate.md is the reference of the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/taugrid/priors.h"

namespace taugrid {

enum class ThetaForm : int32_t;  // kernels/math/synthetic.h
enum class SigmaForm : int32_t;
enum class Estimator : int32_t;  // kernels/math/comparators.h

enum class StudyKind { kSimulation, kCalibration };

// Standard errors: "fixed:0.2,0.5", "uniform:0.2,1", "two_arm:500,50". Of a list, the last number
// serves all further studies.
struct SigmaDesign {
  std::string text;
  SigmaForm form;
  std::vector<double> numbers;  // sigmas; bounds; patients in an arm

  double number(int64_t j) const;         // of study j, of a list
  double mean_variance(int64_t k) const;  // of the sampling variances of k studies
};

// The law of the effects: "normal", "skew_normal:-4", "t:5", "two_point:0.2".
struct ThetaLaw {
  std::string text;
  ThetaForm form;
  double parameter;
  // Whether mu and tau are its mean and sd; else they are location and scale.
  bool standardised;
};

struct Scenario {
  int64_t number;  // from 0: the problem of its random numbers
  int64_t k;       // studies
  SigmaDesign sigma;
  ThetaLaw theta;
  double mu, tau;  // of calibration not used
  double i2;       // tau^2 / (tau^2 + mean sampling variance)
};

struct Method {
  std::string name;
  bool bayesian;
  // Of a posterior, as they were when the file was read: a table of tau's may change after that.
  TauPrior tau_prior;
  MuPrior mu_prior;
  // Else.
  Estimator estimator;
  bool hartung_knapp;
};

struct Study {
  std::string file;  // its name, for messages
  std::string text;  // its bytes
  StudyKind kind;
  uint64_t seed;
  int64_t replicates;   // of each scenario
  double sigma_factor;  // misspecify.sigma
  std::vector<Scenario> scenarios;

  // Of a simulation.
  std::vector<Method> methods;
  double level;         // of intervals
  bool shortest;        // of a posterior: the shortest interval, not the central one
  bool posterior_mean;  // and its mean as the estimate, not its median
  bool of_mu, of_tau, of_theta, of_theta_new, crps;

  // Of a calibration.
  TauPrior tau_prior;
  MuPrior mu_prior;
  int64_t bins;
};

inline constexpr int64_t kMostStudyK = 10000;
inline constexpr int64_t kMostReplicates = int64_t{1} << 40;
// PIT values are counted in this many cells, which every number of bins divides.
inline constexpr int64_t kFineCells = 14400;

// Throws std::invalid_argument "FILE:LINE: what is wrong, and what is allowed".
Study read_study(const std::string& path);
Study parse_study(const std::string& text, const std::string& file);

// All that its results depend on, of one version of the program: the file, the tables that its
// priors name.
uint64_t study_hash(const Study& study);

}  // namespace taugrid
