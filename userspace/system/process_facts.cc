// SPDX-License-Identifier: MIT
#include "system/process_facts.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tcptwin::system {
namespace {

double seconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// In ticks since the boot: field 22 of /proc/self/stat. The name may hold blanks and brackets.
double start_ticks() {
  std::ifstream file{"/proc/self/stat"};
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields{line.substr(name_end + 1)};
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  return ticks;
}

// Read once: two clocks are never read at the same moment, and a start that moves by a microsecond
// would look like a restart.
double started() {
  static const double kStarted = seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME) +
                                 start_ticks() / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return kStarted;
}

std::uint64_t open_descriptors() {
  std::error_code error;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator entry{"/proc/self/fd", error}, end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // the listing's own
}

}  // namespace

ProcessFacts read_process_facts() {
  ProcessFacts facts;
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0) {
    facts.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  }
  std::ifstream memory{"/proc/self/statm"};
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (memory >> all >> resident) {
    facts.virtual_bytes = all * page;
    facts.resident_bytes = resident * page;
  }
  facts.open_descriptors = open_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.most_descriptors = limit.rlim_cur;
  facts.start_seconds = started();
  return facts;
}

}  // namespace tcptwin::system
