#include "host/taugrid/prior_ranges.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "host/taugrid/csv_fields.h"
#include "host/taugrid/priors.h"
#include "tests/prior_examples.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

using Texts = std::vector<std::string>;

PriorFamily tau_family(const std::string& text) {
  const Texts texts = {text};
  const auto families = parse_prior_families(texts, PriorOf::kTau);
  EXPECT_EQ(families.size(), 1u);
  return families.at(0);
}

PriorFamily mu_family(const std::string& text) {
  const Texts texts = {text};
  return parse_prior_families(texts, PriorOf::kMu).at(0);
}

std::string tau_refusal(const std::string& text) {
  return refusal([&] { tau_family(text); });
}

std::string mu_refusal(const std::string& text) {
  return refusal([&] { mu_family(text); });
}

// ---- values

TEST(PriorRanges, HasBothEndsAsTheyWereWritten) {
  const PriorFamily family = tau_family("half_normal:0.1..10:50");
  ASSERT_EQ(family.priors.size(), 50u);
  ASSERT_EQ(family.values.size(), 50u);
  EXPECT_EQ(family.priors.front(), "half_normal:0.1");
  EXPECT_EQ(family.priors.back(), "half_normal:10");
  EXPECT_EQ(family.parameter, "scale");
  EXPECT_TRUE(family.logarithmic);
  EXPECT_EQ(family.text, "half_normal:0.1..10:50");
}

TEST(PriorRanges, ScalesAreEquallySpacedInTheLogarithm) {
  const PriorFamily family = tau_family("half_normal:0.1..10:50");
  const double step = std::log(100.0) / 49;
  for (size_t i = 0; i < 50; ++i)
    EXPECT_NEAR(std::log(family.values[i]), std::log(0.1) + step * static_cast<double>(i),
                1e-3 * step);
  // Four decades in five values are powers of ten, to the bit.
  EXPECT_EQ(tau_family("half_cauchy:0.01..100:5").values,
            (std::vector<double>{0.01, 0.1, 1, 10, 100}));
}

TEST(PriorRanges, WhatMayBeNegativeIsEquallySpacedAsItIs) {
  const PriorFamily family = mu_family("normal:-10..10:5,3");
  EXPECT_FALSE(family.logarithmic);
  EXPECT_EQ(family.priors,
            (Texts{"normal:-10,3", "normal:-5,3", "normal:0,3", "normal:5,3", "normal:10,3"}));
  EXPECT_EQ(tau_family("fixed:0..20:5").values, (std::vector<double>{0, 5, 10, 15, 20}));
  EXPECT_EQ(tau_family("log_normal:-1..1:3,1").priors,
            (Texts{"log_normal:-1,1", "log_normal:0,1", "log_normal:1,1"}));
}

// What lies between the ends has no more digits than the step calls for, and each prior's value is
// the number in its text.
TEST(PriorRanges, TextsAreShortAndSayTheValue) {
  for (const std::string range : {"half_normal:0.1..10:200", "half_t:4,1e-9..1e9:77",
                                  "half_normal:1..1.0001:200", "log_normal:0..1e-7:30,1"}) {
    const PriorFamily family = tau_family(range);
    for (size_t i = 0; i < family.priors.size(); ++i) {
      EXPECT_EQ(family.priors[i], family.at(family.values[i]));
      const std::vector<double> parameters = parse_tau_prior(family.priors[i]).parameters;
      EXPECT_EQ(parameters.at(family.priors[i].starts_with("half_t") ? 1 : 0), family.values[i]);
      if (i > 0) EXPECT_GT(family.values[i], family.values[i - 1]) << range;
      EXPECT_LE(csv_number(family.values[i]).size(), 12u) << range;
    }
  }
}

TEST(PriorRanges, HoldsThroughTheWholeRangeOfADouble) {
  const PriorFamily family = tau_family("half_normal:1e-300..1e300:7");
  const double log_values[] = {-300, -200, -100, 0, 100, 200, 300};
  for (size_t i = 0; i < 7; ++i) EXPECT_NEAR(std::log10(family.values[i]), log_values[i], 1e-2);
  const PriorFamily wide = mu_family("normal:-1.7e308..1.7e308:3,1");
  EXPECT_EQ(wide.values[1], 0.0);
}

TEST(PriorRanges, AtPutsAnyValueInItsPlace) {
  const PriorFamily family = tau_family("half_t:4, 0.1..10:50");
  EXPECT_EQ(parse_tau_prior(family.at(0.12345678901234567)).parameters,
            (std::vector<double>{4, 0.12345678901234567}));
  EXPECT_EQ(family.parameter, "scale");
  EXPECT_EQ(tau_family("half_t:1..30:4,5").at(2), "half_t:2,5");
}

// ---- every row, every parameter

// The example with its parameter k from half to twice its value.
std::string with_range(const std::string& example, size_t k, const std::vector<double>& numbers) {
  std::string text = example.substr(0, example.find(':') + 1);
  for (size_t i = 0; i < numbers.size(); ++i) {
    text += i == 0 ? "" : ",";
    text += i == k ? csv_number(0.5 * numbers[i]) + ".." + csv_number(2 * numbers[i]) + ":3"
                   : csv_number(numbers[i]);
  }
  return text;
}

