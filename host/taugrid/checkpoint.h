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

// Where the checkpoint of `path` lies: symbolic links are followed. Throws std::invalid_argument
// where it could not be written, replaced and removed there: at what is no regular file, or at a
// file that is no checkpoint.
std::string checkpoint_place(const std::string& path);

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

// Nothing where there is no such file. Throws std::invalid_argument where it is damaged, or of
// another fingerprint.
std::optional<Checkpoint> read_checkpoint(const std::string& path, uint64_t fingerprint);

// A file of lines beside checkpoints, which say how much of it counts: written as PATH.partial, cut
// back to that length by the run that goes on, and named PATH at the end. (ResumableFile keeps a
// log of its own.)
class CheckpointedFile {
 public:
  // Goes on after `bytes` of the partial file, or begins it anew at 0. `whole` says that no more
  // are to come: then the file may have its name already. Throws std::invalid_argument where it
  // cannot be written, is shorter, or is being written by another run.
  CheckpointedFile(const std::string& path, int64_t bytes, bool whole);
  ~CheckpointedFile();
  CheckpointedFile(const CheckpointedFile&) = delete;
  CheckpointedFile& operator=(const CheckpointedFile&) = delete;

  void write(const std::string& text);  // handed to the system before it returns
  int64_t bytes() const { return bytes_; }
  void commit();
  // Unless committed, the partial file is removed at the end: no run will go on from it.
  void discard() { discarded_ = true; }

 private:
  bool discarded_ = false;
  std::string path_, final_path_, partial_;  // as given; symbolic links followed
  int descriptor_ = -1;
  int64_t bytes_;
};

}  // namespace taugrid
