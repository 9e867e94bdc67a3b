#include "host/taugrid/stan_csv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

#include "host/taugrid/readers.h"
#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

using Texts = std::vector<std::string>;

constexpr int64_t kStride = 5;
const StanCsvInfo kInfo = {3, 18446744073709551615u, 2, "schools.csv", "half_t:4,5", "flat"};

// Columns tau, mu, theta[1], theta[2], theta_new, lp of three draws, with a gap after each.
std::vector<double> example_columns() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double rows[6][3] = {{0.1, 5e-324, 1.0 / 3}, {-7.9, 1e308, 0}, {1, 2, 3},
                             {-1, -0.0, 1e-5},       {nan, -nan, 4},   {-12.5, -13.25, -1e-300}};
  std::vector<double> columns(6 * kStride, -999);
  for (size_t k = 0; k < 6; ++k) std::memcpy(&columns[k * kStride], rows[k], sizeof rows[k]);
  return columns;
}

Texts lines_of(const std::string& text) {
  Texts lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string written(const ScratchFolder& folder) {
  const std::vector<double> columns = example_columns();
  StanCsvWriter writer(folder.file("a.csv"), kInfo);
  writer.write(DrawBlock(columns.data(), kStride, 0, 2, 2, true));
  writer.write(DrawBlock(columns.data() + 2, kStride, 2, 1, 2, true));
  writer.finish(0.0125);
  return folder.read("a.csv");
}

TEST(StanCsv, HasCmdStansThreeParts) {
  const ScratchFolder folder;
  const Texts lines = lines_of(written(folder));
  size_t header = 0;
  while (lines.at(header)[0] == '#') ++header;
  EXPECT_EQ(lines[header], "lp__,accept_stat__,tau,mu,theta.1,theta.2,theta_new");
  EXPECT_EQ(lines[0], "# stan_version_major = 2");
  for (const char* line :
       {"# method = sample (Default)", "#     num_samples = 3", "#     num_warmup = 1000 (Default)",
        "#     save_warmup = 0 (Default)", "#     thin = 1 (Default)",
        "#     algorithm = fixed_param", "# id = 1 (Default)", "#   file = schools.csv",
        "#   seed = 18446744073709551615", "# taugrid_stream = 0", "# tau_prior = half_t:4,5",
        "# mu_prior = flat"}) {
    EXPECT_EQ(std::count(lines.begin(), lines.begin() + static_cast<int>(header), line), 1) << line;
  }
  const Texts foot(lines.begin() + static_cast<int>(header) + 4, lines.end());
  EXPECT_EQ(foot, (Texts{"# ", "#  Elapsed Time: 0 seconds (Warm-up)",
                         "#                0.013 seconds (Sampling)",
                         "#                0.013 seconds (Total)", "# "}));
}

TEST(StanCsv, RowsReadBackToTheSameBits) {
  const ScratchFolder folder;
  const Texts lines = lines_of(written(folder));
  size_t row = 0;
  while (lines.at(row)[0] == '#') ++row;
  const std::vector<double> columns = example_columns();
  const size_t order[] = {5, 0, 1, 2, 3, 4};  // lp first, then as they are
  for (size_t i = 0; i < 3; ++i) {
    Texts fields;
    std::istringstream in(lines.at(++row));
    for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
    ASSERT_EQ(fields.size(), 7u);
    EXPECT_EQ(fields[1], "0");  // accept_stat__
    fields.erase(fields.begin() + 1);
    for (size_t c = 0; c < 6; ++c) {
      const double expected = columns[order[c] * kStride + i];
      if (std::isnan(expected)) {
        EXPECT_EQ(fields[c], "nan");
      } else {
        const double value = parse_number(fields[c], "field");
        EXPECT_EQ(std::memcmp(&value, &expected, sizeof value), 0) << fields[c];
      }
    }
  }
}

TEST(StanCsv, LongestNumbersFit) {
  const ScratchFolder folder;
  const std::vector<double> columns(6, -1.7976931348623157e308);
  StanCsvWriter writer(folder.file("a.csv"), kInfo);
  writer.write(DrawBlock(columns.data(), 1, 0, 1, 2, true));
  writer.finish(1e6);
  const std::string text = folder.read("a.csv");
  EXPECT_NE(text.find("\n-1.7976931348623157e+308,0,-1.7976931348623157e+308,"), std::string::npos);
  EXPECT_NE(text.find("1000000.000 seconds (Total)"), std::string::npos);
}

TEST(StanCsv, AppearsOnlyWhenFinished) {
  const ScratchFolder folder;
  const std::vector<double> columns = example_columns();
  {
    StanCsvWriter writer(folder.file("a.csv"), kInfo);
    for (int i = 0; i < 20'000; ++i)
      writer.write(DrawBlock(columns.data(), kStride, 0, 3, 2, true));
    EXPECT_FALSE(std::filesystem::exists(folder.file("a.csv")));
  }
  EXPECT_TRUE(folder.names().empty());
}

TEST(StanCsv, RefusesBlocksOfAnotherShape) {
  const ScratchFolder folder;
  const std::vector<double> columns = example_columns();
  StanCsvWriter writer(folder.file("a.csv"), kInfo);
  EXPECT_EQ(refusal([&] { writer.write(DrawBlock(columns.data(), kStride, 0, 3, 2, false)); }),
            "Stan CSV needs draws with lp");
  EXPECT_EQ(refusal([&] { writer.write(DrawBlock(columns.data(), kStride, 0, 3, 1, true)); }),
            "a block of draws has 1 schools, the file 2");
}

TEST(StanCsv, SaysAtOnceThatAPathCannotBeWritten) {
  const ScratchFolder folder;
  const std::string path = folder.file("no/a.csv");
  EXPECT_EQ(refusal([&] { StanCsvWriter(path, kInfo); }),
            "cannot write " + path + ": No such file or directory");
}

}  // namespace
}  // namespace taugrid
