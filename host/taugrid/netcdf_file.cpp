// Draws as netCDF-4 laid out as ArviZ's InferenceData (schema specification of ArviZ): a group each
// for the posterior, what belongs to each of its draws, and the data; dimensions chain, draw,
// school. docs/files.md has the layout and its reasons.
//
// Written by netCDF-C under OutputFile's temporary name. Everything is chunked along the draws, and
// blocks of draws fill whole chunks or a few of them in turn, so memory does not grow with the
// draws.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <netcdf.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "host/taugrid/device.h"
#include "host/taugrid/netcdf_version.h"
#include "host/taugrid/observation_density.h"
#include "host/taugrid/output_file.h"
#include "host/taugrid/replicated_data.h"
#include "host/taugrid/writer_functions.h"
#include "kernels/math/philox.h"

namespace taugrid {
namespace {

// Readers load the coordinates whole when they open a file; the numbers 0 .. N - 1, which they
// count by themselves where there are none, are then not worth their memory.
constexpr int64_t kMostDrawCoordinates = 10'000'000;

// A chunk holds so many values, of so many schools and draws at most (4 MiB in double).
constexpr int64_t kChunkValues = int64_t{1} << 19;
constexpr int64_t kChunkSchools = 4096;
constexpr int64_t kChunkDraws = 65536;

constexpr const char* kModel =
    "y[j] ~ N(theta[j], sigma[j]^2), theta[j] ~ N(mu, tau^2), j = 1 .. J";

template <class T>
class NetcdfFile final : public DrawFile {
 public:
  NetcdfFile(const std::string& path, DrawFileInfo info)
      : path_(path),
        info_(std::move(info)),
        file_(path),
        density_(info_.data),
        replicated_(info_.data, info_.seed) {
    if (file_.temporary_path().empty())
      throw std::invalid_argument("cannot write " + path + ": netCDF needs a regular file");
    check(nc_create(file_.temporary_path().c_str(), NC_CLOBBER | NC_NETCDF4, &root_));
    try {
      define();
    } catch (...) {
      nc_close(root_);
      throw;
    }
  }
  ~NetcdfFile() override {
    if (open_) nc_close(root_);
  }

  void write(const DrawBlock& block) override {
    check_block(block, n_schools(), "netCDF");
    const int64_t rows = rows_at_a_time(n_schools());
    for (int64_t begin = 0; begin < block.size(); begin += rows)
      write_rows(block.part(begin, std::min(rows, block.size() - begin)));
  }

  void finish(double seconds) override {
    for (const int group : sampled_)
      check(nc_put_att_double(group, NC_GLOBAL, "sampling_time", NC_DOUBLE, 1, &seconds));
    open_ = false;
    check(nc_close(root_));
    file_.commit();
  }

 private:
  static constexpr nc_type kType = sizeof(T) == sizeof(float) ? NC_FLOAT : NC_DOUBLE;

  struct Variable {
    int group = -1, id = -1;  // -1: not wanted
    explicit operator bool() const { return id >= 0; }
  };
  struct Dimensions {
    int chain = -1, draw = -1, school = -1;
  };

  int64_t n_schools() const { return info_.data.n_schools(); }

  void check(int status) const {
    if (status == NC_NOERR) return;
    throw std::runtime_error(
        fmt::format("cannot write {}: {}{}", path_, nc_strerror(status),
                    status == NC_EHDFERR ? " (as where the disk is full)" : ""));
  }

  void text(int group, int variable, const char* name, const std::string& value) const {
    check(nc_put_att_text(group, variable, name, value.size(), value.c_str()));
  }

