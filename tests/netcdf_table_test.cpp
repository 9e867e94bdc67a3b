#include "host/taugrid/netcdf_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <sstream>

#include "host/taugrid/csv_fields.h"
#include "host/taugrid/device.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/readers.h"
#include "tests/csv_record.h"
#include "tests/netcdf_reader.h"
#include "tests/process.h"
#include "tests/refusal.h"
#include "tests/same_bits.h"

namespace taugrid {
namespace {

using Texts = std::vector<std::string>;

ByteSource source_of(const std::string& text) {
  return [&text, at = size_t{0}](char* to, size_t size) mutable {
    const size_t n = text.copy(to, size, at);
    at += n;
    return n;
  };
}

// A table of n rows and what is in it.
struct Example {
  std::string csv = "name,J,\"a,b\",mu.q2.5,why\n";
  Texts names, whys;
  std::vector<int64_t> sizes;
  std::vector<double> a, q;

  explicit Example(int64_t n) {
    const Texts odd = {"", "x", "a,b", "\"q\"", "two\nlines", " blank ", "#1", "\xC3\x9C"};
    const double extremes[] = {0.0,
                               -0.0,
                               5e-324,
                               -std::numeric_limits<double>::max(),
                               std::numeric_limits<double>::infinity(),
                               std::numeric_limits<double>::quiet_NaN(),
                               1.0 / 3.0};
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal;
    for (int64_t i = 0; i < n; ++i) {
      names.push_back(odd[static_cast<size_t>(i) % odd.size()] + std::to_string(i % 3));
      whys.push_back(odd[static_cast<size_t>(i / 2) % odd.size()]);
      sizes.push_back(static_cast<int64_t>(random() >> 1));
      a.push_back(extremes[static_cast<size_t>(i) % std::size(extremes)]);
      q.push_back(normal(random));
      csv += csv_quoted(names.back()) + "," + std::to_string(sizes.back()) + "," +
             csv_number(a.back()) + "," + csv_number(q.back()) + "," + csv_quoted(whys.back()) +
             "\n";
    }
  }
  NetcdfTable table(const std::string& path) const {
    return {path, static_cast<int64_t>(names.size()), {"name", "why"}, {"J"}, {{"data_file", "d"}}};
  }
};

TEST(NetcdfTable, HasTheColumnsOfTheCsvBitForBit) {
  // One block of rows, one and a bit, and several reads.
  for (const int64_t n : {1, 100, 16385, 40'000}) {
    const Example example(n);
    const ScratchFolder folder;
    write_netcdf_table(example.table(folder.file("a.nc")), source_of(example.csv));
    EXPECT_EQ(folder.names(), Texts{"a.nc"});
    const NetcdfReader file(folder.file("a.nc"));
    EXPECT_EQ(file.variables(), (Texts{"name", "J", "a,b", "mu.q2.5", "why"}));
    for (const std::string& name : file.variables())
      EXPECT_EQ(file.dimensions("", name),
                (std::vector<std::pair<std::string, size_t>>{{"row", static_cast<size_t>(n)}}));
    EXPECT_EQ(file.type("", "J"), NC_INT64);
    EXPECT_EQ(file.type("", "mu.q2.5"), NC_DOUBLE);
    EXPECT_EQ(file.texts("", "name"), example.names);
    EXPECT_EQ(file.texts("", "why"), example.whys);
    EXPECT_EQ(file.values<int64_t>("", "J"), example.sizes);
    EXPECT_SAME_BITS(file.values<double>("", "a,b"), example.a);
    EXPECT_SAME_BITS(file.values<double>("", "mu.q2.5"), example.q);
    EXPECT_EQ(file.text(file.root(), "inference_library_version"), version());
    EXPECT_EQ(file.text(file.root(), "data_file"), "d");
  }
}

TEST(NetcdfTable, IsTheSameBytesAgain) {
  const Example example(1000);
  const ScratchFolder folder;
  write_netcdf_table(example.table(folder.file("a.nc")), source_of(example.csv));
  write_netcdf_table(example.table(folder.file("b.nc")), source_of(example.csv));
  EXPECT_EQ(folder.read("a.nc"), folder.read("b.nc"));
}

TEST(NetcdfTable, TextsAreUtf8) {
  const ScratchFolder folder;
  const std::string csv = std::string(
                              "name,J\n\xFC"
                              "ber,1\nnul") +
                          '\0' + "l,2\n\xC3\x9C,3\n";
  write_netcdf_table({folder.file("a.nc"), 3, {"name"}, {"J"}, {}}, source_of(csv));
  const NetcdfReader file(folder.file("a.nc"));
  EXPECT_EQ(file.texts("", "name"), (Texts{"\uFFFD"
                                           "ber",
                                           "nul\uFFFDl", "\u00DC"}));
}

TEST(NetcdfTable, AppearsWholeOrNotAtAll) {
  const Example example(10);
  const ScratchFolder folder;
  folder.write("a.nc", "old");
  const NetcdfTable table = example.table(folder.file("a.nc"));
  EXPECT_THROW(write_netcdf_table(table, source_of(example.csv), [] { return true; }), Stopped);
  EXPECT_THROW(write_netcdf_table(
                   table, [](char*, size_t) -> size_t { throw std::runtime_error("no more"); }),
               std::runtime_error);
  EXPECT_EQ(folder.names(), Texts{"a.nc"});
  EXPECT_EQ(folder.read("a.nc"), "old");
}

TEST(NetcdfTable, NeedsARegularFile) {
  for (const char* path : {"-", "/dev/null"})
    EXPECT_EQ(refusal([&] { check_netcdf_path(path); }),
              std::string("cannot write ") + path + ": netCDF needs a regular file");
  check_netcdf_path("/tmp/none.nc");
}

// ---- as the program writes it

Outcome run(const Texts& arguments) { return Process(arguments).wait(); }

// The file has what the CSV has, column by column.
void expect_same_table(const std::string& netcdf, const std::string& csv, const Texts& texts,
                       const Texts& integers) {
  const NetcdfReader file(netcdf);
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  const Texts header = csv_fields(line);
  EXPECT_EQ(file.variables(), header);
  std::vector<Texts> columns(header.size());
  while (std::getline(lines, line)) {
    const Texts fields = csv_fields(line);
    ASSERT_EQ(fields.size(), header.size());
    for (size_t c = 0; c < fields.size(); ++c) columns[c].push_back(fields[c]);
  }
  for (size_t c = 0; c < header.size(); ++c) {
    const auto is_in = [&](const Texts& list) {
      return std::find(list.begin(), list.end(), header[c]) != list.end();
    };
    if (is_in(texts)) {
      EXPECT_EQ(file.texts("", header[c]), columns[c]) << header[c];
      continue;
    }
    EXPECT_EQ(file.type("", header[c]), is_in(integers) ? NC_INT64 : NC_DOUBLE) << header[c];
    std::vector<double> expected, values;
    for (const std::string& text : columns[c])
      expected.push_back(text.empty() ? std::nan("") : parse_number(text, header[c]));
    if (is_in(integers)) {
      for (const int64_t value : file.values<int64_t>("", header[c]))
        values.push_back(static_cast<double>(value));
    } else {
      values = file.values<double>("", header[c]);
    }
    EXPECT_SAME_BITS(values, expected) << header[c];
  }
}

TEST(NetcdfTable, HasTheRowsOfABatch) {
  const ScratchFolder folder;
  const std::string in = folder.write(
      "in.csv", "group,y,sigma\na,1,1\na,2,1\n\"b,\"\"1\"\"\",1,-1\nc,1,1\nc,5,1\nc,7,0.5\n");
  const Texts request = {
      "batch", in, "--tau-prior", "half_cauchy:1", "--quiet", "--quantities", "tau,mu,theta"};
  Texts as_csv = request, as_netcdf = request;
  as_csv.insert(as_csv.end(), {"--out", folder.file("a.csv")});
  as_netcdf.insert(as_netcdf.end(), {"--out", folder.file("a.nc")});
  EXPECT_EQ(run(as_csv).code, 0);
  const Outcome outcome = run(as_netcdf);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(folder.names().size(), 3u);
  expect_same_table(folder.file("a.nc"), folder.read("a.csv"), {"group", "error"}, {"J"});
  const NetcdfReader file(folder.file("a.nc"));
  EXPECT_EQ(file.text(file.root(), "tau_prior"), "half_cauchy:1");
  EXPECT_EQ(file.text(file.root(), "mu_prior"), "flat");
  EXPECT_EQ(file.text(file.root(), "data_file"), in);
}

TEST(NetcdfTable, HasTheRowsOfAStudy) {
  const ScratchFolder folder;
  const std::string text =
      "seed = 3\nreplicates = 50\nmethods = ['dl']\n[scenarios]\nk = [2, 3]\nsigma = 'fixed:0.4'\n"
      "mu = 0.1\ntau = [0, 0.5]\n";
  const std::string study = folder.write("study.toml", text);
  EXPECT_EQ(run({"simulate", study, "--quiet", "--out", folder.file("a.csv")}).code, 0);
  const Outcome outcome = run({"simulate", study, "--quiet", "--out", folder.file("a.nc")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(folder.names().size(), 3u);
  expect_same_table(folder.file("a.nc"), folder.read("a.csv"),
                    {"sigma", "theta", "method", "parameter", "measure"},
                    {"scenario", "k", "replicates", "failures"});
  const NetcdfReader file(folder.file("a.nc"));
  EXPECT_EQ(file.text(file.root(), "study"), text);
  EXPECT_EQ(run({"simulate", study, "--out", "/dev/null/a.nc"}).code, 2);
}

}  // namespace
}  // namespace taugrid
