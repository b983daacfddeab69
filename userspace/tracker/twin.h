// SPDX-License-Identifier: MIT
// One twin: what the mirror knows about one kernel object (a socket, a TIME_WAIT minisocket or a
// request socket). Data only; the tracker's handlers keep it true.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/time.h"
#include "model/ending.h"
#include "model/evidence.h"
#include "model/state.h"
#include "tracker/finding.h"
#include "tracker/observation.h"
#include "tracker/snapshot.h"

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

  void clear() { length = 0; }
  void push(const HistoryEntry& entry) {
    if (length == kHistoryLength) {
      for (std::size_t i = 1; i < kHistoryLength; ++i) entries[i - 1] = entries[i];
      --length;
    }
    entries[length++] = entry;
  }
  // The last word on the latest entry of this step.
  void note_verdict(const Step& step) {
    for (std::size_t i = length; i-- > 0;) {
      if (entries[i].to != step.to) continue;
      entries[i].verdict = step.verdict;
      entries[i].dialect = step.dialect;
      return;
    }
  }
};

// What a connection's last line will tell. Goes along when the connection moves from a request
// socket into a socket, and from there into a minisocket.
struct LifeSoFar {
  MaybeTime began;                 // its first SYN; nullopt if older than we know
  KernelTime found_at;             // `began`, or since when it is known at the latest
  MaybeTime established;           // the handshake's last segment was seen
  model::MirrorState first_state;  // the one it was found in, if `began` is not known
  model::FinsSeen fins;
  // accept() took place after and before these times. Of passive connections only.
  MaybeTime not_accepted_at;
  MaybeTime accepted_at;
  MaybeTime half_closed_since;
  std::optional<Duration> half_closed_for;
  std::uint64_t half_closed_base = 0;  // bytes_received (FIN_WAIT2) or bytes_acked (CLOSE_WAIT)
  bool half_closed_by_local = false;
  bool fin_acknowledged = false;
  std::uint8_t synack_retransmits = 0;
  // With --segments: where the two directions began, and the number behind the FIN that was sent.
  std::optional<std::uint32_t> iss;
  std::optional<std::uint32_t> irs;
  std::optional<std::uint32_t> fin_end;
  model::Verdict gravest = model::Verdict::Conformant;
  bool is_reported = false;
};

// What the censuses said of a twin. Numbers of censuses count from 1.
struct CensusNotes {
  std::optional<KernelView> kernel;
  std::uint32_t seen_in = 0;       // the latest census that showed it
  std::uint32_t suspected_in = 0;  // the latest census that disagreed with the mirror
  std::uint32_t held_in = 0;       // the latest census that showed a process holding it
  std::uint32_t paired_in = 0;     // the latest census that showed an impossible pair of states
  std::optional<SequenceNumber> snd_una;  // then
};

// What every event of a connection reads comes first, what only a census or a late timer asks for
// last.
struct Twin {
  ConnectionIdentity identity;
  SocketReference socket;
  // What the protocol is in. For a socket also what the kernel's socket is in: TIME_WAIT and the
  // orphan's FIN_WAIT2 continue in a minisocket's own twin.
  model::MirrorState mirror;

  bool born = true;              // nothing has been judged yet
  bool taken_over = false;       // a census set it right: what came before is not known
  bool after_gap = false;        // an event of this generation was lost
  bool gap_healed = false;       // and an event since then fitted
  bool counts_as_stuck = false;  // among TrackerCounts::stuck_now
  bool has_gone_end = false;     // the other end was known, and its twin is no more
  // Of a socket: what happened since the latest state change.
  bool previous_was_open_call = false;  // CLOSE -> LISTEN
  bool previous_left_listen = false;    // LISTEN -> CLOSE
  bool reset_received = false;
  bool destroyed = false;
  model::MinisocketStarted minisocket = model::MinisocketStarted::None;

  MaybeTime entered;             // `mirror`; unknown for adopted twins
  KernelTime known_since;        // it was in `mirror` at this time already
  KernelTime last_event;         // the latest state change
  SlotNumber pending = kNoSlot;  // the step of this twin that still waits for evidence
  MaybeTime active_reset_sent;
  std::uint64_t minisocket_address = 0;
  KernelTime minisocket_started;
  TwinHandle other_end = kNoTwin;         // the twin of the connection's other end on this host
  std::uint32_t stuck_reports = 0;        // in this state
  std::optional<std::uint64_t> pair_key;  // by which its other end finds it
  std::optional<model::Snapshot> last;    // of a socket: the latest one
  LifeSoFar life;
  Owners owners;
  History history;

  MaybeTime look_asked;                     // a census shall confirm what is to be reported
  std::optional<SequenceNumber> stuck_una;  // snd_una when it was looked at last
  CensusNotes census;

  // Of a minisocket or a request socket: its timer and what hit it.
  KernelTime timer_started;
  KernelTime reset_sent_at{};  // a half-open connection can outlive a RST: to a wrong ACK, say
  std::uint64_t listener_address = 0;  // of a request socket: rsk_listener
  bool timer_start_seen = true;
  bool timer_expired = false;
  bool rst_arrived = false;
  bool reset_sent = false;
  bool reset_answered_syn = false;
  bool reopened_by_syn = false;
  bool reused_by_connect = false;
  bool is_past_half_open_threshold = false;  // a request socket, counted at its listener
};

}  // namespace tcptwin::tracker
