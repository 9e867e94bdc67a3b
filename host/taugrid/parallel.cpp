#include "host/taugrid/parallel.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace taugrid {

int n_slots(int threads) { return threads == 1 ? 1 : 4 * threads; }

int thread_count(int requested) {
  if (requested > 0) return requested;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void ordered_blocks(int64_t n_blocks, int threads,
                    const std::function<void(int64_t, int, int)>& work,
                    const std::function<void(int64_t, int)>& consume) {
  ordered_stream(
      n_blocks <= 1 ? 1 : threads, [&](int64_t block, int) { return block < n_blocks; }, work,
      consume);
}

void ordered_stream(int threads, const std::function<bool(int64_t, int)>& take,
                    const std::function<void(int64_t, int, int)>& work,
                    const std::function<void(int64_t, int)>& consume) {
  if (threads <= 1) {
    for (int64_t block = 0; take(block, 0); ++block) {
      work(block, 0, 0);
      consume(block, 0);
    }
    return;
  }

  const int64_t slots = n_slots(threads);
  std::mutex taking;  // held by whoever is at the source, for the next block in order
  std::mutex mutex;   // of what follows
  std::condition_variable changed;
  std::vector<char> ready(static_cast<size_t>(slots), 0);
  int64_t next = 0, consumed = 0;
  bool ended = false, stop = false;
  // Of the first block in order that failed, whichever failed first in time.
  std::exception_ptr failure;
  int64_t failed = 0;

  const auto worker = [&](int id) {
    while (true) {
      int64_t block;
      int slot;
      bool taken = false;
      std::exception_ptr thrown;
      {
        const std::lock_guard at_the_source(taking);
        {
          std::unique_lock lock(mutex);
          changed.wait(lock, [&] { return stop || ended || next < consumed + slots; });
          if (stop || ended) return;
          block = next;
        }
        slot = static_cast<int>(block % slots);
        try {
          taken = take(block, slot);
        } catch (...) {
          thrown = std::current_exception();
        }
        const std::lock_guard lock(mutex);
        if (taken || thrown) {
          next = block + 1;
        } else {
          ended = true;
        }
      }
      if (!taken && !thrown) {
        changed.notify_all();
        return;
      }
      if (!thrown) {
        try {
          work(block, slot, id);
        } catch (...) {
          thrown = std::current_exception();
        }
      }
      {
        const std::lock_guard lock(mutex);
        if (thrown) {
          if (!failure || block < failed) {
            failure = thrown;
            failed = block;
          }
          stop = true;  // no more are taken; those before this one are all in work, or done
        }
        ready[static_cast<size_t>(slot)] = 1;
      }
      changed.notify_all();
    }
  };

  std::vector<std::jthread> workers;
  // Destroyed, and so set, before the workers are joined.
  struct Stopper {
    std::mutex& mutex;
    std::condition_variable& changed;
    bool& stop;
    ~Stopper() {
      {
        const std::lock_guard lock(mutex);
        stop = true;
      }
      changed.notify_all();
    }
  };
  workers.reserve(static_cast<size_t>(threads));
  const Stopper stopper{mutex, changed, stop};
  for (int id = 0; id < threads; ++id) workers.emplace_back(worker, id);

  for (int64_t block = 0;; ++block) {
    const int slot = static_cast<int>(block % slots);
    {
      std::unique_lock lock(mutex);
      changed.wait(lock,
                   [&] { return ready[static_cast<size_t>(slot)] || (ended && block == next); });
      if (failure && block == failed) std::rethrow_exception(failure);
      if (ended && block == next) return;
      ready[static_cast<size_t>(slot)] = 0;
    }
    consume(block, slot);
    {
      const std::lock_guard lock(mutex);
      consumed = block + 1;
    }
    changed.notify_all();
  }
}

}  // namespace taugrid
