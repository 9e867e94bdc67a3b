// A CSV file of many data sets as blocks of them, in memory bounded by a block.
//
//   long   one row a study, the rows of a data set together:   group,y,sigma
//   wide   one row a data set, blank or NA for absent studies: group,y1,se1,y2,se2,..
//
// Blocks are cut, in order, where a data set ends, as a function of the file alone, so that nothing
// downstream depends on the number of threads; they are parsed by any thread. Internal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host/taugrid/batch.h"

namespace taugrid {

struct BatchInputOptions {
  std::string by;     // column that names the data sets; of the wide form empty: they are numbered
  std::string y;      // "y", "y1,y2,y3" or "y1..y3"
  std::string sigma;  // likewise, as many
  size_t block_bytes = 1 << 17;  // of a block's text, unless one data set is longer
};

// A block's text, cut but not read.
struct BatchText {
  std::string bytes;
  int64_t first_line = 0;  // in the file, 1-based
  int64_t first_row = 0;   // of data sets, from 0: counted where they are numbered
};

// What a block's text says. Views point into it, or into `texts`.
struct BatchBlock {
  std::vector<double> y, sigma;
  std::vector<int64_t> offsets;      // (n + 1)
  std::vector<std::string> groups;   // (n); only the first n count, so that their memory stays
  std::vector<int64_t> lines;        // of each y; the line of its row
  std::vector<int32_t> studies;      // wide: of each y, which study it is, from 0
  std::vector<int64_t> first_lines;  // (n)
  std::vector<int64_t> n_schools;    // (n): rows, or studies that are not absent
  std::vector<BatchError> errors;    // of reading, ascending
  int64_t size() const { return static_cast<int64_t>(offsets.size()) - 1; }
  BatchData data() const { return {y, sigma, offsets}; }
};

class BatchInput {
 public:
  // Opens `path`, - for standard input, and reads the header. `stop` is asked while the input keeps
  // the reader waiting, by whichever thread reads: here, in take() and in most_schools(); where it
  // answers true they throw Stopped. Throws std::invalid_argument.
  BatchInput(const std::string& path, const BatchInputOptions& options,
             std::function<bool()> stop = {});
  ~BatchInput();
  BatchInput(const BatchInput&) = delete;
  BatchInput& operator=(const BatchInput&) = delete;

  bool wide() const { return wide_; }
  // Of the wide form: how many studies there are columns for.
  int64_t n_studies() const { return static_cast<int64_t>(y_fields_.size()); }
  const std::vector<std::string>& header() const { return header_; }
  const std::vector<std::string>& notices() const { return notices_; }
  int64_t file_size() const { return file_size_; }  // bytes; -1 where it is no regular file
  // Bytes of the blocks taken so far, and of what stands before them.
  int64_t position() const { return position_; }

  // The next block; false at the end. One thread at a time. Throws std::invalid_argument where a
  // quote is never closed.
  bool take(BatchText& block);

  // Any thread. `block` is overwritten.
  void parse(const BatchText& text, BatchBlock& block) const;

  // What an error of one data set reads in the output: "row 2: .." of fit with the line, and in the
  // wide form the study's number.
  std::string error_text(const BatchBlock& block, const BatchError& error) const;

  // The most rows of any data set, by reading the file through (it must be a regular file).
  static int64_t most_schools(const std::string& path, const BatchInputOptions& options,
                              const std::function<bool()>& stop = {});

 private:
  bool read_more(std::string& bytes, size_t size);
  void check_stop() const;
  void wait_for_bytes() const;
  size_t find_cut(std::string_view bytes) const;
  size_t find_cut_plain(std::string_view bytes) const;
  size_t find_cut_quoted(std::string_view bytes) const;
  void parse_long(const BatchText& text, BatchBlock& block) const;
  void parse_wide(const BatchText& text, BatchBlock& block) const;
  int64_t count_records(std::string_view bytes) const;
  void read_header(const BatchInputOptions& options);

  std::string name_;
  std::function<bool()> stop_;
  int descriptor_ = -1;
  int64_t file_size_ = -1;
  size_t block_bytes_;
  bool at_end_ = false;
  std::string carry_;  // read, but of no block yet
  int64_t position_ = 0;
  int64_t next_line_ = 1;
  int64_t next_row_ = 0;
  std::vector<std::string> notices_;
  size_t n_fields_ = 0;
  bool wide_ = false;
  bool has_group_ = false;
  size_t group_field_ = 0;
  std::vector<size_t> y_fields_, sigma_fields_;
  std::vector<std::string> header_;
};

}  // namespace taugrid
