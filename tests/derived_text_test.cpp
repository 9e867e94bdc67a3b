// What is derived from draws, as JSON, as CSV and as tables.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/taugrid/writers.h"
#include "tests/data_sets.h"
#include "tests/derive_all.h"
#include "tests/process.h"

namespace taugrid {
namespace {

using Json = nlohmann::json;

TEST(Derived, JsonHasTheDocumentedKeys) {
  const Posterior posterior(eight_schools(), "uniform", "flat", {"cpu", 1});
  const FitSummary fit = posterior.summary();
  const DrawSummary draw = derive(posterior, 1000);
  const Json object = Json::parse(find_writer("json").text({fit, &draw}));
  const Json& derived = object["derived"];
  EXPECT_EQ(derived["best"].get<std::vector<double>>(), draw.derived.best.p);
  EXPECT_EQ(derived["best_se"].get<std::vector<double>>(), draw.derived.best.se);
  for (size_t i = 0; i < 8; ++i)
    for (size_t j = 0; j < 8; ++j) {
      EXPECT_EQ(derived["rank"][i][j].get<double>(), draw.derived.rank.p[8 * i + j]);
      EXPECT_EQ(derived["rank_se"][i][j].get<double>(), draw.derived.rank.se[8 * i + j]);
      EXPECT_EQ(derived["pairwise"][i][j].get<double>(), draw.derived.pairwise.p[8 * i + j]);
      EXPECT_EQ(derived["pairwise_se"][i][j].get<double>(), draw.derived.pairwise.se[8 * i + j]);
    }
  EXPECT_EQ(derived["max"]["school"], 1);
  EXPECT_EQ(derived["max"]["q97.5"].get<double>(), draw.derived.max[0].quantiles[4]);
  EXPECT_EQ(derived["shared"], 0.0);
  ASSERT_EQ(object["checks"].size(), 4u);
  for (const char* key : {"statistic", "observed", "mean", "sd", "p_value", "mcse"})
    EXPECT_TRUE(object["checks"][3].contains(key)) << key;
  EXPECT_EQ(object["checks"][3]["statistic"], "sd");
  const DrawSummary plain = derive(posterior, 1000, {});
  const Json without = Json::parse(find_writer("json").text({fit, &plain}));
  EXPECT_FALSE(without.contains("derived") || without.contains("checks"));
}

TEST(Derived, CsvHasAColumnForEachPlace) {
  const Posterior posterior(eight_schools(), "uniform", "flat", {"cpu", 1});
  const FitSummary fit = posterior.summary();
  const DrawSummary draw = derive(posterior, 1000);
  std::istringstream text(find_writer("csv").text({fit, &draw}));
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(text, line);) {
    rows.emplace_back();
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) rows.back().push_back(field);
  }
  ASSERT_EQ(rows.size(), 2u);
  ASSERT_EQ(rows[0].size(), rows[1].size());
  const auto value = [&](const std::string& column) {
    const auto found = std::find(rows[0].begin(), rows[0].end(), column);
    return found == rows[0].end() ? "(no column)"
                                  : rows[1][static_cast<size_t>(found - rows[0].begin())];
  };
  EXPECT_EQ(std::stod(value("derived.best[7]")), draw.derived.best.p[6]);
  EXPECT_EQ(std::stod(value("derived.rank_se[1][3]")), draw.derived.rank.se[2]);
  EXPECT_EQ(std::stod(value("derived.pairwise[8][2]")), draw.derived.pairwise.p[57]);
  EXPECT_EQ(std::stod(value("derived.max.q50")), draw.derived.max[0].quantiles[2]);
  EXPECT_EQ(std::stod(value("checks[2].p_value")), draw.checks[1].p_value);
}

// The tables that docs/derived.md shows are what its command prints.
TEST(Derived, DocumentedTablesAreTheProgramsOutput) {
  std::ifstream file(TAUGRID_SOURCE_DIR "/docs/derived.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const size_t begin = page.find("$ taugrid draw ") + 15;
  ASSERT_LT(begin, page.size());
  std::istringstream command(page.substr(begin, page.find('\n', begin) - begin));
  std::vector<std::string> words = {"draw"};
  for (std::string word; command >> word;)
    words.push_back(word == "data/eight_schools.csv" ? TAUGRID_SOURCE_DIR "/" + word : word);
  words.insert(words.end(), {"--quiet", "--backend", "cpu"});
  const Outcome outcome = Process(words).wait();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const size_t first = outcome.out.find("Which school"),
               last = outcome.out.find("\nDraws are independent");
  ASSERT_LT(first, last);
  EXPECT_NE(page.find(outcome.out.substr(first, last - first)), std::string::npos) << outcome.out;
}

// And so is the share of draws above 28 that its second command counts, of the same draws.
TEST(Derived, DocumentedShareIsThatOfTheDraws) {
  std::ifstream file(TAUGRID_SOURCE_DIR "/docs/derived.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  constexpr int64_t kDraws = 1'000'000;
  int64_t above = 0;
  Posterior(eight_schools(), "uniform", "flat", {"cpu", 2})
      .draw_blocks(kDraws, 1, false, [&](const DrawBlock& block) {
        for (const double theta : block.theta(0)) above += theta > 28;
      });
  const std::string share = fmt::format("{:.6g}", static_cast<double>(above) / kDraws);
  EXPECT_NE(page.find("\nprints " + share + " "), std::string::npos) << share;
}

}  // namespace
}  // namespace taugrid
