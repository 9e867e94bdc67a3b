#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "host/taugrid/writers.h"
#include "tests/refusal.h"
#include "tests/scratch_folder.h"

namespace taugrid {
namespace {

const Data kSchools = {{28, 8, -3}, {15, 10, 16}, {}};

DrawFileInfo info_of(int64_t n, Precision precision = Precision::kDouble) {
  return {n, 7, kSchools, "schools.csv", "half_cauchy:5", "flat", precision};
}

// The header's dictionary, and what follows it.
struct Npy {
  std::string dictionary;
  std::string bytes;
};

Npy npy_of(const std::string& text) {
  EXPECT_EQ(text.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const size_t length =
      static_cast<unsigned char>(text.at(8)) + 256u * static_cast<unsigned char>(text.at(9));
  EXPECT_EQ((10 + length) % 64, 0u);
  EXPECT_EQ(text.at(9 + length), '\n');
  const std::string dictionary = text.substr(10, length - 1);
  return {dictionary.substr(0, dictionary.find_last_not_of(' ') + 1), text.substr(10 + length)};
}

template <class T>
void expect_values(const ScratchFolder& folder, const std::string& name, const std::string& shape,
                   const std::vector<T>& expected) {
  const Npy npy = npy_of(folder.read(name));
  EXPECT_EQ(npy.dictionary, "{'descr': '<f" + std::to_string(sizeof(T)) +
                                "', 'fortran_order': False, 'shape': " + shape + ", }");
  ASSERT_EQ(npy.bytes.size(), expected.size() * sizeof(T)) << name;
  EXPECT_EQ(std::memcmp(npy.bytes.data(), expected.data(), npy.bytes.size()), 0) << name;
}

// Draws that a stream writes in several blocks are, bit for bit, those of draw().
template <class T>
void expect_draws(const DrawsOf<T>& draws, Precision precision) {
  const ScratchFolder folder;
  const Posterior posterior(kSchools, "half_cauchy:5", "flat");
  const std::string path = folder.file("a.b.npy");
  const auto file = draw_format_of(path).open(path, info_of(draws.n, precision));
  posterior.draw_blocks(
      draws.n, 7, true, [&](const DrawBlock& block) { file->write(block); }, {}, precision);
  EXPECT_EQ(folder.names().size(), 5u);  // temporary
  EXPECT_EQ(folder.read("a.b.tau.npy"), "");
  file->finish(0.1);
  EXPECT_EQ(folder.names().size(), 5u);
  const auto view = draws.view();
  const auto column = [](std::span<const T> x) { return std::vector<T>(x.begin(), x.end()); };
  const std::string n = std::to_string(draws.n), vector = "(" + n + ",)";
  expect_values<T>(folder, "a.b.tau.npy", vector, column(view.tau()));
  expect_values<T>(folder, "a.b.mu.npy", vector, column(view.mu()));
  expect_values<T>(folder, "a.b.theta_new.npy", vector, column(view.theta_new()));
  expect_values<T>(folder, "a.b.lp.npy", vector, column(view.lp()));
  std::vector<T> theta;
  for (int64_t i = 0; i < draws.n; ++i)
    for (int64_t j = 0; j < 3; ++j) theta.push_back(view.theta(j)[static_cast<size_t>(i)]);
  expect_values<T>(folder, "a.b.theta.npy", "(" + n + ", 3)", theta);
}

TEST(NpyFile, HasTheDrawsBitForBit) {
  const Posterior posterior(kSchools, "half_cauchy:5", "flat");
  expect_draws(posterior.draw(20'000, 7, 0, true), Precision::kDouble);
  expect_draws(posterior.draw_single(20'000, 7, 0, true), Precision::kSingle);
  expect_draws(posterior.draw(1, 7, 0, true), Precision::kDouble);
}

TEST(NpyFile, WritesOneNan) {
  const ScratchFolder folder;
  const double columns[] = {1, -std::numeric_limits<double>::quiet_NaN(), 2, 3, 4, 5, 6};
  const auto file = draw_format_of("a.npy").open(folder.file("a.npy"), info_of(1));
  file->write(DrawBlock(columns, 1, 0, 1, 3, true));
  file->finish(0);
  expect_values<double>(folder, "a.mu.npy", "(1,)", {std::numeric_limits<double>::quiet_NaN()});
}

TEST(NpyFile, LeavesNothingUnfinished) {
  const ScratchFolder folder;
  folder.write("a.mu.npy", "old");
  const auto file = draw_format_of("a.npy").open(folder.file("a.npy"), info_of(100));
  EXPECT_EQ(folder.read("a.mu.npy"), "old");
}

TEST(NpyFile, SaysAtOnceThatAPathCannotBeWritten) {
  const ScratchFolder folder;
  const std::string path = folder.file("no/a.npy");
  EXPECT_EQ(refusal([&] { draw_format_of(path).open(path, info_of(1)); }),
            "cannot write " + folder.file("no/a.tau.npy") + ": No such file or directory");
}

TEST(DrawFormats, AreChosenByTheExtension) {
  for (const DrawFormat& format : draw_formats())
    EXPECT_EQ(&draw_format_of("a" + std::string(format.extension)), &format);
  EXPECT_STREQ(draw_format_of("-").extension, ".csv");
  EXPECT_STREQ(draw_format_of("/dev/null").extension, ".csv");
  EXPECT_EQ(refusal([] { draw_format_of("a.parquet"); }),
            "--out is a.parquet, must end in one of .csv (Stan CSV), .nc (netCDF-4), .npy "
            "(NumPy), or be - for standard output");
}

TEST(DrawFormats, RefuseOptionsThatTheyDoNotHave) {
  DrawFileOptions options;
  options.compress = 3;
  EXPECT_EQ(refusal([&] { draw_format_of("a.npy", options); }),
            "--compress and --groups are of netCDF-4 files (.nc), not of NumPy (a.npy)");
  EXPECT_STREQ(draw_format_of("a.nc", options).name, "netCDF-4");
  EXPECT_EQ(refusal([] { parse_draw_groups("posterior,prior"); }),
            "groups 'posterior,prior': 'prior' is unknown, must be one of posterior, sample_stats, "
            "log_likelihood, posterior_predictive, separated by commas");
}

}  // namespace
}  // namespace taugrid
