// An output file written block by block that outlives its process: PATH.partial holds the blocks,
// PATH.partial.log one line for each that is whole, with its length and its hash and those of the
// input that it was made of. commit() makes it PATH; what a killed run leaves, the next one can go
// on from. Internal.
//
// The log begins with a text that says what was asked for. A run that asks for anything else, or
// whose blocks are others, is told so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace taugrid {

// A 64-bit hash to recognise bytes by; no protection against those who mean to deceive.
uint64_t hash_bytes(std::string_view bytes, uint64_t seed = 0);

// A descriptor of `partial_path`, opened for this run alone and made where it is not there; closing
// it ends the lock. Throws std::invalid_argument naming `path`.
int open_alone(const std::string& partial_path, const std::string& path);

struct BlockRecord {
  uint64_t input_bytes, input_hash;
  uint64_t output_bytes, output_hash;
  int64_t data_sets, errors;
  bool operator==(const BlockRecord&) const = default;
};

class ResumableFile {
 public:
  // With `resume`, goes on from what an interrupted run of the same `request` (lines of text) left,
  // if it left anything. Throws std::invalid_argument where that was another request, where another
  // run is writing, or where the file cannot be written.
  ResumableFile(const std::string& path, const std::string& request, bool resume);
  // What is there stays for the next run, but after discard(): after a mistake in the input too,
  // which may be mended behind what was done.
  ~ResumableFile();
  ResumableFile(const ResumableFile&) = delete;
  ResumableFile& operator=(const ResumableFile&) = delete;

  // Blocks that are done already.
  const std::vector<BlockRecord>& done() const { return done_; }
  // Whether there were some that this run was not asked to go on from.
  bool replaced() const { return replaced_; }
  // Whether the n-th of them is as it was when it was written. Any thread.
  bool is_intact(size_t block) const;

  // Whether no data set has been done.
  bool empty() const { return n_data_sets_ == 0; }
  void append(std::string_view bytes, const BlockRecord& record);
  // Of what was appended, from byte `at`: how many there were of at most `size`.
  size_t read(uint64_t at, char* to, size_t size) const;
  void commit();
  // In place of commit(): what was written is not kept.
  void discard() { discarded_ = true; }
  const std::string& partial_path() const { return partial_path_; }

 private:
  std::string path_, final_path_, partial_path_, log_path_;
  int file_ = -1, log_ = -1;
  bool replaced_ = false, committed_ = false, discarded_ = false;
  std::vector<BlockRecord> done_;
  int64_t n_data_sets_ = 0;
  std::vector<uint64_t> begins_;  // of the blocks done, in the file
};

}  // namespace taugrid