class RangesOfEveryPrior : public testing::TestWithParam<TauPriorRow> {};

TEST_P(RangesOfEveryPrior, RunThroughAnyOneParameter) {
  const std::string example = prior_example(GetParam());
  const std::string name = GetParam().name;
  const auto parameters = tau_prior_parameters(name);
  const TauPrior prior = parse_tau_prior(example);
  // The example stands for itself.
  EXPECT_EQ(tau_family(example).priors, Texts{example});
  EXPECT_FALSE(tau_family(example).is_range());
  ASSERT_EQ(prior.parameters.size(), parameters.size());
  for (size_t k = 0; k < parameters.size(); ++k) {
    const PriorFamily family = tau_family(with_range(example, k, prior.parameters));
    ASSERT_EQ(family.priors.size(), 3u);
    EXPECT_EQ(family.parameter, parameters[k].name);
    EXPECT_EQ(family.logarithmic, parameters[k].positive);
    EXPECT_TRUE(GetParam().syntax == name + ":" + parameters[k].name ||
                std::string(GetParam().syntax).find(parameters[k].name) != std::string::npos);
    for (size_t i = 0; i < 3; ++i) {
      const TauPrior one = parse_tau_prior(family.priors[i]);
      EXPECT_EQ(one.name, name);
      for (size_t m = 0; m < parameters.size(); ++m)
        EXPECT_EQ(one.parameters[m], m == k ? family.values[i] : prior.parameters[m]);
    }
    // Half, the same (in the logarithm) or 5/4, twice.
    EXPECT_EQ(family.values[0], 0.5 * prior.parameters[k]);
    EXPECT_NEAR(family.values[1], (parameters[k].positive ? 1.0 : 1.25) * prior.parameters[k],
                1e-4 * prior.parameters[k]);
    EXPECT_EQ(family.values[2], 2.0 * prior.parameters[k]);
  }
}

TEST_P(RangesOfEveryPrior, AreRefusedWhereThereIsNoSuchParameter) {
  const std::string name = GetParam().name;
  if (name == "table" || name == "mixture") return;  // a file, and rows of their own
  const size_t n = tau_prior_parameters(name).size();
  std::string text = name + ":";
  for (size_t i = 0; i < n; ++i) text += "1,";
  const std::string message = tau_refusal(text + "1..2:3");
  EXPECT_EQ(message, "tau prior " + text + "1..2:3: " + name +
                         (n == 0 ? " has no parameters, and no range"
                                 : " has " + std::to_string(n) +
                                       " parameters, and a range where there is none"));
}

