#include "host/taugrid/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "host/taugrid/output_file.h"
#include "host/taugrid/resumable_file.h"

namespace taugrid {
namespace {

constexpr char kMagic[8] = {'t', 'a', 'u', 'g', 'r', 'i', 'd', '1'};

struct Header {
  char magic[8];
  uint64_t fingerprint;
  int64_t next_block, replicate_bytes;
  uint64_t n_words, checksum;
};

std::string_view bytes_of(const std::vector<uint64_t>& words) {
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uint64_t)};
}

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw std::invalid_argument(fmt::format("cannot write {}: {}", path, why));
}

}  // namespace

std::string checkpoint_place(const std::string& path) {
  const std::string place = with_links_followed(path);
  if (!OutputFile::replaces(path)) refuse(path, "a checkpoint must be a regular file");
  std::ifstream in(place, std::ios::binary);
  char magic[sizeof kMagic];
  // Nothing at all is what mktemp makes.
  const bool other =
      in && in.peek() != std::ifstream::traits_type::eof() &&
      (!in.read(magic, sizeof magic) || std::memcmp(magic, kMagic, sizeof magic) != 0);
  if (other) refuse(path, "it is there already, and no checkpoint");
  return place;
}

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  Header header{{},
                checkpoint.fingerprint,
                checkpoint.next_block,
                checkpoint.replicate_bytes,
                checkpoint.words.size(),
                hash_bytes(bytes_of(checkpoint.words))};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  OutputFile file(path);
  file.write({reinterpret_cast<const char*>(&header), sizeof header});
  file.write(bytes_of(checkpoint.words));
  file.commit();
}

std::optional<Checkpoint> read_checkpoint(const std::string& path, uint64_t fingerprint) {
  std::ifstream in(path, std::ios::binary);
  if (!in || in.peek() == std::ifstream::traits_type::eof()) return std::nullopt;
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  Header header;
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument("checkpoint " + path + " " + why +
                                "; remove it to start from the beginning");
  };
  if (content.size() < sizeof header) refuse("is damaged");
  std::memcpy(&header, content.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 ||
      header.n_words != (content.size() - sizeof header) / sizeof(uint64_t))
    refuse("is damaged");
  Checkpoint checkpoint{header.fingerprint, header.next_block, header.replicate_bytes,
                        std::vector<uint64_t>(header.n_words)};
  if (header.n_words > 0)
    std::memcpy(checkpoint.words.data(), content.data() + sizeof header,
                header.n_words * sizeof(uint64_t));
  if (hash_bytes(bytes_of(checkpoint.words)) != header.checksum) refuse("is damaged");
  if (header.fingerprint != fingerprint)
    refuse(
        "is of another study file, of other tables of its priors, or of another version of the "
        "program");
  return checkpoint;
}

CheckpointedFile::CheckpointedFile(const std::string& path, int64_t bytes, bool whole)
    : path_(path),
      final_path_(with_links_followed(path)),
      partial_(final_path_ + ".partial"),
      bytes_(bytes) {
  if (!OutputFile::replaces(path)) refuse(path, "it is no regular file");
  struct stat status {};
  const bool exists = ::stat(final_path_.c_str(), &status) == 0;
  // Renaming would go over a file that is protected from writing.
  if (exists && ::access(final_path_.c_str(), W_OK) != 0) refuse(path, std::strerror(errno));
  if (exists && whole && status.st_size == bytes && ::access(partial_.c_str(), F_OK) != 0) return;
  const mode_t mode = status.st_mode & 07777;
  descriptor_ = open_alone(partial_, path);
  try {
    if (::fstat(descriptor_, &status) != 0) refuse(partial_, std::strerror(errno));
    if (status.st_size < bytes) {
      if (status.st_size == 0) ::unlink(partial_.c_str());  // made here
      refuse(partial_, "it is shorter than the checkpoint says");
    }
    if (::ftruncate(descriptor_, bytes) != 0 || ::lseek(descriptor_, bytes, SEEK_SET) != bytes)
      refuse(partial_, std::strerror(errno));
    if (exists) (void)!::fchmod(descriptor_, mode);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

CheckpointedFile::~CheckpointedFile() {
  if (descriptor_ < 0) return;
  if (discarded_) ::unlink(partial_.c_str());  // under the lock
  ::close(descriptor_);
}

void CheckpointedFile::write(const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(descriptor_, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      throw std::runtime_error(fmt::format("cannot write {}: {}", partial_, std::strerror(errno)));
    done += static_cast<size_t>(written);
  }
  bytes_ += static_cast<int64_t>(text.size());
}

void CheckpointedFile::commit() {
  if (descriptor_ < 0) return;
  // The copy's close() tells of a full disk and leaves the lock, under which the file gets its
  // name.
  if (::close(::dup(descriptor_)) != 0 || ::rename(partial_.c_str(), final_path_.c_str()) != 0)
    throw std::runtime_error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
  ::close(std::exchange(descriptor_, -1));
}

}  // namespace taugrid
