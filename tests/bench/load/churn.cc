// SPDX-License-Identifier: MIT
// tcptwin_bench_load: connections over loopback, each with a question and an answer, as many as the
// machine can take, or at a rate, or a burst that is closed at once. Prints JSON lines. For
// tests/bench/*.py.
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "churn_shared.h"

namespace tcptwin::bench {

double Durations::middle_ns(std::size_t step) {
  const std::size_t power = step >> kStepBits;
  if (power == 0) return static_cast<double>(step);
  const std::size_t low = ((std::size_t{1} << kStepBits) | (step & ((1U << kStepBits) - 1)))
                          << (power - 1);
  return static_cast<double>(low) + static_cast<double>(std::size_t{1} << (power - 1)) / 2;
}

double Durations::quantile_us(double share) const {
  std::uint64_t total = 0;
  for (const std::uint64_t count : counts_) total += count;
  std::uint64_t seen = 0;
  for (std::size_t step = 0; step < counts_.size(); ++step) {
    seen += counts_[step];
    if (seen > 0 && static_cast<double>(seen) >= share * static_cast<double>(total))
      return middle_ns(step) / 1000;
  }
  return 0;
}

void fail(const char* what) {
  std::fprintf(stderr, "tcptwin_bench_load: %s: %s\n", what, std::strerror(errno));
  std::_Exit(1);
}

void pause_for(std::uint64_t ns) {
  const timespec time{0, static_cast<long>(ns)};
  nanosleep(&time, nullptr);
}

namespace {

volatile std::sig_atomic_t interrupted = 0;
void note_signal(int) {
  interrupted = 1;
}

void pin_to(int number) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail("sched_getaffinity");
  int skip = number % CPU_COUNT(&allowed);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || skip-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) fail("sched_setaffinity");
    return;
  }
}

void allow_many_files() {
  rlimit limit{1U << 20, 1U << 20};
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) fail("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) fail("setrlimit");
}

class Load {
 public:
  explicit Load(const ChurnOptions& options) : options_(options) {
    void* memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("mmap");
    shared_ = static_cast<Shared*>(memory);
  }

  int run() {
    for (int server = 0; server < options_.servers; ++server)
      start(server, [&](ProcessResult& result) { serve(*shared_, result); });
    await([&] { return shared_->servers_ready == options_.servers; });
    for (int client = 0; client < options_.clients; ++client)
      start(client, [&](ProcessResult& result) {
        (options_.burst > 0 ? burst : ask)(options_, client, *shared_, result);
      });
    const std::uint64_t before = now_ns();
    shared_->begin = true;
    await([&] { return shared_->clients_done == options_.clients; });
    if (options_.burst > 0) close_at_once();
    await([&] { return shared_->server_closed == shared_->accepted; });
    const double seconds = static_cast<double>(now_ns() - before) / 1e9;
    end_processes();
    if (!is_well_) return 1;
    print(seconds);
    return 0;
  }

 private:
  template <typename Body>
  void start(int number, Body body) {
    ProcessResult& result = shared_->results[started_++];
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) std::_Exit(1);
    std::signal(SIGINT, SIG_IGN);  // a Ctrl-C reaches all; the parent says when to end
    pin_to(number);
    body(result);
    std::_Exit(0);
  }

  // Gives up when a process failed or somebody wants it to end.
  template <typename Condition>
  void await(Condition condition) {
    while (is_well_ && !condition()) {
      int status = 0;
      if (interrupted != 0 || (waitpid(-1, &status, WNOHANG) > 0 && status != 0)) is_well_ = false;
      pause_for(1'000'000);
    }
  }

  void close_at_once() {
    await([&] { return shared_->accepted == shared_->opened; });
    std::printf("{\"open\":%llu}\n", static_cast<unsigned long long>(shared_->opened.load()));
    std::fflush(stdout);
    const std::uint64_t until = now_ns() + static_cast<std::uint64_t>(options_.duration_s * 1e9);
    await([&] { return now_ns() >= until; });
    shared_->close_all = true;
  }

  void end_processes() {
    shared_->end = true;
    for (int status = 0; waitpid(-1, &status, 0) > 0 || errno == EINTR;)
      if (status != 0) is_well_ = false;
  }

  void print(double seconds) const {
    ProcessResult sum{};
    for (const ProcessResult& result : shared_->results) {
      sum.connections += result.connections;
      sum.failures += result.failures;
      sum.cpu_ns += result.cpu_ns;
      sum.connect.add(result.connect);
    }
    std::printf(
        "{\"connections\":%llu,\"failures\":%llu,\"seconds\":%.4f,\"load_cpu_s\":%.6f,"
        "\"connect_p50_us\":%.2f,\"connect_p99_us\":%.2f}\n",
        static_cast<unsigned long long>(sum.connections),
        static_cast<unsigned long long>(sum.failures), seconds,
        static_cast<double>(sum.cpu_ns) / 1e9, sum.connect.quantile_us(0.5),
        sum.connect.quantile_us(0.99));
  }

  const ChurnOptions& options_;
  Shared* shared_ = nullptr;
  std::size_t started_ = 0;
  bool is_well_ = true;
};

}  // namespace
}  // namespace tcptwin::bench

int main(int argc, char** argv) {
  using namespace tcptwin::bench;
  ChurnOptions options;
  CLI::App app("connections over loopback, each with a question and an answer");
  app.add_option("--clients", options.clients)->check(CLI::Range(1, kMaxProcesses / 2));
  app.add_option("--servers", options.servers)->check(CLI::Range(1, kMaxProcesses / 2));
  app.add_option("--in-flight", options.in_flight, "of each client")->check(CLI::Range(1, 10000));
  app.add_option("--duration", options.duration_s, "seconds; of a burst: how long it is held open");
  app.add_option("--rate", options.rate, "connections a second; 0: as many as there can be");
  app.add_option("--burst", options.burst, "open so many, then close all at once");
  CLI11_PARSE(app, argc, argv);
  allow_many_files();
  std::signal(SIGINT, note_signal);
  std::signal(SIGTERM, note_signal);
  std::signal(SIGPIPE, SIG_IGN);
  return Load(options).run();
}
