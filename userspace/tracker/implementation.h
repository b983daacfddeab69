// SPDX-License-Identifier: MIT
// The tracker's inside. Handlers are grouped by what they follow: socket_events.cc (sockets),
// minisockets.cc (TIME_WAIT and the orphan's FIN_WAIT2), request_sockets.cc (half-open
// connections), segments.cc (--segments), census.cc (the kernel's own table); judging.cc settles,
// judges and hands out, lives.cc sums a connection up, pairs.cc joins its two ends, stuck.cc
// watches the clock. Only tracker.cc and these include it.
#pragma once

#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "model/reference_fsm.h"
#include "tracker/connection_table.h"
#include "tracker/finding_queue.h"
#include "tracker/segment_memory.h"
#include "tracker/timing_wheel.h"
#include "tracker/tracker.h"

namespace tcptwin::tracker {

using namespace std::chrono_literals;

// Evidence after a close (a RST sent, an error report) comes within the same system call or
// softirq; the window covers a virtual CPU that is taken away in the middle.
inline constexpr Duration kSettleWindow = 20ms;
// close() and the end of an orphan destroy the socket in the same call: until that is seen, the RST
// that an abort sends is still to come, however long the processor is taken away.
inline constexpr Duration kDestroyWindow = 200ms;
// tcp_abort() of a listener disconnects every waiting child between its two events.
inline constexpr Duration kListenerAbortWindow = 200ms;
// A child's next event comes in the same softirq unless it was opened by fast open.
inline constexpr Duration kBirthWindow = 100ms;
// Between the expiry of a SYN+ACK timer and its restart lies a whole retransmission.
inline constexpr Duration kRequestTimeoutWindow = 50ms;
// Ids of connections that have no cookie when they begin: request sockets, children before 6.18,
// and all on 5.10, where an object's address serves the next connection at once. Cookies count from
// 1 and stay far below.
inline constexpr std::uint64_t kNumberedIds = std::uint64_t{1} << 63;
// connect() that takes over a TIME_WAIT does so in the same call; listen() fails in the same call.
inline constexpr Duration kSameCall = 5ms;
// tcp_send_active_reset() directly precedes the state change it belongs to.
inline constexpr Duration kResetBeforeChange = 5ms;

// TCP_TIMEWAIT_LEN is 60 s in every kernel (L02). Measured lives: 60.04 to 62.06 s; the timer
// wheel may add about 2 s. The upper bound leaves room for a host whose softirqs are late.
inline constexpr Duration kTimeWaitLength = 60s;
inline constexpr Duration kTimeWaitAtLeast = 59'500ms;
inline constexpr Duration kTimeWaitAtMost = 75s;

// Records of different CPUs can be a little out of order in time; no span is negative.
constexpr Duration span(KernelTime begin, KernelTime end) {
  return end < begin ? Duration::zero() : end - begin;
}

// `time` and a duration, without running over the end of time (recordings may claim any time).
constexpr KernelTime later(KernelTime time, Duration duration) {
  return time > KernelTime::max() - duration ? KernelTime::max() : time + duration;
}

// How a step is known that no state change reported.
constexpr ObservedBy observer(bool exact) {
  return exact ? ObservedBy::Exact : ObservedBy::Evidence;
}

// Whom to name beside a step that no process made.
inline const Owner& named_owner(const Owners& owners) {
  return owners.last_user.is_known() ? owners.last_user : owners.creator;
}

// ISS and IRS, from how far both sequences have come; nullopt where that does not tell (TCP_REPAIR
// sets them by hand, MPTCP counts otherwise).
std::optional<std::pair<std::uint32_t, std::uint32_t>> initial_sequence_numbers(
    const ConnectionIdentity& connection, const model::Snapshot& snapshot);

// Of a connection's verdicts the one to remember.
model::Verdict graver(model::Verdict one, model::Verdict other);

// How long evidence of this change of a socket may still come.
Duration settle_window(const Twin& twin, const StateChanged& event);

class Tracker::Implementation {
 public:
  explicit Implementation(TrackerOptions options) : options_(options), table_(options.twins) {}

