// SPDX-License-Identifier: MIT
// Connections that stay in a state for longer than is healthy. The wheel says when to look; each
// finding is repeated when its age has doubled.
#include <algorithm>

#include "tracker/implementation.h"

namespace tcptwin::tracker {

using model::Holder;
using model::State;

namespace {

// Half-open connections of one listener are reported together, this long after the first.
constexpr Duration kHalfOpenGathering = 1s;

// What a census said is that old at most, when a finding says it. A finding waits for the census it
// asked for: this often it looks whether it came, and so long.
constexpr Duration kLookAge = 2s;
constexpr Duration kLookPause = 500ms;
constexpr Duration kLookPatience = 30s;

// No event shows accept(): only a census that has just looked can say that nobody called it.
bool waits_for_accept(const Twin& twin, KernelTime now) {
  const bool has_looked =
      twin.census.kernel && span(twin.census.kernel->time, now) <= kLookPatience;
  return has_looked && twin.identity.role == Role::Passive && !twin.life.accepted_at &&
         twin.life.not_accepted_at;
}

StuckKind kind_of(const Twin& twin, KernelTime now) {
  switch (twin.mirror.state) {
    case State::SynSent:
      return StuckKind::SynSent;
    case State::SynReceived:
      return StuckKind::HalfOpen;
    case State::CloseWait:
      return waits_for_accept(twin, now) ? StuckKind::CloseWaitUnaccepted : StuckKind::CloseWait;
    case State::FinWait1:
      return StuckKind::FinWait1;
    case State::FinWait2:
      return StuckKind::FinWait2;
    case State::Closing:
      return StuckKind::Closing;
    case State::LastAck:
      return StuckKind::LastAck;
    default:
      return StuckKind::OtherEndGone;
  }
}

bool waits_for_acknowledgment(State state) {
  return state == State::FinWait1 || state == State::LastAck || state == State::Closing;
}

// Data that is still acknowledged bit by bit keeps the FIN waiting, and is no standstill.
bool has_moved_on(Twin& twin) {
  const auto una = twin.census.snd_una;
  if (!waits_for_acknowledgment(twin.mirror.state) || !una || una == twin.stuck_una) return false;
  const bool is_first_look = !twin.stuck_una.has_value();
  twin.stuck_una = una;
  return !is_first_look || !twin.last || *una != twin.last->snd_una;
}

std::uint64_t unacknowledged(const Twin& twin) {
  if (!twin.last) return 0;
  const auto una = twin.census.snd_una.value_or(twin.last->snd_una);
  return static_cast<std::uint64_t>(std::max(0, twin.last->write_seq.distance_from(una)));
}

}  // namespace

// Zero: nothing is wrong with staying in this state.
Duration Tracker::Implementation::threshold_of(const Twin& twin) const {
  const StuckThresholds& stuck = options_.stuck;
  switch (twin.mirror.state) {
    case State::SynSent:
      return stuck.syn_sent;
    case State::SynReceived:
      return stuck.half_open;
    case State::CloseWait:
      return stuck.close_wait;
    case State::FinWait1:
    case State::Closing:
    case State::LastAck:
      return stuck.fin_wait1;
    case State::FinWait2:
      // A minisocket ends by itself (tcp_fin_timeout).
      return twin.mirror.holder == Holder::Socket ? stuck.fin_wait2 : Duration::zero();
    default:
      return Duration::zero();
  }
}

// Sets the twin's alarm for the state it is in now.
void Tracker::Implementation::watch(TwinHandle handle) {
  const Twin& twin = table_[handle];
  const Duration threshold = threshold_of(twin);
  if (threshold == Duration::zero() || twin.identity.role == Role::Listener) {
    wheel_.cancel(handle);
    return;
  }
  wheel_.set(handle, later(twin.entered.value_or(twin.known_since), threshold));
}

// The other end is gone, and this one lives on in a state that nothing will end.
bool Tracker::Implementation::is_left_alone(TwinHandle handle) const {
  const auto other = other_end_of(handle);
  return other && other->state.state == State::Closed &&
         table_[handle].mirror.state != State::Closed;
}

// Half-open connections are reported with their listener; false if it is not known.
bool Tracker::Implementation::count_at_listener(Twin& request, KernelTime now) {
  const TwinHandle listener =
      table_.find_listener(request.listener_address, request.identity.tuple);
  if (listener == kNoTwin) return false;
  if (request.is_past_half_open_threshold) return true;
  request.is_past_half_open_threshold = true;
  count_as_stuck(request, true);
  if (++listeners_[listener].past_threshold == 1) {
    wheel_.set(listener, later(now, kHalfOpenGathering));
  }
  return true;
}

// What is to be said of a connection shall hold now. An event that nobody saw may have ended it;
// and no tracepoint shows accept(), a socket that is passed on, or the port that connect() chose. A
// census tells, and a connection it disagrees about waits for the next one.
bool Tracker::Implementation::awaits_look(Twin& twin, KernelTime now) {
  if (counts_.censuses == 0) return false;
  const auto& notes = twin.census;
  const bool is_doubted = notes.suspected_in != 0 && notes.suspected_in == census_.number;
  if (!twin.look_asked) {
    if (notes.kernel && span(notes.kernel->time, now) < kLookAge) return is_doubted;
    twin.look_asked = now;
    look_is_wanted_ = true;
  }
  if (census_.time >= *twin.look_asked) return is_doubted;
  return span(*twin.look_asked, now) < kLookPatience;
}

void Tracker::Implementation::report_stuck(TwinHandle handle, KernelTime now,
                                           FindingHandler& findings) {
  Twin& twin = table_[handle];
  if (twin.identity.role == Role::Listener) return report_half_open(handle, now, findings);
  const bool awaits_news = kind_of(twin, now) == StuckKind::OtherEndGone;
  const Duration threshold = awaits_news ? options_.stuck.other_end_gone : threshold_of(twin);
  if (threshold == Duration::zero() || (awaits_news && !is_left_alone(handle))) {
    count_as_stuck(twin, false);
    return;
  }
  if (awaits_look(twin, now)) {
    wheel_.set(handle, later(now, kLookPause));
    return;
  }
  if (twin.mirror.holder == Holder::RequestSocket && count_at_listener(twin, now)) return;
  if (has_moved_on(twin)) {
    count_as_stuck(twin, false);
    twin.look_asked.reset();
    wheel_.set(handle, later(now, threshold));
    return;
  }
  say_stuck(handle, stuck_of(handle, now), findings);
}

Stuck Tracker::Implementation::stuck_of(TwinHandle handle, KernelTime now) const {
  const Twin& twin = table_[handle];
  Stuck stuck;
  stuck.time = now;
  stuck.kind = kind_of(twin, now);
  stuck.connection = twin.identity;
  stuck.state = twin.mirror;
  stuck.owners = twin.owners;
  const bool awaits_news = stuck.kind == StuckKind::OtherEndGone;
  stuck.threshold = awaits_news ? options_.stuck.other_end_gone : threshold_of(twin);
  const Duration age = span(twin.entered.value_or(twin.known_since), now);
  (twin.entered ? stuck.age : stuck.age_at_least) = age;
  stuck.unacknowledged = waits_for_acknowledgment(twin.mirror.state) ? unacknowledged(twin) : 0;
  return stuck;
}

void Tracker::Implementation::report_half_open(TwinHandle listener, KernelTime now,
                                               FindingHandler& findings) {
  const auto notes = listeners_.find(listener);
  if (notes == listeners_.end() || notes->second.past_threshold == 0) return;
  const auto oldest = oldest_half_open();
  const auto mine = oldest.find(listener);
  const auto first = mine != oldest.end() ? std::optional{mine->second} : std::nullopt;
  say_stuck(listener, half_open_of(listener, first, now), findings);
}

Stuck Tracker::Implementation::half_open_of(TwinHandle listener, std::optional<KernelTime> oldest,
                                            KernelTime now) const {
  Stuck stuck;
  stuck.time = now;
  stuck.kind = StuckKind::HalfOpen;
  stuck.connection = table_[listener].identity;
  stuck.state = {State::SynReceived, Holder::RequestSocket};
  stuck.owners = table_[listener].owners;
  stuck.threshold = options_.stuck.half_open;
  stuck.age = oldest ? span(*oldest, now) : stuck.threshold;
  stuck.connections = listeners_.at(listener).past_threshold;
  return stuck;
}

void Tracker::Implementation::list_stuck(KernelTime now,
                                         const std::function<void(const Stuck&)>& take) const {
  const auto oldest = oldest_half_open();
  table_.for_each([&](TwinHandle handle) {
    const Twin& twin = table_[handle];
    if (twin.identity.role == Role::Listener) {
      const auto notes = listeners_.find(handle);
      if (notes == listeners_.end() || notes->second.past_threshold == 0) return;
      const auto mine = oldest.find(handle);
      take(half_open_of(handle, mine != oldest.end() ? std::optional{mine->second} : std::nullopt,
                        now));
      return;
    }
    // Half-open connections count at their listener, where that is known.
    const bool is_at_listener =
        twin.is_past_half_open_threshold && twin.mirror.holder == Holder::RequestSocket;
    if (twin.counts_as_stuck && !is_at_listener) take(stuck_of(handle, now));
  });
}

// Says it, counts it the first time, and looks again when its age has doubled.
void Tracker::Implementation::say_stuck(TwinHandle handle, const Stuck& found,
                                        FindingHandler& findings) {
  Twin& twin = table_[handle];
  Stuck stuck = found;
  stuck.is_repeated = twin.stuck_reports > 0;
  if (!stuck.is_repeated) ++counts_.stuck[static_cast<std::size_t>(stuck.kind)];
  ++twin.stuck_reports;
  if (twin.identity.role != Role::Listener) count_as_stuck(twin, true);
  twin.look_asked.reset();
  const Duration age = stuck.age ? *stuck.age : *stuck.age_at_least;
  wheel_.set(handle, later(stuck.time, std::max(age, stuck.threshold)));
  findings.on_stuck(stuck);
}

void Tracker::Implementation::count_as_stuck(Twin& twin, bool is_stuck) {
  if (twin.counts_as_stuck == is_stuck) return;
  twin.counts_as_stuck = is_stuck;
  counts_.stuck_now[model::labelled_index(twin.mirror)] += is_stuck ? 1 : std::size_t{0} - 1;
}

// The first SYN of each listener that still waits for its third ACK.
std::unordered_map<TwinHandle, KernelTime> Tracker::Implementation::oldest_half_open() const {
  std::unordered_map<TwinHandle, KernelTime> oldest;
  table_.for_each([&](TwinHandle handle) {
    const Twin& twin = table_[handle];
    if (twin.mirror.holder != Holder::RequestSocket) return;
    const TwinHandle listener = table_.find_listener(twin.listener_address, twin.identity.tuple);
    if (listener == kNoTwin) return;
    const KernelTime began = twin.entered.value_or(twin.known_since);
    const auto [place, is_first] = oldest.try_emplace(listener, began);
    if (!is_first) place->second = std::min(place->second, began);
  });
  return oldest;
}

ListenerView* Tracker::Implementation::listener_of(const Twin& twin) {
  const TwinHandle listener = table_.find_listener(twin.listener_address, twin.identity.tuple);
  return listener == kNoTwin ? nullptr : &listeners_[listener].view;
}

// A request socket ends, or becomes a child: its listener has one half-open connection less.
void Tracker::Implementation::leave_listener(TwinHandle request) {
  const Twin& twin = table_[request];
  if (twin.mirror.holder != Holder::RequestSocket) return;
  const TwinHandle listener = table_.find_listener(twin.listener_address, twin.identity.tuple);
  if (listener == kNoTwin) return;
  ListenerNotes& notes = listeners_[listener];
  if (notes.view.half_open > 0) --notes.view.half_open;
  if (twin.is_past_half_open_threshold && notes.past_threshold > 0) --notes.past_threshold;
  if (notes.past_threshold == 0) {
    wheel_.cancel(listener);
    table_[listener].stuck_reports = 0;
  }
}

}  // namespace tcptwin::tracker
