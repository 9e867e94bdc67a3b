#include "host/taugrid/resumable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>
#include <stdexcept>

#include "host/taugrid/output_file.h"

namespace taugrid {
namespace {

constexpr const char* kFirstLine = "taugrid batch log 1\n";
constexpr const char* kEndOfRequest = "blocks\n";

[[noreturn]] void refuse(const std::string& path, int error) {
  throw std::invalid_argument(fmt::format("cannot write {}: {}", path, std::strerror(error)));
}

void write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

size_t read_at(int descriptor, uint64_t begin, char* to, size_t size) {
  size_t used = 0;
  while (used < size) {
    const ssize_t n = ::pread(descriptor, to + used, size - used, static_cast<off_t>(begin + used));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    used += static_cast<size_t>(n);
  }
  return used;
}

std::string read_at(int descriptor, uint64_t begin, uint64_t size) {
  std::string bytes(size, '\0');
  bytes.resize(read_at(descriptor, begin, bytes.data(), bytes.size()));
  return bytes;
}

// Whether the path still names the file that is open.
bool is_at(int descriptor, const std::string& path) {
  struct stat of_file {
  }, of_path{};
  return ::fstat(descriptor, &of_file) == 0 && ::stat(path.c_str(), &of_path) == 0 &&
         of_file.st_dev == of_path.st_dev && of_file.st_ino == of_path.st_ino;
}

// A line of the log, its own hash at the end: one that was cut short is none.
std::string line_of(const BlockRecord& r) {
  const std::string text = fmt::format("{} {:016x} {} {:016x} {} {}", r.input_bytes, r.input_hash,
                                       r.output_bytes, r.output_hash, r.data_sets, r.errors);
  return fmt::format("{} {:016x}\n", text, hash_bytes(text));
}

bool parse_line(const std::string& line, BlockRecord& r) {
  std::istringstream in(line);
  in >> r.input_bytes >> std::hex >> r.input_hash >> std::dec >> r.output_bytes >> std::hex >>
      r.output_hash >> std::dec >> r.data_sets >> r.errors;
  return in && line_of(r) == line + "\n";
}

}  // namespace

// Another run may rename or remove the file after our open() and before our lock: what is locked
// then is its finished file.
int open_alone(const std::string& partial_path, const std::string& path) {
  for (;;) {
    const int file = ::open(partial_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) refuse(path, errno);
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      ::close(file);
      throw std::invalid_argument(
          fmt::format("cannot write {}: another run is writing {}", path, partial_path));
    }
    if (is_at(file, partial_path)) return file;
    ::close(file);
  }
}

uint64_t hash_bytes(std::string_view bytes, uint64_t seed) {
  // Eight bytes at a time, each mixed in by a multiplication, in four chains that do not wait for
  // each other; the finish is MurmurHash3's.
  constexpr uint64_t kOdd = 0x9E3779B97F4A7C15u;
  const auto mix = [](uint64_t h, const char* at) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    h = (h ^ word) * kOdd;
    return h ^ (h >> 32);
  };
  uint64_t h = seed ^ (bytes.size() * kOdd);
  if (bytes.size() >= 32) {
    uint64_t chain[4] = {h, ~h, h + kOdd, ~h - kOdd};
    for (; bytes.size() >= 32; bytes.remove_prefix(32))
      for (int k = 0; k < 4; ++k) chain[k] = mix(chain[k], bytes.data() + 8 * k);
    for (const uint64_t of_chain : chain) {
      h = (h ^ of_chain) * kOdd;
      h ^= h >> 32;
    }
  }
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) h = mix(h, bytes.data());
  char rest[8] = {};
  if (!bytes.empty()) std::memcpy(rest, bytes.data(), bytes.size());
  h = mix(h, rest);
  h ^= h >> 33;
  h *= 0xFF51AFD7ED558CCDu;
  h ^= h >> 33;
  h *= 0xC4CEB9FE1A85EC53u;
  return h ^ (h >> 33);
}

