// Where a long run has got to, in a file that is replaced whole: killed at any moment, it leaves
// the last one or the one before. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace taugrid {

struct Checkpoint {
  uint64_t fingerprint = 0;      // of what is run; a checkpoint of something else is refused
  int64_t next_block = 0;        // all before are in the words
  int64_t replicate_bytes = -1;  // length of the replicates' file then; -1 without one
  std::vector<uint64_t> words;   // running results
};

// FNV-1a, 64 bits.
uint64_t fingerprint_of(const std::string& text);

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Nothing where there is no such file. Throws std::invalid_argument where it is damaged, or of
// another fingerprint.
std::optional<Checkpoint> read_checkpoint(const std::string& path, uint64_t fingerprint);

// A file of lines that a killed run can go on with: written as PATH.partial, and named PATH at the
// end.
class ResumableFile {
 public:
  // Goes on after `bytes` of the partial file, or begins it anew at 0. Throws
  // std::invalid_argument where it cannot be written, or is shorter.
  ResumableFile(const std::string& path, int64_t bytes);
  ~ResumableFile();
  ResumableFile(const ResumableFile&) = delete;
  ResumableFile& operator=(const ResumableFile&) = delete;

  void write(const std::string& text);  // handed to the system before it returns
  int64_t bytes() const { return bytes_; }
  void commit();

 private:
  std::string path_, partial_;
  int descriptor_ = -1;
  int64_t bytes_;
};

}  // namespace taugrid