  // What every group says of its origin.
  void attributes(int group) const {
    const auto now =
        std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
    text(group, NC_GLOBAL, "created_at",
         fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00", fmt::gmtime(now)));
    text(group, NC_GLOBAL, "inference_library", "taugrid");
    text(group, NC_GLOBAL, "inference_library_version", version());
    check(nc_put_att_int(group, NC_GLOBAL, "taugrid_stream", NC_INT, 1, &kStreamVersion));
    text(group, NC_GLOBAL, "model", kModel);
    text(group, NC_GLOBAL, "tau_prior", info_.tau_prior);
    text(group, NC_GLOBAL, "mu_prior", info_.mu_prior);
    const unsigned long long seed = info_.seed;
    check(nc_put_att_ulonglong(group, NC_GLOBAL, "seed", NC_UINT64, 1, &seed));
    text(group, NC_GLOBAL, "precision", sizeof(T) == sizeof(float) ? "single" : "double");
    text(group, NC_GLOBAL, "data_file", info_.data_file);
  }

  int define_group(const char* name) {
    int group;
    check(nc_def_grp(root_, name, &group));
    attributes(group);
    return group;
  }

  // A dimension with its coordinate: integers from `first`, or the schools' labels.
  int define_dimension(int group, const char* name, int64_t size, int64_t first,
                       const std::vector<std::string>& labels, bool coordinate = true) {
    int dimension, id;
    check(nc_def_dim(group, name, static_cast<size_t>(size), &dimension));
    if (!coordinate) return dimension;
    if (!labels.empty()) {
      std::vector<const char*> texts;
      for (const std::string& label : labels) texts.push_back(label.c_str());
      check(nc_def_var(group, name, NC_STRING, 1, &dimension, &id));
      check(nc_put_var_string(group, id, texts.data()));
      return dimension;
    }
    check(nc_def_var(group, name, NC_INT64, 1, &dimension, &id));
    const size_t chunk = static_cast<size_t>(std::min(size, kChunkDraws));
    check(nc_def_var_chunking(group, id, NC_CHUNKED, &chunk));
    check(nc_def_var_deflate(group, id, 1, 1, 1));  // a sequence takes next to nothing
    std::vector<long long> values(chunk);
    check(nc_set_var_chunk_cache(group, id, chunk * sizeof values[0], 521, 1.0f));
    for (int64_t begin = 0; begin < size; begin += kChunkDraws) {
      const size_t start = static_cast<size_t>(begin);
      const size_t count = std::min(chunk, static_cast<size_t>(size - begin));
      std::iota(values.begin(), values.end(), first + begin);
      check(nc_put_vara_longlong(group, id, &start, &count, values.data()));
    }
    return dimension;
  }

  int define_schools(int group) {
    return define_dimension(group, "school", n_schools(), 1, info_.data.labels);
  }

  // chain and draw, and the schools if a variable has them.
  Dimensions define_dimensions(int group, bool schools) {
    Dimensions dimensions;
    dimensions.chain = define_dimension(group, "chain", 1, 0, {});
    dimensions.draw =
        define_dimension(group, "draw", info_.draws, 0, {}, info_.draws <= kMostDrawCoordinates);
    if (schools) dimensions.school = define_schools(group);
    return dimensions;
  }

  Variable define_variable(int group, const char* name, const Dimensions& at, bool schools,
                           const char* description) {
    Variable variable{group, -1};
    const int ids[] = {at.chain, at.draw, at.school};
    const int n_dimensions = schools ? 3 : 2;
    check(nc_def_var(group, name, kType, n_dimensions, ids, &variable.id));
    const int64_t chunk_schools = std::min(n_schools(), kChunkSchools);
    int64_t chunk_draws = 16;
    while (2 * chunk_draws <= std::min(kChunkValues / chunk_schools, kChunkDraws)) chunk_draws *= 2;
    // Of schools in several chunks, no more draws than come at once, so that none waits half full.
    if (n_schools() > kChunkSchools)
      while (chunk_draws > rows_at_a_time(n_schools()) && chunk_draws > 16) chunk_draws /= 2;
    chunk_draws = std::min(chunk_draws, info_.draws);
    const size_t chunk[] = {1, static_cast<size_t>(chunk_draws),
                            static_cast<size_t>(chunk_schools)};
    check(nc_def_var_chunking(group, variable.id, NC_CHUNKED, chunk));
    // Room for two chunks, of which those that are full are the first to go.
    const size_t chunk_bytes = static_cast<size_t>(chunk_draws) * sizeof(T) *
                               (schools ? static_cast<size_t>(chunk_schools) : 1);
    check(nc_set_var_chunk_cache(group, variable.id, 2 * chunk_bytes, 521, 1.0f));
    check(nc_def_var_fill(group, variable.id, NC_NOFILL, nullptr));
    if (info_.options.compress > 0)
      check(nc_def_var_deflate(group, variable.id, 1, 1, info_.options.compress));
    text(group, variable.id, "long_name", description);
    return variable;
  }

  void define_data(const char* group_name, const char* name, const std::vector<double>& values,
                   const char* description) {
    const int group = define_group(group_name);
    const int school = define_schools(group);
    int id;
    check(nc_def_var(group, name, NC_DOUBLE, 1, &school, &id));
    text(group, id, "long_name", description);
    check(nc_put_var_double(group, id, values.data()));
  }

  void define() {
    attributes(root_);
    const DrawGroups& groups = info_.options.groups;
    const auto sampled = [&](const char* name) {
      sampled_.push_back(define_group(name));
      return sampled_.back();
    };
    if (groups.posterior) {
      const int group = sampled("posterior");
      const Dimensions at = define_dimensions(group, true);
      tau_ = define_variable(group, "tau", at, false, "standard deviation of the effects");
      mu_ = define_variable(group, "mu", at, false, "mean of the effects");
      theta_ = define_variable(group, "theta", at, true, "effect in each school");
      theta_new_ = define_variable(group, "theta_new", at, false, "effect in a new school");
    }
    if (groups.posterior_predictive) {
      const int group = sampled("posterior_predictive");
      y_rep_ = define_variable(group, "y", define_dimensions(group, true), true,
                               "replicated data, N(theta, sigma^2)");
    }
    if (groups.log_likelihood) {
      const int group = sampled("log_likelihood");
      log_likelihood_ = define_variable(group, "y", define_dimensions(group, true), true,
                                        "log N(y | theta, sigma^2)");
    }
    if (groups.sample_stats) {
      const int group = sampled("sample_stats");
      lp_ =
          define_variable(group, "lp", define_dimensions(group, false), false,
                          "log posterior density up to a constant, as Stan's ~ statements give it");
    }
    define_data("observed_data", "y", info_.data.y, "estimate of each school's effect");
    define_data("constant_data", "sigma", info_.data.sigma, "standard error of each y");
  }

  // Values of n rows of one column, or of all schools' (J) at `stride`; one NaN, whatever its bits.
  template <class Value>
  void put(const Variable& variable, uint64_t first, int64_t n, int64_t n_columns,
           const Value& value) {
    if (!variable) return;
    constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
    const size_t size = static_cast<size_t>(n * n_columns);
    if (rows_.size() < size) rows_.resize(size);
    T* at = rows_.data();
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n_columns; ++j) {
        const double x = value(i, j);
        *at++ = std::isnan(x) ? kNaN : static_cast<T>(x);
      }
    const size_t start[] = {0, static_cast<size_t>(first), 0};
    const size_t count[] = {1, static_cast<size_t>(n), static_cast<size_t>(n_columns)};
    if constexpr (sizeof(T) == sizeof(float))
      check(nc_put_vara_float(variable.group, variable.id, start, count, rows_.data()));
    else
      check(nc_put_vara_double(variable.group, variable.id, start, count, rows_.data()));
  }

