// SPDX-License-Identifier: MIT
#include "support/census_session.h"

#include <stdexcept>
#include <string>

#include "sources/decode.h"

namespace tcptwin::testing {
namespace {

constexpr std::chrono::seconds kPatience{5};

}  // namespace

CensusSession::CensusSession(const sources::LiveOptions& options) {
  auto source = sources::LiveBpf::open(options);
  if (!source) throw std::runtime_error(source.error().what);
  source_ = std::move(source.value());
}

void CensusSession::on_record(std::span<const std::byte> record) {
  const auto decoded = sources::decode(record);
  if (const auto* error = std::get_if<sources::DecodeError>(&decoded)) {
    throw std::runtime_error("the kernel's record is refused: " + std::string{label(*error)});
  }
  delivered_.push_back(std::get<tracker::Observation>(decoded));
}

void CensusSession::take_census() {
  delivered_.clear();
  const auto taken = source_->take_census(*this);
  if (!taken) throw std::runtime_error(taken.error().what);
  deadline_ = std::chrono::steady_clock::now() + kPatience;
}

void CensusSession::poll() {
  if (std::chrono::steady_clock::now() > deadline_) {
    throw std::runtime_error("what was awaited was not observed");
  }
  const auto polled = source_->poll(std::chrono::milliseconds{10}, *this);
  if (!polled) throw std::runtime_error(polled.error().what);
}

std::vector<tracker::ExistingSocket> CensusSession::sockets_in(std::uint32_t netns) const {
  auto sockets = all_of<tracker::ExistingSocket>();
  std::erase_if(sockets, [&](const auto& socket) { return socket.tuple.netns != netns; });
  return sockets;
}

tracker::ExistingSocket CensusSession::socket_at(std::uint32_t netns, std::uint16_t local_port,
                                                 std::uint16_t remote_port) const {
  for (const auto& socket : sockets_in(netns)) {
    const bool is_it =
        socket.tuple.local.port == local_port && socket.tuple.remote.port == remote_port;
    if (is_it) return socket;
  }
  throw std::runtime_error("no socket " + std::to_string(local_port) + " -> " +
                           std::to_string(remote_port) + " was listed");
}

std::vector<tracker::SocketHolder> CensusSession::holders_of(
    const tracker::ExistingSocket& socket) const {
  auto holders = all_of<tracker::SocketHolder>();
  std::erase_if(holders,
                [&](const auto& holder) { return holder.socket.cookie != socket.socket.cookie; });
  return holders;
}

bool CensusSession::has_mark(tracker::CensusPhase phase, std::uint32_t netns) const {
  const auto marks = all_of<tracker::CensusMark>();
  return std::any_of(marks.begin(), marks.end(),
                     [&](const auto& mark) { return mark.phase == phase && mark.netns == netns; });
}

}  // namespace tcptwin::testing
