// SPDX-License-Identifier: MIT
// Texts that come from elsewhere and are no records: a recording's facts, names of cgroups, what
// /proc says, keys pressed in `top`. The first byte of an input says which; reading is total.
#include <sstream>
#include <string>
#include <string_view>

#include "recorded_stream.h"
#include "sinks/top_choice.h"
#include "sources/kernel_counters.h"
#include "sources/kernel_symbols.h"
#include "sources/libbpf_log.h"
#include "sources/prerequisites.h"
#include "sources/process_listeners.h"
#include "sources/recording_facts.h"
#include "system/cgroup_names.h"
#include "system/character_grid.h"

namespace tcptwin::fuzz {
namespace {

// What was read and is written again reads the same.
void read_facts(std::string_view text) {
  sources::RecordingFacts facts;
  read_facts_text(text, facts);
  const std::string once = facts_text(facts);
  sources::RecordingFacts again;
  read_facts_text(once, again);
  demand(facts_text(again) == once, "facts are not changed by being passed on");
}

void read_cgroup(std::string_view text) {
  const system::CgroupName name = system::parse_cgroup_path(text);
  demand(name.path == text, "a cgroup's path stays as it is");
  demand(name.container.empty() == name.runtime.empty(), "a container has a runtime");
}

void read_counters(std::string_view text) {
  sources::KernelCounters counters;
  const Status parsed = counters.parse(text);
  demand(parsed || !parsed.error().what.empty(), "a refusal has a reason");
  demand(counters.size() <= sources::KernelCounters::kCounters, "counters are bounded");
}

void read_symbols(std::string_view text) {
  std::istringstream lines{std::string{text}};
  const sources::KernelSymbols symbols = sources::parse_kernel_symbols(lines);
  demand(symbols.softirq_end == 0 || symbols.softirq_begin < symbols.softirq_end,
         "a function ends behind its beginning");
}

void read_sockets(std::string_view text) {
  std::istringstream lines{std::string{text}};
  (void)sources::listening_ports(lines, {0, 1, 12345});
}

void read_log(std::string_view text) {
  sources::LibbpfLog log;
  log.append(text);
  (void)log.refused_program();
  demand(log.excerpt(300).size() <= 300, "an excerpt is short");
}

void press_keys(std::string_view text) {
  sinks::TopChoice choice;
  for (const char key : text) {
    const auto name = static_cast<system::KeyName>(static_cast<unsigned char>(key) / 16);
    const bool is_named = name != system::KeyName::Character && name <= system::KeyName::Other &&
                          static_cast<unsigned char>(key) >= 0x80;
    const system::KeyPress pressed =
        is_named ? system::KeyPress{name, 0} : system::KeyPress{system::KeyName::Character, key};
    (void)press(choice, pressed, 10, 25);
    demand(choice.interval > Duration::zero(), "an interval is a time");
    demand(choice.filter.size() <= 256, "a filter is bounded");
    demand(choice.scrolled <= 25, "nobody scrolls beyond the end");
  }
}

// Whatever a name holds, it takes the columns that it says.
void draw(std::string_view text) {
  constexpr int kWidth = 20;
  const std::string_view shown = system::cut(text, kWidth);
  demand(system::columns_of(shown) <= kWidth, "what is cut fits");
  system::CharacterGrid grid{{kWidth, 2}, system::Repertoire::Unicode};
  grid.put(0, 0, text);
  grid.put_right(kWidth, 1, text);
  for (int row = 0; row < 2; ++row) {
    for (const char character : grid.row_text(row)) {
      demand(static_cast<unsigned char>(character) >= ' ', "a screen holds no control characters");
    }
  }
}

}  // namespace
}  // namespace tcptwin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tcptwin;
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (static_cast<char>(data[0])) {
    case 'f':
      fuzz::read_facts(text);
      break;
    case 'c':
      fuzz::read_cgroup(text);
      break;
    case 'm':
      (void)system::cgroup2_mount(text);
      break;
    case 'k':
      fuzz::read_counters(text);
      break;
    case 's':
      fuzz::read_symbols(text);
      break;
    case 'p':
      fuzz::read_sockets(text);
      break;
    case 'r':
      (void)sources::parse_release(std::string{text});
      break;
    case 'l':
      fuzz::read_log(text);
      break;
    case 't':
      fuzz::press_keys(text);
      break;
    case 'd':
      fuzz::draw(text);
      break;
    default:
      break;
  }
  return 0;
}
