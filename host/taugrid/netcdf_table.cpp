// Numbers lie contiguously, a block of rows of one column after another; the dimension's length is
// known, which spares the chunks and their caches. Texts are strings of variable length, in HDF5's
// heaps, which fills them with empty ones first and removes those as the rows come: that, some
// microseconds a text, is most of the time that such a file takes.
#include "host/taugrid/netcdf_table.h"

#include <fmt/format.h>
#include <netcdf.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "host/taugrid/csv_scanner.h"
#include "host/taugrid/device.h"
#include "host/taugrid/output_file.h"
#include "host/taugrid/posterior.h"
#include "host/taugrid/readers.h"
#include "kernels/math/philox.h"

namespace taugrid {
namespace {

constexpr size_t kReadBytes = size_t{1} << 20;
// Of a block: few calls a column, and 32 MiB of numbers at most.
constexpr size_t kMostRows = 16384;
constexpr size_t kMostValues = size_t{1} << 22;

// A text as netCDF can hold it: UTF-8, without the character that ends it.
std::string storable(std::string_view text) {
  const auto is_plain = [](char c) { return c != '\0' && static_cast<unsigned char>(c) < 0x80; };
  if (std::ranges::all_of(text, is_plain)) return std::string(text);
  using Json = nlohmann::json;
  std::string valid = Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace))
                          .get<std::string>();
  for (size_t at; (at = valid.find('\0')) != std::string::npos;) valid.replace(at, 1, "\uFFFD");
  return valid;
}

class Writer {
 public:
  Writer(const NetcdfTable& table, const ByteSource& csv, const std::function<bool()>& stop)
      : table_(table), csv_(csv), stop_(stop), file_(table.path) {}
  ~Writer() {
    if (root_ >= 0) nc_close(root_);
  }

  void operator()() {
    check(nc_create(file_.temporary_path().c_str(), NC_CLOBBER | NC_NETCDF4, &root_));
    read();
    flush();
    if (first_ != static_cast<size_t>(table_.n_rows))
      throw std::logic_error("a table has other rows than were counted");
    check(nc_close(std::exchange(root_, -1)));
    file_.commit();
  }

 private:
  enum class Type { kText, kInteger, kNumber };
  struct Column {
    int id = -1;
    Type type = Type::kNumber;
    std::vector<double> numbers = {};
    std::vector<long long> integers = {};
    std::vector<std::string> texts = {};
  };

  void check(int status) const {
    if (status == NC_NOERR) return;
    throw std::runtime_error(
        fmt::format("cannot write {}: {}{}", table_.path, nc_strerror(status),
                    status == NC_EHDFERR ? " (as where the disk is full)" : ""));
  }

  void attribute(const char* name, const std::string& value) const {
    check(nc_put_att_text(root_, NC_GLOBAL, name, value.size(), value.data()));
  }

  void define(const std::vector<std::string_view>& names) {
    attribute("inference_library", "taugrid");
    attribute("inference_library_version", version());
    check(nc_put_att_int(root_, NC_GLOBAL, "taugrid_stream", NC_INT, 1, &kStreamVersion));
    for (const auto& [name, value] : table_.attributes) attribute(name.c_str(), storable(value));
    int row;
    check(nc_def_dim(root_, "row", static_cast<size_t>(table_.n_rows), &row));
    const auto is_of = [](const std::vector<std::string>& list, std::string_view name) {
      return std::ranges::find(list, name) != list.end();
    };
    block_rows_ = std::clamp(kMostValues / names.size(), size_t{1}, kMostRows);
    block_rows_ = std::min(block_rows_, static_cast<size_t>(table_.n_rows));
    for (const std::string_view name : names) {
      Column& column = columns_.emplace_back();
      column.type = is_of(table_.text_columns, name)      ? Type::kText
                    : is_of(table_.integer_columns, name) ? Type::kInteger
                                                          : Type::kNumber;
      const nc_type type = column.type == Type::kText      ? NC_STRING
                           : column.type == Type::kInteger ? NC_INT64
                                                           : NC_DOUBLE;
      check(nc_def_var(root_, std::string(name).c_str(), type, 1, &row, &column.id));
      // (Of strings HDF5 does not allow it.)
      if (column.type != Type::kText) check(nc_def_var_fill(root_, column.id, NC_NOFILL, nullptr));
    }
  }

  void read() {
    std::string bytes;
    bool at_end = false;
    while (!at_end) {
      if (stop_ && stop_()) throw Stopped();
      const size_t used = bytes.size();
      bytes.resize(used + kReadBytes);
      const size_t n = csv_(bytes.data() + used, kReadBytes);
      bytes.resize(used + n);
      at_end = n == 0;
      CsvScanner scanner(bytes);
      size_t done = 0;
      // A record that reaches to the end of what was read may go on.
      while (scanner.next() && (at_end || scanner.next_offset() < bytes.size())) {
        add(scanner.fields());
        done = scanner.next_offset();
      }
      bytes.erase(0, done);
    }
  }

  void add(const std::vector<std::string_view>& fields) {
    if (columns_.empty()) {
      define(fields);
      return;
    }
    if (fields.size() != columns_.size()) throw std::logic_error("a row has other columns");
    for (size_t c = 0; c < fields.size(); ++c) {
      const std::string_view text = fields[c];
      Column& column = columns_[c];
      if (column.type == Type::kText) {
        column.texts.push_back(storable(text));
      } else if (column.type == Type::kInteger) {
        long long value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        column.integers.push_back(value);
      } else {
        double value = 0.0;
        if (text.empty() || !read_number(text, value))
          value = std::numeric_limits<double>::quiet_NaN();
        column.numbers.push_back(value);
      }
    }
    if (++n_ == block_rows_) flush();
  }

  void flush() {
    if (n_ == 0) return;
    std::vector<const char*> texts;
    for (Column& column : columns_) {
      if (column.type == Type::kText) {
        texts.clear();
        for (const std::string& text : column.texts) texts.push_back(text.c_str());
        check(nc_put_vara_string(root_, column.id, &first_, &n_, texts.data()));
      } else if (column.type == Type::kInteger) {
        check(nc_put_vara_longlong(root_, column.id, &first_, &n_, column.integers.data()));
      } else {
        check(nc_put_vara_double(root_, column.id, &first_, &n_, column.numbers.data()));
      }
      column.texts.clear();
      column.integers.clear();
      column.numbers.clear();
    }
    first_ += n_;
    n_ = 0;
  }

  const NetcdfTable& table_;
  const ByteSource& csv_;
  const std::function<bool()>& stop_;
  OutputFile file_;
  int root_ = -1;
  std::vector<Column> columns_;
  size_t block_rows_ = 0;
  size_t first_ = 0, n_ = 0;  // rows written, rows that wait
};

}  // namespace

void check_netcdf_path(const std::string& path) {
  if (!OutputFile::replaces(path))
    throw std::invalid_argument("cannot write " + path + ": netCDF needs a regular file");
}

void write_netcdf_table(const NetcdfTable& table, const ByteSource& csv,
                        const std::function<bool()>& stop) {
  check_netcdf_path(table.path);
  Writer(table, csv, stop)();
}

}  // namespace taugrid
