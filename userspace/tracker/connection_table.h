// SPDX-License-Identifier: MIT
// The mirror of the kernel's socket table: twins by the key of their kernel object, and by tuple
// where records carry nothing else. Bounded: at the limit the twin that acted least recently goes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/endpoint.h"
#include "tracker/flat_index.h"
#include "tracker/twin.h"

namespace tcptwin::tracker {

// A socket is found by its cookie. Minisockets and request sockets by their address, as are
// sockets of kernels without cookies in tracing programs (5.10): kernel addresses have the top bit
// set and cookies count from 1, so that one key space holds both.
using TwinKey = std::uint64_t;
constexpr TwinKey socket_key(const SocketReference& socket) {
  return socket.cookie != 0 ? socket.cookie : socket.address;
}

class ConnectionTable {
 public:
  explicit ConnectionTable(std::size_t limit) : limit_(limit) {}

  TwinHandle find(TwinKey key) const;
  // Only a twin in such an object: after a loss an address may still name what was there before.
  TwinHandle find(TwinKey key, model::Holder holder) const;
  Twin& operator[](TwinHandle handle) { return node(handle).twin; }
  const Twin& operator[](TwinHandle handle) const { return node(handle).twin; }

  // Adds a twin. When the table is full `evict` is called first with the least recently used one.
  template <typename Evict>
  TwinHandle add(TwinKey key, const Twin& twin, Evict evict) {
    if (size_ >= limit_ && oldest_ != kNoTwin) evict(oldest_);
    return insert(key, twin);
  }
  void remove(TwinHandle handle);
  void rekey(TwinHandle handle, TwinKey key);
  void set_state(TwinHandle handle, model::MirrorState state);  // the only way to change it
  void touch(TwinHandle handle);  // marks the twin as the most recently used

  // Minisockets and request sockets, by their tuple.
  void index_tuple(TwinHandle handle);
  TwinHandle find_tuple(const Tuple& tuple) const;

  // Listeners: by the address a request socket names, and by local port for children without one.
  void index_listener(TwinHandle handle);
  void forget_listener(TwinHandle handle);
  TwinHandle find_listener(std::uint64_t address, const Tuple& tuple) const;

  // Cookies of sockets the kernel has destroyed, some 65,536 of the latest: one that acts again is
  // a ghost.
  bool was_destroyed(TwinKey key) const;
  void remember_destroyed(TwinKey key);

  // Every twin. `visit` may remove the twin it is shown, and no other.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (TwinHandle handle = 0; handle < links_.size(); ++handle) {
      if (node(handle).in_use) visit(handle);
    }
  }

  std::size_t size() const { return size_; }
  std::size_t count(model::Holder holder) const {
    return counts_[static_cast<std::size_t>(holder)];
  }
  // By model::labelled_index().
  const std::array<std::size_t, model::kLabelledStateCount>& states() const { return by_state_; }
  // Request sockets and children in SYN_RECV.
  HalfOpenByPort half_open() const;

 private:
  struct Node {
    Twin twin;
    TwinKey key = 0;
    bool in_use = false;
    bool has_tuple = false;                     // is in by_tuple_
    bool is_listener = false;                   // is in listeners_by_...
    std::optional<std::uint16_t> half_open_at;  // the port it is counted at; survives a new tuple
  };
  // Between its neighbours in the order of use. Apart from the twins, so that a neighbour costs a
  // cache line of eight links and not one of its own.
  struct Links {
    TwinHandle newer = kNoTwin;
    TwinHandle older = kNoTwin;
  };
  // Nodes come in blocks and stay where they are. Few enough blocks that finding one costs nothing.
  static constexpr std::size_t kBlock = 256;
  using Block = std::array<Node, kBlock>;

  Node& node(TwinHandle handle) { return (*blocks_[handle / kBlock])[handle % kBlock]; }
  const Node& node(TwinHandle handle) const { return (*blocks_[handle / kBlock])[handle % kBlock]; }
  TwinHandle insert(TwinKey key, const Twin& twin);
  std::size_t& count_of(const Twin& twin) { return by_state_[model::labelled_index(twin.mirror)]; }
  void count_half_open(Node& node);
  void link_newest(TwinHandle handle);
  void unlink(TwinHandle handle);
  static std::uint64_t listening_on(const Tuple& tuple);

  std::size_t limit_;
  std::size_t size_ = 0;
  std::array<std::size_t, 3> counts_{};
  std::array<std::size_t, model::kLabelledStateCount> by_state_{};
  HalfOpenByPort half_open_;  // zeros stay for a while: the next one is on its way
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<Links> links_;  // by twin
  std::vector<TwinHandle> free_;
  TwinHandle newest_ = kNoTwin;
  TwinHandle oldest_ = kNoTwin;
  FlatIndex<NeighboursTogether> by_key_;
  FlatIndex<> by_tuple_;  // by its hash
  FlatIndex<> listeners_by_address_;
  FlatIndex<> listeners_by_port_;   // by namespace and port
  std::vector<TwinKey> destroyed_;  // cookies, each in the place its low bits name
};

}  // namespace tcptwin::tracker
