#include "host/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <string>

namespace taugrid::cli {
namespace {

// Often enough to look alive; a run shorter than this shows nothing at all.
constexpr double kSecondsBetween = 0.2;

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  if (seconds < 3600)
    return fmt::format("{:.0f} min {:02.0f} s", std::floor(seconds / 60), std::fmod(seconds, 60));
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string rate_text(double rate) {
  if (rate >= 1e6) return fmt::format("{:.1f} M", rate / 1e6);
  return rate >= 1e3 ? fmt::format("{:.1f} k", rate / 1e3) : fmt::format("{:.1f}", rate);
}

}  // namespace

Progress::Progress(int64_t total, bool wanted, const char* what)
    : total_(total),
      what_(what),
      shown_(wanted && ::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void Progress::update(int64_t done) {
  update(static_cast<double>(done) / static_cast<double>(total_), done);
}

void Progress::update(double share, int64_t count) {
  if (!shown_ || count <= 0) return;
  const Clock::time_point now = Clock::now();
  if (std::chrono::duration<double>(now - last_).count() < kSecondsBetween) return;
  last_ = now;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::string line = share >= 0.0 ? fmt::format("\r{:5.1f}%", 100.0 * share)
                                  : fmt::format("\r{} {}", count, what_);
  line += fmt::format("  {} {}/s", rate_text(static_cast<double>(count) / seconds), what_);
  if (share > 0.0) line += fmt::format("  {} left", duration_text(seconds * (1.0 / share - 1.0)));
  std::fputs((line + "\033[K").c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace taugrid::cli
