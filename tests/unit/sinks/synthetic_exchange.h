// SPDX-License-Identifier: MIT
// A connection between two ends, played event by event into a LadderCollector. For the tests of
// ladders.
#pragma once

#include <string_view>
#include <vector>

#include "sinks/ladder_collector.h"
#include "tracker/finding.h"

namespace tcptwin::test {

struct KeptExchanges final : sinks::ExchangeReceiver {
  void on_exchange(const sinks::Exchange& exchange) override { all.push_back(exchange); }
  std::vector<sinks::Exchange> all;
};

// What a segment carries: flags as letters of "SFRA", numbers counted from the first SYN.
struct Carried {
  std::string_view flags;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint32_t payload = 0;
  bool is_traffic = false;  // recorded only where every segment is
  std::uint16_t window = 512;
};
Carried data(std::uint32_t sequence, std::uint32_t payload, std::uint32_t acknowledgement = 1);
Carried pure_ack(std::uint32_t sequence, std::uint32_t acknowledgement);

enum class At { Client, Server };

class PlayedConnection {
 public:
  explicit PlayedConnection(tracker::FindingHandler& handler) : handler_(handler) {}

  void step(At end, int ms, model::State from, model::State to, model::Cause cause,
            model::Verdict verdict = model::Verdict::Conformant);
  void sent(At end, int ms, const Carried& carried);
  void received(At end, int ms, const Carried& carried);
  // Sent by one end and received by the other within the same millisecond.
  void passes(At from, int ms, const Carried& carried);
  void life(At end, int ms);

  // From SYN_SENT to ESTABLISHED at both ends, beginning at `ms`.
  void handshake(int ms);
  // The client closes, then the server; TIME_WAIT is the client's.
  void close(int ms, std::uint32_t client_sent, std::uint32_t server_sent);

  tracker::ConnectionIdentity identity(At end) const;
  bool names_the_other_end = true;  // in lives
  std::uint32_t server_netns = 4026531840u;
  bool server_is_nobody = false;  // segments of the server's side belong to no connection
  std::uint32_t generation = 1;

 private:
  tracker::SegmentFound found(At end, int ms, const Carried& carried, tracker::Direction) const;

  tracker::FindingHandler& handler_;
};

}  // namespace tcptwin::test
