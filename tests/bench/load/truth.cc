// SPDX-License-Identifier: MIT
// tcptwin_bench_truth: counts the TCP state changes of a network namespace until it is interrupted,
// or attaches a program that does nothing. Prints {"attached":true}, at the end the count. For
// tests/bench/*.py.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "truth.skel.h"

namespace {

struct Destroy {
  void operator()(truth_bpf* programs) const { truth_bpf__destroy(programs); }
};
using Programs = std::unique_ptr<truth_bpf, Destroy>;

int fail(const std::string& what) {
  std::fprintf(stderr, "tcptwin_bench_truth: %s: %s\n", what.c_str(), std::strerror(errno));
  return 1;
}

std::uint64_t counted(const truth_bpf& programs) {
  std::vector<std::uint64_t> each(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  const std::uint32_t zero = 0;
  bpf_map__lookup_elem(programs.maps.changes, &zero, sizeof zero, each.data(),
                       each.size() * sizeof each[0], 0);
  return std::accumulate(each.begin(), each.end(), std::uint64_t{0});
}

// Runs that the kernel refused: the count lacks them.
std::uint64_t refused(const truth_bpf& programs) {
  bpf_prog_info facts{};
  std::uint32_t size = sizeof facts;
  if (bpf_obj_get_info_by_fd(bpf_program__fd(programs.progs.bench_count), &facts, &size) != 0)
    return 0;
  return facts.recursion_misses;
}

}  // namespace

int main(int argc, char** argv) {
  std::string netns;
  bool is_empty = false;
  CLI::App app("counts TCP state changes until it is interrupted");
  app.add_option("--netns", netns, "the file of a network namespace; default: all");
  app.add_flag("--empty", is_empty, "attach the program that does nothing");
  CLI11_PARSE(app, argc, argv);

  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  sigprocmask(SIG_BLOCK, &ending, nullptr);

  const Programs programs(truth_bpf__open());
  if (!programs) return fail("open");
  struct stat file {};
  if (!netns.empty() && stat(netns.c_str(), &file) != 0) return fail(netns);
  programs->rodata->netns = static_cast<std::uint32_t>(file.st_ino);
  bpf_program__set_autoload(programs->progs.bench_count, !is_empty);
  bpf_program__set_autoload(programs->progs.bench_empty, is_empty);
  if (truth_bpf__load(programs.get()) != 0) return fail("load");
  if (truth_bpf__attach(programs.get()) != 0) return fail("attach");
  std::puts("{\"attached\":true}");
  std::fflush(stdout);

  int number = 0;
  sigwait(&ending, &number);
  if (!is_empty)
    std::printf("{\"changes\":%llu,\"refused\":%llu}\n",
                static_cast<unsigned long long>(counted(*programs)),
                static_cast<unsigned long long>(refused(*programs)));
  return 0;
}
