// SPDX-License-Identifier: MIT
// The reading end of a BPF ring buffer. Unlike libbpf's, it can tell whether everything that had
// its place in the ring when the drain began has been delivered, which TCPTWIN_STATUS promises.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "sources/event_source.h"

namespace tcptwin::sources {

// Where the kernel shares a ring with us (kernel/bpf/ringbuf.c). The data is mapped twice in a row,
// so that a record that wraps around lies in one piece.
struct RingMemory {
  std::uint64_t* consumer_position = nullptr;
  const std::uint64_t* producer_position = nullptr;
  const std::byte* data = nullptr;
  std::size_t bytes = 0;  // a power of two
};

struct Drained {
  std::size_t records = 0;
  bool is_complete = true;  // false: a record stayed unfinished, those behind it wait
};

class RingReader {
 public:
  RingReader() = default;
  explicit RingReader(const RingMemory& memory);

  // Delivers what is in the ring now; what comes meanwhile stays for the next time.
  Drained drain(RecordHandler& handler);

 private:
  bool wait_until_committed(const std::byte* header) const;
  void release();

  RingMemory memory_;
  std::uint64_t position_ = 0;
  std::uint64_t released_ = 0;
};

// A ring buffer map, mapped into memory for as long as this lives. The descriptor is borrowed.
class RingMapping {
 public:
  static Result<RingMapping> open(int map_descriptor, std::size_t bytes);
  RingMapping() = default;
  RingMapping(RingMapping&& other) noexcept;
  RingMapping& operator=(RingMapping&& other) noexcept;
  ~RingMapping();

  const RingMemory& memory() const { return memory_; }

 private:
  void unmap();

  RingMemory memory_;
};

}  // namespace tcptwin::sources
