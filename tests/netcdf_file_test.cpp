#include <gtest/gtest.h>
#include <netcdf.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "host/taugrid/device.h"
#include "host/taugrid/writers.h"
#include "tests/netcdf_reader.h"
#include "tests/process.h"
#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

const Data kSchools = {{28, 8, -3}, {15, 10, 16}, {"A", "b, c", "Ü"}};
constexpr int64_t kDraws = 20'000;  // three blocks, the last one ragged
constexpr uint64_t kSeed = 18446744073709551615u;

DrawFileInfo info_of(int64_t n, Precision precision, const DrawFileOptions& options = {},
                     const Data& data = kSchools) {
  return {n, kSeed, data, "schools.csv", "half_cauchy:5", "flat", precision, options};
}

Posterior posterior_of(const Data& data = kSchools) { return {data, "half_cauchy:5", "flat"}; }

void write(const std::string& path, int64_t n, Precision precision,
           const DrawFileOptions& options = {}, const Data& data = kSchools) {
  const auto file = draw_format_of(path, options).open(path, info_of(n, precision, options, data));
  posterior_of(data).draw_blocks(
      n, kSeed, true, [&](const DrawBlock& block) { file->write(block); }, {}, precision);
  file->finish(0.25);
}

template <class T>
std::vector<T> rows_of(const DrawsOf<T>& draws) {
  std::vector<T> rows;
  for (int64_t i = 0; i < draws.n; ++i)
    for (int64_t j = 0; j < draws.n_schools; ++j)
      rows.push_back(draws.view().theta(j)[static_cast<size_t>(i)]);
  return rows;
}

template <class T>
void expect_same(const std::vector<T>& values, const std::vector<T>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  EXPECT_EQ(std::memcmp(values.data(), expected.data(), values.size() * sizeof(T)), 0);
}

template <class T>
std::vector<T> vector_of(std::span<const T> x) {
  return {x.begin(), x.end()};
}

template <class T>
void expect_draws(const DrawsOf<T>& draws, Precision precision, const DrawFileOptions& options) {
  const ScratchFolder folder;
  write(folder.file("a.nc"), draws.n, precision, options);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a.nc"});
  const NetcdfReader file(folder.file("a.nc"));
  EXPECT_EQ(file.type("posterior", "tau"), sizeof(T) == sizeof(float) ? NC_FLOAT : NC_DOUBLE);
  const auto view = draws.view();
  expect_same(file.values<T>("posterior", "tau"), vector_of<T>(view.tau()));
  expect_same(file.values<T>("posterior", "mu"), vector_of<T>(view.mu()));
  expect_same(file.values<T>("posterior", "theta_new"), vector_of<T>(view.theta_new()));
  expect_same(file.values<T>("sample_stats", "lp"), vector_of<T>(view.lp()));
  expect_same(file.values<T>("posterior", "theta"), rows_of(draws));
}

TEST(NetcdfFile, HasTheDrawsBitForBit) {
  const Posterior posterior = posterior_of();
  DrawFileOptions compressed;
  compressed.compress = 5;
  expect_draws(posterior.draw(kDraws, kSeed, 0, true), Precision::kDouble, {});
  expect_draws(posterior.draw(kDraws, kSeed, 0, true), Precision::kDouble, compressed);
  expect_draws(posterior.draw_single(kDraws, kSeed, 0, true), Precision::kSingle, {});
  expect_draws(posterior.draw(1, kSeed, 0, true), Precision::kDouble, {});
}

TEST(NetcdfFile, HasTheGroupsOfInferenceData) {
  const ScratchFolder folder;
  write(folder.file("a.nc"), 100, Precision::kDouble);
  const NetcdfReader file(folder.file("a.nc"));
  std::vector<std::string> groups = file.groups();
  std::sort(groups.begin(), groups.end());
  EXPECT_EQ(groups, (std::vector<std::string>{"constant_data", "log_likelihood", "observed_data",
                                              "posterior", "sample_stats"}));
  using Dimensions = std::vector<std::pair<std::string, size_t>>;
  const Dimensions of_draws = {{"chain", 1}, {"draw", 100}},
                   of_schools = {{"chain", 1}, {"draw", 100}, {"school", 3}};
  for (const char* name : {"tau", "mu", "theta_new"})
    EXPECT_EQ(file.dimensions("posterior", name), of_draws) << name;
  EXPECT_EQ(file.dimensions("posterior", "theta"), of_schools);
  EXPECT_EQ(file.dimensions("log_likelihood", "y"), of_schools);
  EXPECT_EQ(file.dimensions("sample_stats", "lp"), of_draws);
  EXPECT_EQ(file.dimensions("observed_data", "y"), (Dimensions{{"school", 3}}));
  EXPECT_EQ(file.values<double>("observed_data", "y"), kSchools.y);
  EXPECT_EQ(file.values<double>("constant_data", "sigma"), kSchools.sigma);
  EXPECT_EQ(file.values<int64_t>("posterior", "chain"), std::vector<int64_t>{0});
  const auto draw = file.values<int64_t>("sample_stats", "draw");
  for (size_t i = 0; i < draw.size(); ++i) EXPECT_EQ(draw[i], static_cast<int64_t>(i));
  for (const char* group : {"posterior", "log_likelihood", "observed_data", "constant_data"}) {
    EXPECT_EQ(file.texts(group, "school"), kSchools.labels) << group;
  }
}

