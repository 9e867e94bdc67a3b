// What was asked for, in every format.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/taugrid/writers.h"
#include "tests/example_results.h"

namespace taugrid {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

// The values mean nothing.
FitSummary example() {
  FitSummary fit = example_fit();
  fit.more_levels = {0.5, 0.9};
  for (ParameterSummary& p : fit.parameters) {
    p.more_central = {{1, 2}, {0.5, 3}};
    p.more_shortest = {{1.25, 2}, {kNan, kNan}};
  }
  fit.exceed = {{"mu", -0.5, 0.875}, {"theta[1]", 28, kNan}};
  fit.density = {{"tau", {0, 1.5}, {kInf, 0.25}, {0, 0.75}}};
  fit.given_tau = ConditionalMoments{{0, kInf},        {-2.5, -kInf},    {7, kNan}, {4, kNan},
                                     {{1, 2}, {3, 4}}, {{5, 6}, {8, 9}}, {0, 1}};
  fit.weights =
      Weights{{0.25, 0.75},       true, {0.5, 0.375}, 0.125, {{0.625, 0.25}, {0.0625, 0.9375}},
              {0.03125, 0.015625}};
  fit.bayes_factors = BayesFactors{1.5, kInf, 0.40625, 800};
  fit.loo = LeaveOneOut{-8.5, 1.25, 0.5, {-4.5, -4}, {-4.25, -3.75}, {0.9375, 0.0625}};
  return fit;
}

Texts lines(const std::string& text) {
  Texts lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(RequestsInJson, HaveTheDocumentedKeys) {
  const FitSummary fit = example();
  const Json object = Json::parse(find_writer("json").text({fit}));
  Texts keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  EXPECT_EQ(keys, (Texts{"taugrid", "stream", "backend", "seconds", "model",
                         "log_marginal_likelihood", "parameters", "joint", "exceed", "density",
                         "given_tau", "shrinkage", "weights", "bayes_factors", "loo", "notes"}));
  EXPECT_EQ(object["parameters"][0]["central50"], Json::parse("[1.0, 2.0]"));
  EXPECT_EQ(object["parameters"][0]["shortest90"], Json::parse("[null, null]"));
  EXPECT_EQ(object["exceed"],
            Json::parse(R"([{"parameter": "mu", "value": -0.5, "probability": 0.875},
                                              {"parameter": "theta[1]", "value": 28.0, "probability": null}])"));
  EXPECT_EQ(
      object["density"],
      Json::parse(
          R"([{"parameter": "tau", "x": [0.0, 1.5], "pdf": [null, 0.25], "cdf": [0.0, 0.75]}])"));
  EXPECT_EQ(object["given_tau"], Json::parse(R"({"tau": [0.0, "inf"], "log_density": [-2.5, null],
      "mu": {"mean": [7.0, null], "sd": [4.0, null]},
      "theta": {"mean": [[1.0, 2.0], [3.0, 4.0]], "sd": [[5.0, 6.0], [8.0, 9.0]]}, "I2": [0.0, 1.0]})"));
  EXPECT_EQ(object["shrinkage"], Json::parse("[0.25, 0.75]"));
  EXPECT_EQ(object["weights"],
            Json::parse(R"({"mu": [0.5, 0.375], "theta": [[0.625, 0.25], [0.0625, 0.9375]],
      "prior": {"mu": 0.125, "theta": [0.03125, 0.015625]}})"));
  EXPECT_EQ(
      object["bayes_factors"],
      Json::parse(R"({"tau=0": 1.5, "mu=0": null, "log": {"tau=0": 0.40625, "mu=0": 800.0}})"));
  EXPECT_EQ(object["loo"],
            Json::parse(R"({"elpd": -8.5, "se": 1.25, "p_loo": 0.5, "pointwise": [-4.5, -4.0],
      "lpd": [-4.25, -3.75], "pit": [0.9375, 0.0625]})"));
}

TEST(RequestsInJson, AreNullWhereTheyDoNotExist) {
  FitSummary fit = example();
  fit.weights = Weights{{0.25, 0.75}, false, {}, 0, {}, {}};
  fit.loo = LeaveOneOut{kNan, kNan, kNan, {}, {}, {}};
  const Json object = Json::parse(find_writer("json").text({fit}));
  EXPECT_TRUE(object["loo"].is_null());
  EXPECT_TRUE(object["weights"].is_null());
  EXPECT_EQ(object["shrinkage"].size(), 2u);
}

TEST(RequestsInCsv, AreColumnsNumberedFromOne) {
  const FitSummary fit = example();
  const Texts rows = lines(find_writer("csv").text({fit}));
  ASSERT_EQ(rows.size(), 2u);
  // No field of what was asked for holds a comma or a quote: from the back, both rows pair up.
  const auto fields = [](const std::string& row) {
    Texts fields;
    std::istringstream in(row);
    for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
    if (row.back() == ',') fields.emplace_back();
    return fields;
  };
  const Texts header = fields(rows[0]), values = fields(rows[1]);
  const auto value = [&](const std::string& column) {
    const auto found = std::find(header.rbegin(), header.rend(), column);
    return found == header.rend()
               ? "(no column)"
               : values[values.size() - 1 - static_cast<size_t>(found - header.rbegin())];
  };
  EXPECT_EQ(value("theta_new.central90.lower"), "0.5");
  EXPECT_EQ(value("exceed[1].parameter"), "mu");
  EXPECT_EQ(value("exceed[1].probability"), "0.875");
  EXPECT_EQ(value("exceed[2].probability"), "");
  EXPECT_EQ(value("density[1].x[2]"), "1.5");
  EXPECT_EQ(value("density[1].cdf[2]"), "0.75");
  EXPECT_EQ(value("given_tau.tau[2]"), "inf");
  EXPECT_EQ(value("given_tau.mu.sd[1]"), "4");
  EXPECT_EQ(value("given_tau.theta.sd[2][1]"), "8");
  EXPECT_EQ(value("shrinkage[2]"), "0.75");
  EXPECT_EQ(value("weights.theta[2][1]"), "0.0625");
  EXPECT_EQ(value("weights.prior.theta[1]"), "0.03125");
  EXPECT_EQ(value("bayes_factors.tau=0"), "1.5");
  EXPECT_EQ(value("bayes_factors.log.mu=0"), "800");
  EXPECT_EQ(value("loo.pit[1]"), "0.9375");
}

TEST(RequestsInTheTable, HaveSectionsBelowIt) {
  FitSummary fit = example();
  fit.probabilities[0] = 0.01;
  const std::string table = find_writer("table").text({fit});
  EXPECT_EQ(table.find("nan"), std::string::npos) << table;
  for (const char* part :
       {"\nQuantiles\n", "1%", "\nIntervals\n", "central 50%", "[0.500, 3.000]", "mu > -0.5",
        "0.875", "\nDensity of tau\n", "\nMeans given tau\n", "\nStandard deviations given tau\n",
        "\nShrinkage factors, and weights in the posterior means\n", "mu's prior", "0.9375",
        "\nBayes factors p(y|..)/p(y)\n", "800.0000",
        "\nLeave-one-out: elpd -8.5000, se 1.2500, p_loo 0.5000\n"})
    EXPECT_NE(table.find(part), std::string::npos) << part << "\n" << table;
  EXPECT_NE(table.find("\nnote: first note\n"), std::string::npos);
}

TEST(RequestsInTheTable, ThatWereNoneLeaveItAsItWas) {
  const FitSummary fit = example_fit();
  const std::string table = find_writer("table").text({fit});
  EXPECT_NE(table.find("log marginal likelihood: -\ncpu (v3), taugrid "), std::string::npos)
      << table;
}

}  // namespace
}  // namespace taugrid
