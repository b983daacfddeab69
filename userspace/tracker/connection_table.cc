// SPDX-License-Identifier: MIT
#include "tracker/connection_table.h"

#include <cassert>

namespace tcptwin::tracker {
namespace {

// About a second of destroyed sockets on a host that closes 50,000 connections a second.
constexpr std::size_t kDestroyedRemembered = 65536;
constexpr std::size_t kPortsKept = 4096;

}  // namespace

TwinHandle ConnectionTable::find(TwinKey key) const {
  return by_key_.find(key);
}

TwinHandle ConnectionTable::find(TwinKey key, model::Holder holder) const {
  const TwinHandle handle = find(key);
  const bool fits = handle != kNoTwin && node(handle).twin.mirror.holder == holder;
  return fits ? handle : kNoTwin;
}

TwinHandle ConnectionTable::insert(TwinKey key, const Twin& twin) {
  TwinHandle handle;
  if (free_.empty()) {
    handle = static_cast<TwinHandle>(links_.size());
    if (handle % kBlock == 0) blocks_.push_back(std::make_unique<Block>());
    links_.emplace_back();
  } else {
    handle = free_.back();
    free_.pop_back();
  }
  Node& added = node(handle);
  added.twin = twin;
  added.key = key;
  added.in_use = true;
  by_key_.set(key, handle);
  link_newest(handle);
  ++size_;
  ++counts_[static_cast<std::size_t>(twin.mirror.holder)];
  ++count_of(twin);
  count_half_open(added);
  return handle;
}

void ConnectionTable::remove(TwinHandle handle) {
  Node& removed = node(handle);
  // Removing twice would give one node to two twins, and invent divergences.
  assert(removed.in_use);
  removed.in_use = false;
  by_key_.erase_if_is(removed.key, handle);
  if (removed.has_tuple) by_tuple_.erase_if_is(TupleHash{}(removed.twin.identity.tuple), handle);
  removed.has_tuple = false;
  forget_listener(handle);
  unlink(handle);
  --size_;
  --counts_[static_cast<std::size_t>(removed.twin.mirror.holder)];
  --count_of(removed.twin);
  count_half_open(removed);
  free_.push_back(handle);
}

void ConnectionTable::rekey(TwinHandle handle, TwinKey key) {
  by_key_.erase_if_is(node(handle).key, handle);
  node(handle).key = key;
  by_key_.set(key, handle);
}

void ConnectionTable::set_state(TwinHandle handle, model::MirrorState state) {
  Twin& twin = node(handle).twin;
  --counts_[static_cast<std::size_t>(twin.mirror.holder)];
  --count_of(twin);
  twin.mirror = state;
  ++counts_[static_cast<std::size_t>(twin.mirror.holder)];
  ++count_of(twin);
  count_half_open(node(handle));
}

void ConnectionTable::count_half_open(Node& node) {
  const Twin& twin = node.twin;
  // Both ends may open at once: that one has no listener.
  const bool is_half_open = node.in_use && twin.mirror.state == model::State::SynReceived &&
                            twin.identity.role != Role::Active;
  if (is_half_open == node.half_open_at.has_value()) return;
  if (is_half_open) {
    node.half_open_at = twin.identity.tuple.local.port;
    ++half_open_[*node.half_open_at];
    return;
  }
  --half_open_[*node.half_open_at];
  node.half_open_at.reset();
  if (half_open_.size() > kPortsKept) {
    std::erase_if(half_open_, [](const auto& entry) { return entry.second == 0; });
  }
}

HalfOpenByPort ConnectionTable::half_open() const {
  HalfOpenByPort now = half_open_;
  std::erase_if(now, [](const auto& entry) { return entry.second == 0; });
  return now;
}

void ConnectionTable::touch(TwinHandle handle) {
  if (newest_ == handle) return;
  unlink(handle);
  link_newest(handle);
}

void ConnectionTable::link_newest(TwinHandle handle) {
  links_[handle] = {kNoTwin, newest_};
  if (newest_ != kNoTwin) links_[newest_].newer = handle;
  newest_ = handle;
  if (oldest_ == kNoTwin) oldest_ = handle;
}

void ConnectionTable::unlink(TwinHandle handle) {
  const Links& links = links_[handle];
  (links.newer == kNoTwin ? newest_ : links_[links.newer].older) = links.older;
  (links.older == kNoTwin ? oldest_ : links_[links.older].newer) = links.newer;
}

void ConnectionTable::index_tuple(TwinHandle handle) {
  by_tuple_.set(TupleHash{}(node(handle).twin.identity.tuple), handle);
  node(handle).has_tuple = true;
}

TwinHandle ConnectionTable::find_tuple(const Tuple& tuple) const {
  const TwinHandle handle = by_tuple_.find(TupleHash{}(tuple));
  const bool fits = handle != kNoTwin && node(handle).twin.identity.tuple == tuple;
  return fits ? handle : kNoTwin;
}

std::uint64_t ConnectionTable::listening_on(const Tuple& tuple) {
  return std::uint64_t{tuple.netns} << 16 | tuple.local.port;
}

void ConnectionTable::index_listener(TwinHandle handle) {
  const Twin& twin = node(handle).twin;
  listeners_by_address_.set(twin.socket.address, handle);
  listeners_by_port_.set(listening_on(twin.identity.tuple), handle);
  node(handle).is_listener = true;
}

void ConnectionTable::forget_listener(TwinHandle handle) {
  if (!node(handle).is_listener) return;
  const Twin& twin = node(handle).twin;
  listeners_by_address_.erase_if_is(twin.socket.address, handle);
  listeners_by_port_.erase_if_is(listening_on(twin.identity.tuple), handle);
  node(handle).is_listener = false;
}

TwinHandle ConnectionTable::find_listener(std::uint64_t address, const Tuple& tuple) const {
  const TwinHandle by_address = address == 0 ? kNoTwin : listeners_by_address_.find(address);
  return by_address != kNoTwin ? by_address : listeners_by_port_.find(listening_on(tuple));
}

bool ConnectionTable::was_destroyed(TwinKey key) const {
  return !destroyed_.empty() && destroyed_[key % kDestroyedRemembered] == key;
}

void ConnectionTable::remember_destroyed(TwinKey key) {
  if (destroyed_.empty()) destroyed_.resize(kDestroyedRemembered);
  destroyed_[key % kDestroyedRemembered] = key;
}

}  // namespace tcptwin::tracker
