// SPDX-License-Identifier: MIT
// Connections of others, of which the kernel's filter lets a single event pass because a port is
// not known yet: kept until that shows, then forgotten without a word.
#include "tracker/implementation.h"

namespace tcptwin::tracker {

using model::Holder;
using model::State;

namespace {

// A connect whose local port is not chosen yet, or was never shown because others filter by it.
bool is_unnamed(const Twin& twin) {
  return twin.mirror.state == State::SynSent && twin.identity.tuple.local.port == 0;
}

// A child whose peer does not show yet, or never will because others filter by it.
bool is_unnamed_child(const Twin& twin) {
  return twin.mirror.state == State::SynReceived && twin.pending != kNoSlot &&
         twin.identity.tuple.remote.port == 0;
}

}  // namespace

void Tracker::Implementation::forget_unnamed_connects(TwinHandle newest) {
  if (!is_unnamed(table_[newest])) return;
  unnamed_connects_.push_back(socket_key(table_[newest].socket));
  if (unnamed_connects_.size() <= options_.unnamed_connects) return;
  const TwinHandle oldest = table_.find(unnamed_connects_.front(), Holder::Socket);
  unnamed_connects_.pop_front();
  const bool is_another = oldest != kNoTwin && oldest != newest;
  if (is_another && is_unnamed(table_[oldest])) forget_foreign(oldest);
}

// The one event of a connection that passes the kernel's filter because its port is not known yet.
bool Tracker::Implementation::may_be_foreign(const Twin& twin) const {
  return (options_.unnamed_connects > 0 && is_unnamed(twin)) ||
         (options_.filters_by_peer && is_unnamed_child(twin));
}

// The kernel side drops what follows of it: it was somebody else's.
void Tracker::Implementation::forget_foreign(TwinHandle handle) {
  drop_pending(table_[handle]);
  forget_birth(handle);
  discard(handle);
  --counts_.connections;
}

}  // namespace tcptwin::tracker
