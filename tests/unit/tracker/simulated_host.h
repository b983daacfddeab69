// SPDX-License-Identifier: MIT
// A host that behaves as Linux does, for tests of the tracker: sockets that emit the observations
// of linux-tcp-fsm section 5 when something happens to them. Its tests read like a conversation.
#pragma once

#include <string>
#include <vector>

#include "tracker/tracker.h"

namespace tcptwin::tracker::testing {

using namespace std::chrono_literals;

// Everything the tracker said.
class Findings final : public FindingHandler {
 public:
  void on_step(const Step& step) override { steps.push_back(step); }
  void on_divergence(const Divergence& divergence) override { divergences.push_back(divergence); }
  void on_loss(const Loss& loss) override { losses.push_back(loss); }
  void on_call_path(const CallPath& call_path) override { call_paths.push_back(call_path); }

  // "SYN_SENT -> ESTABLISHED synack_accepted conformant", deviations with their id.
  std::vector<std::string> lines() const;
  std::vector<std::string> lines_of(ConnectionId id) const;
  std::size_t count(model::Verdict verdict) const;

  std::vector<Step> steps;
  std::vector<Divergence> divergences;
  std::vector<Loss> losses;
  std::vector<CallPath> call_paths;
};
std::string line(const Step& step);

// Takes the observations: a tracker, or a list for later.
class Host {
 public:
  explicit Host(TrackerOptions options = {}) : tracker(options) {}

  void see(const Observation& observation);
  void wait(Duration duration) { now += duration; }
  // The source reports the state of the stream; `lost` more records were refused by the ring.
  void status(std::uint64_t lost = 0);
  // Lets every window pass, and reports a clean stream.
  void settle();

  Tracker tracker;
  Findings findings;
  KernelTime now = kernel_time_from_ns(1'000'000'000'000);
  std::vector<Observation> recorded;  // instead of the tracker, while `recording`
  bool recording = false;
  std::uint64_t next_cookie = 1;
  std::uint64_t next_address = 0xffff'8880'0000'0000;

 private:
  StreamStatus status_;
};

inline constexpr Actor kClient{4711, 4711, 1000, Comm{"curl"}};
inline constexpr Actor kServer{80, 80, 33, Comm{"nginx"}};

// One kernel socket. Each method is something that happens to it; together they follow Linux.
class SimulatedSocket {
 public:
  explicit SimulatedSocket(Host& host, std::uint16_t local_port = 40000,
                           std::uint16_t remote_port = 80, Actor actor = kClient);

  // Opening.
  void connects();
  void gets_syn_ack();
  void gets_syn();  // simultaneous open
  void listens();
  void is_born_of(SimulatedSocket& listener);  // LISTEN -> SYN_RECV of a child
  void gets_handshake_ack();
  void is_established();  // connects() and gets_syn_ack()

  // Closing.
  void shuts_down();    // shutdown(SHUT_WR)
  void closes();        // close(); the state change that fits
  void closes_again();  // close() after shutdown(): the self loop
  void gets_fin();
  void gets_ack_of_fin();
  void gets_ack_of_last_fin();
  void enters_time_wait();  // FIN in FIN_WAIT2, ACK of FIN in CLOSING
  void is_handed_over();    // orphan FIN_WAIT2 into a minisocket
  void gets_rst();
  void is_destroyed();
  void closes_with_unread_data();

  // Raw pieces, to plant faults.
  void changes_to(model::State to, model::Context context = model::Context::Softirq);
  void reports_error(std::uint16_t error);
  void sends_reset(bool answers_segment);
  void receives_reset_event();
  void starts_minisocket(model::State substate);
  void minisocket_timer(TimerOperation operation);
  void minisocket_gets_fin();
  void minisocket_gets_rst();
  void minisocket_ends();  // cancelled and expired

  ConnectionId id() const { return {reference.cookie, generation}; }

  Host& host;
  SocketReference reference;
  Tuple tuple;
  Actor actor;
  model::State state = model::State::Closed;
  model::Snapshot snapshot;
  std::uint32_t generation = 0;
  std::uint64_t minisocket_address = 0;
  model::State substate = model::State::TimeWait;
};

// A half-open connection of a listener.
class SimulatedRequest {
 public:
  SimulatedRequest(SimulatedSocket& listener, std::uint16_t remote_port);
  void timer(TimerOperation operation, std::uint8_t timeouts = 0);
  void arrives() { timer(TimerOperation::Start); }
  void becomes(SimulatedSocket& child);  // the third ACK
  void times_out_and_is_sent_again(std::uint8_t timeouts);
  void gets_reset_by_listener(bool answers_syn);

  Host& host;
  SimulatedSocket& listener;
  SocketReference reference;
  Tuple tuple;
};

}  // namespace tcptwin::tracker::testing
