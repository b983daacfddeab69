// SPDX-License-Identifier: MIT
#include "commands/run_recording.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

#include "commands/surroundings.h"

namespace tcptwin::commands {
namespace {

// Settings of TCP that explain what is seen, of the network namespace the run was started in.
constexpr std::array<std::string_view, 22> kSettings = {
    "net/core/somaxconn",
    "net/ipv4/ip_local_port_range",
    "net/ipv4/tcp_abort_on_overflow",
    "net/ipv4/tcp_fastopen",
    "net/ipv4/tcp_fin_timeout",
    "net/ipv4/tcp_keepalive_intvl",
    "net/ipv4/tcp_keepalive_probes",
    "net/ipv4/tcp_keepalive_time",
    "net/ipv4/tcp_max_orphans",
    "net/ipv4/tcp_max_syn_backlog",
    "net/ipv4/tcp_max_tw_buckets",
    "net/ipv4/tcp_migrate_req",
    "net/ipv4/tcp_orphan_retries",
    "net/ipv4/tcp_retries1",
    "net/ipv4/tcp_retries2",
    "net/ipv4/tcp_rfc1337",
    "net/ipv4/tcp_syn_linear_timeouts",
    "net/ipv4/tcp_syn_retries",
    "net/ipv4/tcp_synack_retries",
    "net/ipv4/tcp_syncookies",
    "net/ipv4/tcp_timestamps",
    "net/ipv4/tcp_tw_reuse",
};

constexpr Duration kBeforeProgress = std::chrono::seconds{1};
constexpr Duration kBetweenProgress = std::chrono::milliseconds{200};

std::string first_line(const std::string& path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  return line;
}

template <typename T>
void fill_in(std::vector<T>& mine, const std::vector<T>& recorded) {
  if (mine.empty()) mine = recorded;
}

template <typename T>
void fill_in(std::optional<T>& mine, const std::optional<T>& recorded) {
  if (!mine) mine = recorded;
}

// What hooks on functions show in this run: "minisockets, accept()"; "" if nothing.
std::string exact_parts(const sources::LiveBpf& source) {
  std::string text;
  for (const sources::Part part : sources::kExactParts) {
    if (!source.why_inexact(part).empty()) continue;
    text += text.empty() ? "" : ", ";
    text += label(part);
  }
  return text;
}

}  // namespace

std::string live_text(const sources::LiveBpf& source) {
  utsname kernel{};
  ::uname(&kernel);
  const auto& programs = source.programs();
  const auto attached = std::count_if(programs.begin(), programs.end(),
                                      [](const auto& program) { return program.attached; });
  std::string text = fmt::format("tcptwin: Linux {}, {} of {} programs attached, {} KB ring buffer",
                                 static_cast<const char*>(kernel.release), attached,
                                 programs.size(), source.ring_bytes() / 1024);
  if (const std::string exact = exact_parts(source); !exact.empty()) {
    text += fmt::format(", T2 for {}", exact);
  }
  text += "; Ctrl-C ends\n";
  for (const sources::ProgramReport& program : programs) {
    if (program.attached || program.degrades.empty()) continue;
    text += fmt::format("  without {} ({}): {}\n", program.hook, program.reason, program.degrades);
  }
  return text;
}

std::string replay_text(const sources::RecordingSource& source,
                        const std::vector<std::string>& paths) {
  const sources::RecordingFacts& facts = source.facts();
  const auto begun = rfc3339_time(clock_of(facts), facts.opened);
  std::string text = fmt::format(
      "tcptwin: replays {}: {}, Linux {}, begun {}", fmt::join(paths, ", "),
      facts.host.empty() ? "a host without a name" : facts.host, facts.kernel, begun.view());
  if (facts.file_number > 1) text += fmt::format(", file {}", facts.file_number);
  text += '\n';
  if (!source.missing_parts().empty()) {
    text += fmt::format("  of this recording file {} is missing: what it holds counts as lost\n",
                        source.missing_parts());
  }
  return text;
}

sources::RecordingFacts facts_of(const sources::LiveBpf& source, const LiveRunOptions& options,
                                 const sinks::ClockMapping& clock) {
  utsname system{};
  ::uname(&system);
  sources::RecordingFacts facts;
  facts.start = facts.opened = clock.start;
  facts.realtime_minus_monotonic = clock.realtime_minus_monotonic;
  facts.opened_realtime_minus_monotonic = clock.realtime_minus_monotonic;
  facts.utc_offset = clock.local_minus_utc;
  facts.host = static_cast<const char*>(system.nodename);
  facts.kernel = static_cast<const char*>(system.release);
  facts.machine = static_cast<const char*>(system.machine);
  facts.writer = "tcptwin " TCPTWIN_VERSION;
  facts.shows_all_evidence = source.shows_all_evidence();
  facts.shows_minisocket_segments = source.shows_minisocket_segments();
  facts.filter = options.live.filter;
  facts.comms = options.comms;
  facts.uids = options.uids;
  facts.given = options.given;
  facts.notes.emplace_back("tier.exact", exact_parts(source));
  for (const sources::ProgramReport& program : source.programs()) {
    facts.notes.emplace_back(
        "program." + program.name,
        program.hook + (program.attached ? " attached" : " left out: " + program.reason));
  }
  facts.notes.emplace_back("boot_id", first_line("/proc/sys/kernel/random/boot_id"));
  for (const std::string_view setting : kSettings) {
    std::string name{setting};
    const std::string value = first_line("/proc/sys/" + name);
    std::replace(name.begin(), name.end(), '/', '.');
    if (!value.empty()) facts.notes.emplace_back("sysctl." + name, value);
  }
  return facts;
}

sinks::ClockMapping clock_of(const sources::RecordingFacts& facts) {
  return {facts.realtime_minus_monotonic, facts.utc_offset, facts.start};
}

std::string recorded_text(const sources::RecordingReport& report, const std::string& path) {
  std::string text = fmt::format("tcptwin: recorded {} records, {} KB, in {}\n", report.records,
                                 (report.bytes + 1023) / 1024, path == "-" ? "stdout" : path);
  if (report.lost != 0) text += fmt::format("  {} records could not be stored\n", report.lost);
  return text;
}

Status recorded_status(const sources::RecordingReport& report, const std::string& path) {
  if (report.error == 0) return Done{};
  return Error{ErrorCode::Failed,
               fmt::format("the recording {} is incomplete: {}", path, std::strerror(report.error)),
               fmt::format("{} records are missing; what is there can be replayed", report.lost)};
}

Status replayed_status(const sources::RecordingSource& source) {
  if (source.damages().empty()) return Done{};
  std::string what;
  for (const auto& [path, damage] : source.damages()) {
    what += fmt::format("{}{} cannot be read beyond byte {}: {}", what.empty() ? "" : "; ", path,
                        damage.offset, damage.what);
  }
  return Error{ErrorCode::Failed, what, "all that comes before it has been replayed"};
}

ReplayProgress::ReplayProgress(sinks::Output& diagnostics)
    : diagnostics_(diagnostics),
      is_wanted_(::isatty(STDERR_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 0),
      next_(monotonic_now() + kBeforeProgress) {}

// The cursor goes back at once: whatever is said next stands in the line's place.
void ReplayProgress::show(const sources::RecordingSource& source) {
  if (!is_wanted_ || source.file_bytes() == 0) return;
  const KernelTime now = monotonic_now();
  if (now < next_) return;
  next_ = now + kBetweenProgress;
  is_shown_ = true;
  diagnostics_.write(fmt::format("  {:3} % of {} MB \r",
                                 100 * source.bytes_read() / source.file_bytes(),
                                 source.file_bytes() >> 20));
  diagnostics_.flush();
}

void ReplayProgress::clear() {
  if (!is_shown_) return;
  is_shown_ = false;
  diagnostics_.write(fmt::format("{:30}\r", ""));
  diagnostics_.flush();
}

void fill_in_recorded_filter(const sources::RecordingFacts& facts, const LiveRunOptions& options,
                             sinks::FindingConditions& conditions, std::string& filter_words) {
  fill_in(conditions.local_ports, facts.filter.local_ports);
  fill_in(conditions.remote_ports, facts.filter.remote_ports);
  fill_in(conditions.either_ports, facts.filter.either_ports);
  fill_in(conditions.family, facts.filter.family);
  fill_in(conditions.pid, facts.filter.pid);
  fill_in(conditions.netns, facts.filter.netns);
  fill_in(conditions.comms, facts.comms);
  fill_in(conditions.uids, facts.uids);
  conditions.known_cgroup = conditions.known_cgroup || facts.filter.cgroup.has_value();
  std::string recorded;
  for (const auto& [option, words] : facts.given) {
    const bool is_mine = std::ranges::any_of(
        options.given, [&name = option](const auto& mine) { return mine.first == name; });
    if (!is_mine) recorded += (recorded.empty() ? "--" : " --") + option + words;
  }
  if (recorded.empty()) return;
  filter_words = recorded + (filter_words.empty() ? "" : " ") + filter_words;
}

bool is_in_cgroup(std::string_view words, std::uint64_t id, const sinks::CgroupName* name) {
  constexpr std::string_view kMount = "/sys/fs/cgroup";
  if (words == std::to_string(id)) return true;
  if (name == nullptr) return false;
  if (words.starts_with(kMount)) words.remove_prefix(kMount.size());
  while (words.ends_with('/')) words.remove_suffix(1);
  if (words.empty()) return true;
  std::string_view path = name->path;
  if (!words.starts_with('/') && path.starts_with('/')) path.remove_prefix(1);
  return path.starts_with(words) && (path.size() == words.size() || path[words.size()] == '/');
}

}  // namespace tcptwin::commands
