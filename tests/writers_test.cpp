#include "host/taugrid/writers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/taugrid/device.h"
#include "host/taugrid/number_text.h"
#include "host/taugrid/readers.h"
#include "kernels/math/philox.h"
#include "tests/csv_record.h"
#include "tests/example_results.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Texts keys(const Json& object) {
  Texts names;
  for (const auto& item : object.items()) names.push_back(item.key());
  return names;
}

Texts lines(const std::string& text) {
  Texts lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The line of a table that begins with `name`; what follows it up to the next such name's line is
// not.
std::string line_of(const std::string& table, const std::string& name, size_t offset = 0) {
  const Texts all = lines(table);
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].rfind(name + " ", 0) == 0) return all.at(i + offset);
  }
  return "(no such line)";
}

Texts words(const std::string& line) {
  std::istringstream in(line);
  Texts words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// ---- every row of the table of writers

class EveryWriter : public testing::TestWithParam<Writer> {};

TEST_P(EveryWriter, NamesEveryParameterAndNeverPrintsNan) {
  const FitSummary fit = example_fit();
  const DrawSummary draw = example_draw();
  for (const Result& result : {Result{fit}, Result{fit, &draw}}) {
    const std::string text = GetParam().text(result);
    for (const ParameterSummary& parameter : fit.parameters) {
      EXPECT_TRUE(contains(text, parameter.name)) << parameter.name;
    }
    EXPECT_FALSE(contains(text, "nan") || contains(text, "NaN")) << text;
    EXPECT_TRUE(contains(text, fit.tau_prior) && contains(text, fit.mu_prior));
    EXPECT_EQ(text.back(), '\n');
  }
}

TEST_P(EveryWriter, HasTheNotesIfItSaysSo) {
  const FitSummary fit = example_fit();
  const std::string text = GetParam().text({fit});
  EXPECT_EQ(contains(text, "first note") && contains(text, "second note"), GetParam().has_notes);
}

TEST_P(EveryWriter, IsFoundByItsName) {
  EXPECT_EQ(find_writer(GetParam().name).write, GetParam().write);
  EXPECT_EQ(GetParam().extension[0], '.');
}

INSTANTIATE_TEST_SUITE_P(Writers, EveryWriter,
                         testing::ValuesIn(writers().begin(), writers().end()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Writers, UnknownNameIsRefusedWithTheKnownOnes) {
  EXPECT_EQ(refusal([] { find_writer("xml"); }),
            "the format is 'xml', must be one of table, json, csv, html");
}

TEST(Writers, PercentTextIsTheShortestExactDecimal) {
  EXPECT_EQ(percent_text(0.025), "2.5");
  EXPECT_EQ(percent_text(0.05), "5");
  EXPECT_EQ(percent_text(0.07), "7");  // 100 * 0.07 is 7.000000000000001
  EXPECT_EQ(percent_text(0.5), "50");
  EXPECT_EQ(percent_text(0.95), "95");
  EXPECT_EQ(percent_text(0.975), "97.5");
  EXPECT_EQ(percent_text(0.999), "99.9");
  EXPECT_EQ(percent_text(0.001), "0.1");
  EXPECT_EQ(percent_text(1e-7), "0.00001");
  EXPECT_EQ(percent_text(0.9999999), "99.99999");
}

// ---- JSON

TEST(JsonWriter, HasTheDocumentedKeysInOrder) {
  const FitSummary fit = example_fit();
  const Json object = Json::parse(find_writer("json").text({fit}));
  EXPECT_EQ(keys(object), (Texts{"taugrid", "stream", "backend", "seconds", "model",
                                 "log_marginal_likelihood", "parameters", "joint", "notes"}));
  EXPECT_EQ(keys(object["model"]), (Texts{"J", "tau_prior", "mu_prior"}));
  EXPECT_EQ(keys(object["joint"]), (Texts{"mode", "cov_mu_tau", "corr_mu_tau"}));
  EXPECT_EQ(keys(object["joint"]["mode"]), (Texts{"tau", "mu"}));
  const Texts of_parameter = {"name", "mean", "sd",  "mode",  "q2.5",      "q5",        "q25",
                              "q50",  "q75",  "q95", "q97.5", "central95", "shortest95"};
  EXPECT_EQ(keys(object["parameters"][0]), of_parameter);
  Texts of_school = of_parameter;
  of_school.insert(of_school.begin() + 1, "label");
  EXPECT_EQ(keys(object["parameters"][2]), of_school);
}

TEST(JsonWriter, KeepsEveryBitAndWritesNullForWhatDoesNotExist) {
  const FitSummary fit = example_fit();
  const Json object = Json::parse(find_writer("json").text({fit}));
  EXPECT_EQ(object["taugrid"], version());
  EXPECT_EQ(object["stream"], kStreamVersion);
  EXPECT_EQ(object["model"]["J"], 2);
  EXPECT_EQ(object["parameters"][1]["mean"].get<double>(), 7.932375018237794);
  EXPECT_EQ(object["parameters"][0]["q50"].get<double>(), 5.0 / 3);
  EXPECT_EQ(object["parameters"][0]["shortest95"], Json::parse("[0.0, 8.0]"));
  EXPECT_EQ(object["parameters"][2]["label"], "Hart, \"H\"");
  EXPECT_TRUE(object["parameters"][0]["mean"].is_null());
  EXPECT_TRUE(object["parameters"][0]["sd"].is_null());  // infinity, which JSON lacks
  EXPECT_EQ(object["parameters"][4]["central95"], Json::parse("[null, null]"));
  EXPECT_TRUE(object["log_marginal_likelihood"].is_null());
  EXPECT_TRUE(object["joint"]["cov_mu_tau"].is_null());
  EXPECT_EQ(object["joint"]["mode"]["mu"], 7.5);
  EXPECT_EQ(object["notes"], Json::parse("[\"first note\", \"second note\"]"));
}

TEST(JsonWriter, AddsTheSampleOfDraw) {
  const FitSummary fit = example_fit();
  const DrawSummary draw = example_draw();
  const Json object = Json::parse(find_writer("json").text({fit, &draw}));
  EXPECT_EQ(object["draws"], 1'000'000);
  EXPECT_EQ(object["seed"].get<uint64_t>(), 18446744073709551615u);
  EXPECT_EQ(object["precision"], "double");
  EXPECT_EQ(object["draws_per_second"], 37.125e6);
  const Json& sample = object["parameters"][1]["sample"];
  EXPECT_EQ(keys(sample), (Texts{"mean", "se_mean", "sd", "q2.5", "q25", "q50", "q75", "q97.5",
                                 "n_eff", "Rhat", "rank_error"}));
  EXPECT_EQ(sample["mean"], 1.1);
  EXPECT_EQ(sample["q97.5"], 4.0);
  EXPECT_EQ(sample["n_eff"], 1'000'000);
  EXPECT_EQ(sample["Rhat"], 1);
  EXPECT_EQ(sample["rank_error"], 5.25);
  EXPECT_TRUE(object["parameters"][4]["sample"]["n_eff"].is_null());
}

TEST(JsonWriter, ReplacesBytesThatAreNotUtf8) {
  FitSummary fit = example_fit();
  fit.parameters[2].label = "S\xF8ren";  // Latin-1
  EXPECT_EQ(Json::parse(find_writer("json").text({fit}))["parameters"][2]["label"],
            "S\xEF\xBF\xBDren");
}

// ---- CSV

TEST(CsvWriter, IsOneRowWithTheKeysOfJsonJoinedByDots) {
  const FitSummary fit = example_fit();
  const DrawSummary draw = example_draw();
  const Texts rows = lines(find_writer("csv").text({fit, &draw}));
  ASSERT_EQ(rows.size(), 2u);
  const Texts header = csv_fields(rows[0]);
  const Texts values = csv_fields(rows[1]);
  ASSERT_EQ(header.size(), values.size());
  const auto value = [&](const std::string& column) {
    const auto found = std::find(header.begin(), header.end(), column);
    return found == header.end() ? "(no column)"
                                 : values[static_cast<size_t>(found - header.begin())];
  };
  EXPECT_EQ(header[0], "taugrid");
  EXPECT_EQ(value("taugrid"), version());
  EXPECT_EQ(value("model.J"), "2");
  EXPECT_EQ(value("model.tau_prior"), "half_t:4,5");
  EXPECT_EQ(value("seed"), "18446744073709551615");
  EXPECT_EQ(value("log_marginal_likelihood"), "");
  EXPECT_EQ(value("tau.mean"), "");
  EXPECT_EQ(value("tau.sd"), "inf");
  EXPECT_EQ(value("tau.mode"), "0");
  EXPECT_EQ(value("tau.q50"), "1.6666666666666667");
  EXPECT_EQ(value("mu.mean"), "7.932375018237794");
  EXPECT_EQ(value("mu.q2.5"), "-2.1");
  EXPECT_EQ(value("mu.central95.lower"), "-2.1");
  EXPECT_EQ(value("mu.shortest95.upper"), "18.1");
  EXPECT_EQ(value("theta[1].label"), "Hart, \"H\"");
  EXPECT_EQ(value("theta[2].mean"), "-0.00012");
  EXPECT_EQ(value("theta_new.q97.5"), "");
  EXPECT_EQ(value("mu.sample.se_mean"), "0.005");
  EXPECT_EQ(value("mu.sample.n_eff"), "1000000");
  EXPECT_EQ(value("joint.mode.mu"), "7.5");
  EXPECT_EQ(value("joint.corr_mu_tau"), "0.25");
  EXPECT_EQ(value("notes"), "(no column)");
}

TEST(CsvWriter, HasAColumnForEveryNumberOfJson) {
  const FitSummary fit = example_fit();
  const Json object = Json::parse(find_writer("json").text({fit}));
  const Texts header = csv_fields(lines(find_writer("csv").text({fit}))[0]);
  size_t expected = 4 + 3 + 1 + 4;  // the head, model, log_marginal_likelihood, joint
  for (const Json& parameter : object["parameters"]) expected += parameter.size() - 1 + 2;
  EXPECT_EQ(header.size(), expected);
}

// ---- the table

TEST(TableWriter, HasTheColumnsOfHumanTables) {
  const FitSummary fit = example_fit();
  const DrawSummary draw = example_draw();
  EXPECT_EQ(words(lines(find_writer("table").text({fit}))[2]),
            (Texts{"mean", "sd", "2.5%", "25%", "50%", "75%", "97.5%", "mode", "shortest", "95%"}));
  EXPECT_EQ(
      words(lines(find_writer("table").text({fit, &draw}))[3]),
      (Texts{"mean", "se_mean", "sd", "2.5%", "25%", "50%", "75%", "97.5%", "n_eff", "Rhat"}));
}

TEST(TableWriter, PrintsValuesToAThousandthOfTheirSpreadAndADashForNone) {
  const FitSummary fit = example_fit();
  const std::string table = find_writer("table").text({fit});
  EXPECT_EQ(words(line_of(table, "mu")),
            (Texts{"mu", "7.932", "5.178", "-2.100", "4.700", "7.900", "11.200", "18.200", "7.800",
                   "[-2.200,", "18.100]"}));
  EXPECT_EQ(words(line_of(table, "tau")), (Texts{"tau", "-", "inf", "0.100", "1.000", "1.667",
                                                 "4.000", "16.000", "0.000", "[0.000,", "8.000]"}));
  EXPECT_EQ(words(line_of(table, "theta_new")),
            (Texts{"theta_new", "-", "-", "-", "-", "-", "-", "-", "-", "-"}));
  EXPECT_EQ(words(line_of(table, "theta[2]"))[1], "0.000");  // not -0.000
  EXPECT_EQ(words(line_of(table, "theta[2]")).back(), "Søren");
  EXPECT_TRUE(contains(table, "log marginal likelihood: -\n"));
  EXPECT_TRUE(contains(table, "note: second note\n"));
}

TEST(TableWriter, ShowsLogsToFourDecimalsAndTheModeAsItsParameter) {
  FitSummary fit = example_fit();
  fit.log_marginal_likelihood = -143211.23456;
  fit.joint_mode_mu = 7.68561;
  const std::string table = find_writer("table").text({fit});
  EXPECT_TRUE(contains(table, "log marginal likelihood: -143211.2346\n"));
  EXPECT_TRUE(
      contains(table, "joint mode: tau 0.000, mu 7.686; cov(mu, tau) -, corr(mu, tau) 0.25\n"));
}

TEST(TableWriter, HasADashForAQuantileThatWasNotAskedFor) {
  FitSummary fit = example_fit();
  const DrawSummary draw = example_draw();
  fit.probabilities[0] = 0.01;
  const Texts below = words(line_of(find_writer("table").text({fit, &draw}), "mu", 1));
  EXPECT_EQ(below,
            (Texts{"exact", "7.9324", "5.1784", "-", "4.7000", "7.9000", "11.2000", "18.2000"}));
}

TEST(HtmlWriter, HasTheTablesCellsEscaped) {
  FitSummary fit = example_fit();
  fit.parameters[2].label = "A<B & \"C\"";
  const std::string html = find_writer("html").text({fit});
  EXPECT_TRUE(contains(html, "<th>97.5%</th>"));
  EXPECT_TRUE(contains(html, "<td style=\"text-align:left\">mu</td><td>7.932</td><td>5.178</td>"));
  EXPECT_TRUE(contains(html, "A&lt;B &amp; &quot;C&quot;</td></tr>\n"));
}

TEST(TableWriter, AlignsColumns) {
  const FitSummary fit = example_fit();
  const Texts rows = lines(find_writer("table").text({fit}));
  const size_t end = rows[2].find("97.5%") + 5;  // numbers are flush right under their heads
  for (size_t i = 3; i < 8; ++i) {
    EXPECT_NE(rows[i][end - 1], ' ') << rows[i];
    EXPECT_EQ(rows[i][end], ' ') << rows[i];
    EXPECT_LE(display_width(rows[i]), 110u);
  }
}

TEST(TableWriter, PutsTheExactPosteriorBelowTheSample) {
  const FitSummary fit = example_fit();
  const DrawSummary draw = example_draw();
  const std::string table = find_writer("table").text({fit, &draw});
  EXPECT_TRUE(contains(table, "1000000 draws"));
  EXPECT_TRUE(contains(table, "seed 18446744073709551615"));
  // Of the time it took there is nothing: the same draws are the same bytes.
  EXPECT_FALSE(contains(table, "draws/s"));
  EXPECT_EQ(time_text({fit, &draw}), "drew 1000000 in 0.0269 s, 37.1 M draws/s");
  // se_mean 0.005 asks for four decimals, to show two digits of it.
  EXPECT_EQ(words(line_of(table, "mu")),
            (Texts{"mu", "1.1000", "0.0050", "5.0000", "-2.0000", "0.0000", "1.1000", "2.0000",
                   "4.0000", "1000000", "1"}));
  EXPECT_EQ(words(line_of(table, "mu", 1)), (Texts{"exact", "7.9324", "5.1784", "-2.1000", "4.7000",
                                                   "7.9000", "11.2000", "18.2000"}));
  EXPECT_TRUE(contains(table, "Rhat is 1 by construction"));
  EXPECT_TRUE(contains(table, "within 6 of 1000000 ranks"));  // 5.25, rounded up
}

}  // namespace
}  // namespace taugrid
