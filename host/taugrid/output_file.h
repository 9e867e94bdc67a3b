// An output file that appears whole or not at all: written under a temporary name in the same
// folder, and renamed by commit(). Without commit(), by whatever path its scope is left, the
// temporary file is removed and a file that was there before is untouched.
//
// What is no regular file (a pipe, /dev/null, standard output as "-") cannot be replaced and is
// written directly.
#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace taugrid {

// Where the file of `path` lies, from the root: a link stays a link, and what it points at is
// written. Two spellings of one file's path give one text.
std::string with_links_followed(const std::string& path);

class OutputFile {
 public:
  // Whether `path` is one that appears whole: a regular file, or none yet.
  static bool replaces(const std::string& path);

  // Throws std::invalid_argument "cannot write PATH: reason".
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Buffered. Throws std::runtime_error where writing fails (a full disk), OutputClosed where the
  // reader of a pipe is gone.
  void write(std::string_view text);

  // A place for at most `size` bytes, of which advance() takes what was filled: for formatting in
  // place.
  char* reserve(size_t size);
  void advance(size_t size) { used_ += size; }

  // Writes what is buffered: for whoever reads along.
  void flush();

  // Writes what is buffered and gives the file its name. Nothing may be written afterwards.
  void commit();

  // commit() in two steps, for several files that belong together: what can fail for want of space
  // comes before the first gets its name. Nothing may be written in between.
  void close();

  // For a library that writes by name: where, until commit(). Empty where written directly.
  const std::string& temporary_path() const { return temporary_path_; }

 private:
  [[noreturn]] void fail(int error) const;

  std::string path_;            // as given, for messages
  std::string final_path_;      // symbolic links resolved
  std::string temporary_path_;  // empty where written directly
  int descriptor_ = -1;
  std::vector<char> buffer_;
  size_t used_ = 0;
};

// The reader of a pipe went away, as `taugrid draw --out - | head` does: the end of the work, but
// nothing to complain about.
struct OutputClosed : std::exception {
  const char* what() const noexcept override { return "the output was closed"; }
};

}  // namespace taugrid
