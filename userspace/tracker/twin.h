// SPDX-License-Identifier: MIT
// One twin: what the mirror knows about one kernel object (a socket, a TIME_WAIT minisocket or a
// request socket). Data only; the tracker's handlers keep it true.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/time.h"
#include "model/evidence.h"
#include "model/state.h"
#include "tracker/finding.h"
#include "tracker/observation.h"

namespace tcptwin::tracker {

// Index of a twin in the connection table.
using TwinHandle = std::uint32_t;
inline constexpr TwinHandle kNoTwin = std::numeric_limits<TwinHandle>::max();

// Number of a slot in the finding queue.
using SlotNumber = std::uint64_t;
inline constexpr SlotNumber kNoSlot = std::numeric_limits<SlotNumber>::max();

struct History {
  std::array<HistoryEntry, kHistoryLength> entries{};  // oldest first
  std::size_t length = 0;

  void push(const HistoryEntry& entry) {
    if (length == kHistoryLength) {
      for (std::size_t i = 1; i < kHistoryLength; ++i) entries[i - 1] = entries[i];
      --length;
    }
    entries[length++] = entry;
  }
};

struct Twin {
  ConnectionIdentity identity;
  SocketReference socket;
  // What the protocol is in. For a socket also what the kernel's socket is in: TIME_WAIT and the
  // orphan's FIN_WAIT2 continue in a minisocket's own twin.
  model::MirrorState mirror;
  std::optional<KernelTime> entered;  // `mirror`; unknown for adopted twins
  KernelTime last_event;              // the latest state change
  History history;
  Owner owner;  // LastUser or Listener; None while unknown

  bool born = true;         // nothing has been judged yet
  bool after_gap = false;   // an event of this generation was lost
  bool gap_healed = false;  // and an event since then fitted

  // Of a socket: the latest snapshot, and what happened since the latest state change.
  std::optional<model::Snapshot> last;
  bool previous_was_open_call = false;  // CLOSE -> LISTEN
  bool previous_left_listen = false;    // LISTEN -> CLOSE
  bool reset_received = false;
  std::optional<KernelTime> active_reset_sent;
  model::MinisocketStarted minisocket = model::MinisocketStarted::None;
  std::uint64_t minisocket_address = 0;
  KernelTime minisocket_started;
  bool destroyed = false;

  // Of a minisocket or a request socket: its timer and what hit it.
  KernelTime timer_started;
  bool timer_start_seen = true;
  bool timer_expired = false;
  bool rst_arrived = false;
  bool reset_sent = false;
  bool reset_answered_syn = false;
  bool reopened_by_syn = false;
  bool reused_by_connect = false;

  SlotNumber pending = kNoSlot;  // the step of this twin that still waits for evidence
};

}  // namespace tcptwin::tracker
