// SPDX-License-Identifier: MIT
#include "sources/ring_reader.h"

#include <linux/bpf.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

namespace tcptwin::sources {

namespace {

constexpr std::size_t kHeaderBytes = BPF_RINGBUF_HDR_SZ;
// The kernel reads our position on every reserve. Telling it after each record would bounce that
// cache line between the CPUs; 16 KB is well below the smallest ring.
constexpr std::uint64_t kReleaseEvery = 16 * 1024;
// A record is unfinished only while its program runs on another CPU: under a microsecond, unless
// that CPU is interrupted (or the hypervisor took it away).
constexpr int kCommitPatience = 2000;

std::uint32_t load_length(const std::byte* header) {
  return __atomic_load_n(reinterpret_cast<const std::uint32_t*>(header), __ATOMIC_ACQUIRE);
}

std::size_t page_bytes() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

RingReader::RingReader(const RingMemory& memory) : memory_(memory) {
  position_ = __atomic_load_n(memory_.consumer_position, __ATOMIC_ACQUIRE);
  released_ = position_;
}

bool RingReader::wait_until_committed(const std::byte* header) const {
  for (int attempt = 0; attempt < kCommitPatience; ++attempt) {
    if ((load_length(header) & BPF_RINGBUF_BUSY_BIT) == 0) return true;
    ::sched_yield();
  }
  return false;
}

void RingReader::release() {
  if (released_ == position_) return;
  __atomic_store_n(memory_.consumer_position, position_, __ATOMIC_RELEASE);
  released_ = position_;
}

Drained RingReader::drain(RecordHandler& handler) {
  Drained drained;
  const std::uint64_t end = __atomic_load_n(memory_.producer_position, __ATOMIC_ACQUIRE);
  while (position_ < end) {
    const std::byte* header = memory_.data + (position_ & (memory_.bytes - 1));
    if (!wait_until_committed(header)) {
      drained.is_complete = false;
      break;
    }
    const std::uint32_t length = load_length(header);
    const std::uint32_t bytes = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    if ((length & BPF_RINGBUF_DISCARD_BIT) == 0) {
      handler.on_record({header + kHeaderBytes, bytes});
      ++drained.records;
    }
    position_ += (bytes + kHeaderBytes + 7) & ~std::uint64_t{7};
    if (position_ - released_ >= kReleaseEvery) release();
  }
  release();
  return drained;
}

Result<RingMapping> RingMapping::open(int map_descriptor, std::size_t bytes) {
  const std::size_t page = page_bytes();
  const auto failure = [] {
    return Error{ErrorCode::Failed,
                 std::string{"cannot map the kernel's ring buffer: "} + strerror(errno), ""};
  };
  void* consumer = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_descriptor, 0);
  if (consumer == MAP_FAILED) return failure();
  void* producer = ::mmap(nullptr, page + 2 * bytes, PROT_READ, MAP_SHARED, map_descriptor,
                          static_cast<off_t>(page));
  if (producer == MAP_FAILED) {
    const Error error = failure();
    ::munmap(consumer, page);
    return error;
  }
  RingMapping mapping;
  mapping.memory_ = {static_cast<std::uint64_t*>(consumer),
                     static_cast<const std::uint64_t*>(producer),
                     static_cast<const std::byte*>(producer) + page, bytes};
  return mapping;
}

RingMapping::RingMapping(RingMapping&& other) noexcept
    : memory_(std::exchange(other.memory_, RingMemory{})) {}

RingMapping& RingMapping::operator=(RingMapping&& other) noexcept {
  if (this == &other) return *this;
  unmap();
  memory_ = std::exchange(other.memory_, RingMemory{});
  return *this;
}

RingMapping::~RingMapping() {
  unmap();
}

void RingMapping::unmap() {
  if (memory_.consumer_position == nullptr) return;
  const std::size_t page = page_bytes();
  ::munmap(memory_.consumer_position, page);
  ::munmap(const_cast<std::uint64_t*>(memory_.producer_position), page + 2 * memory_.bytes);
  memory_ = {};
}

}  // namespace tcptwin::sources
