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
  void on_life(const Life& life) override { lives.push_back(life); }
  void on_segment(const SegmentFound& found) override { segments.push_back(found); }
  void on_stuck(const Stuck& found) override { stuck.push_back(found); }
  void on_adopted(const Adopted& found) override { adopted.push_back(found); }
  void on_reconciliation(const Reconciliation& found) override { reconciliations.push_back(found); }

  // "SYN_SENT -> ESTABLISHED synack_accepted conformant", deviations with their id.
  std::vector<std::string> lines() const;
  std::vector<std::string> lines_of(ConnectionId id) const;
  std::size_t count(model::Verdict verdict) const;

  std::vector<Step> steps;
  std::vector<Divergence> divergences;
  std::vector<Loss> losses;
  std::vector<CallPath> call_paths;
  std::vector<Life> lives;
  std::vector<SegmentFound> segments;
  std::vector<Stuck> stuck;
  std::vector<Adopted> adopted;
  std::vector<Reconciliation> reconciliations;
};
std::string line(const Step& step);
// "local fin local_close: SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT"
std::string line(const Life& life);

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
  // The kernel's own table: a census that shows exactly these, in the namespaces of all of them.
  void census(const std::vector<ExistingSocket>& sockets,
              const std::vector<SocketHolder>& holders = {}, bool is_filtered = false);

  Tracker tracker;
  Findings findings;
  KernelTime now = kernel_time_from_ns(1'000'000'000'000);
  std::vector<Observation> recorded;  // instead of the tracker, while `recording`
  bool recording = false;
  bool exact = false;  // minisockets and request sockets show by hooks on functions (T2)
  std::uint64_t next_cookie = 1;
  std::uint64_t next_address = 0xffff'8880'0000'0000;
  std::uint32_t censuses = 0;

 private:
  StreamStatus status_;
};

inline constexpr std::uint32_t kNamespace = 4026531840;
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

  // Data, and what a census shows of it.
  void receives(std::uint32_t bytes);
  void has_sent(std::uint32_t bytes);  // and it was acknowledged
  ExistingSocket as_it_exists() const;
  ExistingSocket minisocket_as_it_exists(Duration left) const;
  // Makes this the other end of `peer`: same sequence numbers, same addresses, seen from there.
  void mirrors(const SimulatedSocket& peer);

  // Raw pieces, to plant faults.
  void changes_to(model::State to, model::Context context = model::Context::Softirq);
  void reports_error(std::uint16_t error);
  void sends_reset(bool answers_segment);
  void receives_reset_event();
  void is_accepted_by(const Actor& process);  // T2
  void starts_minisocket(model::State substate);
  void minisocket_timer(TimerOperation operation);
  void minisocket_gets_fin();
  void minisocket_gets_rst();
  void minisocket_ends();      // cancelled and expired
  void minisocket_restarts();  // 2MSL once more

  ConnectionId id() const { return {reference.cookie, generation}; }

  Host& host;
  SocketReference reference;
  Tuple tuple;
  Actor actor;
  model::State state = model::State::Closed;
  model::Snapshot snapshot;
  std::uint32_t generation = 0;
  bool accepts = true;  // of a child: accept() follows the handshake at once
  SequenceNumber peer_iss{5000};
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
  void times_out();
  void times_out_and_is_sent_again(std::uint8_t timeouts);
  void gets_reset_by_listener(bool answers_syn);

  Host& host;
  SimulatedSocket& listener;
  SocketReference reference;
  Tuple tuple;
};

}  // namespace tcptwin::tracker::testing
