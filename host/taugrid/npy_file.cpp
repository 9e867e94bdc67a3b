// Draws as NumPy's .npy files, version 1.0 of the format (NEP 1), a file a variable: of
// `draws.npy` they are draws.tau.npy (N), draws.mu.npy (N), draws.theta.npy (N, J),
// draws.theta_new.npy (N) and draws.lp.npy (N). Rows are draws, because draws are what streams by.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <vector>

#include "host/taugrid/output_file.h"
#include "host/taugrid/writer_functions.h"

namespace taugrid {
namespace {

constexpr const char* kVariables[] = {"tau", "mu", "theta", "theta_new", "lp"};
constexpr size_t kTheta = 2;

// Magic, version, the length of what follows, and a Python dictionary, padded so that the numbers
// begin at a multiple of 64.
std::string npy_head(size_t bytes, const std::string& shape) {
  const char order = std::endian::native == std::endian::little ? '<' : '>';
  std::string dictionary = fmt::format(
      "{{'descr': '{}f{}', 'fortran_order': False, 'shape': {}, }}", order, bytes, shape);
  constexpr size_t kFixed = 10;
  while ((kFixed + dictionary.size() + 1) % 64 != 0) dictionary += ' ';
  dictionary += '\n';
  std::string head("\x93NUMPY\x01\x00", 8);
  head += static_cast<char>(dictionary.size() & 0xFF);
  head += static_cast<char>(dictionary.size() >> 8);
  return head + dictionary;
}

template <class T>
class NpyFile final : public DrawFile {
 public:
  NpyFile(const std::string& path, const DrawFileInfo& info) : n_schools_(info.data.n_schools()) {
    for (const std::string& file : npy_paths(path)) {
      const bool schools = files_.size() == kTheta;
      files_.push_back(std::make_unique<OutputFile>(file));
      files_.back()->write(npy_head(sizeof(T), schools
                                                   ? fmt::format("({}, {})", info.draws, n_schools_)
                                                   : fmt::format("({},)", info.draws)));
    }
  }

  void write(const DrawBlock& block) override {
    check_block(block, n_schools_, ".npy");
    const std::span<const double> columns[] = {
        block.tau(), block.mu(), {}, block.theta_new(), block.lp()};
    for (size_t k = 0; k < files_.size(); ++k)
      if (k != kTheta) put(*files_[k], {columns[k].data()}, block.size());
    std::vector<const double*> theta;
    for (int64_t j = 0; j < n_schools_; ++j) theta.push_back(block.theta(j).data());
    put(*files_[kTheta], theta, block.size());
  }

  void finish(double) override {
    for (const auto& file : files_) file->close();
    for (const auto& file : files_) file->commit();
  }

 private:
  static void put(OutputFile& file, const std::vector<const double*>& columns, int64_t n) {
    constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();  // one of them, whatever their bits
    const size_t row_bytes = columns.size() * sizeof(T);
    for (int64_t i = 0; i < n; ++i) {
      char* at = file.reserve(row_bytes);
      for (const double* column : columns) {
        const T value = std::isnan(column[i]) ? kNaN : static_cast<T>(column[i]);
        std::memcpy(at, &value, sizeof value);
        at += sizeof value;
      }
      file.advance(row_bytes);
    }
  }

  int64_t n_schools_;
  std::vector<std::unique_ptr<OutputFile>> files_;
};

}  // namespace

std::vector<std::string> npy_paths(const std::string& path) {
  std::vector<std::string> paths;
  for (const char* variable : kVariables) {
    std::filesystem::path file(path);
    paths.push_back(file.replace_extension(fmt::format(".{}.npy", variable)).string());
  }
  return paths;
}

std::unique_ptr<DrawFile> npy_file(const std::string& path, const DrawFileInfo& info) {
  if (info.precision == Precision::kSingle) return std::make_unique<NpyFile<float>>(path, info);
  return std::make_unique<NpyFile<double>>(path, info);
}

}  // namespace taugrid
