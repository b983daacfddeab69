// SPDX-License-Identifier: MIT
#include "commands/surroundings.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>

namespace tcptwin::commands {
namespace {

Duration read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

}  // namespace

KernelTime monotonic_now() {
  return KernelTime{read_clock(CLOCK_MONOTONIC)};
}

sinks::ClockMapping clock_mapping(KernelTime start) {
  const Duration before = read_clock(CLOCK_MONOTONIC);
  const Duration wall = read_clock(CLOCK_REALTIME);
  const Duration after = read_clock(CLOCK_MONOTONIC);
  const std::time_t now = std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  std::tm local{};
  ::localtime_r(&now, &local);
  return {wall - (before + after) / 2, std::chrono::seconds{local.tm_gmtoff}, start};
}

bool wants_colour(ColourChoice choice, int descriptor) {
  switch (choice) {
    case ColourChoice::Always:
      return true;
    case ColourChoice::Never:
      return false;
    case ColourChoice::Auto:
      break;
  }
  const bool refused = !environment("NO_COLOR").empty() || environment("TERM") == "dumb";
  return !refused && ::isatty(descriptor) == 1;
}

std::size_t terminal_columns(int descriptor) {
  winsize size{};
  if (::isatty(descriptor) != 1 || ::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

bool kallsyms_are_readable() {
  // Without the right every address reads as zero.
  std::ifstream symbols{"/proc/kallsyms"};
  std::string address;
  symbols >> address;
  return address.find_first_not_of('0') != std::string::npos;
}

}  // namespace tcptwin::commands