  void write_rows(const DrawBlock& block) {
    const uint64_t first = block.first();
    const int64_t n = block.size(), n_schools = block.n_schools();
    const auto column = [&](const Variable& variable, std::span<const double> values) {
      put(variable, first, n, 1,
          [&](int64_t i, int64_t) { return values[static_cast<size_t>(i)]; });
    };
    column(tau_, block.tau());
    column(mu_, block.mu());
    column(theta_new_, block.theta_new());
    column(lp_, block.lp());
    std::vector<const double*> theta;
    for (int64_t j = 0; j < n_schools; ++j) theta.push_back(block.theta(j).data());
    const auto theta_at = [&](int64_t i, int64_t j) { return theta[static_cast<size_t>(j)][i]; };
    put(theta_, first, n, n_schools, theta_at);
    put(log_likelihood_, first, n, n_schools, [&](int64_t i, int64_t j) {
      return density_.log_at(static_cast<size_t>(j), theta_at(i, j));
    });
    if (!y_rep_) return;
    const T* y_rep = replicated_.of(block);
    put(y_rep_, first, n, n_schools, [&](int64_t i, int64_t j) {
      return static_cast<double>(y_rep[j * replicated_.stride() + i]);
    });
  }

  std::string path_;
  DrawFileInfo info_;
  OutputFile file_;
  int root_ = -1;
  bool open_ = true;
  std::vector<int> sampled_;  // groups with draws
  Variable tau_, mu_, theta_, theta_new_, y_rep_, log_likelihood_, lp_;
  ObservationDensity density_;
  ReplicatedDataOf<T> replicated_;
  std::vector<T> rows_;
};

}  // namespace

std::string netcdf_version() {
  const std::string text = nc_inq_libvers();  // "4.9.0 of Sep 17 2022 .."
  return text.substr(0, text.find(' '));
}

std::unique_ptr<DrawFile> netcdf_file(const std::string& path, const DrawFileInfo& info) {
  if (info.options.compress < 0 || info.options.compress > 9)
    throw std::invalid_argument(
        fmt::format("--compress is {}, must be from 0 to 9", info.options.compress));
  const DrawGroups& groups = info.options.groups;
  if (!(groups.posterior || groups.sample_stats || groups.log_likelihood ||
        groups.posterior_predictive))
    throw std::invalid_argument("--groups is empty, must have at least one group");
  if (info.precision == Precision::kSingle) return std::make_unique<NetcdfFile<float>>(path, info);
  return std::make_unique<NetcdfFile<double>>(path, info);
}

}  // namespace taugrid
