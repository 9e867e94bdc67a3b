#include "host/taugrid/forest_plot.h"

#include <gtest/gtest.h>

#include <sstream>

#include "host/taugrid/number_text.h"
#include "tests/example_results.h"
#include "tests/refusal.h"

namespace taugrid {
namespace {

const Data kData = {{28, 8}, {15, 10}, {"Hart, \"H\"", "Søren"}};

std::vector<std::string> plot_lines(const FitSummary& fit, const Data& data = kData) {
  std::vector<std::string> lines;
  std::istringstream in(forest_plot(fit, data));
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The column of the first, or last, occurrence of a symbol.
int first_column(const std::string& line, const std::string& symbol) {
  const size_t at = line.find(symbol);
  return at == std::string::npos ? -1 : static_cast<int>(display_width(line.substr(0, at)));
}
int last_column(const std::string& line, const std::string& symbol) {
  const size_t at = line.rfind(symbol);
  return at == std::string::npos ? -1 : static_cast<int>(display_width(line.substr(0, at)));
}

TEST(ForestPlot, HasALineForMuEveryThetaAndThetaNew) {
  const auto lines = plot_lines(example_fit());
  EXPECT_EQ(lines[0].substr(0, 3), "mu ");
  EXPECT_EQ(lines[1].substr(0, 18), "theta[1] Hart, \"H\"");
  EXPECT_EQ(lines[2].substr(0, 15), "theta[2] Søren");
  EXPECT_EQ(lines[3].substr(0, 10), "theta_new ");
  EXPECT_EQ(lines[3].back(), '-');  // it does not exist
  for (const std::string& line : lines) EXPECT_LE(display_width(line), 72u) << line;
}

TEST(ForestPlot, MarksStandWhereTheAxisSays) {
  const auto lines = plot_lines(example_fit());
  const std::string& ruler = lines[4];
  const std::string& labels = lines[5];
  // The place of a value by the ticks, from their labels: 0 and 20 are two of them.
  std::vector<int> ticks;
  for (size_t at = ruler.find("┬"); at != std::string::npos; at = ruler.find("┬", at + 1)) {
    ticks.push_back(static_cast<int>(display_width(ruler.substr(0, at))));
  }
  std::istringstream in(labels);
  std::vector<double> values;
  for (double value; in >> value;) values.push_back(value);
  ASSERT_EQ(values.size(), ticks.size());
  ASSERT_GE(values.size(), 3u);
  const double scale = (ticks.back() - ticks.front()) / (values.back() - values.front());
  const auto column = [&](double value) {
    return ticks.front() + (value - values.front()) * scale;
  };

  const std::string& theta_1 = lines[1];  // 95% -2.1 .. 31.6, 50% 6 .. 15.5, median 10.2, y 28
  EXPECT_NEAR(first_column(theta_1, "─"), column(-2.1), 1);
  EXPECT_NEAR(last_column(theta_1, "─"), column(31.6), 1);
  EXPECT_NEAR(first_column(theta_1, "━"), column(6), 1);
  EXPECT_NEAR(last_column(theta_1, "━"), column(15.5), 1);
  EXPECT_NEAR(first_column(theta_1, "●"), column(10.2), 1);
  EXPECT_NEAR(first_column(theta_1, "×"), column(28), 1);
  // y of theta[2], 8, falls on its median, 7.9; mu has no y.
  EXPECT_NEAR(first_column(lines[2], "⊗"), column(8), 1);
  EXPECT_EQ(first_column(lines[0], "×"), -1);
  EXPECT_EQ(first_column(lines[0], "⊗"), -1);
}

TEST(ForestPlot, ShowsAnOutlyingY) {
  FitSummary fit = example_fit();
  const auto lines = plot_lines(fit, {{1000, 8}, {15, 10}, {}});
  EXPECT_GT(first_column(lines[1], "×"), 60);
  EXPECT_NE(lines[5].find("1000"), std::string::npos);
}

TEST(ForestPlot, TicksStayLegibleFarFromZeroAndForOneValue) {
  FitSummary fit = example_fit();
  for (ParameterSummary& p : fit.parameters) {
    for (double& q : p.quantiles) q = 1e8 + 1e-3 * q;
    p.central = {p.quantiles.front(), p.quantiles.back()};
  }
  const auto far = plot_lines(fit, {{1e8, 1e8}, {1, 1}, {}});
  std::istringstream in(far[5]);
  double first = 0, second = 0;
  ASSERT_TRUE(in >> first >> second);
  EXPECT_LT(first, second);

  for (ParameterSummary& p : fit.parameters) {
    for (double& q : p.quantiles) q = 3;
    p.central = {3, 3};
  }
  EXPECT_NE(plot_lines(fit, {{3, 3}, {1, 1}, {}})[0].find("●"), std::string::npos);
}

TEST(ForestPlot, LabelsStandAloneWhereNamesWouldBeTooLong) {
  FitSummary fit = example_fit();
  fit.parameters[2].label = "Frimodt-Moller et al 1973";
  const auto lines = plot_lines(fit);
  EXPECT_EQ(lines[1].rfind("Frimodt-Moller et al 1973  ", 0), 0u) << lines[1];
  EXPECT_EQ(lines[2].rfind("Søren  ", 0), 0u) << lines[2];
  EXPECT_EQ(lines[3].rfind("theta_new  ", 0), 0u) << lines[3];
}

TEST(ForestPlot, ShortensLongLabelsByWholeCharacters) {
  FitSummary fit = example_fit();
  fit.parameters[2].label = "ÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅ";
  const auto lines = plot_lines(fit);
  EXPECT_EQ(lines[1].rfind("ÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅÅ…  ", 0), 0u) << lines[1];
}

TEST(ForestPlot, RefusesAFitOfOtherData) {
  EXPECT_EQ(refusal([] {
              forest_plot(example_fit(), {{1}, {1}, {}});
            }),
            "the plot's data are not those of its fit");
}

}  // namespace
}  // namespace taugrid