  void observe(const Observation& observation, FindingHandler& findings);
  void advance(KernelTime now, FindingHandler& findings);
  void finish(FindingHandler& findings);
  std::optional<KernelTime> next_deadline() const;
  TrackerCounts counts() const;
  HalfOpenByPort half_open_by_port() const { return table_.half_open(); }
  void visit(const TwinVisitor& visitor) const;
  bool wants_census() const;
  void set_stuck_thresholds(const StuckThresholds& thresholds);
  void list_stuck(KernelTime now, const std::function<void(const Stuck&)>& take) const;

 private:
  // socket_events.cc
  void on(const StateChanged& event, FindingHandler& findings);
  void on(const ResetReceived& event, FindingHandler& findings);
  void on(const ResetSentObserved& event, FindingHandler& findings);
  void on(const ErrorReported& event, FindingHandler& findings);
  void on(const SocketDestroyed& event, FindingHandler& findings);
  void on(const SegmentRetransmitted& event, FindingHandler& findings);
  bool is_repeated(const StateChanged& event) const;
  TwinHandle twin_of(const StateChanged& event, FindingHandler& findings);
  TwinHandle begin_twin(const StateChanged& event, FindingHandler& findings);
  void begin_generation(TwinHandle handle, const StateChanged& event);
  void resynchronise(TwinHandle handle, KernelTime time, model::MirrorState kernel_state,
                     FindingHandler& findings);
  static void gather(model::Evidence& evidence, const Twin& twin, const StateChanged& event);
  void follow(TwinHandle handle, const StateChanged& event, FindingHandler& findings);
  void attribute(Twin& twin, const StateChanged& event);
  void enrich_birth(TwinHandle handle, const StateChanged& next);

  // foreign.cc
  void forget_unnamed_connects(TwinHandle newest);
  bool may_be_foreign(const Twin& twin) const;
  void forget_foreign(TwinHandle handle);

  // minisockets.cc
  void on(const MinisocketTimer& event, FindingHandler& findings);
  void on(const MinisocketSegment& event, FindingHandler& findings);
  void start_minisocket(const MinisocketTimer& event, FindingHandler& findings);
  void claim_minisocket(TwinHandle handle, const StateChanged& event);
  void hand_over_to_minisocket(TwinHandle socket, KernelTime time, FindingHandler& findings);
  void fin_at_minisocket(TwinHandle handle, KernelTime time, ObservedBy observed_by,
                         FindingHandler& findings);
  void judge_minisocket_end(SlotNumber number, FindingHandler& findings);
  void on_named_connect(const StateChanged& event, FindingHandler& findings);
  bool taken_over_by_connect(const Twin& twin, KernelTime time) const;

  // request_sockets.cc
  void on(const RequestTimer& event, FindingHandler& findings);
  void begin_request(const RequestTimer& event, FindingHandler& findings);
  void inherit_from_listener(Twin& twin, TwinHandle listener);
  void note_birth(const Twin& child, model::Cause cause);
  TwinHandle add_request(TwinKey key, const Twin& twin, FindingHandler& findings);
  bool complete_birth(TwinHandle child, TwinHandle request);
  TwinHandle find_request(const Tuple& tuple) const;
  TwinHandle find_birth(const Tuple& tuple) const;
  void judge_request_end(SlotNumber number, FindingHandler& findings);

  // segments.cc
  void on(const SegmentSeen& event, FindingHandler& findings);
  void begin_segments();
  void name_for_segments(TwinHandle handle);
  void name_and_resolve(TwinHandle handle, FindingHandler& findings);
  void forget_for_segments(TwinHandle handle);
  TwinHandle twin_by_tuple(const Tuple& tuple) const;
  TwinHandle twin_of(const SegmentSeen& event);
  void add_segment(Slot slot, FindingHandler& findings);
  void attach_segment(SegmentFound& found, TwinHandle handle);
  bool attach_to_gone(SegmentFound& found) const;
  static void count_from(SegmentFound& found, std::optional<std::uint32_t> iss,
                         std::optional<std::uint32_t> irs);
  std::optional<std::uint32_t> resolve_segments(const Tuple& tuple, FindingHandler& findings);
  void settle_segment(SlotNumber number, bool is_answered);
  std::optional<model::DivergenceKind> offence_of(const SegmentSeen& event, const Twin& twin) const;
  void check_segment(const SegmentSeen& event, Slot& slot);

