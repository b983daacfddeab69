// SPDX-License-Identifier: MIT
#include "tracker/connection_table.h"

#include <cassert>

namespace tcptwin::tracker {
namespace {

// About a second of destroyed sockets on a host that closes 50,000 connections a second.
constexpr std::size_t kDestroyedRemembered = 65536;

template <typename Map, typename Key>
void erase_if_is(Map& map, const Key& key, TwinHandle handle) {
  const auto found = map.find(key);
  if (found != map.end() && found->second == handle) map.erase(found);
}

}  // namespace

TwinHandle ConnectionTable::find(TwinKey key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? kNoTwin : found->second;
}

TwinHandle ConnectionTable::find(TwinKey key, model::Holder holder) const {
  const TwinHandle handle = find(key);
  const bool fits = handle != kNoTwin && nodes_[handle].twin.mirror.holder == holder;
  return fits ? handle : kNoTwin;
}

TwinHandle ConnectionTable::insert(TwinKey key, const Twin& twin) {
  TwinHandle handle;
  if (free_.empty()) {
    handle = static_cast<TwinHandle>(nodes_.size());
    nodes_.emplace_back();
  } else {
    handle = free_.back();
    free_.pop_back();
  }
  nodes_[handle].twin = twin;
  nodes_[handle].key = key;
  nodes_[handle].in_use = true;
  by_key_[key] = handle;
  link_newest(handle);
  ++size_;
  ++counts_[static_cast<std::size_t>(twin.mirror.holder)];
  ++count_of(twin);
  count_half_open(nodes_[handle]);
  return handle;
}

void ConnectionTable::remove(TwinHandle handle) {
  Node& node = nodes_[handle];
  // Removing twice would give one node to two twins, and invent divergences.
  assert(node.in_use);
  node.in_use = false;
  erase_if_is(by_key_, node.key, handle);
  erase_if_is(by_tuple_, node.twin.identity.tuple, handle);
  forget_listener(handle);
  unlink(handle);
  --size_;
  --counts_[static_cast<std::size_t>(node.twin.mirror.holder)];
  --count_of(node.twin);
  count_half_open(node);
  free_.push_back(handle);
}

void ConnectionTable::rekey(TwinHandle handle, TwinKey key) {
  erase_if_is(by_key_, nodes_[handle].key, handle);
  nodes_[handle].key = key;
  by_key_[key] = handle;
}

void ConnectionTable::set_state(TwinHandle handle, model::MirrorState state) {
  Twin& twin = nodes_[handle].twin;
  --counts_[static_cast<std::size_t>(twin.mirror.holder)];
  --count_of(twin);
  twin.mirror = state;
  ++counts_[static_cast<std::size_t>(twin.mirror.holder)];
  ++count_of(twin);
  count_half_open(nodes_[handle]);
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
  const auto counted = half_open_.find(*node.half_open_at);
  if (--counted->second == 0) half_open_.erase(counted);
  node.half_open_at.reset();
}

void ConnectionTable::touch(TwinHandle handle) {
  if (newest_ == handle) return;
  unlink(handle);
  link_newest(handle);
}

void ConnectionTable::link_newest(TwinHandle handle) {
  nodes_[handle].newer = kNoTwin;
  nodes_[handle].older = newest_;
  if (newest_ != kNoTwin) nodes_[newest_].newer = handle;
  newest_ = handle;
  if (oldest_ == kNoTwin) oldest_ = handle;
}

void ConnectionTable::unlink(TwinHandle handle) {
  const Node& node = nodes_[handle];
  (node.newer == kNoTwin ? newest_ : nodes_[node.newer].older) = node.older;
  (node.older == kNoTwin ? oldest_ : nodes_[node.older].newer) = node.newer;
}

void ConnectionTable::index_tuple(TwinHandle handle) {
  by_tuple_[nodes_[handle].twin.identity.tuple] = handle;
}

TwinHandle ConnectionTable::find_tuple(const Tuple& tuple) const {
  const auto found = by_tuple_.find(tuple);
  return found == by_tuple_.end() ? kNoTwin : found->second;
}

Tuple ConnectionTable::listening_on(const Tuple& tuple) {
  Tuple port_only;
  port_only.netns = tuple.netns;
  port_only.local.port = tuple.local.port;
  return port_only;
}

void ConnectionTable::index_listener(TwinHandle handle) {
  const Twin& twin = nodes_[handle].twin;
  listeners_by_address_[twin.socket.address] = handle;
  listeners_by_port_[listening_on(twin.identity.tuple)] = handle;
}

void ConnectionTable::forget_listener(TwinHandle handle) {
  const Twin& twin = nodes_[handle].twin;
  erase_if_is(listeners_by_address_, twin.socket.address, handle);
  erase_if_is(listeners_by_port_, listening_on(twin.identity.tuple), handle);
}

TwinHandle ConnectionTable::find_listener(std::uint64_t address, const Tuple& tuple) const {
  const auto by_address = listeners_by_address_.find(address);
  if (by_address != listeners_by_address_.end()) return by_address->second;
  const auto by_port = listeners_by_port_.find(listening_on(tuple));
  return by_port == listeners_by_port_.end() ? kNoTwin : by_port->second;
}

void ConnectionTable::remember_destroyed(TwinKey key) {
  if (!destroyed_.insert(key).second) return;
  destroyed_order_.push_back(key);
  if (destroyed_order_.size() <= kDestroyedRemembered) return;
  destroyed_.erase(destroyed_order_.front());
  destroyed_order_.pop_front();
}

}  // namespace tcptwin::tracker
