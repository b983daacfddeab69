// SPDX-License-Identifier: MIT
// The few kernel addresses that the kernel side can use, from /proc/kallsyms.
#pragma once

#include <cstdint>
#include <iosfwd>

namespace tcptwin::sources {

struct KernelSymbols {
  bool is_listed = false;               // kallsyms could be read at all
  bool has_values = false;              // and its addresses were not hidden (kptr_restrict)
  bool is_link_time_optimised = false;  // functions may be inlined into other files
  // Addresses; 0 if hidden or absent.
  std::uint64_t time_wait_handler = 0;
  std::uint64_t request_handler = 0;
  std::uint64_t softirq_begin = 0;
  std::uint64_t softirq_end = 0;
};

KernelSymbols read_kernel_symbols();                     // of the running kernel
KernelSymbols parse_kernel_symbols(std::istream& text);  // "ffffffff82008a00 t tw_timer_handler"

}  // namespace tcptwin::sources