  // census.cc
  void on(const CensusMark& mark, FindingHandler& findings);
  void on(const ExistingSocket& event, FindingHandler& findings);
  void on(const SocketHolder& event, FindingHandler& findings);
  TwinHandle find(const ExistingSocket& event) const;
  bool is_expected(const ExistingSocket& event) const;
  void adopt(const ExistingSocket& event, FindingHandler& findings);
  void compare(TwinHandle handle, const ExistingSocket& event, FindingHandler& findings);
  void note(Twin& twin, const ExistingSocket& event) const;
  bool is_confirmed(Twin& twin);
  static void trust_again(Twin& twin);
  void look_for_ghosts(FindingHandler& findings);
  void let_go(TwinHandle handle, KernelTime time, FindingHandler& findings);
  void report_adopted(KernelTime time, FindingHandler& findings);

  // lives.cc
  void on(const SocketAccepted& event, FindingHandler& findings);
  static void be_found(Twin& twin, model::MirrorState in, KernelTime known_since);
  void begin_life(Twin& twin, KernelTime time);
  void follow_life(Twin& twin, const StateChanged& event);
  static void note_accept(LifeSoFar& life, KernelTime time, bool has_socket, bool is_dead);
  TwinHandle minisocket_after(const Twin& socket, const Step& step) const;
  void note_step(Twin& twin, const Step& step, const Actor* actor) const;
  std::unique_ptr<Life> end_life(TwinHandle handle, const Step& step);

  // pairs.cc
  void find_other_end(TwinHandle handle);
  void move_pair(TwinHandle from, TwinHandle to);
  void leave_pair(TwinHandle handle);
  std::optional<OtherEnd> other_end_of(TwinHandle handle) const;
  void expect_news_at_other_end(TwinHandle handle, KernelTime time);
  void check_pairs(FindingHandler& findings);

  // stuck.cc
  void watch(TwinHandle handle);
  void report_stuck(TwinHandle handle, KernelTime now, FindingHandler& findings);
  void report_half_open(TwinHandle listener, KernelTime now, FindingHandler& findings);
  Stuck stuck_of(TwinHandle handle, KernelTime now) const;
  Stuck half_open_of(TwinHandle listener, std::optional<KernelTime> oldest, KernelTime now) const;
  void say_stuck(TwinHandle handle, const Stuck& found, FindingHandler& findings);
  void count_as_stuck(Twin& twin, bool is_stuck);
  bool is_left_alone(TwinHandle handle) const;
  bool awaits_look(Twin& twin, KernelTime now);
  bool count_at_listener(Twin& request, KernelTime now);
  void leave_listener(TwinHandle request);
  Duration threshold_of(const Twin& twin) const;
  ListenerView* listener_of(const Twin& twin);
  std::unordered_map<TwinHandle, KernelTime> oldest_half_open() const;

