// SPDX-License-Identifier: MIT
// The kernel's own socket tables against the mirror. Whatever happened before a census began has
// been observed before it, so that a twin without an event since then must agree with what the
// census shows: if not, something was not seen.
#include <algorithm>
#include <utility>

#include "tracker/implementation.h"

namespace tcptwin::tracker {

using model::Holder;
using model::State;

namespace {

KernelView view_of(const ExistingSocket& event) {
  return {event.time,       event.inode,         event.uid,        event.timer,
          event.timer_left, event.receive_queue, event.send_queue, event.drops};
}

TwinKey key_of(const ExistingSocket& event) {
  return event.state.holder == Holder::Socket ? socket_key(event.socket) : event.socket.address;
}

// Since when it has been in its state, at the latest. Every state but those that a local close
// enters begins with a segment; and a minisocket's timer runs for TIME_WAIT's whole length.
KernelTime known_since(const ExistingSocket& event) {
  if (event.began) return std::min(*event.began, event.time);
  if (event.state.state == State::TimeWait && event.timer_left) {
    const Duration left = std::clamp(*event.timer_left, Duration::zero(), kTimeWaitLength);
    return event.time - (kTimeWaitLength - left);
  }
  const bool began_here = event.state.state == State::FinWait1 ||
                          event.state.state == State::LastAck || event.state.state == State::Listen;
  if (!began_here && event.last_segment) return std::min(*event.last_segment, event.time);
  return event.time;
}

}  // namespace

bool Tracker::Implementation::wants_census() const {
  return loss_since_census_ || look_is_wanted_ || census_.suspected > 0;
}

void Tracker::Implementation::on(const CensusMark& mark, FindingHandler& findings) {
  switch (mark.phase) {
    case CensusPhase::Began:
      census_ = {};
      census_.number = mark.number;
      census_began_ = mark.time;
      census_is_filtered_ = mark.is_filtered;
      look_is_wanted_ = false;
      listed_.clear();
      newly_adopted_.clear();
      return;
    case CensusPhase::NamespaceListed:
      listed_.insert(mark.netns);
      ++census_.namespaces;
      return;
    case CensusPhase::NamespaceRefused:
      ++census_.refused;
      return;
    case CensusPhase::HoldersListed:
      return;
    case CensusPhase::Ended:
      census_.time = mark.time;
      if (!census_is_filtered_) look_for_ghosts(findings);
      check_pairs(findings);
      report_adopted(mark.time, findings);
      census_.is_complete = !census_is_filtered_ && census_.refused == 0;
      counts_.missing += census_.missing;
      counts_.ghosts += census_.ghosts;
      counts_.mismatches += census_.mismatches;
      ++counts_.censuses;
      listed_before_.insert(listed_.begin(), listed_.end());
      loss_since_census_ = false;
      findings.on_reconciliation(census_);
      return;
  }
}

TwinHandle Tracker::Implementation::find(const ExistingSocket& event) const {
  const TwinHandle handle = table_.find(key_of(event), event.state.holder);
  if (handle == kNoTwin || event.state.holder == Holder::Socket) return handle;
  // Addresses are reused: another tuple is another object.
  return table_[handle].identity.tuple == event.tuple ? handle : kNoTwin;
}

// Sockets that the mirror need not know: it has let go of them after the census saw them, or they
// are about to get their first event.
bool Tracker::Implementation::is_expected(const ExistingSocket& event) const {
  if (event.state.holder == Holder::Socket) {
    return event.socket.cookie != 0 && table_.was_destroyed(event.socket.cookie);
  }
  return std::ranges::any_of(unclaimed_minisockets_, [&](const MinisocketTimer& timer) {
    return timer.socket.address == event.socket.address &&
           span(timer.time, event.time) <= kSettleWindow;
  });
}

void Tracker::Implementation::on(const ExistingSocket& event, FindingHandler& findings) {
  ++census_.sockets;
  const TwinHandle handle = find(event);
  if (handle != kNoTwin) {
    compare(handle, event, findings);
  } else if (!is_expected(event)) {
    adopt(event, findings);
  }
}

void Tracker::Implementation::note(Twin& twin, const ExistingSocket& event) const {
  twin.census.kernel = view_of(event);
  if (event.cgroup != 0) twin.identity.cgroup = event.cgroup;
  if (!event.snapshot) return;
  twin.census.snd_una = event.snapshot->snd_una;
  if (twin.identity.role == Role::Passive) {
    note_accept(twin.life, event.time, event.snapshot->has_socket, event.snapshot->dead);
  }
}

// A difference may be a moment between two looks. It counts when something is known to be lost, or
// when the census before saw it too.
bool Tracker::Implementation::is_confirmed(Twin& twin) {
  const bool seen_before =
      twin.census.suspected_in != 0 && twin.census.suspected_in + 1 == census_.number;
  const bool explained = last_loss_ && *last_loss_ >= twin.last_event;
  if (seen_before || explained) return true;
  twin.census.suspected_in = census_.number;
  ++census_.suspected;
  return false;
}

// What follows a gap is judged again once the kernel itself has confirmed the state; the first step
// accuses nobody, as with an adopted twin.
void Tracker::Implementation::trust_again(Twin& twin) {
  twin.after_gap = false;
  twin.taken_over = true;
  twin.born = true;
}

void Tracker::Implementation::compare(TwinHandle handle, const ExistingSocket& event,
                                      FindingHandler& findings) {
  Twin& twin = table_[handle];
  twin.census.seen_in = census_.number;
  if (twin.last_event >= event.time || twin.destroyed) return;  // the mirror knows better
  // A timer that was cancelled is no end where the object lives on: its restart was lost.
  if (event.state.holder != Holder::Socket && twin.pending != kNoSlot &&
      queue_.contains(twin.pending) &&
      span(queue_[twin.pending].step.time, event.time) > kSameCall) {
    drop_pending(twin);
  }
  note(twin, event);
  if (twin.mirror.state == event.state.state) {
    // A connect() begins before its local port is chosen.
    if (twin.identity.tuple.local.port == 0) twin.identity.tuple = event.tuple;
    // The kernel confirms what was only assumed since the gap.
    if (twin.after_gap) {
      if (!twin.gap_healed) ++counts_.healed;
      trust_again(twin);
    }
    return;
  }
  if (twin.pending != kNoSlot && event.state.holder != Holder::Socket) return;  // ends right now
  if (!is_confirmed(twin)) return;
  ++census_.mismatches;
  settle_pending(handle, findings);
  resynchronise(handle, event.time, event.state, findings);
  Twin& healed = table_[handle];
  trust_again(healed);
  healed.last = event.snapshot;
  healed.identity.tuple = event.tuple;
  note(healed, event);
  ++counts_.healed;
}

// A socket that the mirror does not know. At first sight of its namespace it is older than the
// tracer; later its beginning was missed.
void Tracker::Implementation::adopt(const ExistingSocket& event, FindingHandler& findings) {
  Twin twin;
  twin.socket = event.socket;
  const bool has_number = event.state.holder == Holder::RequestSocket || event.socket.cookie == 0;
  twin.identity.id = {has_number ? kNumberedIds + ++numbered_ : event.socket.cookie, 1};
  twin.identity.tuple = event.tuple;
  twin.identity.cgroup = event.cgroup;
  twin.identity.adopted = true;
  be_found(twin, event.state, known_since(event));
  twin.last_event = event.time;
  twin.last = event.snapshot;
  twin.census.seen_in = census_.number;
  if (event.snapshot) twin.identity.mptcp = event.snapshot->mptcp;
  if (event.state.state == State::Listen) {
    twin.identity.role = Role::Listener;
  } else if (event.state.holder == Holder::RequestSocket) {
    twin.identity.role = Role::Passive;
    twin.listener_address = event.listener;
    twin.life.synack_retransmits = event.timeouts;
    if (event.began) {
      twin.entered = twin.known_since;
      twin.life.began = twin.known_since;
      twin.history.push({twin.known_since, twin.mirror, model::Cause::SynReceived,
                         model::Verdict::Conformant, model::DialectId::None});
    }
  }
  if (event.state.holder == Holder::Minisocket) {
    twin.timer_start_seen = false;
    twin.timer_started = twin.known_since;
  }

  const bool is_missing = listed_before_.contains(event.tuple.netns) && !census_is_filtered_;
  if (is_missing) {
    ++census_.missing;
    ++counts_.gaps;
    ++counts_.healed;
    report_loss(LossPlace::Unseen, 1, event.time, findings);
  } else {
    ++census_.adopted;
    ++counts_.adopted;
  }
  if (twin.identity.role != Role::Listener) ++counts_.connections;
  const TwinHandle handle = event.state.holder == Holder::RequestSocket
                                ? add_request(key_of(event), twin, findings)
                                : add_twin(key_of(event), twin, findings);
  if (event.state.holder == Holder::Minisocket) table_.index_tuple(handle);
  if (twin.identity.role == Role::Listener) table_.index_listener(handle);
  note(table_[handle], event);
  watch(handle);
  newly_adopted_.push_back(handle);
  if (is_missing && options_.nothing_is_hidden && !last_loss_) {
    pronounce(accusation(handle, event.time, model::DivergenceKind::Missing, event.state),
              findings);
  }
}

// Whoever is found holding a socket is named beside it, unless somebody was seen acting on it.
void Tracker::Implementation::on(const SocketHolder& event, FindingHandler&) {
  const TwinHandle handle = table_.find(socket_key(event.socket), Holder::Socket);
  if (handle == kNoTwin) return;
  Twin& twin = table_[handle];
  const bool is_first = twin.census.held_in != census_.number;
  const bool is_the_one = twin.owners.last_user.actor.pid == event.actor.pid;
  const bool was_found = twin.owners.last_user.confidence == OwnerConfidence::Holder;
  twin.census.held_in = census_.number;
  if (!is_first && !is_the_one) return;
  if (is_the_one && !was_found && twin.owners.last_user.is_known()) return;
  twin.owners.last_user = {event.actor, OwnerConfidence::Holder};
}

// The roles of adopted connections, once all of their host's listeners are known.
void Tracker::Implementation::report_adopted(KernelTime time, FindingHandler& findings) {
  for (const TwinHandle handle : newly_adopted_) {
    Twin& twin = table_[handle];
    if (twin.identity.role == Role::Unknown) {
      const TwinHandle listener = table_.find_listener(0, twin.identity.tuple);
      twin.identity.role = listener != kNoTwin ? Role::Passive : Role::Active;
      inherit_from_listener(twin, listener);
    } else if (twin.identity.role == Role::Passive) {
      inherit_from_listener(twin, table_.find_listener(twin.listener_address, twin.identity.tuple));
    }
    if (twin.mirror.state != State::Listen && twin.last) {
      const auto& seen = *twin.last;
      if (twin.identity.role == Role::Passive) {
        note_accept(twin.life, time, seen.has_socket, seen.dead);
      }
      // A handshake that was finished before we looked.
      if (twin.mirror.state != State::SynSent && twin.mirror.state != State::SynReceived) {
        find_other_end(handle);
      }
    }
    findings.on_adopted(
        {time, twin.identity, twin.mirror, twin.owners, span(twin.known_since, time)});
  }
  newly_adopted_.clear();
}

// Twins that the kernel does not have (any more).
void Tracker::Implementation::look_for_ghosts(FindingHandler& findings) {
  std::vector<TwinHandle> ghosts;
  table_.for_each([&](TwinHandle handle) {
    Twin& twin = table_[handle];
    const bool is_alive = twin.mirror.state != State::Closed && !twin.destroyed &&
                          twin.pending == kNoSlot && twin.last_event < census_began_;
    if (!is_alive || twin.census.seen_in == census_.number) return;
    if (!listed_.contains(twin.identity.tuple.netns)) {
      ++census_.unseen_in_mirror;
      return;
    }
    if (is_confirmed(twin)) ghosts.push_back(handle);
  });
  for (const TwinHandle handle : ghosts) let_go(handle, census_.time, findings);
}

void Tracker::Implementation::let_go(TwinHandle handle, KernelTime time, FindingHandler& findings) {
  ++census_.ghosts;
  if (options_.nothing_is_hidden && !last_loss_) {
    pronounce(accusation(handle, time, model::DivergenceKind::Ghost, {}), findings);
  }
  resynchronise(handle, time, {State::Closed, Holder::Socket}, findings);
  ++counts_.healed;
  discard(handle);
}

}  // namespace tcptwin::tracker
