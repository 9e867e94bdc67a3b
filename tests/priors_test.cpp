// The table of priors: every row by its example. What a row claims (propriety, tail exponent, formula) is held
// against its density as the kernels evaluate it, and what it refuses against its message.
#include "host/taugrid/priors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "host/taugrid/prior_storage.h"
#include "kernels/math/posterior.h"
#include "tests/direct_integration.h"
#include "tests/prior_examples.h"
#include "tests/prior_formulas.h"
#include "tests/refusal.h"

namespace taugrid {

void PrintTo(const TauPriorRow& row, std::ostream* out) { *out << row.example; }

namespace {

using One = Scalar<>;

std::vector<TauPriorRow> rows_of(std::span<const TauPriorRow> rows) { return {rows.begin(), rows.end()}; }

// The rows that are densities: all but the point mass.
std::vector<TauPriorRow> densities() {
  std::vector<TauPriorRow> rows = rows_of(tau_prior_rows());
  std::erase_if(rows, [](const TauPriorRow& row) { return std::string(row.name) == "fixed"; });
  return rows;
}

// The schools that data-dependent priors look at: in units of y, and of another unit.
std::vector<double> schools(double unit) {
  std::vector<double> sigma = {15, 10, 16, 11, 9, 11, 10, 18};
  for (double& s : sigma) s /= unit;
  return sigma;
}

// log density per unit of x = log tau, as the kernels evaluate it.
double log_density_in_x(const PriorRecord& record, double unit, double x) {
  const std::vector<double> sigma = schools(unit), y(sigma.size(), 0.0);
  Problem problem{};
  problem.y = y.data();
  problem.sigma = sigma.data();
  problem.n_schools = static_cast<int64_t>(sigma.size());
  problem.tau_prior = record;
  GivenTau<One> at;
  log_likelihood<One>(problem, x, at);  // the sums over schools
  return log_prior_at<One>(problem, x, at);
}

// A record with what it points into.
class OwnedRecord {
 public:
  OwnedRecord(const TauPrior& prior, double unit) : record_(tau_prior_record(prior, unit, schools(unit), *storage_)) {}
  operator const PriorRecord&() const { return record_; }
  const PriorRecord* operator->() const { return &record_; }