  // judging.cc
  void on(const CallPathNamed& event, FindingHandler& findings);
  void on(const StreamStatus& event, FindingHandler& findings);
  Step new_step(const Twin& twin, KernelTime time, model::MirrorState to) const;
  static void begin_step(Step& step, const Twin& twin, KernelTime time, model::MirrorState to);
  void await(SlotNumber number, KernelTime deadline);
  void settle(SlotNumber number, FindingHandler& findings);
  void settle_pending(TwinHandle handle, FindingHandler& findings);
  void judge_socket_step(SlotNumber number, FindingHandler& findings);
  void decide(SlotNumber number, const model::Judgement& judgement, FindingHandler& findings);
  void decide_now(TwinHandle handle, Step step, const model::Judgement& judgement,
                  FindingHandler& findings);
  void conclude(Slot& slot);
  void end_wait(TwinHandle handle, KernelTime time, Duration window, ObservedBy observed_by,
                FindingHandler& findings);
  void make_room(FindingHandler& findings);
  void add_slot(Slot slot, FindingHandler& findings);
  void flush(FindingHandler& findings);
  void release(const Slot& slot, FindingHandler& findings);
  Divergence describe(const Slot& slot, model::DivergenceKind kind,
                      std::optional<model::State> expected) const;
  Divergence accusation(TwinHandle handle, KernelTime time, model::DivergenceKind kind,
                        model::MirrorState observed) const;
  void pronounce(const Divergence& divergence, FindingHandler& findings);
  std::uint64_t newly_missed(const StreamStatus& status);
  void report_loss(LossPlace where, std::uint64_t lost, KernelTime time, FindingHandler& findings);
  TwinHandle add_twin(TwinKey key, const Twin& twin, FindingHandler& findings);
  void remove_twin(TwinHandle handle, FindingHandler& findings);
  void discard(TwinHandle handle);
  void drop_pending(Twin& twin);
  void forget_birth(TwinHandle handle);
  void enter(TwinHandle handle, model::MirrorState state, KernelTime time);
  model::Origin origin_of(const Twin& twin) const;

  TrackerOptions options_;
  ConnectionTable table_;
  FindingQueue queue_;
  TrackerCounts counts_;
  std::optional<KernelTime> stream_began_;
  KernelTime now_;                       // the latest observation
  std::optional<KernelTime> last_loss_;  // the latest moment at which something may have been lost
  std::optional<StreamStatus> status_;
  std::uint64_t missed_ = 0;  // to the recursion guard, so far
  std::vector<SlotNumber> awaiting_status_;

  // The latest CLOSE -> SYN_SENT; their local port is not chosen yet. For taken_over_by_connect().
  struct RecentConnect {
    KernelTime time;
    TwinKey socket;
    Tuple tuple;
  };
  std::deque<RecentConnect> recent_connects_;
  std::deque<TwinKey> unnamed_connects_;  // oldest first
  // Minisockets that were started for a socket nobody knows yet (it is older than the tracer).
  std::vector<MinisocketTimer> unclaimed_minisockets_;
  // Children whose tuple is not complete at birth (before 6.18), by address of their socket.
  FlatIndex<> births_by_address_;
  // Request sockets that became a child; their timer's cancellation is still to come.
  FlatIndex<> completed_requests_;  // the values mean nothing
  std::uint64_t numbered_ = 0;

  TimingWheel wheel_;
  // By twin of the listener.
  struct ListenerNotes {
    ListenerView view;
    std::uint64_t past_threshold =
        0;  // half-open connections older than StuckThresholds::half_open
  };
  std::unordered_map<TwinHandle, ListenerNotes> listeners_;

  // The two ends of a connection know the same two initial sequence numbers.
  FlatIndex<> by_sequence_numbers_;
  std::unordered_map<TwinHandle, OtherEnd> gone_ends_;  // by the twin of the end that is left

  // From the first segment on.
  bool follows_segments_ = false;
  std::unordered_map<Tuple, TwinHandle, TupleHash> sockets_by_tuple_;
  Crossings crossings_;
  GoneConnections gone_connections_;
  WaitingSegments waiting_segments_;

  Reconciliation census_;  // the one under way, or the latest
  KernelTime census_began_;
  bool census_is_filtered_ = false;
  std::unordered_set<std::uint32_t> listed_;         // namespaces, in this census
  std::unordered_set<std::uint32_t> listed_before_;  // in an earlier one
  std::vector<TwinHandle> newly_adopted_;
  bool loss_since_census_ = false;
  bool look_is_wanted_ = false;  // a finding waits for what a census will tell
};

}  // namespace tcptwin::tracker