TEST(NetcdfFile, SchoolsWithoutLabelsAreNumberedFromOne) {
  const ScratchFolder folder;
  write(folder.file("a.nc"), 10, Precision::kDouble, {}, {{28, 8, -3}, {15, 10, 16}, {}});
  const NetcdfReader file(folder.file("a.nc"));
  EXPECT_EQ(file.values<int64_t>("posterior", "school"), (std::vector<int64_t>{1, 2, 3}));
}

TEST(NetcdfFile, SaysWhatItCameFrom) {
  const ScratchFolder folder;
  write(folder.file("a.nc"), 10, Precision::kSingle);
  const NetcdfReader file(folder.file("a.nc"));
  for (const int id : {file.root(), file.group("posterior"), file.group("observed_data")}) {
    EXPECT_EQ(file.text(id, "inference_library"), "taugrid");
    EXPECT_EQ(file.text(id, "inference_library_version"), version());
    EXPECT_EQ(file.text(id, "tau_prior"), "half_cauchy:5");
    EXPECT_EQ(file.text(id, "mu_prior"), "flat");
    EXPECT_EQ(file.text(id, "precision"), "single");
    EXPECT_EQ(file.text(id, "data_file"), "schools.csv");
    EXPECT_EQ(file.text(id, "created_at").size(), 25u);  // 2026-01-31T12:00:00+00:00
    EXPECT_NE(file.text(id, "model").find("theta[j] ~ N(mu, tau^2)"), std::string::npos);
    unsigned long long seed = 0;
    int stream = -1;
    EXPECT_EQ(nc_get_att_ulonglong(id, NC_GLOBAL, "seed", &seed), NC_NOERR);
    EXPECT_EQ(seed, kSeed);
    EXPECT_EQ(nc_get_att_int(id, NC_GLOBAL, "taugrid_stream", &stream), NC_NOERR);
    EXPECT_EQ(stream, build_info().stream);
  }
  double seconds = 0;
  EXPECT_EQ(nc_get_att_double(file.group("posterior"), NC_GLOBAL, "sampling_time", &seconds),
            NC_NOERR);
  EXPECT_EQ(seconds, 0.25);
}

TEST(NetcdfFile, LogLikelihoodIsThatOfTheDraw) {
  const ScratchFolder folder;
  write(folder.file("a.nc"), kDraws, Precision::kDouble);
  const NetcdfReader file(folder.file("a.nc"));
  const auto theta = file.values<double>("posterior", "theta");
  const auto log_likelihood = file.values<double>("log_likelihood", "y");
  ASSERT_EQ(log_likelihood.size(), theta.size());
  for (size_t i = 0; i < theta.size(); ++i) {
    const double sigma = kSchools.sigma[i % 3], r = (kSchools.y[i % 3] - theta[i]) / sigma;
    const double expected = -0.5 * std::log(2 * M_PI * sigma * sigma) - 0.5 * r * r;
    ASSERT_NEAR(log_likelihood[i], expected, 4e-15 * std::abs(expected)) << i;
  }
}

// The replicated data are those that the predictive checks count.
template <class T>
void expect_checked_data(Precision precision) {
  const ScratchFolder folder;
  DrawFileOptions options;
  options.groups = parse_draw_groups("posterior_predictive");
  write(folder.file("a.nc"), kDraws, precision, options);
  const NetcdfReader file(folder.file("a.nc"));
  EXPECT_EQ(file.groups().size(), 3u);
  const auto y_rep = file.values<T>("posterior_predictive", "y");
  uint64_t above = 0, below = 0;
  for (size_t i = 0; i < y_rep.size(); i += 3) {
    above += *std::max_element(&y_rep[i], &y_rep[i] + 3) >= T(28);
    below += *std::min_element(&y_rep[i], &y_rep[i] + 3) >= T(-3);
  }
  const DrawSummary summary = posterior_of().draw_summary(kDraws, kSeed, {}, false, {}, precision,
                                                          parse_derive("", "max,min"));
  EXPECT_EQ(summary.checks[0].count, above);
  EXPECT_EQ(summary.checks[1].count, below);
  EXPECT_GT(above, 1000u);
}

TEST(NetcdfFile, ReplicatedDataAreThoseOfThePredictiveChecks) {
  expect_checked_data<double>(Precision::kDouble);
  expect_checked_data<float>(Precision::kSingle);
}

