// SPDX-License-Identifier: MIT
// Connections whose two ends are on this host. The ends know each other by their initial sequence
// numbers: 64 random bits, the same on both sides, whatever namespaces and address translation lie
// between them.
#include "model/composed_pairs.h"
#include "tracker/implementation.h"

namespace tcptwin::tracker {

using model::State;

namespace {

std::uint64_t pair_key(std::uint32_t iss, std::uint32_t irs) {
  return std::uint64_t{iss} << 32 | irs;
}

}  // namespace

void Tracker::Implementation::find_other_end(TwinHandle handle) {
  Twin& twin = table_[handle];
  if (!twin.last || twin.pair_key) return;
  const auto numbers = initial_sequence_numbers(twin.identity, *twin.last);
  if (!numbers) return;
  const TwinHandle other = by_sequence_numbers_.find(pair_key(numbers->second, numbers->first));
  twin.pair_key = pair_key(numbers->first, numbers->second);
  by_sequence_numbers_.set(*twin.pair_key, handle);
  if (other == kNoTwin || other == handle || table_[other].other_end != kNoTwin) return;
  twin.other_end = other;
  table_[other].other_end = handle;
}

// The connection goes on in another twin of this host.
void Tracker::Implementation::move_pair(TwinHandle from, TwinHandle to) {
  Twin& source = table_[from];
  Twin& target = table_[to];
  target.pair_key = source.pair_key;
  source.pair_key.reset();
  if (target.pair_key) by_sequence_numbers_.set(*target.pair_key, to);
  target.other_end = source.other_end;
  source.other_end = kNoTwin;
  if (target.other_end != kNoTwin) table_[target.other_end].other_end = to;
  if (!source.has_gone_end) return;
  auto gone = gone_ends_.extract(from);
  gone.key() = to;
  gone_ends_.insert(std::move(gone));
  source.has_gone_end = false;
  target.has_gone_end = true;
}

// The twin is about to go, or to begin another connection: the other end is left alone.
void Tracker::Implementation::leave_pair(TwinHandle handle) {
  Twin& twin = table_[handle];
  if (twin.has_gone_end) gone_ends_.erase(handle);
  twin.has_gone_end = false;
  if (twin.pair_key) {
    by_sequence_numbers_.erase_if_is(*twin.pair_key, handle);
    twin.pair_key.reset();
  }
  if (twin.other_end == kNoTwin) return;
  const TwinHandle other = twin.other_end;
  twin.other_end = kNoTwin;
  table_[other].other_end = kNoTwin;
  // Of a TIME_WAIT all has been told.
  if (table_[other].mirror.state == State::TimeWait) return;
  gone_ends_[other] = {twin.identity.id, twin.identity.tuple, twin.mirror, twin.owners.best(),
                       true};
  table_[other].has_gone_end = true;
}

std::optional<OtherEnd> Tracker::Implementation::other_end_of(TwinHandle handle) const {
  const TwinHandle other = table_[handle].other_end;
  if (other != kNoTwin) {
    const Twin& twin = table_[other];
    return OtherEnd{twin.identity.id, twin.identity.tuple, twin.mirror, twin.owners.best(), false};
  }
  if (!table_[handle].has_gone_end) return std::nullopt;
  return gone_ends_.at(handle);
}

// An end that was not closed in order may leave the other one behind without a word.
void Tracker::Implementation::expect_news_at_other_end(TwinHandle handle, KernelTime time) {
  const TwinHandle other = table_[handle].other_end;
  if (other == kNoTwin || options_.stuck.other_end_gone == Duration::zero()) return;
  if (threshold_of(table_[other]) != Duration::zero()) return;  // is watched for its own state
  wheel_.set(other, later(time, options_.stuck.other_end_gone));
}

// At the end of a census: both ends were seen in these states, and nothing has happened since
// before it began, so that they were in them at the same time. Twice in a row is no moment between
// two looks.
void Tracker::Implementation::check_pairs(FindingHandler& findings) {
  const std::uint32_t now = census_.number;
  const auto is_settled = [&](const Twin& twin) {
    return twin.census.seen_in == now && twin.census.suspected_in != now &&
           twin.last_event < census_began_ && !twin.after_gap && twin.pending == kNoSlot;
  };
  table_.for_each([&](TwinHandle handle) {
    Twin& twin = table_[handle];
    if (twin.other_end == kNoTwin || twin.other_end < handle) return;
    const Twin& other = table_[twin.other_end];
    if (!is_settled(twin) || !is_settled(other)) return;
    if (model::can_occur_together(twin.mirror.state, other.mirror.state)) return;
    const bool seen_before = twin.census.paired_in != 0 && twin.census.paired_in + 1 == now;
    twin.census.paired_in = now;
    ++census_.suspected;
    if (!seen_before) return;
    --census_.suspected;
    pronounce(
        accusation(handle, census_.time, model::DivergenceKind::PairInconsistent, twin.mirror),
        findings);
  });
}

}  // namespace tcptwin::tracker
