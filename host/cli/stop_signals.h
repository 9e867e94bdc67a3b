// Ctrl-C and its like as a question that the work asks between blocks, so that it ends by an
// exception and what it leaves behind is cleared away.
#pragma once

namespace taugrid::cli {

// While one lives, SIGINT, SIGTERM and SIGHUP are only noted. A signal that the program was started
// to ignore (nohup) stays ignored.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  bool received() const;
};

}  // namespace taugrid::cli
