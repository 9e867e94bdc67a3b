// One line on the terminal that says how far the work is. Nothing where standard error is no
// terminal.
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
