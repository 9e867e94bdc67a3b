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
  if (threads <= 1 || n_blocks <= 1) {
    for (int64_t block = 0; block < n_blocks; ++block) {
      work(block, 0, 0);
      consume(block, 0);
    }
    return;
  }

  const int64_t slots = n_slots(threads);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<char> ready(static_cast<size_t>(slots), 0);
  int64_t next = 0, consumed = 0;
  bool stop = false;
  std::exception_ptr failure;

  const auto worker = [&](int id) {
    while (true) {
      int64_t block;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return stop || next >= n_blocks || next < consumed + slots; });
        if (stop || next >= n_blocks) return;
        block = next++;
      }
      const int slot = static_cast<int>(block % slots);
      std::exception_ptr thrown;
      try {
        work(block, slot, id);
      } catch (...) {
        thrown = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex);
        if (thrown) {
          failure = thrown;
          stop = true;
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

  for (int64_t block = 0; block < n_blocks; ++block) {
    const int slot = static_cast<int>(block % slots);
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return failure || ready[static_cast<size_t>(slot)]; });
      if (failure) std::rethrow_exception(failure);
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
