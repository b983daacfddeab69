// SPDX-License-Identifier: MIT
// From the ring buffer to the metrics: wire records in a ring of plain memory, through RingReader
// and Pipeline to sinks::Metrics, as `serve` does it.
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>

#include "engine/benches.h"
#include "engine/measured.h"
#include "pipeline.h"
#include "sinks/metrics.h"
#include "sources/ring_reader.h"

namespace tcptwin::bench {
namespace {

constexpr std::size_t kRingBytes = 4 << 20;
constexpr std::size_t kBatchesADrain = 8;  // some 1.6 MB
constexpr std::size_t kTwins = 10'000;

// As the kernel maps it: the data twice in a row.
class MemoryRing {
 public:
  MemoryRing() {
    const int memory = ::memfd_create("ring", MFD_CLOEXEC);
    void* room = ::mmap(nullptr, 2 * kRingBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory < 0 || room == MAP_FAILED || ::ftruncate(memory, kRingBytes) != 0) {
      throw std::runtime_error{"no memory for a ring"};
    }
    data_ = static_cast<std::byte*>(room);
    for (std::byte* half : {data_, data_ + kRingBytes}) {
      if (::mmap(half, kRingBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, 0) !=
          half) {
        throw std::runtime_error{"cannot map a ring twice"};
      }
    }
    ::close(memory);
  }
  MemoryRing(const MemoryRing&) = delete;
  MemoryRing& operator=(const MemoryRing&) = delete;
  ~MemoryRing() { ::munmap(data_, 2 * kRingBytes); }

  void produce(std::span<const std::byte> record) {
    std::byte* place = data_ + (producer_ & (kRingBytes - 1));
    const std::array<std::uint32_t, 2> header = {static_cast<std::uint32_t>(record.size()), 0};
    static_assert(sizeof header == BPF_RINGBUF_HDR_SZ);
    std::memcpy(place, header.data(), sizeof header);
    std::memcpy(place + sizeof header, record.data(), record.size());
    producer_ += (sizeof header + record.size() + 7) & ~std::size_t{7};
  }
  sources::RingMemory memory() { return {&consumer_, &producer_, data_, kRingBytes}; }

 private:
  std::byte* data_ = nullptr;
  std::uint64_t consumer_ = 0;
  std::uint64_t producer_ = 0;
};

class TwoServices final : public sinks::CgroupDirectory {
 public:
  const sinks::CgroupName* find(std::uint64_t id) override { return &names_[id % names_.size()]; }

 private:
  std::array<sinks::CgroupName, 2> names_ = {system::parse_cgroup_path("/system.slice/a.service"),
                                             system::parse_cgroup_path("/system.slice/b.service")};
};

KernelTime clock_as_the_service_reads_it() {
  return kernel_time_from_ns(static_cast<std::uint64_t>(
      std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds{1}));
}

class Service {
 public:
  Service() {
    while (!host_.is_steady()) {
      produce_batch();
      drain();
    }
  }
  void produce_batch() {
    for (const WireRecord& record : host_.next()) ring_.produce(record.bytes());
  }
  void drain() {
    reader_.drain(pipeline_);
    pipeline_.on_record(host_.status());
  }
  tracker::TrackerCounts counts() const { return tracker_.counts(); }
  std::size_t connections_a_batch() const { return host_.traffic().in_flight; }

 private:
  GeneratedHost host_{comes_and_goes(kTwins)};
  MemoryRing ring_;
  sources::RingReader reader_{ring_.memory()};
  TwoServices cgroups_;
  sinks::Metrics metrics_{clock_as_the_service_reads_it, &cgroups_};
  tracker::Tracker tracker_;
  Pipeline pipeline_{tracker_, metrics_};
};

void ring_to_metrics(benchmark::State& state, Service& service) {
  std::chrono::nanoseconds taken{};
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBatchesADrain; ++i) service.produce_batch();
    taken += measure(state, [&] { service.drain(); });
  }
  if (!understood_all(service.counts())) state.SkipWithError("the tracker did not agree to all");
  const auto drains = static_cast<std::uint64_t>(state.iterations());
  show_connections(state, drains * kBatchesADrain * service.connections_a_batch(), taken);
}

}  // namespace

void register_ring_bench() {
  auto service = std::make_shared<std::optional<Service>>();
  benchmark::RegisterBenchmark("ring_to_metrics", [service](benchmark::State& state) {
    if (!*service) service->emplace();
    ring_to_metrics(state, **service);
  })->UseManualTime();
}

}  // namespace tcptwin::bench
