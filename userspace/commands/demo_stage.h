// SPDX-License-Identifier: MIT
// The stage of one scenario of `demo`: a client and a server in a private network, and the wire
// between them in the hands of the scenario. What fails first ends the play: all that follows then
// does nothing, so that a scenario reads as what happens and not as what might go wrong.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/state.h"
#include "system/private_network.h"
#include "system/tcp_socket.h"
#include "system/wire.h"

namespace tcptwin::commands {

enum class Side : std::uint8_t { Client, Server };

inline constexpr std::uint16_t kClientPort = 40000;
inline constexpr std::uint16_t kServerPort = 80;
inline constexpr std::uint16_t kClosedPort = 81;  // nobody listens there

class DemoStage {
 public:
  // `is_over`: somebody wants the program to end.
  static Result<std::unique_ptr<DemoStage>> open(std::function<bool()> is_over);

  std::uint32_t netns() const { return network_.inode(); }
  int netns_descriptor() const { return network_.descriptor(); }
  // Every call below belongs between enter() and the end of the visit.
  Result<system::PrivateNetwork::Visit> enter() const { return network_.enter(); }

  // What the two programs do. None of it waits, except where it says so.
  void listen();
  void connect(Side side, std::uint16_t port);
  void accept();  // waits for a connection
  void send(Side side, std::string_view text);
  void expect_text(Side side, std::string_view text);  // waits for it
  void expect_end(Side side);                          // waits for the peer's FIN
  void expect_failure(Side side);                      // waits for a reset
  void await(Side side, model::State state);
  void shut_down(Side side);
  void close(Side side);
  void abort(Side side);

  // What the wire does. While anything waits, packets are carried as they come. stop() carries all
  // others until one with just these of SYN, FIN and RST (and ACK, if it has none of them) comes
  // from this side, and keeps it: lost, unless it is delivered.
  enum class Kind : std::uint8_t { Syn, SynAck, Ack, Text, Fin, Rst };
  std::optional<system::Packet> stop(Side from, Kind kind);
  void deliver(const std::optional<system::Packet>& packet);
  // The next one of this kind, carried.
  void carry(Side from, Kind kind) { deliver(stop(from, kind)); }

  // What failed, if anything.
  const Status& outcome() const { return outcome_; }

 private:
  DemoStage(system::PrivateNetwork network, std::function<bool()> is_over)
      : network_(std::move(network)), wire_(network_.wire()), is_over_(std::move(is_over)) {}

  bool is_stopped();
  void note(const Status& done);
  void fail(const std::string& what);
  system::TcpSocket* at(Side side);
  void carry_until(const std::function<bool()>& reached, const std::string& what);

  system::PrivateNetwork network_;
  system::Wire wire_;
  std::function<bool()> is_over_;
  std::optional<system::TcpSocket> listener_;
  std::array<std::optional<system::TcpSocket>, 2> ends_;
  Status outcome_ = Done{};
};

}  // namespace tcptwin::commands
