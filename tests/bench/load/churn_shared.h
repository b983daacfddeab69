// SPDX-License-Identifier: MIT
// What the processes of the load generator have in common: the options, and one page of shared
// memory.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <ctime>

namespace tcptwin::bench {

constexpr std::size_t kMessageBytes = 64;
constexpr int kMaxProcesses = 64;
constexpr int kSourceAddresses =
    32;  // times kPorts times the local ports: no tuple is used twice in 60 s
constexpr int kPorts = 8;
constexpr std::uint16_t kFirstPort = 20000;

struct ChurnOptions {
  int clients = 2;
  int servers = 2;
  int in_flight = 32;     // of each client
  double duration_s = 2;  // of the churn; a burst: how long it is held open
  std::uint64_t rate =
      0;  // connections a second, of all clients together; 0: as many as there can be
  std::uint64_t burst = 0;  // so many connections are opened, and closed all at once
};

// Counts of durations, 32 steps for each power of two: quantiles are right within 3 %.
class Durations {
 public:
  void add(std::uint64_t ns) { ++counts_[step_of(ns)]; }
  void add(const Durations& other) {
    for (std::size_t step = 0; step < counts_.size(); ++step) counts_[step] += other.counts_[step];
  }
  [[nodiscard]] double quantile_us(double share) const;

 private:
  static constexpr unsigned kStepBits = 5;
  static std::size_t step_of(std::uint64_t ns) {
    const auto width = static_cast<unsigned>(std::bit_width(ns));
    if (width <= kStepBits) return ns;
    const unsigned shift = width - kStepBits - 1;
    return (std::size_t{shift + 1} << kStepBits) + ((ns >> shift) & ((1U << kStepBits) - 1));
  }
  static double middle_ns(std::size_t step);
  std::array<std::uint64_t, 64U << kStepBits> counts_;
};

struct ProcessResult {
  std::uint64_t connections;
  std::uint64_t failures;
  std::uint64_t cpu_ns;
  Durations connect;
};

// Zeroed by mmap; one writer for each result.
struct Shared {
  std::atomic<int> servers_ready;
  std::atomic<int> clients_done;
  std::atomic<bool> begin;
  std::atomic<bool> close_all;  // the burst's connections
  std::atomic<bool> end;
  std::atomic<std::uint64_t> opened;
  std::atomic<std::uint64_t> accepted;
  std::atomic<std::uint64_t> server_closed;
  std::array<ProcessResult, kMaxProcesses> results;
};

inline std::uint64_t nanoseconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}
inline std::uint64_t now_ns() {
  return nanoseconds(CLOCK_MONOTONIC);
}
inline std::uint64_t cpu_ns() {
  return nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
}

[[noreturn]] void fail(const char* what);  // with errno; ends the process
void pause_for(std::uint64_t ns);

// The bodies of the processes; each ends when the shared memory says so.
void serve(Shared& shared, ProcessResult& result);
void ask(const ChurnOptions& options, int client, Shared& shared, ProcessResult& result);
void burst(const ChurnOptions& options, int client, Shared& shared, ProcessResult& result);

}  // namespace tcptwin::bench