INSTANTIATE_TEST_SUITE_P(PriorTable, RangesOfEveryPrior, testing::ValuesIn(tau_prior_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

class RangesOfEveryMuPrior : public testing::TestWithParam<TauPriorRow> {};

TEST_P(RangesOfEveryMuPrior, RunThroughAnyOneParameter) {
  const std::string example = GetParam().example;
  const auto parameters = mu_prior_parameters(GetParam().name);
  EXPECT_EQ(mu_family(example).priors, Texts{example});
  // Of normal and of uniform alike: the first from -3 to -1, the second from 1 to 4.
  const Texts texts[] = {{}, {}, {"-3..-1:5,2", "-2,1..4:3"}};
  for (size_t k = 0; k < parameters.size(); ++k) {
    const PriorFamily family =
        mu_family(std::string(GetParam().name) + ":" + texts[parameters.size()].at(k));
    EXPECT_EQ(family.parameter, parameters[k].name);
    EXPECT_EQ(family.logarithmic, parameters[k].positive);
    for (size_t i = 0; i < family.priors.size(); ++i) {
      const MuPrior prior = parse_mu_prior(family.priors[i]);
      EXPECT_EQ(k == 0 ? prior.a : prior.b, family.values[i]);
      EXPECT_EQ(k == 0 ? prior.b : prior.a, k == 0 ? 2.0 : -2.0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(PriorTable, RangesOfEveryMuPrior, testing::ValuesIn(mu_prior_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

// ---- mixtures, lists, files

TEST(PriorRanges, RunInARowOfAMixture) {
  const PriorFamily family = tau_family("mixture: 0.3 * fixed:0 + 0.7 * half_t:4,0.5..2:3 ");
  ASSERT_EQ(family.priors.size(), 3u);
  EXPECT_EQ(family.parameter, "scale");
  EXPECT_EQ(parse_tau_prior(family.priors[1]).rows.at(1).parameters, (std::vector<double>{4, 1}));
  const PriorFamily first = tau_family("mixture:0.3*half_normal:1e-1..1e+1:3+0.7*half_normal:5");
  ASSERT_EQ(first.priors.size(), 3u);
  EXPECT_EQ(first.priors[2], "mixture:0.3*half_normal:10+0.7*half_normal:5");
  EXPECT_EQ(tau_refusal("mixture:0.3*half_normal:1..2:3+0.7*half_normal:1..2:3"),
            "tau prior mixture:0.3*half_normal:1..2:3+0.7*half_normal:1..2:3: has two ranges, must "
            "have at most one");
}

TEST(PriorRanges, DotsInTheNameOfAFileAreNoRange) {
  const std::string file = "table:" TAUGRID_SOURCE_DIR "/data/../data/tau_prior.csv";
  EXPECT_EQ(tau_family(file).priors, Texts{file});
  const PriorFamily mixture = tau_family("mixture:0.5*" + file + "+0.5*half_normal:1..4:3");
  ASSERT_EQ(mixture.priors.size(), 3u);
  EXPECT_EQ(mixture.priors[1], "mixture:0.5*" + file + "+0.5*half_normal:2");
}

TEST(PriorRanges, ListsAndRepetitionsFollowEachOther) {
  const Texts texts = {"half_normal:1; half_cauchy:1..4:3 ", "uniform"};
  const auto families = parse_prior_families(texts, PriorOf::kTau);
  ASSERT_EQ(families.size(), 3u);
  EXPECT_EQ(families[0].priors, Texts{"half_normal:1"});
  EXPECT_EQ(families[1].priors, (Texts{"half_cauchy:1", "half_cauchy:2", "half_cauchy:4"}));
  EXPECT_EQ(families[2].priors, Texts{"uniform"});
}

// ---- what is refused, by which words

TEST(PriorRanges, NamesThePieceThatIsWrong) {
  EXPECT_EQ(tau_refusal("half_normal:0.1..10"),
            "tau prior half_normal:0.1..10: the range '0.1..10' lacks its number of values, must "
            "be LO..HI:N, such as 0.1..10:50");
  EXPECT_EQ(tau_refusal("half_normal:0.1..10:x"),
            "tau prior half_normal:0.1..10:x: scale: number of values is 'x', not a number");
  EXPECT_EQ(tau_refusal("half_normal:0.1..10:1"),
            "tau prior half_normal:0.1..10:1: scale: the number of values is 1, must be a whole "
            "number from 2 to 100000");
  EXPECT_EQ(tau_refusal("half_normal:0.1..10:2.5"),
            "tau prior half_normal:0.1..10:2.5: scale: the number of values is 2.5, must be a "
            "whole number from 2 to 100000");
  EXPECT_EQ(tau_refusal("half_normal:0.1..10:100001"),
            "tau prior half_normal:0.1..10:100001: scale: the number of values is 100001, must be "
            "a whole number from 2 to 100000");
  EXPECT_EQ(tau_refusal("half_normal:a..10:5"),
            "tau prior half_normal:a..10:5: scale: an end of its range is 'a', not a number");
  EXPECT_EQ(tau_refusal("half_normal:..10:5"),
            "tau prior half_normal:..10:5: scale: an end of its range is empty, not a number");
  EXPECT_EQ(tau_refusal("half_normal:1..inf:5"),
            "tau prior half_normal:1..inf:5: scale: an end of its range is inf, must be finite");
  EXPECT_EQ(tau_refusal("half_normal:0..10:5"),
            "tau prior half_normal:0..10:5: scale is from 0, must be positive");
  EXPECT_EQ(tau_refusal("half_normal:10..1:5"),
            "tau prior half_normal:10..1:5: scale is from 10, must be below its other end, 1");
  EXPECT_EQ(tau_refusal("half_normal:1..1:5"),
            "tau prior half_normal:1..1:5: scale is from 1, must be below its other end, 1");
  EXPECT_EQ(tau_refusal("half_t:1..2:3,1..2:3"),
            "tau prior half_t:1..2:3,1..2:3: has two ranges, must have at most one");
  EXPECT_EQ(tau_refusal("half_normal:1..1.0000000000000004:5"),
            "tau prior half_normal:1..1.0000000000000004:5: scale: there are no 5 numbers from 1 "
            "to 1.0000000000000004 in double precision");
  EXPECT_EQ(tau_refusal("half_normal:1;;half_normal:2"),
            "tau prior 'half_normal:1;;half_normal:2': a prior is missing");
  EXPECT_EQ(tau_refusal(""), "tau prior '': is empty");
  EXPECT_EQ(mu_refusal("normal:0,-1..1:5"),
            "mu prior normal:0,-1..1:5: sd is from -1, must be positive");
}

// Ranges are of priors: what is wrong with one of them is said of that one.
TEST(PriorRanges, RefusesWhatThePriorsThemselvesRefuse) {
  EXPECT_EQ(tau_refusal("half_caucy:1..2:3").substr(0, 34), "tau prior 'half_caucy' is unknown;");
  EXPECT_EQ(tau_refusal("half_t:1..2:3"),
            "tau prior half_t:1: has 1 parameters, must be half_t:df,scale");
  EXPECT_EQ(tau_refusal("fixed:-1..1:3"), "tau prior fixed:-1: value is -1, must be in [0, inf]");
  EXPECT_EQ(mu_refusal("uniform:-10..30:5,20"),
            "mu prior uniform:20,20: lower is 20, must be below upper, 20");
  EXPECT_EQ(mu_refusal("flat:1..2:3"),
            "mu prior flat:1..2:3: flat has no parameters, and no range");
}

}  // namespace
}  // namespace taugrid
