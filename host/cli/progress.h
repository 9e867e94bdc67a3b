// One line on the terminal that says how far the work is, in draws or other units. Nothing where
// standard error is no terminal.
#pragma once

#include <chrono>
#include <cstdint>

namespace taugrid::cli {

class Progress {
 public:
  // `what` is counted, and named in the rate.
  Progress(int64_t total, bool wanted, const char* what = "draws");
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(int64_t done);
  // Where what is counted and what is known of the whole are not the same: a share of the whole
  // (negative: not known) and a count.
  void update(double share, int64_t count);

 private:
  using Clock = std::chrono::steady_clock;
  int64_t total_;
  const char* what_;
  bool shown_;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point last_;
};

}  // namespace taugrid::cli
