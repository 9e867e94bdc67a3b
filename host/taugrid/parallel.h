// Blocks worked on by several threads and consumed in order by the thread that asked.
#pragma once

#include <cstdint>
#include <functional>

namespace taugrid {

// For block = 0 .. n_blocks - 1: work(block, slot, worker) on one of `threads` workers, then
// consume(block, slot) on the calling thread, in order. A slot in [0, n_slots(threads)) is in the
// hands of one block from the start of its work to the end of its consumption. An exception of
// either ends the whole and is thrown here, that of the first block in order that has one, after
// all blocks before it are consumed. With one thread nothing is started.
int n_slots(int threads);
void ordered_blocks(int64_t n_blocks, int threads,
                    const std::function<void(int64_t block, int slot, int worker)>& work,
                    const std::function<void(int64_t block, int slot)>& consume);

// The same of blocks whose number is not known before: take(block, slot) answers whether there is
// one more. It is called for 0, 1, .. in order and by one thread at a time, but by any.
void ordered_stream(int threads, const std::function<bool(int64_t block, int slot)>& take,
                    const std::function<void(int64_t block, int slot, int worker)>& work,
                    const std::function<void(int64_t block, int slot)>& consume);

// How many threads `requested` means: 0 is all that the machine has.
int thread_count(int requested);

}  // namespace taugrid