 private:
  std::unique_ptr<PriorStorage> storage_ = std::make_unique<PriorStorage>();
  PriorRecord record_;
};

OwnedRecord record_of(const TauPrior& prior, double unit) { return {prior, unit}; }

// Integral of the density over tau, in x = log tau, where the support has been cut to |x| <= 600.
double mass_of(const PriorRecord& record, double unit) {
  const double from = std::max(record.lower_x, -600.0), to = std::min(record.upper_x, 600.0);
  static const std::vector<std::pair<Wide, Wide>> kRule = gauss_rule(16);
  const int n_panels = 2400;
  Wide sum = 0;
  for (int p = 0; p < n_panels; ++p) {
    const Wide half = (to - from) / (2.0L * n_panels), middle = from + (2 * p + 1) * half;
    for (const auto& [t, weight] : kRule) {
      const Wide x = middle + half * t;
      sum += weight * half * std::exp(static_cast<Wide>(log_density_in_x(record, unit, static_cast<double>(x))));
    }
  }
  return static_cast<double>(sum);
}

class TauPriors : public testing::TestWithParam<TauPriorRow> {
 protected:
  TauPrior prior_ = parse_tau_prior(prior_example(GetParam()));
};

TEST_P(TauPriors, IsDocumented) {
  const TauPriorRow& row = GetParam();
  EXPECT_EQ(std::string(row.syntax).rfind(row.name, 0), 0u) << row.syntax;
  EXPECT_EQ(std::string(row.example).rfind(row.name, 0), 0u) << row.example;
  for (const char* text : {row.description, row.density, row.reference}) EXPECT_GT(std::string(text).size(), 0u);
}

TEST_P(TauPriors, ParsesItsExample) {
  EXPECT_EQ(prior_.text, prior_example(GetParam()));
  EXPECT_EQ(prior_.name, GetParam().name);
  if (!prior_.knots.empty() || !prior_.rows.empty()) return;  // no list of numbers
  EXPECT_EQ(prior_.parameters.size(), prior_numbers(GetParam().example).size());
  for (size_t i = 0; i < prior_.parameters.size(); ++i)
    EXPECT_EQ(prior_.parameters[i], static_cast<double>(prior_numbers(GetParam().example)[i]));
}

class TauDensities : public TauPriors {};

TEST_P(TauDensities, IntegratesToOneWhereItIsProper) {
  for (const double unit : {1.0, 0x1p-20, 0x1p11}) {
    const double mass = mass_of(record_of(prior_, unit), unit);
    if (prior_.name == "log_t") {
      // Of its t tail with 4 degrees of freedom 4e-10 lies beyond |x| = 600; the whole is held by the evidence below.
      EXPECT_NEAR(mass, 1, 1e-9) << unit;
    } else if (prior_.proper) {
      EXPECT_NEAR(mass, 1, 1e-12) << unit;
    } else {
      EXPECT_GT(mass, 500) << unit;  // of |x| < 600 alone
    }
  }
}

TEST_P(TauDensities, FallsAsItsTailExponentSays) {
  const OwnedRecord record = record_of(prior_, 1.0);
  if (std::isfinite(prior_.tail_exponent)) {
    EXPECT_EQ(record->upper_x, INFINITY);
    const double slope = (log_density_in_x(record, 1.0, 5e4) - log_density_in_x(record, 1.0, 4e4)) / 1e4 - 1.0;
    // log_t's logarithm shows a little of itself: -(df + 1)/x.
    EXPECT_NEAR(slope, -prior_.tail_exponent, prior_.log_tail ? 2e-4 : 1e-10);
  } else if (prior_.name == "log_normal") {
    EXPECT_LT(log_density_in_x(record, 1.0, 101.0) - log_density_in_x(record, 1.0, 100.0), -90);
  } else if (std::isinf(record->upper_x)) {
    // Faster than any power: the slope is already steep at a hundred times e^30.
    EXPECT_LT(log_density_in_x(record, 1.0, 31.0) - log_density_in_x(record, 1.0, 30.0), -1e6);
  } else {
    EXPECT_LT(record->upper_x, 100);
  }
}

TEST_P(TauPriors, IsProperIffItsTailAndPointsSaySo) {
  if (prior_.log_tail) {
    EXPECT_EQ(prior_.tail_exponent, 1);
  } else if (prior_.proper) {
    EXPECT_GT(prior_.tail_exponent, 1);
  } else {
    EXPECT_LE(prior_.tail_exponent, 1);
  }
}

TEST_P(TauDensities, IsTheDensityOfItsFormulaInAnyUnit) {
  const std::vector<double> sigma = schools(1.0);
  for (const double unit : {1.0, 0x1p-20, 0x1p11}) {
    const OwnedRecord record = record_of(prior_, unit);
    std::optional<double> constant;
    for (const double tau : {1e-12, 1e-3, 0.7, 4.9, 5.1, 49.0, 1e3}) {
      const double x = std::log(tau / unit);
      if (!(record->lower_x < x && x < record->upper_x)) continue;
      const PriorFormula formula = prior_formula(prior_example(GetParam()), sigma, tau);
      // Per unit of x, in whatever unit, it is tau times the density per unit of tau.
      const double expected = static_cast<double>(formula.log_density + std::log(static_cast<Wide>(tau)));
      double difference = log_density_in_x(record, unit, x) - expected;
      // An improper density has no normalisation to carry the unit over.
      if (formula.up_to_a_constant || !prior_.proper) {
        if (!constant) constant = difference;
        difference -= *constant;
      }
      EXPECT_NEAR(difference, 0.0, 4e-13 * (1 + std::abs(expected))) << tau << " " << unit;
    }
  }
}

// One school under a flat mu says nothing of tau: its evidence is the prior's integral, over all of its tails.
TEST_P(TauPriors, LeavesTheEvidenceOfOneSchoolAtOne) {
  if (!prior_.proper || prior_.min_schools > 1) return;
  const Posterior posterior({{3.0}, {2.0}, {}}, prior_example(GetParam()), "flat", {"cpu", 1});
  EXPECT_NEAR(posterior.summary().log_marginal_likelihood, 0.0, 1e-12);
}

const auto kRowName = [](const testing::TestParamInfo<TauPriorRow>& info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Rows, TauPriors, testing::ValuesIn(rows_of(tau_prior_rows())), kRowName);
INSTANTIATE_TEST_SUITE_P(Rows, TauDensities, testing::ValuesIn(densities()), kRowName);

TEST(TauPriorRows, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const TauPriorRow& row : tau_prior_rows()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
  EXPECT_GE(names.size(), 4u);
}

TEST(ParseTauPrior, ReadsBothFormsOfUniform) {
  EXPECT_FALSE(parse_tau_prior("uniform").proper);
  EXPECT_EQ(parse_tau_prior("uniform").tail_exponent, 0.0);
  EXPECT_TRUE(parse_tau_prior("uniform:50").proper);
  EXPECT_EQ(parse_tau_prior("uniform:50").tail_exponent, INFINITY);
  // The improper one is 1 everywhere.
  const OwnedRecord record = record_of(parse_tau_prior("uniform"), 8.0);
  for (const double x : {-300.0, 0.0, 300.0}) EXPECT_EQ(log_density_in_x(record, 8.0, x), x);  // the Jacobian alone
}

TEST(ParseTauPrior, ReadsFixedValues) {
  EXPECT_TRUE(parse_tau_prior("fixed:8").fixed());
  EXPECT_EQ(parse_tau_prior("fixed:0").parameters, std::vector<double>{0});
  EXPECT_EQ(parse_tau_prior("fixed:inf").parameters, std::vector<double>{INFINITY});
  const OwnedRecord record = record_of(parse_tau_prior("fixed:8"), 0.25);
  EXPECT_EQ(record->form, PriorForm::kPoint);
  EXPECT_EQ(record->value, 32.0);
}

TEST(ParseTauPrior, ReadsNumbersInAnyNotation) {
  EXPECT_EQ(parse_tau_prior("half_normal:5e-3").parameters, std::vector<double>{0.005});
  EXPECT_EQ(parse_tau_prior("half_normal:+5").parameters, std::vector<double>{5});
  EXPECT_EQ(parse_tau_prior("half_normal: 5 ").parameters, std::vector<double>{5});
  EXPECT_EQ(parse_tau_prior("half_normal:1e-300").parameters, std::vector<double>{1e-300});
}

// A bad text, and what its message must name.
struct Bad {
  const char* text;
  std::vector<std::string> named;
};
void expect_refused(const std::string& message, const Bad& bad) {
  for (const std::string& part : bad.named)
    EXPECT_NE(message.find(part), std::string::npos) << bad.text << ": " << message << " (lacks " << part << ")";
}

TEST(ParseTauPrior, RefusesBadTextsByNameParameterAndValue) {
  const Bad bad[] = {
      {"", {"tau prior ''", "unknown", "uniform or uniform:A", "half_cauchy:scale"}},
      {"cauchy:5", {"tau prior 'cauchy'", "unknown", "half_cauchy:scale"}},
      {"Half_normal:5", {"'Half_normal'", "unknown"}},
      {" half_normal:5", {"unknown"}},
      {"half_normal", {"half_normal", "has 0 parameters", "half_normal:scale"}},
      {"half_normal:", {"half_normal", "'' is not a number"}},
      {"half_normal:5,6", {"has 2 parameters", "half_normal:scale"}},
      {"half_normal:5,", {"'' is not a number"}},
      {"half_normal:five", {"half_normal", "'five' is not a number"}},
      {"half_normal:5x", {"'5x' is not a number"}},
      {"half_normal:5 6", {"'5 6' is not a number"}},
      {"half_normal:0", {"half_normal", "scale is 0", "positive"}},
      {"half_normal:-3", {"scale is -3", "positive"}},
      {"half_normal:nan", {"scale is nan", "positive"}},
      {"half_cauchy:inf", {"scale is inf", "finite"}},
      {"half_cauchy:1e999", {"half_cauchy", "1e999"}},
      {"uniform:0", {"uniform:0", "A is 0", "positive"}},
      {"uniform:-1", {"A is -1"}},
      {"uniform:1,2", {"has 2 parameters", "uniform or uniform:A"}},
      {"fixed", {"has 0 parameters", "fixed:value"}},
      {"fixed:-1", {"value is -1", "[0, inf]"}},
      {"fixed:nan", {"value is nan", "[0, inf]"}},
      {"fixed:-inf", {"value is -inf"}},
      {"flat", {"'flat'", "unknown"}},
  };
  for (const Bad& b : bad) expect_refused(refusal([&] { parse_tau_prior(b.text); }), b);
}

class MuPriors : public testing::TestWithParam<TauPriorRow> {};

TEST_P(MuPriors, ParsesItsExample) {
  const TauPriorRow& row = GetParam();
  EXPECT_EQ(std::string(row.syntax).rfind(row.name, 0), 0u);
  const MuPrior prior = parse_mu_prior(row.example);
  EXPECT_EQ(prior.text, row.example);
  EXPECT_EQ(prior.proper(), std::string(row.name) != "flat");
  const std::vector<Wide> numbers = prior_numbers(row.example);
  if (!numbers.empty()) {
    EXPECT_EQ(prior.a, static_cast<double>(numbers[0]));
    EXPECT_EQ(prior.b, static_cast<double>(numbers[1]));
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, MuPriors, testing::ValuesIn(rows_of(mu_prior_rows())), kRowName);

TEST(ParseMuPrior, KnowsItsForms) {
  EXPECT_EQ(parse_mu_prior("flat").form, MuForm::kFlat);
  EXPECT_EQ(parse_mu_prior("normal:-1.5,2").form, MuForm::kNormal);
  EXPECT_EQ(parse_mu_prior("uniform:-1e3,2").form, MuForm::kUniform);
}

TEST(ParseMuPrior, RefusesBadTextsByNameParameterAndValue) {
  const Bad bad[] = {
      {"", {"mu prior ''", "unknown", "normal:mean,sd"}},
      {"gauss:0,1", {"mu prior 'gauss'", "unknown", "uniform:lower,upper"}},
      {"flat:1", {"mu prior flat:1", "no parameters"}},
      {"normal", {"mu prior normal", "has 0 parameters", "normal:mean,sd"}},
      {"normal:0", {"has 1 parameters", "normal:mean,sd"}},
      {"normal:0,0", {"normal:0,0", "sd is 0", "positive"}},
      {"normal:0,-1", {"sd is -1", "positive"}},
      {"normal:0,inf", {"'inf'", "finite"}},
      {"normal:nan,1", {"'nan'", "finite"}},
      {"normal:a,1", {"'a' is not a number"}},
      {"uniform:1", {"has 1 parameters", "uniform:lower,upper"}},
      {"uniform:2,1", {"lower is 2", "below upper", "1"}},
      {"uniform:2,2", {"lower is 2", "below upper"}},
      {"uniform:-inf,0", {"'-inf'", "finite"}},
  };
  for (const Bad& b : bad) expect_refused(refusal([&] { parse_mu_prior(b.text); }), b);
}

}  // namespace
}  // namespace taugrid
