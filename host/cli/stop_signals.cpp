#include "host/cli/stop_signals.h"

#include <csignal>
#include <cstddef>
#include <iterator>

namespace taugrid::cli {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// A handler sees nothing but what has static storage.
volatile std::sig_atomic_t signal_received = 0;
struct sigaction actions_before[std::size(kSignals)];

void note_signal(int) { signal_received = 1; }

}  // namespace

StopSignals::StopSignals() {
  signal_received = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  // Without SA_RESTART: what waits for an input is to ask whether to stop. Whoever writes tries
  // again (OutputFile, ResumableFile, CheckpointedFile).
  action.sa_flags = 0;
  for (size_t i = 0; i < std::size(kSignals); ++i) {
    ::sigaction(kSignals[i], nullptr, &actions_before[i]);
    if (actions_before[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
  }
}

StopSignals::~StopSignals() {
  for (size_t i = 0; i < std::size(kSignals); ++i)
    ::sigaction(kSignals[i], &actions_before[i], nullptr);
}

bool StopSignals::received() const { return signal_received != 0; }

}  // namespace taugrid::cli
