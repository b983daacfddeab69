// SPDX-License-Identifier: MIT
#include "sinks/socket_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "sinks/words.h"

namespace tcptwin::sinks {
namespace {

// The order of `ss` and of a connection's life: listeners, then from the handshake to the end.
int rank(const model::MirrorState& state) {
  switch (state.state) {
    case model::State::Listen:
      return 0;
    case model::State::SynSent:
      return 1;
    case model::State::SynReceived:
      return 2;
    case model::State::Established:
      return 3;
    case model::State::CloseWait:
      return 4;
    case model::State::FinWait1:
      return 5;
    case model::State::FinWait2:
      return 6;
    case model::State::Closing:
      return 7;
    case model::State::LastAck:
      return 8;
    case model::State::TimeWait:
      return 9;
    case model::State::Closed:
      return 10;
  }
  return 11;
}

auto by_endpoints(const SocketRow& row) {
  const Tuple& tuple = row.connection.tuple;
  return std::tuple{tuple.netns, tuple.local.port, tuple.remote.address.bytes, tuple.remote.port,
                    tuple.local.address.bytes};
}

Duration age_of(const SocketRow& row) {
  return row.age.value_or(row.age_at_least.value_or(Duration{-1}));
}

std::uint32_t queue_of(const SocketRow& row, SocketKey key) {
  if (!row.kernel) return 0;
  return key == SocketKey::ReceiveQueue ? row.kernel->receive_queue : row.kernel->send_queue;
}

bool is_before(SocketKey key, const SocketRow& left, const SocketRow& right) {
  const auto process = [](const SocketRow& row) { return row.owners.best().actor.comm.view(); };
  switch (key) {
    case SocketKey::State:
      return rank(left.state) < rank(right.state);
    case SocketKey::LocalPort:
      return left.connection.tuple.local.port < right.connection.tuple.local.port;
    case SocketKey::RemoteAddress:
      return left.connection.tuple.remote.address.bytes <
             right.connection.tuple.remote.address.bytes;
    case SocketKey::Age:
      return age_of(left) > age_of(right);
    case SocketKey::ReceiveQueue:
    case SocketKey::SendQueue:
      return queue_of(left, key) > queue_of(right, key);
    case SocketKey::Process:
      return process(left) < process(right);
  }
  return false;
}

}  // namespace

SocketRow socket_row(const tracker::TwinView& twin, KernelTime now) {
  SocketRow row;
  row.time = now;
  row.connection = twin.connection;
  row.state = twin.state;
  if (twin.entered) {
    row.age = now - *twin.entered;
  } else {
    row.age_at_least = now - twin.known_since;
  }
  row.owners = twin.owners;
  if (twin.last != nullptr) row.last = *twin.last;
  if (twin.kernel != nullptr) row.kernel = *twin.kernel;
  if (twin.listener != nullptr) row.listener = *twin.listener;
  row.other_end = twin.other_end;
  row.synack_retransmits = twin.synack_retransmits;
  row.is_orphan = twin.is_orphan;
  return row;
}

void sort_sockets(std::vector<SocketRow>& rows, SocketKey key) {
  std::sort(rows.begin(), rows.end(), [&](const SocketRow& left, const SocketRow& right) {
    if (is_before(key, left, right)) return true;
    if (is_before(key, right, left)) return false;
    return by_endpoints(left) < by_endpoints(right);
  });
}

std::string snapshot_text(const SnapshotFigures& figures) {
  std::string text =
      fmt::format("tcptwin: {} socket{}", figures.sockets, figures.sockets == 1 ? "" : "s");
  if (figures.shown != figures.sockets) {
    fmt::format_to(std::back_inserter(text), ", {} shown ({})", figures.shown, figures.filter);
  }
  std::string_view separator = ": ";
  for (const model::State state : model::kAllStates) {
    for (const model::Holder holder : {model::Holder::Socket, model::Holder::RequestSocket}) {
      const model::MirrorState mirror{state, holder};
      const bool is_other =
          holder == model::Holder::RequestSocket && state != model::State::SynReceived;
      const auto found = figures.states.find(label(mirror));
      if (is_other || found == figures.states.end()) continue;
      fmt::format_to(std::back_inserter(text), "{}{} {}", separator, found->second, name(mirror));
      separator = ", ";
    }
  }
  if (figures.orphans != 0) {
    fmt::format_to(std::back_inserter(text), "; {} orphaned", figures.orphans);
  }
  text += '\n';
  if (figures.refused == 0) return text;
  fmt::format_to(
      std::back_inserter(text), "tcptwin: {} of {} network namespaces could not be read{}; {}",
      figures.refused, figures.refused + figures.namespaces,
      figures.knows_by_events ? " by the service" : "",
      figures.knows_by_events
          ? "their sockets are those that its events told of, without queues (--live reads them)"
          : "their sockets are missing");
  separator = ": ";
  for (const RefusedNamespace& refused : figures.which_refused) {
    const std::string which =
        refused.netns == 0 ? "not known which" : fmt::format("{}", refused.netns);
    fmt::format_to(std::back_inserter(text), "{}{} ({})", separator, which,
                   errno_name(static_cast<std::uint16_t>(refused.error)));
    separator = ", ";
  }
  text += figures.refused > figures.which_refused.size() ? " ...\n" : "\n";
  return text;
}

}  // namespace tcptwin::sinks
