// SPDX-License-Identifier: MIT
// Everything a user types: an input is a command line, one word a line. It is refused with a
// reason, or what it means keeps to the bounds that the program relies on, and survives a
// recording's facts.
#include <algorithm>
#include <bit>
#include <string>
#include <string_view>
#include <vector>

#include "commands/command_line.h"
#include "commands/life_options.h"
#include "commands/record_options.h"
#include "commands/snapshot_options.h"
#include "commands/stuck_options.h"
#include "commands/top_options.h"
#include "commands/trace_options.h"
#include "recorded_stream.h"
#include "sources/recording_facts.h"

namespace tcptwin::fuzz {
namespace {

using commands::LiveRunOptions;

constexpr Duration kCentury = std::chrono::hours{100 * 365 * 24};

void check(const Error& error) {
  demand(error.code == ErrorCode::Usage, "what is typed wrongly is a usage error");
  demand(!error.what.empty(), "a refusal has a reason");
}

void check_ports(const std::vector<std::uint16_t>& ports) {
  demand(std::ranges::find(ports, 0) == ports.end(), "a port is not 0");
}

void check_span(const std::optional<Duration>& span) {
  demand(!span || (*span > Duration::zero() && *span <= kCentury), "a time is bounded");
}

// A recording tells a replay of these; whatever was typed, it must come back as it was.
void check_facts(const LiveRunOptions& run) {
  sources::RecordingFacts facts;
  facts.filter = run.live.filter;
  facts.comms = run.comms;
  facts.uids = run.uids;
  facts.given = run.given;
  sources::RecordingFacts read;
  read_facts_text(facts_text(facts), read);
  const auto sorted = [](std::vector<std::uint16_t> ports) {
    std::ranges::sort(ports);
    ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
    return ports;
  };
  const sources::KernelFilter& wanted = facts.filter;
  demand(read.filter.local_ports == sorted(wanted.local_ports) &&
             read.filter.remote_ports == sorted(wanted.remote_ports) &&
             read.filter.either_ports == sorted(wanted.either_ports),
         "ports survive a recording");
  demand(read.filter.family == wanted.family && read.filter.pid == wanted.pid &&
             read.filter.netns == wanted.netns && read.filter.cgroup == wanted.cgroup,
         "a filter survives a recording");
  demand(read.comms == facts.comms && read.uids == facts.uids, "names survive a recording");
  demand(read.given == facts.given, "the user's words survive a recording");
}

void check_run(const LiveRunOptions& run) {
  check_ports(run.live.filter.local_ports);
  check_ports(run.live.filter.remote_ports);
  check_ports(run.live.filter.either_ports);
  check_span(run.duration);
  check_span(run.reconcile);
  const std::size_t ring = run.live.ring_bytes;
  demand(ring == 0 || (std::has_single_bit(ring) && ring >= 64 * 1024 && ring <= 1ull << 31),
         "a ring is a power of two that the kernel takes");
  demand(!run.record.rotation.bytes || *run.record.rotation.bytes >= 64 * 1024,
         "a file has room for a block");
  check_span(run.record.rotation.after);
  check_facts(run);
}

template <typename Options>
void check_options(const Result<Options>& options) {
  if (!options) return check(options.error());
  check_run(options.value().run);
}

void check_command(const commands::CommandLine& line) {
  const commands::Arguments& arguments = line.arguments;
  const std::string_view name = line.command->name;
  if (name == "trace") check_options(commands::trace_options(arguments));
  if (name == "life") check_options(commands::life_options(arguments));
  if (name == "stuck") check_options(commands::stuck_options(arguments));
  if (name == "snapshot") check_options(commands::snapshot_options(arguments));
  if (name == "record") check_options(commands::record_options(arguments));
  if (name != "top") return;
  const auto options = commands::top_options(arguments);
  check_options(options);
  if (!options) return;
  const auto& size = options.value().batch_size;
  demand(size.width >= 1 && size.width <= 1000 && size.height >= 1 && size.height <= 1000,
         "a screen is bounded");
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    words.emplace_back(text.substr(0, newline));
    std::erase(words.back(), '\0');  // no word of a command line holds one
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
  return words;
}

}  // namespace
}  // namespace tcptwin::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tcptwin;
  const auto words = fuzz::words_of({reinterpret_cast<const char*>(data), size});
  const auto line = commands::parse_command_line(words);
  if (!line) {
    fuzz::check(line.error());
  } else if (line.value().request == commands::Request::Run) {
    fuzz::check_command(line.value());
  }
  return 0;
}
