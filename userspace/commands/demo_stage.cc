// SPDX-License-Identifier: MIT
#include "commands/demo_stage.h"

#include <netinet/tcp.h>

#include <chrono>
#include <utility>

#include "commands/surroundings.h"

namespace tcptwin::commands {
namespace {

using system::Flag;
using system::Packet;

// How long the kernel may take for what a scenario waits for: its SYN is sent again after 1 s.
constexpr Duration kPatience = std::chrono::seconds{10};
constexpr std::chrono::milliseconds kLook{5};

constexpr std::uint32_t kServerNumber = 0x0a000002;  // kServerAddress

std::string_view name(Side side) {
  return side == Side::Client ? "client" : "server";
}

bool is_from(Side side, const Packet& packet) {
  return (packet.source == kServerNumber) == (side == Side::Server);
}

bool is_of(DemoStage::Kind kind, const Packet& packet) {
  using Kind = DemoStage::Kind;
  const bool is_plain = !packet.has(Flag::Syn) && !packet.has(Flag::Fin) && !packet.has(Flag::Rst);
  switch (kind) {
    case Kind::Syn:
      return packet.has(Flag::Syn) && !packet.has(Flag::Ack);
    case Kind::SynAck:
      return packet.has(Flag::Syn) && packet.has(Flag::Ack);
    case Kind::Ack:
      return is_plain && packet.payload == 0;
    case Kind::Text:
      return is_plain && packet.payload > 0;
    case Kind::Fin:
      return packet.has(Flag::Fin);
    case Kind::Rst:
      return packet.has(Flag::Rst);
  }
  return false;
}

std::string_view name(DemoStage::Kind kind) {
  constexpr std::array<std::string_view, 6> kNames = {"SYN",  "SYN+ACK", "ACK",
                                                      "data", "FIN",     "RST"};
  return kNames[static_cast<std::size_t>(kind)];
}

// The states a socket of a program can be asked for; TIME_WAIT is no socket's any more.
int kernel_number(model::State state) {
  constexpr std::array<int, model::kStateCount> kNumbers = {
      TCP_CLOSE,     TCP_LISTEN,     TCP_SYN_SENT, TCP_SYN_RECV, TCP_ESTABLISHED, TCP_FIN_WAIT1,
      TCP_FIN_WAIT2, TCP_CLOSE_WAIT, TCP_CLOSING,  TCP_LAST_ACK, TCP_CLOSE};
  return kNumbers[model::index(state)];
}

}  // namespace

Result<std::unique_ptr<DemoStage>> DemoStage::open(std::function<bool()> is_over) {
  auto network = system::PrivateNetwork::open();
  if (!network) return network.error();
  return std::unique_ptr<DemoStage>{new DemoStage(std::move(network.value()), std::move(is_over))};
}

bool DemoStage::is_stopped() {
  if (outcome_ && is_over_()) fail("interrupted");
  return !outcome_;
}

void DemoStage::note(const Status& done) {
  if (outcome_ && !done) outcome_ = done;
}

void DemoStage::fail(const std::string& what) {
  note(Error{ErrorCode::Failed, what, ""});
}

system::TcpSocket* DemoStage::at(Side side) {
  auto& end = ends_[static_cast<std::size_t>(side)];
  if (outcome_ && !end) fail("the " + std::string{name(side)} + " has no socket");
  return is_stopped() ? nullptr : &*end;
}

void DemoStage::carry_until(const std::function<bool()>& reached, const std::string& what) {
  const KernelTime deadline = monotonic_now() + kPatience;
  while (!is_stopped() && !reached()) {
    if (const auto packet = wire_.take(kLook)) deliver(packet);
    if (monotonic_now() > deadline) fail("waited in vain for " + what);
  }
}

void DemoStage::listen() {
  if (is_stopped()) return;
  auto socket = system::TcpSocket::open(system::kServerAddress, kServerPort);
  if (!socket) return note(socket.error());
  listener_ = std::move(socket.value());
  note(listener_->listen());
}

void DemoStage::connect(Side side, std::uint16_t port) {
  if (is_stopped()) return;
  const bool is_client = side == Side::Client;
  auto socket = system::TcpSocket::open(is_client ? system::kClientAddress : system::kServerAddress,
                                        is_client ? kClientPort : kServerPort);
  if (!socket) return note(socket.error());
  note(socket.value().connect(is_client ? system::kServerAddress : system::kClientAddress, port));
  ends_[static_cast<std::size_t>(side)] = std::move(socket.value());
}

void DemoStage::accept() {
  carry_until(
      [&] {
        auto accepted = listener_->accept();
        if (accepted) ends_[static_cast<std::size_t>(Side::Server)] = std::move(accepted);
        return ends_[static_cast<std::size_t>(Side::Server)].has_value();
      },
      "a connection to accept");
}

void DemoStage::send(Side side, std::string_view text) {
  if (auto* end = at(side)) note(end->send(text));
}

void DemoStage::expect_text(Side side, std::string_view text) {
  auto* end = at(side);
  if (end == nullptr) return;
  std::string received;
  carry_until([&] { return (received += end->receive()) == text; },
              "what the " + std::string{name(side)} + " should receive");
}

void DemoStage::expect_end(Side side) {
  auto* end = at(side);
  if (end == nullptr) return;
  carry_until([&] { return end->is_at_end(); }, "the FIN at the " + std::string{name(side)});
}

void DemoStage::expect_failure(Side side) {
  auto* end = at(side);
  if (end == nullptr) return;
  carry_until([&] { return end->has_failed(); }, "the RST at the " + std::string{name(side)});
}

void DemoStage::await(Side side, model::State state) {
  auto* end = at(side);
  if (end == nullptr) return;
  carry_until([&] { return end->state() == kernel_number(state); },
              "the " + std::string{name(side)} + " in " + std::string{model::name(state)});
}

void DemoStage::shut_down(Side side) {
  if (auto* end = at(side)) note(end->shut_down_sending());
}

void DemoStage::close(Side side) {
  if (auto* end = at(side)) end->close();
}

void DemoStage::abort(Side side) {
  if (auto* end = at(side)) end->abort();
}

std::optional<Packet> DemoStage::stop(Side from, Kind kind) {
  const KernelTime deadline = monotonic_now() + kPatience;
  while (!is_stopped()) {
    auto packet = wire_.take(kLook);
    if (packet && is_from(from, *packet) && is_of(kind, *packet)) return packet;
    if (packet) deliver(packet);
    if (monotonic_now() > deadline) {
      fail("waited in vain for the " + std::string{name(from)} + "'s " + std::string{name(kind)});
    }
  }
  return std::nullopt;
}

void DemoStage::deliver(const std::optional<Packet>& packet) {
  if (is_stopped() || !packet) return;
  if (!wire_.deliver(*packet)) fail("the wire refused a packet");
}

}  // namespace tcptwin::commands
