// SPDX-License-Identifier: MIT
// The tracker's inside. Handlers are grouped by what they follow: socket_events.cc (sockets),
// minisockets.cc (TIME_WAIT and the orphan's FIN_WAIT2), request_sockets.cc (half-open
// connections); judging.cc settles, judges and hands out. Only tracker.cc and these include it.
#pragma once

#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/reference_fsm.h"
#include "tracker/connection_table.h"
#include "tracker/finding_queue.h"
#include "tracker/tracker.h"

namespace tcptwin::tracker {

using namespace std::chrono_literals;

// Evidence after a close (a RST sent, an error report) comes within the same system call or
// softirq; the window covers a virtual CPU that is taken away in the middle.
inline constexpr Duration kSettleWindow = 20ms;
// tcp_abort() of a listener disconnects every waiting child between its two events.
inline constexpr Duration kListenerAbortWindow = 200ms;
// A child's next event comes in the same softirq unless it was opened by fast open.
inline constexpr Duration kBirthWindow = 100ms;
// Between the expiry of a SYN+ACK timer and its restart lies a whole retransmission.
inline constexpr Duration kRequestTimeoutWindow = 50ms;
// Ids of connections that have no cookie yet when they begin: request sockets, and children before
// 6.18. Cookies count from 1 and stay far below.
inline constexpr std::uint64_t kNumberedIds = std::uint64_t{1} << 63;
// connect() that takes over a TIME_WAIT does so in the same call; listen() fails in the same call.
inline constexpr Duration kSameCall = 5ms;
// tcp_send_active_reset() directly precedes the state change it belongs to.
inline constexpr Duration kResetBeforeChange = 5ms;

// TCP_TIMEWAIT_LEN is 60 s in every kernel (L02). Measured lives: 60.04 to 62.06 s; the timer
// wheel may add about 2 s. The upper bound leaves room for a host whose softirqs are late.
inline constexpr Duration kTimeWaitAtLeast = 59'500ms;
inline constexpr Duration kTimeWaitAtMost = 75s;

// Records of different CPUs can be a little out of order in time; no span is negative.
constexpr Duration span(KernelTime begin, KernelTime end) {
  return end < begin ? Duration::zero() : end - begin;
}

class Tracker::Implementation {
 public:
  explicit Implementation(TrackerOptions options) : options_(options), table_(options.twins) {}

  void observe(const Observation& observation, FindingHandler& findings);
  void advance(KernelTime now, FindingHandler& findings);
  void finish(FindingHandler& findings);
  std::optional<KernelTime> next_deadline() const { return queue_.next_deadline(); }
  TrackerCounts counts() const;

 private:
  // socket_events.cc
  void on(const StateChanged& event, FindingHandler& findings);
  void on(const ResetReceived& event, FindingHandler& findings);
  void on(const ResetSentObserved& event, FindingHandler& findings);
  void on(const ErrorReported& event, FindingHandler& findings);
  void on(const SocketDestroyed& event, FindingHandler& findings);
  void on(const SegmentRetransmitted& event, FindingHandler& findings);
  TwinHandle twin_of(const StateChanged& event, FindingHandler& findings);
  TwinHandle begin_twin(const StateChanged& event, FindingHandler& findings);
  void accuse_ghost(TwinHandle handle, const StateChanged& event, FindingHandler& findings);
  void begin_generation(TwinHandle handle, const StateChanged& event);
  void resynchronise(TwinHandle handle, KernelTime time, model::State kernel_state,
                     FindingHandler& findings);
  model::Evidence gather(const Twin& twin, const StateChanged& event) const;
  void follow(TwinHandle handle, const StateChanged& event, const model::Evidence& evidence,
              FindingHandler& findings);
  void attribute(Twin& twin, const StateChanged& event);
  void forget_unnamed_connects(TwinHandle newest);
  void drop_foreign_birth(SlotNumber number, FindingHandler& findings);
  void enrich_birth(TwinHandle handle, const StateChanged& next);

  // minisockets.cc
  void on(const MinisocketTimer& event, FindingHandler& findings);
  void on(const MinisocketSegment& event, FindingHandler& findings);
  void start_minisocket(const MinisocketTimer& event, FindingHandler& findings);
  void claim_minisocket(TwinHandle handle, const StateChanged& event);
  void hand_over_to_minisocket(TwinHandle socket, KernelTime time, FindingHandler& findings);
  void fin_at_minisocket(TwinHandle handle, KernelTime time, FindingHandler& findings);
  void judge_minisocket_end(SlotNumber number, FindingHandler& findings);
  void on_named_connect(const StateChanged& event, FindingHandler& findings);
  bool taken_over_by_connect(const Twin& twin, KernelTime time) const;

  // request_sockets.cc
  void on(const RequestTimer& event, FindingHandler& findings);
  void begin_request(const RequestTimer& event, FindingHandler& findings);
  bool complete_birth(TwinHandle child, TwinHandle request);
  TwinHandle find_request(const Tuple& tuple) const;
  TwinHandle find_birth(const Tuple& tuple) const;
  void judge_request_end(SlotNumber number, FindingHandler& findings);

  // judging.cc
  void on(const CallPathNamed& event, FindingHandler& findings);
  void on(const StreamStatus& event, FindingHandler& findings);
  Step new_step(const Twin& twin, KernelTime time, model::MirrorState to) const;
  void settle(SlotNumber number, FindingHandler& findings);
  void settle_pending(TwinHandle handle, FindingHandler& findings);
  void judge_socket_step(SlotNumber number, FindingHandler& findings);
  void decide(SlotNumber number, const model::Judgement& judgement, FindingHandler& findings);
  void decide_now(TwinHandle handle, Step step, const model::Judgement& judgement,
                  FindingHandler& findings);
  void conclude(Slot& slot);
  void end_wait(TwinHandle handle, KernelTime time, Duration window, FindingHandler& findings);
  void add_slot(Slot slot, FindingHandler& findings);
  void flush(FindingHandler& findings);
  void release(const Step& step, const Divergence* divergence, FindingHandler& findings);
  Divergence describe(const Slot& slot, model::DivergenceKind kind,
                      std::optional<model::State> expected) const;
  void report_loss(LossPlace where, std::uint64_t lost, KernelTime time, FindingHandler& findings);
  TwinHandle add_twin(TwinKey key, const Twin& twin, FindingHandler& findings);
  void remove_twin(TwinHandle handle, FindingHandler& findings);
  void drop_pending(Twin& twin);
  void forget_birth(TwinHandle handle);
  void enter(TwinHandle handle, model::MirrorState state, KernelTime time);
  model::Origin origin_of(const Twin& twin) const;

  TrackerOptions options_;
  ConnectionTable table_;
  FindingQueue queue_;
  TrackerCounts counts_;
  std::optional<KernelTime> stream_began_;
  std::optional<KernelTime> last_loss_;  // the latest moment at which something may have been lost
  std::optional<StreamStatus> status_;
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
  std::unordered_map<std::uint64_t, TwinHandle> births_by_address_;
  // Request sockets that became a child; their timer's cancellation is still to come.
  std::unordered_set<std::uint64_t> completed_requests_;
  std::uint64_t numbered_ = 0;
};

}  // namespace tcptwin::tracker