ResumableFile::ResumableFile(const std::string& path, const std::string& request, bool resume)
    : path_(path) {
  final_path_ = with_links_followed(path);
  partial_path_ = final_path_ + ".partial";
  log_path_ = final_path_ + ".partial.log";
  struct stat status {};
  const bool exists = ::stat(final_path_.c_str(), &status) == 0;
  // Renaming would go over a file that is protected from writing.
  if (exists && ::access(final_path_.c_str(), W_OK) != 0) refuse(path, errno);
  file_ = open_alone(partial_path_, path);
  const auto close = [&] {
    ::close(file_);
    if (log_ >= 0) ::close(log_);
  };
  try {
    if (exists) (void)!::fchmod(file_, status.st_mode & 07777);
    log_ = ::open(log_path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log_ < 0) refuse(log_path_, errno);

    const std::string head = kFirstLine + request + kEndOfRequest;
    uint64_t log_size = 0, file_size = 0;
    if (::fstat(log_, &status) != 0) refuse(log_path_, errno);
    replaced_ = !resume && status.st_size > static_cast<off_t>(head.size());
    if (resume && status.st_size > 0) {
      const std::string log = read_at(log_, 0, static_cast<uint64_t>(status.st_size));
      // The head itself may have been cut short: then nothing was done.
      if (log.size() >= head.size() || !head.starts_with(log)) {
        if (!log.starts_with(head))
          throw std::invalid_argument(
              fmt::format("cannot resume {}: the interrupted run was asked for something else:\n{}"
                          "and this one for:\n{}Without --resume it begins anew.",
                          path, log.substr(0, log.find(kEndOfRequest)), kFirstLine + request));
        log_size = head.size();
        if (::fstat(file_, &status) != 0) status.st_size = 0;
        for (size_t end; (end = log.find('\n', log_size)) != std::string::npos;) {
          BlockRecord record;
          if (!parse_line(log.substr(log_size, end - log_size), record)) break;
          if (file_size + record.output_bytes > static_cast<uint64_t>(status.st_size)) break;
          begins_.push_back(file_size);
          done_.push_back(record);
          file_size += record.output_bytes;
          log_size = end + 1;
        }
      }
    }
    if (::ftruncate(file_, static_cast<off_t>(file_size)) != 0 ||
        ::ftruncate(log_, static_cast<off_t>(log_size)) != 0)
      refuse(path, errno);
    ::lseek(file_, 0, SEEK_END);
    for (const BlockRecord& record : done_) n_data_sets_ += record.data_sets;
    if (log_size == 0) write_all(log_, head, log_path_);
  } catch (...) {
    close();
    throw;
  }
}

ResumableFile::~ResumableFile() {
  // Under the lock, which ends as the file is closed.
  if (discarded_ && !committed_) {
    ::unlink(partial_path_.c_str());
    ::unlink(log_path_.c_str());
  }
  ::close(log_);
  ::close(file_);
}

bool ResumableFile::is_intact(size_t block) const {
  const BlockRecord& record = done_[block];
  const std::string bytes = read_at(file_, begins_[block], record.output_bytes);
  return bytes.size() == record.output_bytes && hash_bytes(bytes) == record.output_hash;
}

void ResumableFile::append(std::string_view bytes, const BlockRecord& record) {
  // In this order: a line stands for bytes that are there.
  write_all(file_, bytes, partial_path_);
  write_all(log_, line_of(record), log_path_);
  n_data_sets_ += record.data_sets;
}

size_t ResumableFile::read(uint64_t at, char* to, size_t size) const {
  return read_at(file_, at, to, size);
}

void ResumableFile::commit() {
  // Some file systems report a full disk only at a close(); the copy's leaves the lock, under which
  // the file gets its name and the log goes.
  if (::close(::dup(file_)) != 0 || ::rename(partial_path_.c_str(), final_path_.c_str()) != 0)
    throw std::runtime_error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
  committed_ = true;
  ::unlink(log_path_.c_str());
}

}  // namespace taugrid
