#include "host/taugrid/stan_csv.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "host/taugrid/device.h"
#include "host/taugrid/writer_functions.h"
#include "kernels/math/philox.h"

namespace taugrid {
namespace {

constexpr size_t kLongestNumber = 24;  // "-1.7976931348623157e+308"

// The layout of the head is CmdStan's; its readers look up num_samples, num_warmup, save_warmup,
// thin, method, algorithm and id. Nothing is warmed up: num_warmup is what CmdStan prints there
// with fixed_param, and cmdstanpy refuses 0. The version is that of Stan whose layout this is.
// Lines of our own are `key = value` as well, which readers keep or skip.
std::string head(const std::string& path, const StanCsvInfo& info) {
  std::string text = fmt::format(
      "# stan_version_major = 2\n"
      "# stan_version_minor = 32\n"
      "# stan_version_patch = 2\n"
      "# model = taugrid\n"
      "# method = sample (Default)\n"
      "#   sample\n"
      "#     num_samples = {}\n"
      "#     num_warmup = 1000 (Default)\n"
      "#     save_warmup = 0 (Default)\n"
      "#     thin = 1 (Default)\n"
      "#     algorithm = fixed_param\n"
      "#     num_chains = 1 (Default)\n"
      "# id = 1 (Default)\n"
      "# data\n"
      "#   file = {}\n"
      "# init = 2 (Default)\n"
      "# random\n"
      "#   seed = {}\n"
      "# output\n"
      "#   file = {}\n"
      "#   sig_figs = -1 (Default)\n"
      "# taugrid_version = {}\n"
      "# taugrid_stream = {}\n"
      "# tau_prior = {}\n"
      "# mu_prior = {}\n"
      "# precision = {}\n",
      info.draws, info.data_file, info.seed, path, version(), kStreamVersion, info.tau_prior,
      info.mu_prior, info.precision == Precision::kSingle ? "single" : "double");
  text += "lp__,accept_stat__,tau,mu";
  for (int64_t j = 1; j <= info.n_schools; ++j) text += fmt::format(",theta.{}", j);
  return text + ",theta_new\n";
}

}  // namespace

std::unique_ptr<DrawFile> stan_csv_file(const std::string& path, const DrawFileInfo& info) {
  return std::make_unique<StanCsvWriter>(
      path, StanCsvInfo{info.draws, info.seed, info.data.n_schools(), info.data_file,
                        info.tau_prior, info.mu_prior, info.precision});
}

StanCsvWriter::StanCsvWriter(const std::string& path, const StanCsvInfo& info)
    : file_(path),
      n_schools_(info.n_schools),
      single_(info.precision == Precision::kSingle),
      head_(head(path, info)) {}

void StanCsvWriter::write_head() {
  file_.write(head_);
  head_.clear();
}

void StanCsvWriter::write(const DrawBlock& block) {
  check_block(block, n_schools_, "Stan CSV");
  write_head();
  std::vector<const double*> columns = {block.lp().data()};
  for (int64_t k = 0; k < n_schools_ + 3; ++k) columns.push_back(block.column(k).data());

  const size_t longest_row = columns.size() * (kLongestNumber + 1) + 3;
  for (int64_t i = 0; i < block.size(); ++i) {
    char* const begin = file_.reserve(longest_row);
    char* at = begin;
    for (size_t c = 0; c < columns.size(); ++c) {
      const double value = columns[c][i];
      if (std::isnan(value)) {  // to_chars may sign it
        std::memcpy(at, "nan", 3);
        at += 3;
      } else {
        // The shortest that reads back.
        at = single_ ? std::to_chars(at, at + kLongestNumber, static_cast<float>(value)).ptr
                     : std::to_chars(at, at + kLongestNumber, value).ptr;
      }
      *at++ = ',';
      if (c > 0) continue;
      *at++ = '0';  // accept_stat__
      *at++ = ',';
    }
    at[-1] = '\n';
    file_.advance(static_cast<size_t>(at - begin));
  }
}

void StanCsvWriter::finish(double seconds) {
  write_head();
  // Readers of these lines take digits and a point, no exponent.
  file_.write(
      fmt::format("# \n"
                  "#  Elapsed Time: 0 seconds (Warm-up)\n"
                  "#                {0:.3f} seconds (Sampling)\n"
                  "#                {0:.3f} seconds (Total)\n"
                  "# \n",
                  seconds));
  file_.commit();
}

}  // namespace taugrid
