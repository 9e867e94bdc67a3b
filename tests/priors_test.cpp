// The table of priors: every row by its example. What a row claims (propriety, tail exponent, formula) is held
// against its density as the kernels evaluate it, and what it refuses against its message.
#include "host/taugrid/priors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "kernels/math/posterior.h"
#include "tests/direct_integration.h"
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

// Integral of the density over tau, in x = log tau, where the support has been cut to |x| <= 600.
double mass_of(const PriorRecord& record) {
  const double from = std::max(record.lower_x, -600.0), to = std::min(record.upper_x, 600.0);
  static const std::vector<std::pair<Wide, Wide>> kRule = gauss_rule(16);
  const int n_panels = 2400;
  Wide sum = 0;
  for (int p = 0; p < n_panels; ++p) {
    const Wide half = (to - from) / (2.0L * n_panels), middle = from + (2 * p + 1) * half;
    for (const auto& [t, weight] : kRule) {
      const Wide x = middle + half * t;
      sum += weight * half * std::exp(log_prior<One>(record, static_cast<double>(x)) + x);
    }
  }
  return static_cast<double>(sum);
}

class TauPriors : public testing::TestWithParam<TauPriorRow> {
 protected:
  TauPrior prior_ = parse_tau_prior(GetParam().example);
};

TEST_P(TauPriors, IsDocumented) {
  const TauPriorRow& row = GetParam();
  EXPECT_EQ(std::string(row.syntax).rfind(row.name, 0), 0u) << row.syntax;
  EXPECT_EQ(std::string(row.example).rfind(row.name, 0), 0u) << row.example;
  for (const char* text : {row.description, row.density, row.reference}) EXPECT_GT(std::string(text).size(), 0u);
}

TEST_P(TauPriors, ParsesItsExample) {
  EXPECT_EQ(prior_.text, GetParam().example);
  EXPECT_EQ(prior_.name, GetParam().name);
  EXPECT_EQ(prior_.parameters.size(), prior_numbers(GetParam().example).size());
  for (size_t i = 0; i < prior_.parameters.size(); ++i)
    EXPECT_EQ(prior_.parameters[i], static_cast<double>(prior_numbers(GetParam().example)[i]));
}

class TauDensities : public TauPriors {};

TEST_P(TauDensities, IntegratesToOneWhereItIsProper) {
  for (const double unit : {1.0, 0x1p-20, 0x1p11}) {
    const double mass = mass_of(tau_prior_record(prior_, unit));
    if (prior_.proper) {
      EXPECT_NEAR(mass, 1, 1e-12) << unit;
    } else {
      EXPECT_GT(mass, 1e100) << unit;
    }
  }
}

TEST_P(TauDensities, FallsAsItsTailExponentSays) {
  const PriorRecord record = tau_prior_record(prior_, 1.0);
  if (std::isfinite(prior_.tail_exponent)) {
    EXPECT_EQ(record.upper_x, INFINITY);
    const double slope = (log_prior<One>(record, 90.0) - log_prior<One>(record, 60.0)) / 30;
    EXPECT_NEAR(slope, -prior_.tail_exponent, 1e-12);
  } else if (std::isinf(record.upper_x)) {
    // Faster than any power: the slope is already steep at a hundred times e^30.
    EXPECT_LT(log_prior<One>(record, 31.0) - log_prior<One>(record, 30.0), -1e6);
  } else {
    EXPECT_LT(record.upper_x, 100);
  }
}

TEST_P(TauPriors, IsProperIffItsTailAndPointsSaySo) {
  if (prior_.proper) {
    EXPECT_GT(prior_.tail_exponent, 1);
  } else {
    EXPECT_LE(prior_.tail_exponent, 1);
  }
}

TEST_P(TauDensities, IsTheDensityOfItsFormulaInAnyUnit) {
  const DirectTauPrior direct = direct_tau_prior(GetParam().example);
  for (const double unit : {1.0, 0x1p-20, 0x1p11}) {
    const PriorRecord record = tau_prior_record(prior_, unit);
    for (const double tau : {1e-12, 1e-3, 0.7, 4.9, 5.1, 49.0, 1e3}) {
      if (tau > direct.upper) continue;
      const double x = std::log(tau / unit);
      EXPECT_TRUE(record.lower_x < x && x < record.upper_x);
      // An improper prior is 1 in any unit; a density per unit of tau / unit is `unit` times that of tau.
      const double expected =
          static_cast<double>(direct.log_density(tau)) + (prior_.proper ? std::log(unit) : 0.0);
      EXPECT_NEAR(log_prior<One>(record, x), expected, 1e-13 * (1 + std::abs(expected))) << tau << " " << unit;
    }
    if (direct.upper < kWideInfinity) {
      EXPECT_NEAR(record.upper_x, static_cast<double>(std::log(direct.upper / unit)), 1e-14);
    }
  }
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
  const PriorRecord record = tau_prior_record(parse_tau_prior("uniform"), 8.0);
  for (const double x : {-300.0, 0.0, 300.0}) EXPECT_EQ(log_prior<One>(record, x), 0.0);
}

TEST(ParseTauPrior, ReadsFixedValues) {
  EXPECT_TRUE(parse_tau_prior("fixed:8").fixed());
  EXPECT_EQ(parse_tau_prior("fixed:0").parameters, std::vector<double>{0});
  EXPECT_EQ(parse_tau_prior("fixed:inf").parameters, std::vector<double>{INFINITY});
  const PriorRecord record = tau_prior_record(parse_tau_prior("fixed:8"), 0.25);
  EXPECT_EQ(record.form, PriorForm::kPoint);
  EXPECT_EQ(record.value, 32.0);
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
