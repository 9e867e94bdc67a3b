// A table as netCDF-4: one dimension, `row`, and a variable for each column, by its name and in its
// order, so that `xarray.open_dataset(path).to_dataframe()` is the data frame of the CSV.
//
// It is made of the CSV, the one form in which rows are made, kept by an interrupted run and
// resumed. Numbers there are the shortest that read back, so nothing is lost on this way. Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace taugrid {

inline bool is_netcdf_path(const std::string& path) { return path.ends_with(".nc"); }

// Throws std::invalid_argument where a path cannot be written as netCDF, whatever is in it: to be
// asked before anything is computed.
void check_netcdf_path(const std::string& path);

struct NetcdfTable {
  std::string path;
  int64_t n_rows;  // without the header
  // Those that are no real numbers.
  std::vector<std::string> text_columns, integer_columns;
  std::vector<std::pair<std::string, std::string>> attributes;  // beside the program's version
};

// The bytes of a CSV of ours: at most `size` of them, 0 only at the end.
using ByteSource = std::function<size_t(char* to, size_t size)>;

// In memory that does not grow with the rows. An empty field is NaN, 0 or an empty text; texts are
// UTF-8, what is none of it replaced. The file appears whole or not at all. Throws Stopped where
// `stop`, asked between blocks, answers true.
void write_netcdf_table(const NetcdfTable& table, const ByteSource& csv,
                        const std::function<bool()>& stop = {});

}  // namespace taugrid
