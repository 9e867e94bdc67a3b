// POSIX calls in place of streams: a stream cannot refuse to follow into an existing file, and
// hides errno.
#include "host/taugrid/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace taugrid {
namespace {

constexpr size_t kBufferSize = size_t{1} << 20;

[[noreturn]] void refuse(const std::string& path, int error) {
  throw std::invalid_argument(fmt::format("cannot write {}: {}", path, std::strerror(error)));
}

}  // namespace

std::string with_links_followed(const std::string& path) {
  std::error_code ignored;
  // Of a relative path that is not there yet, weakly_canonical alone leaves some as they are.
  const auto resolved =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
  return path.empty() || resolved.empty() ? path : resolved.string();
}

bool OutputFile::replaces(const std::string& path) {
  struct stat status {};
  return path != "-" && (::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode));
}

OutputFile::OutputFile(const std::string& path) : path_(path), buffer_(kBufferSize) {
  if (path == "-") {
    descriptor_ = STDOUT_FILENO;
    return;
  }
  final_path_ = with_links_followed(path);

  struct stat status {};
  const bool exists = ::stat(final_path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) refuse(path, EISDIR);
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(final_path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) refuse(path, errno);
    return;
  }
  // Renaming would go over a file that is protected from writing.
  if (exists && ::access(final_path_.c_str(), W_OK) != 0) refuse(path, errno);

  // The process id keeps runs apart; the number, several files of one run and what a killed run
  // left.
  for (int attempt = 0; descriptor_ < 0; ++attempt) {
    const std::string temporary = fmt::format("{}.{}-{}.tmp", final_path_, ::getpid(), attempt);
    descriptor_ = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) refuse(path, errno);
    if (descriptor_ >= 0) temporary_path_ = temporary;
  }
  // Keeping the old file's mode is a courtesy; where it cannot be kept, the new file is still good.
  if (exists) (void)!::fchmod(descriptor_, status.st_mode & 07777);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0 && descriptor_ != STDOUT_FILENO) ::close(descriptor_);
  if (!temporary_path_.empty()) ::unlink(temporary_path_.c_str());
}

void OutputFile::write(std::string_view text) {
  while (!text.empty()) {
    if (used_ == buffer_.size()) flush();
    const size_t part = std::min(text.size(), buffer_.size() - used_);
    std::memcpy(buffer_.data() + used_, text.data(), part);
    used_ += part;
    text.remove_prefix(part);
  }
}

char* OutputFile::reserve(size_t size) {
  if (used_ + size > buffer_.size()) flush();
  if (size > buffer_.size()) buffer_.resize(size);
  return buffer_.data() + used_;
}

void OutputFile::flush() {
  const char* data = buffer_.data();
  while (used_ > 0) {
    const ssize_t written = ::write(descriptor_, data, used_);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(errno);
    }
    data += written;
    used_ -= static_cast<size_t>(written);
  }
}

void OutputFile::close() {
  flush();
  if (temporary_path_.empty() || descriptor_ < 0) return;
  // Some file systems report a full disk only here.
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(errno);
}

void OutputFile::commit() {
  close();
  if (temporary_path_.empty()) return;
  if (::rename(temporary_path_.c_str(), final_path_.c_str()) != 0) fail(errno);
  temporary_path_.clear();
}

void OutputFile::fail(int error) const {
  if (error == EPIPE) throw OutputClosed();
  throw std::runtime_error(fmt::format(
      "cannot write {}: {}", path_ == "-" ? "standard output" : path_, std::strerror(error)));
}

}  // namespace taugrid
