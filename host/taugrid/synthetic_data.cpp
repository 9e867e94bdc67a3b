#include "host/taugrid/synthetic_data.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <stdexcept>

#include "host/taugrid/chi_square.h"
#include "host/taugrid/model_checks.h"
#include "host/taugrid/prior_storage.h"
#include "host/taugrid/priors.h"
#include "kernels/cuda/cuda_study.h"
#include "kernels/math/priors.h"

namespace taugrid {
namespace {

// theta = mu + tau (a + b e): a and b.
void set_theta(const ThetaLaw& law, SyntheticPlan& plan) {
  constexpr double kTwoOverPi = 0.63661977236758134308;
  plan.theta_form = law.form;
  plan.theta_a = 0.0;
  plan.theta_b = 1.0;
  const double p = law.parameter;
  switch (law.form) {
    case ThetaForm::kNormal:
      break;
    case ThetaForm::kSkewNormal: {
      const double delta = p / std::sqrt(1.0 + p * p);
      plan.theta_shape = delta;
      if (!law.standardised) break;
      plan.theta_b = 1.0 / std::sqrt(1.0 - delta * delta * kTwoOverPi);
      plan.theta_a = -delta * std::sqrt(kTwoOverPi) * plan.theta_b;
      break;
    }
    case ThetaForm::kT:
      if (law.standardised) plan.theta_b = std::sqrt((p - 2.0) / p);
      break;
    case ThetaForm::kTwoPoint:
      plan.theta_shape = p;
      plan.theta_a = std::sqrt((1.0 - p) / p);
      plan.theta_b = -std::sqrt(p / (1.0 - p));
      break;
  }
}

// Whether the density of tau is another one for other sigmas.
bool depends_on_sigma(const TauPrior& prior) {
  const auto log_densities = [&](const std::vector<double>& sigma) {
    PriorStorage storage;
    const std::vector<double> y(sigma.size(), 0.0);
    Problem problem{};
    problem.y = y.data();
    problem.sigma = sigma.data();
    problem.n_schools = static_cast<int64_t>(sigma.size());
    problem.tau_prior = tau_prior_record(prior, 1.0, sigma, storage);
    std::vector<double> values;
    for (const double x : {-1.0, 0.0, 1.0}) {
      GivenTau<Scalar<>> at;
      log_likelihood<Scalar<>>(problem, x, at);  // for the sums over schools
      values.push_back(log_prior_at<Scalar<>>(problem, x, at));
    }
    return values;
  };
  return log_densities({1.0, 1.5}) != log_densities({1.25, 2.5, 3.0});
}

}  // namespace

SyntheticBlock::SyntheticBlock(int64_t j, int64_t n)
    : n_schools(j),
      capacity(n),
      memory(static_cast<size_t>((3 * j + 4) * n)),
      columns(synthetic_columns(memory.data(), j, n)) {}

void SyntheticBlock::copy_data(int64_t i, double* y, double* sigma) const {
  for (int64_t j = 0; j < n_schools; ++j) {
    y[j] = columns.y[j * capacity + i];
    sigma[j] = columns.sigma[j * capacity + i];
  }
}

TauPriorSampler::TauPriorSampler(const TauPrior& prior, const CpuKernels& kernels) {
  if (!prior.fixed() && depends_on_sigma(prior))
    throw std::invalid_argument("tau prior " + prior.text +
                                " depends on the sigmas: a calibration draws tau before them");
  const double y[] = {0.0}, sigma[] = {1.0};
  if (!prior.fixed()) ModelChecks(prior, parse_mu_prior("flat")).check(y, sigma);
  PriorStorage storage;
  law_.emplace(tau_prior_record(prior, 1.0, sigma, storage), sigma, kernels);
}

ScenarioData::ScenarioData(const Study& study, const Scenario& scenario, const TauPriorSampler* tau,
                           const CpuKernels& kernels)
    : kernels_(kernels),
      at_{study.seed, static_cast<uint32_t>(scenario.number), Purpose::kSyntheticData} {
  plan_.n_schools = scenario.k;
  plan_.mu = scenario.mu;
  plan_.tau = scenario.tau;
  plan_.tau_known = true;
  if (tau != nullptr) {
    const MuPrior& mu = study.mu_prior;
    plan_.from_priors = true;
    plan_.mu_prior = {mu.form, mu.a, mu.b};
    tau->put_into(plan_);
  }
  set_theta(scenario.theta, plan_);
  if (scenario.theta.form == ThetaForm::kT) {
    theta_chi_ = chi_square_table(scenario.theta.parameter);
    plan_.theta_chi = theta_chi_.view();
  }

  const SigmaDesign& design = scenario.sigma;
  plan_.sigma_form = design.form;
  plan_.sigma_factor = study.sigma_factor;
  if (design.form == SigmaForm::kUniform) {
    plan_.sigma_a = design.numbers[0];
    plan_.sigma_b = design.numbers[1];
    return;
  }
  for (int64_t j = 0; j < scenario.k; ++j)
    sigma_.push_back(design.form == SigmaForm::kTwoArm ? std::sqrt(2.0 / design.number(j))
                                                       : design.number(j));
  plan_.sigma = sigma_.data();
  if (design.form != SigmaForm::kTwoArm) return;
  std::map<double, size_t> table_of;
  for (const double n : design.numbers)
    if (table_of.emplace(n, chi_tables_.size()).second)
      chi_tables_.push_back(chi_square_table(2.0 * (n - 1.0)));
  for (int64_t j = 0; j < scenario.k; ++j)
    sigma_chi_.push_back(chi_tables_[table_of[design.number(j)]].view());
  plan_.sigma_chi = sigma_chi_.data();
}

void ScenarioData::generate(int64_t first, int64_t n, SyntheticBlock& block) const {
  kernels_.study()->synthesize(plan_, at_, static_cast<uint64_t>(first), n, block.columns);
}

std::string synthetic_csv(const Study& study, int64_t scenario, int64_t replicate) {
  const int64_t n_scenarios = static_cast<int64_t>(study.scenarios.size());
  if (scenario < 0 || scenario >= n_scenarios)
    throw std::invalid_argument(
        fmt::format("scenario is {}, must be from 0 to {}", scenario, n_scenarios - 1));
  if (replicate < 0 || replicate >= study.replicates)
    throw std::invalid_argument(
        fmt::format("replicate is {}, must be from 0 to {}", replicate, study.replicates - 1));
  const CpuKernels& kernels = cpu_kernels();
  std::unique_ptr<TauPriorSampler> tau;
  if (study.kind == StudyKind::kCalibration)
    tau = std::make_unique<TauPriorSampler>(study.tau_prior, kernels);
  const Scenario& of = study.scenarios[static_cast<size_t>(scenario)];
  const ScenarioData data(study, of, tau.get(), kernels);
  SyntheticBlock block(of.k, kDrawAlignment);
  const int64_t first = replicate / kDrawAlignment * kDrawAlignment, i = replicate - first;
  data.generate(first, kDrawAlignment, block);
  const SyntheticColumns& c = block.columns;
  std::string text = "label,y,sigma,theta,mu,tau,theta_new\n";
  for (int64_t j = 0; j < of.k; ++j)
    text += fmt::format("study {},{},{},{},{},{},{}\n", j + 1, c.y[j * c.stride + i],
                        c.sigma[j * c.stride + i], c.theta[j * c.stride + i], c.mu[i], c.tau[i],
                        c.theta_new[i]);
  return text;
}

}  // namespace taugrid
