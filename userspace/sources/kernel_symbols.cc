// SPDX-License-Identifier: MIT
#include "sources/kernel_symbols.h"

#include <charconv>
#include <fstream>
#include <istream>
#include <string>
#include <string_view>

namespace tcptwin::sources {

namespace {

struct Line {
  std::uint64_t address = 0;
  std::string_view name;
};

Line parse_line(std::string_view text) {
  Line line;
  const std::size_t end_of_address = text.find(' ');
  if (end_of_address == std::string_view::npos || end_of_address + 3 > text.size()) return line;
  std::from_chars(text.data(), text.data() + end_of_address, line.address, 16);
  line.name = text.substr(end_of_address + 3);
  line.name = line.name.substr(0, line.name.find_first_of("\t\r "));
  return line;
}

// A kernel built with link-time optimisation appends ".llvm.<hash>" to local names.
bool is_named(std::string_view name, std::string_view wanted) {
  if (!name.starts_with(wanted)) return false;
  return name.size() == wanted.size() || name.substr(wanted.size()).starts_with(".llvm.");
}

}  // namespace

KernelSymbols parse_kernel_symbols(std::istream& text) {
  KernelSymbols symbols;
  std::uint64_t softirq_wrapper = 0;  // __do_softirq serves softirqs itself before 6.10
  std::uint64_t softirq_wrapper_end = 0;
  std::uint64_t* end_wanted = nullptr;
  std::uint64_t begin_of_wanted = 0;
  const auto remember = [&](std::uint64_t& begin, std::uint64_t& end, std::uint64_t address) {
    begin = begin_of_wanted = address;
    end_wanted = &end;
  };
  for (std::string buffer; std::getline(text, buffer);) {
    const Line line = parse_line(buffer);
    if (line.name.empty()) continue;
    symbols.is_listed = true;
    symbols.has_values = symbols.has_values || line.address != 0;
    if (line.name.find(".llvm.") != std::string_view::npos) symbols.is_link_time_optimised = true;
    // The list is sorted by address: a function ends where the next symbol begins.
    if (end_wanted != nullptr && line.address > begin_of_wanted) {
      *end_wanted = line.address;
      end_wanted = nullptr;
    }
    if (is_named(line.name, "tw_timer_handler")) symbols.time_wait_handler = line.address;
    if (is_named(line.name, "reqsk_timer_handler")) symbols.request_handler = line.address;
    if (is_named(line.name, "handle_softirqs")) {
      remember(symbols.softirq_begin, symbols.softirq_end, line.address);
    }
    if (line.name == "__do_softirq") remember(softirq_wrapper, softirq_wrapper_end, line.address);
  }
  if (symbols.softirq_begin == 0 || symbols.softirq_end == 0) {
    symbols.softirq_begin = softirq_wrapper;
    symbols.softirq_end = softirq_wrapper_end;
  }
  return symbols;
}

KernelSymbols read_kernel_symbols() {
  std::ifstream text{"/proc/kallsyms"};
  return parse_kernel_symbols(text);
}

}  // namespace tcptwin::sources
