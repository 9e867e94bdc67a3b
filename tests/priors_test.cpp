// The table of priors: every row by its example. What a row claims (propriety, tail exponent,
// formula) is held against its density as the kernels evaluate it, and what it refuses against its
// message.
#include "host/taugrid/priors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/taugrid/posterior.h"
#include "host/taugrid/prior_storage.h"
#include "kernels/math/posterior.h"
#include "tests/direct_integration.h"
#include "tests/prior_examples.h"
#include "tests/prior_oracle.h"
#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {

void PrintTo(const TauPriorRow& row, std::ostream* out) { *out << row.example; }

namespace {

using One = Scalar<>;

std::vector<TauPriorRow> rows_of(std::span<const TauPriorRow> rows) {
  return {rows.begin(), rows.end()};
}

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
  OwnedRecord(const TauPrior& prior, double unit)
      : record_(tau_prior_record(prior, unit, schools(unit), *storage_)) {}
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
  // Panels a quarter wide, and cut where the density or a derivative of it jumps.
  std::vector<double> cuts;
  for (const NumberRange& range : {record.kinks, record.jumps})
    for (int i = 0; i < range.n; ++i) cuts.push_back(record.numbers[range.first + i]);
  std::erase_if(cuts, [&](double x) { return !(from < x && x < to); });
  const int n_panels = 2400;
  for (int p = 0; p <= n_panels; ++p) cuts.push_back(from + (to - from) * p / n_panels);
  std::sort(cuts.begin(), cuts.end());
  Wide sum = 0;
  for (size_t p = 0; p + 1 < cuts.size(); ++p) {
    const Wide half = (Wide(cuts[p + 1]) - cuts[p]) / 2, middle = cuts[p] + half;
    for (const auto& [t, weight] : kRule) {
      const Wide x = middle + half * t;
      sum += weight * half *
             std::exp(static_cast<Wide>(log_density_in_x(record, unit, static_cast<double>(x))));
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
  for (const char* text : {row.description, row.density, row.reference})
    EXPECT_GT(std::string(text).size(), 0u);
}

TEST_P(TauPriors, ParsesItsExample) {
  EXPECT_EQ(prior_.text, prior_example(GetParam()));
  EXPECT_EQ(prior_.name, GetParam().name);
  if (!prior_.knots.empty() || !prior_.rows.empty()) return;  // no list of numbers
  EXPECT_EQ(prior_.parameters.size(), prior_numbers(GetParam().example).size());
  for (size_t i = 0; i < prior_.parameters.size(); ++i)
    EXPECT_EQ(prior_.parameters[i], static_cast<double>(prior_numbers(GetParam().example)[i]));
}

// "none", "1/2", "3", "2 shape + 1", "0, or none with A"; a mixture's is its heaviest row's.
TEST_P(TauPriors, SaysItsTailExponentInWords) {
  std::string text = GetParam().tail;
  if (prior_.name == "mixture") {
    EXPECT_EQ(text, "least of its rows");
    EXPECT_EQ(prior_.tail_exponent, 2.0);
    EXPECT_EQ(parse_tau_prior("mixture:0.5*half_t:4,1+0.5*lomax:0.5,2").tail_exponent, 1.5);
    EXPECT_EQ(parse_tau_prior("mixture:0.5*half_normal:1+0.5*uniform:2").tail_exponent, INFINITY);
    return;
  }
  if (prior_.name == "uniform") {
    EXPECT_EQ(text, "0, or none with A");
    return;
  }
  if (text == "none") {
    EXPECT_EQ(prior_.tail_exponent, INFINITY);
    return;
  }
  double expected = 0;
  if (text == "1/2") {
    expected = 0.5;
  } else if (const size_t plus = text.find(" + 1"); plus != std::string::npos) {
    // The parameter comes first in all of them.
    const bool twice = text.rfind("2 ", 0) == 0;
    const std::string name = text.substr(twice ? 2 : 0, plus - (twice ? 2 : 0));
    EXPECT_EQ(std::string(GetParam().syntax).rfind(prior_.name + ":" + name, 0), 0u);
    expected = (twice ? 2 : 1) * prior_.parameters[0] + 1;
  } else {
    expected = std::stod(text);
  }
  EXPECT_EQ(prior_.tail_exponent, expected);
}

class TauDensities : public TauPriors {};

TEST_P(TauDensities, IntegratesToOneWhereItIsProper) {
  for (const double unit : {1.0, 0x1p-20, 0x1p11}) {
    const double mass = mass_of(record_of(prior_, unit), unit);
    if (prior_.name == "log_t") {
      // Of its t tail with 4 degrees of freedom 4e-10 lies beyond |x| = 600; the whole is held by
      // the evidence below.
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
    const double slope =
        (log_density_in_x(record, 1.0, 5e4) - log_density_in_x(record, 1.0, 4e4)) / 1e4 - 1.0;
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
  const PriorOracle oracle = prior_oracle(prior_example(GetParam()), schools(1.0));
  for (const double unit : {1.0, 0x1p-20, 0x1p11}) {
    const OwnedRecord record = record_of(prior_, unit);
    std::optional<double> constant;
    for (const double tau : {1e-12, 1e-3, 0.7, 4.9, 5.1, 49.0, 1e3}) {
      const double x = std::log(tau / unit);
      if (!(record->lower_x < x && x < record->upper_x)) continue;
      // Per unit of x, in whatever unit, it is tau times the density per unit of tau.
      const double expected =
          static_cast<double>(oracle.log_density(tau) + std::log(static_cast<Wide>(tau)));
      double difference = log_density_in_x(record, unit, x) - expected;
      // An improper density has no normalisation to carry the unit over.
      if (!prior_.proper) {
        if (!constant) constant = difference;
        difference -= *constant;
      }
      EXPECT_NEAR(difference, 0.0, 4e-13 * (1 + std::abs(expected))) << tau << " " << unit;
    }
  }
}

// One school under a flat mu says nothing of tau: its evidence is the prior's integral, over all of
// its tails.
TEST_P(TauPriors, LeavesTheEvidenceOfOneSchoolAtOne) {
  if (!prior_.proper || prior_.min_schools > 1) return;
  const Posterior posterior({{3.0}, {2.0}, {}}, prior_example(GetParam()), "flat", {"cpu", 1});
  EXPECT_NEAR(posterior.summary().log_marginal_likelihood, 0.0, 1e-12);
}

const auto kRowName = [](const testing::TestParamInfo<TauPriorRow>& info) {
  return std::string(info.param.name);
};
INSTANTIATE_TEST_SUITE_P(Rows, TauPriors, testing::ValuesIn(rows_of(tau_prior_rows())), kRowName);
INSTANTIATE_TEST_SUITE_P(Rows, TauDensities, testing::ValuesIn(densities()), kRowName);

TEST(TauPriorRows, HaveNamesOfTheirOwn) {
  std::set<std::string> names;
  for (const TauPriorRow& row : tau_prior_rows())
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
  EXPECT_GE(names.size(), 4u);
}

TEST(ParseTauPrior, ReadsBothFormsOfUniform) {
  EXPECT_FALSE(parse_tau_prior("uniform").proper);
  EXPECT_EQ(parse_tau_prior("uniform").tail_exponent, 0.0);
  EXPECT_TRUE(parse_tau_prior("uniform:50").proper);
  EXPECT_EQ(parse_tau_prior("uniform:50").tail_exponent, INFINITY);
  // The improper one is 1 everywhere.
  const OwnedRecord record = record_of(parse_tau_prior("uniform"), 8.0);
  for (const double x : {-300.0, 0.0, 300.0})
    EXPECT_EQ(log_density_in_x(record, 8.0, x), x);  // the Jacobian alone
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
    EXPECT_NE(message.find(part), std::string::npos)
        << bad.text << ": " << message << " (lacks " << part << ")";
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

TEST(ParseTauPrior, RefusesBadMixtures) {
  const Bad bad[] = {
      {"mixture", {"tau prior mixture", "no rows", "WEIGHT*PRIOR"}},
      {"mixture:", {"no rows"}},
      {"mixture:half_normal:1", {"row 1 is 'half_normal:1'", "WEIGHT*PRIOR"}},
      {"mixture:0.5*half_normal:1+0.4*half_cauchy:5", {"weights sum to 0.9", "must sum to 1"}},
      {"mixture:0.5*half_normal:1+0.5*half_cauchy:-5",
       {"row 2", "half_cauchy:-5", "scale is -5", "positive"}},
      {"mixture:0*half_normal:1+1*half_cauchy:5", {"row 1", "weight is 0", "positive"}},
      {"mixture:-0.5*half_normal:1+1.5*half_cauchy:5", {"row 1", "weight is -0.5"}},
      {"mixture:nan*half_normal:1", {"row 1", "weight is nan"}},
      {"mixture:0.5*uniform+0.5*half_cauchy:5", {"row 1", "uniform is improper"}},
      {"mixture:0.5*half_normal:1+0.5*jeffreys", {"row 2", "jeffreys is improper"}},
      {"mixture:0.5*half_normal:1+0.5*mixture:1*half_normal:2", {"row 2 is a mixture itself"}},
      {"mixture:0.5*half_normal:1+0.5*cauchy:2", {"row 2", "tau prior 'cauchy' is unknown"}},
      {"mixture:0.5*half_normal:1+0.5*fixed:inf", {"row 2", "fixed:inf"}},
      {"mixture:0.5*half_normal:1+half_cauchy:5", {"row 1", "half_normal:1+half_cauchy:5"}},
  };
  for (const Bad& b : bad) expect_refused(refusal([&] { parse_tau_prior(b.text); }), b);
  std::string many = "mixture:";
  for (int i = 0; i < 17; ++i)
    many += (i == 0 ? "" : "+") + std::string("0.058823529411764705*half_normal:1");
  EXPECT_NE(refusal([&] { parse_tau_prior(many); }).find("has 17 rows, must have at most 16"),
            std::string::npos);
}

TEST(ParseTauPrior, ReadsMixtures) {
  const TauPrior prior = parse_tau_prior("mixture: 0.25*half_normal:1 + 7.5e-1 * half_t:4,+1e+1");
  ASSERT_EQ(prior.rows.size(), 2u);
  EXPECT_EQ(prior.weights, (std::vector<double>{0.25, 0.75}));
  EXPECT_EQ(prior.rows[0].text, "half_normal:1");
  EXPECT_EQ(prior.rows[1].parameters, (std::vector<double>{4, 10}));
  EXPECT_EQ(prior.tail_exponent, 5.0);
  EXPECT_EQ(parse_tau_prior("mixture:0.5*i2+0.5*half_normal:1").min_schools, 2);
}

TEST(ParseTauPrior, RefusesBadTablesByFileRowAndValue) {
  const ScratchFolder folder;
  const auto refused = [&](const std::string& text) {
    return refusal([&] { parse_tau_prior("table:" + folder.write("t.csv", text)); });
  };
  struct BadTable {
    const char* text;
    std::vector<std::string> named;
  };
  const BadTable bad[] = {
      {"", {"t.csv", "no header", "tau and density"}},
      {"tau,p\n1,2\n2,3\n", {"there is no column density"}},
      {"tau,density\n", {"at least two rows"}},
      {"tau,density\n1,2\n", {"at least two rows"}},
      {"tau,density\n0,0\n1,2\n2,0\n", {"at least two rows"}},
      {"tau,density\n1,2\nx,3\n", {"row 2 (line 3)", "tau is 'x'", "not a number"}},
      {"tau,density\n-1,2\n2,3\n", {"row 1 (line 2)", "tau is -1"}},
      {"tau,density\n1,2\n1,3\n", {"row 2 (line 3)", "tau is 1", "above that of the row before"}},
      {"tau,density\n1,2\n1.0000000000000002,3\n", {"row 2 (line 3)", "by more than 1e-9 of it"}},
      {"tau,density\n1,2\ninf,3\n", {"row 2", "tau is inf"}},
      {"tau,density\n1,2\n2,-3\n", {"row 2", "density is -3"}},
      {"tau,density\n1,2\n2,nan\n", {"row 2", "density is nan"}},
      {"tau,density\n1,2\n2,0\n3,1\n", {"row 2", "density is 0", "at the ends only"}},
      {"tau,density\n1,2\n2\n", {"row 2 (line 3)", "1 fields, but the header has 2"}},
  };
  for (const BadTable& b : bad) {
    const std::string message = refused(b.text);
    for (const std::string& part : b.named)
      EXPECT_NE(message.find(part), std::string::npos) << message << " (lacks " << part << ")";
  }
  EXPECT_NE(
      refusal([&] { parse_tau_prior("table:" + folder.file("absent.csv")); }).find("absent.csv"),
      std::string::npos);
  EXPECT_NE(refusal([&] { parse_tau_prior("table"); }).find("names no file"), std::string::npos);
  EXPECT_EQ(refusal([&] { parse_tau_prior("log_uniform:1,1.0000000000000002"); }),
            "tau prior log_uniform:1,1.0000000000000002: lo is 1, must be below hi, "
            "1.0000000000000002, by more than 1e-9 of it");
}

TEST(ParseTauPrior, EndsTheSupportOfATableAtItsOutermostPositiveRows) {
  const ScratchFolder folder;
  const TauPrior prior =
      parse_tau_prior("table:" + folder.write("t.csv", "tau,density\n0,0\n1,0\n2,5\n4,1\n8,0\n"));
  ASSERT_EQ(prior.knots.size(), 2u);
  const OwnedRecord record = record_of(prior, 1.0);
  EXPECT_EQ(std::exp(record->lower_x), 2.0);
  EXPECT_NEAR(std::exp(record->upper_x), 4.0, 1e-15);
  // Two rows are an exponential: its integral is the logarithmic mean times the width.
  const double mean = (5 - 1) / std::log(5.0);
  EXPECT_NEAR(log_density_in_x(record, 1.0, std::log(2.0)), std::log(2 * 5 / (2 * mean)), 1e-14);
}

TEST(PriorReference, IsTheDocument) {
  std::ifstream file(TAUGRID_SOURCE_DIR "/docs/priors.md");
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(document == prior_reference()) << "taugrid info --priors > docs/priors.md";
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
