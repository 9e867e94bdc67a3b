// How the exact answers transform with the data: scale, shift, order, mirror, and a school cut in
// two.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "tests/data_sets.h"
#include "tests/places.h"

namespace taugrid {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();

std::string text(double x) { return fmt::format("{}", x); }

FitSummary fit(const Data& data, const std::string& tau_prior, const std::string& mu_prior) {
  return Posterior(data, tau_prior, mu_prior).summary();
}

// A model as a function of a change of unit and origin: y -> unit y + shift.
struct Form {
  const char* tau_name;
  double tau_scale;  // 0: none
  const char* mu_name;
  double mu_a, mu_b;

  std::string tau_prior(double unit) const {
    return tau_scale > 0 ? std::string(tau_name) + ":" + text(unit * tau_scale) : tau_name;
  }
  std::string mu_prior(double unit, double shift) const {
    const std::string name = mu_name;
    if (name == "flat") return name;
    const double b = name == "normal" ? unit * mu_b : unit * mu_b + shift;
    return name + ":" + text(unit * mu_a + shift) + "," + text(b);
  }
};
void PrintTo(const Form& form, std::ostream* out) {
  *out << form.tau_prior(1) << " " << form.mu_prior(1, 0);
}

Data moved(double unit, double shift) {
  Data data = eight_schools();
  for (double& y : data.y) y = unit * y + shift;
  for (double& sigma : data.sigma) sigma *= unit;
  return data;
}

class Metamorphic : public testing::TestWithParam<Form> {};

TEST_P(Metamorphic, ScalingByAPowerOfTwoScalesEveryResultExactly) {
  const Form& form = GetParam();
  const FitSummary base = fit(eight_schools(), form.tau_prior(1), form.mu_prior(1, 0));
  for (const double c : {0x1p-150, 0x1p-1, 0x1p33, 0x1p200}) {
    const FitSummary scaled = fit(moved(c, 0), form.tau_prior(c), form.mu_prior(c, 0));
    for (size_t k = 0; k < base.parameters.size(); ++k) {
      const ParameterSummary &p = base.parameters[k], &q = scaled.parameters[k];
      EXPECT_EQ(q.sd, c * p.sd) << p.name;
      const std::vector<double> from = places(p), to = places(q);
      for (size_t i = 0; i < from.size(); ++i) EXPECT_EQ(to[i], c * from[i]) << p.name << " " << i;
    }
    EXPECT_EQ(scaled.joint_mode_tau, c * base.joint_mode_tau);
    EXPECT_EQ(scaled.joint_mode_mu, c * base.joint_mode_mu);
    EXPECT_EQ(scaled.cov_mu_tau, c * c * base.cov_mu_tau);
    EXPECT_EQ(scaled.corr_mu_tau, base.corr_mu_tau);
    if (form.tau_scale > 0) {
      // The density of y has J units in it, a flat mu's takes one back.
      const double units = std::string(form.mu_name) == "flat" ? 7 : 8;
      const double expected = base.log_marginal_likelihood - units * std::log(c);
      EXPECT_NEAR(scaled.log_marginal_likelihood, expected, 4 * kEps * std::abs(expected) + 1e-13);
    }
  }
}

TEST_P(Metamorphic, AnExactShiftShiftsEveryPlace) {
  const Form& form = GetParam();
  const FitSummary base = fit(eight_schools(), form.tau_prior(1), form.mu_prior(1, 0));
  for (const double shift : {-3.0, 4096.0, 0x1p40}) {
    const FitSummary shifted = fit(moved(1, shift), form.tau_prior(1), form.mu_prior(1, shift));
    EXPECT_EQ(shifted.parameters[0].quantiles, base.parameters[0].quantiles);
    EXPECT_EQ(shifted.parameters[0].mean, base.parameters[0].mean);
    EXPECT_EQ(shifted.cov_mu_tau, base.cov_mu_tau);
    for (size_t k = 1; k < base.parameters.size(); ++k) {
      const ParameterSummary &p = base.parameters[k], &q = shifted.parameters[k];
      EXPECT_EQ(q.sd, p.sd) << p.name;
      const std::vector<double> from = places(p), to = places(q);
      // One rounding at the old origin, one at the new.
      for (size_t i = 0; i < from.size(); ++i)
        EXPECT_NEAR(to[i], from[i] + shift, kEps * (std::abs(shift) + 64)) << p.name << " " << i;
    }
    EXPECT_EQ(shifted.joint_mode_tau, base.joint_mode_tau);
    EXPECT_NEAR(shifted.joint_mode_mu, base.joint_mode_mu + shift, kEps * (std::abs(shift) + 64));
  }
}

TEST_P(Metamorphic, TheOrderOfSchoolsMattersToRoundingOnly) {
  const Form& form = GetParam();
  const FitSummary base = fit(eight_schools(), form.tau_prior(1), form.mu_prior(1, 0));
  const size_t order[8] = {5, 2, 7, 0, 4, 6, 1, 3};
  Data data;
  for (const size_t j : order) {
    data.y.push_back(eight_schools().y[j]);
    data.sigma.push_back(eight_schools().sigma[j]);
  }
  const FitSummary permuted = fit(data, form.tau_prior(1), form.mu_prior(1, 0));
  for (size_t k = 0; k < base.parameters.size(); ++k) {
    const size_t from = k >= 2 && k < 10 ? 2 + order[k - 2] : k;
    const ParameterSummary &p = base.parameters[from], &q = permuted.parameters[k];
    EXPECT_NEAR(q.sd, p.sd, 1e-12 * p.sd) << p.name;
    const std::vector<double> a = places(p), b = places(q);
    // Modes and shortest intervals are roots of differences, good to 1e-9.
    for (size_t i = 0; i < a.size(); ++i)
      EXPECT_NEAR(b[i], a[i], (i < 8 ? 1e-12 : 1e-9) * p.sd) << p.name << " " << i;
  }
}

TEST_P(Metamorphic, MirroredDataMirrorTheAnswer) {
  const Form& form = GetParam();
  const FitSummary base = fit(eight_schools(), form.tau_prior(1), form.mu_prior(1, 0));
  Data data = eight_schools();
  for (double& y : data.y) y = -y;
  Form mirrored = form;
  mirrored.mu_a = std::string(form.mu_name) == "normal" ? -form.mu_a : -form.mu_b;
  mirrored.mu_b = std::string(form.mu_name) == "normal" ? form.mu_b : -form.mu_a;
  const FitSummary mirror = fit(data, mirrored.tau_prior(1), mirrored.mu_prior(1, 0));
  EXPECT_NEAR(mirror.parameters[0].mean, base.parameters[0].mean, 1e-12 * base.parameters[0].sd);
  EXPECT_NEAR(mirror.cov_mu_tau, -base.cov_mu_tau,
              1e-12 * base.parameters[0].sd * base.parameters[1].sd);
  for (size_t k = 1; k < base.parameters.size(); ++k) {
    const ParameterSummary &p = base.parameters[k], &q = mirror.parameters[k];
    EXPECT_NEAR(q.mean, -p.mean, 1e-12 * p.sd) << p.name;
    EXPECT_NEAR(q.sd, p.sd, 1e-12 * p.sd) << p.name;
    for (size_t i = 0; i < 7; ++i)
      EXPECT_NEAR(q.quantiles[i], -p.quantiles[6 - i], 1e-11 * p.sd) << p.name << " " << i;
    EXPECT_NEAR(q.shortest.lower, -p.shortest.upper, 1e-9 * p.sd) << p.name;
    EXPECT_NEAR(q.mode, -p.mode, 1e-9 * p.sd) << p.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Priors, Metamorphic,
                         testing::Values(Form{"uniform", 0, "flat", 0, 0},
                                         Form{"half_cauchy", 5, "flat", 0, 0},
                                         Form{"half_normal", 3, "normal", 1, 4},
                                         Form{"uniform", 50, "normal", -2, 0.5},
                                         Form{"half_cauchy", 0.25, "uniform", -20, 20}),
                         [](const testing::TestParamInfo<Form>& info) {
                           return std::string(info.param.tau_name) + "_" + info.param.mu_name +
                                  "_" + std::to_string(info.index);
                         });

// Two schools of sigma sqrt(2) carry the information of one of sigma about mu where all thetas are
// the same.
TEST(CompletePoolingOfASchoolInTwoHalves, LeavesMuAsItWas) {
  Data halves = eight_schools();
  halves.sigma[0] *= std::sqrt(2.0);
  halves.y.push_back(halves.y[0]);
  halves.sigma.push_back(halves.sigma[0]);
  const ParameterSummary one = fit(eight_schools(), "fixed:0", "flat").parameters[1];
  const ParameterSummary two = fit(halves, "fixed:0", "flat").parameters[1];
  EXPECT_NEAR(two.mean, one.mean, 1e-14 * one.sd);
  EXPECT_NEAR(two.sd, one.sd, 1e-14 * one.sd);
  for (size_t i = 0; i < 7; ++i) EXPECT_NEAR(two.quantiles[i], one.quantiles[i], 1e-12 * one.sd);
}

}  // namespace
}  // namespace taugrid
