// SPDX-License-Identifier: MIT
// Findings, and rows of the mirror, as bytes: what a service tells a command over its control
// socket. Both are the same build, so there is one layout and no version of a field; a shape that
// both compare tells when they are not. Reading is total: bytes that nobody vouches for are
// refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "sinks/cgroup_directory.h"
#include "sinks/socket_row.h"
#include "tracker/finding.h"
#include "tracker/tracker.h"

namespace tcptwin::sinks {

// One twin of the mirror, copied out of a visit.
struct TableRow {
  tracker::ConnectionIdentity connection;
  model::MirrorState state;
  std::optional<KernelTime> entered;
  KernelTime known_since;
  tracker::Owners owners;
  std::optional<model::Snapshot> last;
  std::optional<tracker::KernelView> kernel;
  std::optional<tracker::ListenerView> listener;
  std::optional<tracker::OtherEnd> other_end;
  std::uint8_t synack_retransmits = 0;
  bool is_orphan = false;
  std::vector<tracker::HistoryEntry> history;
  std::vector<Holder> holders;  // of a table that was asked for with a census
};
TableRow table_row(const tracker::TwinView& twin);
// Lives as long as the row.
tracker::TwinView view_of(const TableRow& row);

// What the history had to drop, or a reader was too slow for.
struct MissedFindings {
  std::uint64_t lives = 0;
  std::uint64_t steps = 0;
  std::uint64_t others = 0;
  std::uint64_t sum() const { return lives + steps + others; }
};

struct NamedCgroup {
  std::uint64_t id = 0;
  CgroupName name;
};

// The first thing a service says.
struct ServiceHead {
  std::uint32_t pid = 0;
  KernelTime started;                   // when it attached
  Duration realtime_minus_monotonic{};  // so that a finding has one time, whenever it is shown
  KernelTime now;                       // everything up to here has been judged
  std::optional<std::uint32_t> netns;   // it watches this one alone
  tracker::StuckThresholds thresholds;
  tracker::TrackerCounts counts;
  tracker::StreamStatus stream;
  tracker::Reconciliation census;  // the latest
  std::vector<RefusedNamespace> refused;
  MissedFindings missed;  // dropped from the history before its beginning
};

// Everything up to stream.time has been told.
struct ServiceTick {
  tracker::TrackerCounts counts;
  tracker::StreamStatus stream;
};

struct ServiceRefusal {
  std::string what;
  std::string hint;
};

// The last thing, if all went well. Incomplete: the service itself ends.
struct ServiceEnd {
  bool is_complete = true;
};

using ServiceMessage =
    std::variant<ServiceHead, ServiceTick, ServiceRefusal, ServiceEnd, NamedCgroup, MissedFindings,
                 TableRow, tracker::Step, tracker::Life, tracker::Stuck, tracker::Divergence,
                 tracker::Loss, tracker::Reconciliation>;
using MessageKind = std::uint8_t;
template <typename T>
constexpr MessageKind kind_of() {
  return []<typename... Kinds>(std::type_identity<std::variant<Kinds...>>) {
    MessageKind kind = 0;
    static_cast<void>(((std::is_same_v<T, Kinds> ? false : (++kind, true)) && ...));
    return kind;
  }(std::type_identity<ServiceMessage>{});
}
inline constexpr std::size_t kMessageKinds = std::variant_size_v<ServiceMessage>;

// A frame: its length without these four bytes, its kind, its fields. None is longer than this.
inline constexpr std::size_t kFrameLength = 4;
inline constexpr std::size_t kFrameLimit = 64 * 1024;

// Adds one frame. False, and nothing is added, if it would be too long.
bool append_frame(std::string& bytes, const ServiceMessage& message);

// Writes one frame to the beginning of `room`; its size, or 0 if it would be too long. For each
// kind of a history.
template <typename T>
std::size_t write_frame(std::span<char> room, const T& content);

// Takes a stream of frames apart.
class FrameReader {
 public:
  void add(std::string_view bytes) { pending_ += bytes; }
  // The next whole one; nullopt while there is none, and after damage.
  std::optional<ServiceMessage> next();
  bool is_damaged() const { return is_damaged_; }

 private:
  std::optional<ServiceMessage> read(std::string_view frame);

  std::string pending_;
  std::size_t at_ = 0;
  bool is_damaged_ = false;
  std::set<std::string, std::less<>> words_;  // what string_views of findings point to
};

// A number that differs where the fields differ.
std::uint32_t message_shape();

}  // namespace tcptwin::sinks
