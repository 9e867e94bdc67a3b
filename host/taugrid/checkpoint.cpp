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

}  // namespace

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
  if (!in) return std::nullopt;
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
    refuse("is of another study file, or of another version of the program");
  return checkpoint;
}

CheckpointedFile::CheckpointedFile(const std::string& path, int64_t bytes)
    : path_(path), partial_(path + ".partial"), bytes_(bytes) {
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument(fmt::format("cannot write {}: {}", partial_, why));
  };
  descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) refuse(std::strerror(errno));
  struct stat status {};
  const bool known = ::fstat(descriptor_, &status) == 0;
  if (!known || status.st_size < bytes) {
    ::close(std::exchange(descriptor_, -1));
    refuse("it is shorter than the checkpoint says");
  }
  if (::ftruncate(descriptor_, bytes) != 0 || ::lseek(descriptor_, bytes, SEEK_SET) != bytes) {
    const int error = errno;
    ::close(std::exchange(descriptor_, -1));
    refuse(std::strerror(error));
  }
}

CheckpointedFile::~CheckpointedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
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
  if (::close(std::exchange(descriptor_, -1)) != 0 ||
      ::rename(partial_.c_str(), path_.c_str()) != 0)
    throw std::runtime_error(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

}  // namespace taugrid