TEST(NetcdfFile, ManySchoolsAreWrittenByParts) {
  Data data;
  for (int j = 0; j < 5000; ++j) data.y.push_back(j % 7), data.sigma.push_back(1 + j % 3);
  const ScratchFolder folder;
  DrawFileOptions options;
  options.groups = parse_draw_groups("posterior");
  write(folder.file("a.nc"), 300, Precision::kDouble, options, data);
  const NetcdfReader file(folder.file("a.nc"));
  expect_same(file.values<double>("posterior", "theta"),
              rows_of(posterior_of(data).draw(300, kSeed)));
}

TEST(NetcdfFile, ChunksAreMegabytesAlongTheDraws) {
  const ScratchFolder folder;
  write(folder.file("a.nc"), kDraws, Precision::kDouble);
  const NetcdfReader file(folder.file("a.nc"));
  size_t chunk[3];
  int storage;
  ASSERT_EQ(nc_inq_var_chunking(file.group("posterior"), file.variable("posterior", "theta"),
                                &storage, chunk),
            NC_NOERR);
  EXPECT_EQ(storage, NC_CHUNKED);
  EXPECT_EQ(chunk[0], 1u);
  EXPECT_EQ(chunk[1], static_cast<size_t>(kDraws));
  EXPECT_EQ(chunk[2], 3u);
}

TEST(NetcdfFile, AppearsOnlyWhenFinished) {
  const ScratchFolder folder;
  folder.write("a.nc", "old");
  {
    const auto file =
        draw_format_of("a.nc").open(folder.file("a.nc"), info_of(100, Precision::kDouble));
    const std::vector<double> columns(7 * 100, 1.0);
    file->write(DrawBlock(columns.data(), 100, 0, 100, 3, true));
    EXPECT_EQ(folder.names().size(), 2u);
    EXPECT_EQ(folder.read("a.nc"), "old");
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a.nc"});
  EXPECT_EQ(folder.read("a.nc"), "old");
}

TEST(NetcdfFile, RefusesWhatItCannotWrite) {
  const ScratchFolder folder;
  const auto open = [&](const std::string& path, const DrawFileOptions& options = {}) {
    return refusal(
        [&] { draw_format_of("a.nc").open(path, info_of(1, Precision::kDouble, options)); });
  };
  EXPECT_EQ(open(folder.file("no/a.nc")),
            "cannot write " + folder.file("no/a.nc") + ": No such file or directory");
  EXPECT_EQ(open("/dev/null"), "cannot write /dev/null: netCDF needs a regular file");
  DrawFileOptions none;
  none.groups = parse_draw_groups("");
  EXPECT_EQ(open(folder.file("a.nc"), none), "--groups is empty, must have at least one group");
  DrawFileOptions ten;
  ten.compress = 10;
  EXPECT_EQ(open(folder.file("a.nc"), ten), "--compress is 10, must be from 0 to 9");
  EXPECT_TRUE(folder.names().empty());
  const double columns[7] = {};
  const auto file =
      draw_format_of("a.nc").open(folder.file("a.nc"), info_of(1, Precision::kDouble));
  EXPECT_EQ(refusal([&] { file->write(DrawBlock(columns, 1, 0, 1, 3, false)); }),
            "netCDF needs draws with lp");
}

// ---- as the program writes it

Outcome run(const std::vector<std::string>& arguments) { return Process(arguments).wait(); }
const std::string kFile = TAUGRID_SOURCE_DIR "/data/eight_schools.csv";

TEST(NetcdfFile, TheProgramWritesWhatItSummarises) {
  const ScratchFolder folder;
  const Outcome outcome =
      run({"draw", kFile, "--draws", "1000", "--seed", "7", "--out", folder.file("a.nc"),
           "--compress", "1", "--groups", "posterior,posterior_predictive", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const NetcdfReader file(folder.file("a.nc"));
  EXPECT_EQ(file.groups().size(), 4u);
  double sum = 0;
  for (const double mu : file.values<double>("posterior", "mu")) sum += mu;
  const auto result = nlohmann::json::parse(outcome.out);
  EXPECT_NEAR(result["parameters"][1]["sample"]["mean"].get<double>(), sum / 1000, 1e-9);
  int shuffle, deflate, level;
  ASSERT_EQ(nc_inq_var_deflate(file.group("posterior"), file.variable("posterior", "theta"),
                               &shuffle, &deflate, &level),
            NC_NOERR);
  EXPECT_EQ(level, 1);
}

TEST(NetcdfFile, TheProgramRefusesOptionsWithoutAFileForThem) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--compress", "3"},
                                               {"--groups", "posterior"},
                                               {"--groups", "posterior", "--out", "-"},
                                               {"--groups", "prior", "--out", "a.nc"},
                                               {"--compress", "10", "--out", "a.nc"}}) {
    std::vector<std::string> arguments = {"draw", kFile, "--draws", "1e15"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << more[0] << ' ' << more[1];
    EXPECT_EQ(outcome.out, "");
  }
}

}  // namespace
}  // namespace taugrid
