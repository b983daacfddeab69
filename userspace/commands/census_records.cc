// SPDX-License-Identifier: MIT
#include "commands/census_records.h"

#include <variant>

#include "sources/decode.h"

namespace tcptwin::commands {
namespace {

// Holders that are kept: a prefork server multiplies its listeners by its workers.
constexpr std::size_t kHoldersLimit = 1u << 20;

// A full table of the mirror.
constexpr std::size_t kSocketsLimit = 1u << 20;

// Namespaces that could not be read and are named; the rest is counted.
constexpr std::size_t kRefusedNamed = 8;

}  // namespace

void CensusRecords::on_record(std::span<const std::byte> record) {
  const auto decoded = sources::decode(record);
  const auto* observation = std::get_if<tracker::Observation>(&decoded);
  if (observation == nullptr) return;
  const auto* mark = std::get_if<tracker::CensusMark>(observation);
  if (mark != nullptr && mark->phase == tracker::CensusPhase::NamespaceRefused &&
      refused_.size() < kRefusedNamed) {
    refused_.push_back({mark->netns, mark->error});
  }
  const auto* socket = std::get_if<tracker::ExistingSocket>(observation);
  if (socket != nullptr && socket->inode != 0 && socket->snapshot &&
      by_inode_.size() < kSocketsLimit) {
    by_inode_.insert_or_assign(socket->inode, Seen{socket->socket.cookie, *socket->snapshot});
  }
  const auto* holder = std::get_if<tracker::SocketHolder>(observation);
  if (holder == nullptr || count_ >= kHoldersLimit) return;
  ++count_;
  by_cookie_[holder->socket.cookie].push_back({holder->actor, holder->descriptor});
}

const CensusRecords::Seen* CensusRecords::find(const tracker::TwinView& twin) const {
  if (twin.kernel == nullptr || twin.state.holder != model::Holder::Socket) return nullptr;
  const auto found = by_inode_.find(twin.kernel->inode);
  return found == by_inode_.end() ? nullptr : &found->second;
}

std::vector<sinks::Holder> CensusRecords::holders_of(const tracker::TwinView& twin) const {
  const Seen* const seen = find(twin);
  const auto found = by_cookie_.find(seen == nullptr ? twin.connection.id.cookie : seen->cookie);
  return found == by_cookie_.end() ? std::vector<sinks::Holder>{} : found->second;
}

const model::Snapshot* CensusRecords::last_of(const tracker::TwinView& twin) const {
  const Seen* const seen = find(twin);
  return seen == nullptr ? nullptr : &seen->snapshot;
}

}  // namespace tcptwin::commands
