// SPDX-License-Identifier: MIT
// One socket as `snapshot` shows it: what the mirror holds of it, copied out of a visit, and all
// processes that hold it. And what orders and counts many of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracker/snapshot.h"

namespace tcptwin::sinks {

struct Holder {
  tracker::Actor actor;
  std::uint32_t descriptor = 0;
};

struct SocketRow {
  KernelTime time;  // of the snapshot
  tracker::ConnectionIdentity connection;
  model::MirrorState state;
  std::optional<Duration> age;           // in this state
  std::optional<Duration> age_at_least;  // set when `age` is not
  tracker::Owners owners;
  std::vector<Holder> holders;  // empty: nobody holds it, or it is not known who does
  std::optional<model::Snapshot> last;
  std::optional<tracker::KernelView> kernel;
  std::optional<tracker::ListenerView> listener;
  std::optional<tracker::OtherEnd> other_end;
  std::uint8_t synack_retransmits = 0;
  bool is_orphan = false;
};
SocketRow socket_row(const tracker::TwinView& twin, KernelTime now);

enum class SocketKey { State, LocalPort, RemoteAddress, Age, ReceiveQueue, SendQueue, Process };
inline constexpr std::array<std::string_view, 7> kSocketKeys = {
    "state", "localport", "remote", "age", "recv-q", "send-q", "process"};
void sort_sockets(std::vector<SocketRow>& rows, SocketKey key);

struct RefusedNamespace {
  std::uint32_t netns = 0;  // inode number
  std::uint32_t error = 0;  // errno
};

// What a snapshot amounts to.
struct SnapshotFigures {
  KernelTime time;
  std::uint64_t sockets = 0;                         // the kernel showed
  std::uint64_t shown = 0;                           // of these, what the filter let through
  std::string filter;                                // in the user's words
  std::map<std::string_view, std::uint64_t> states;  // of what is shown, by label
  std::uint64_t orphans = 0;                         // of what is shown
  std::uint64_t namespaces = 0;                      // listed
  std::uint64_t refused = 0;                         // could not be entered or read
  std::vector<RefusedNamespace> which_refused;       // the first of these
  bool knows_by_events = false;  // a service: their sockets are known, but not how they are now
};
// "tcptwin: 57 sockets: 12 ESTABLISHED, ...": for stderr.
std::string snapshot_text(const SnapshotFigures& figures);

}  // namespace tcptwin::sinks
