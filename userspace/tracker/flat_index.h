// SPDX-License-Identifier: MIT
// From a 64-bit key to a number, for the lookups that every event makes: one cache line where a
// node-based map touches three, and no allocation while it does not grow. Linear probing in a table
// of a power of two; an entry that goes lets those behind it move up (Knuth, volume 3, 6.4,
// algorithm R), so that no tombstones pile up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace tcptwin::tracker {

// Every bit of the key reaches the low bits (the finaliser of MurmurHash3).
constexpr std::uint64_t scatter(std::uint64_t key) {
  key = (key ^ (key >> 33)) * 0xff51afd7ed558ccdULL;
  key = (key ^ (key >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return key ^ (key >> 33);
}

struct Scattered {
  std::size_t operator()(std::uint64_t key) const { return scatter(key); }
};

// The kernel counts cookies up: four in a row share a cache line. No more than four, or a long run
// of old sockets would be in the way of the new ones.
struct NeighboursTogether {
  std::size_t operator()(std::uint64_t key) const { return scatter(key >> 2) << 2 | (key & 3); }
};

template <typename Hash = Scattered>
class FlatIndex {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  // kNone if there is no such key.
  std::uint32_t find(std::uint64_t key) const {
    return size_ == 0 ? kNone : places_[place_of(key)].value;
  }

  // Adds the key or gives it another value, which must not be kNone.
  void set(std::uint64_t key, std::uint32_t value) {
    if ((size_ + 1) * 3 > places_.size() * 2) grow();
    Place& place = places_[place_of(key)];
    if (place.value == kNone) ++size_;
    place = {key, value};
  }

  bool erase(std::uint64_t key) {
    const std::uint32_t value = find(key);
    erase_if_is(key, value);
    return value != kNone;
  }
  void erase_if_is(std::uint64_t key, std::uint32_t value) {
    if (size_ == 0) return;
    const std::size_t at = place_of(key);
    if (places_[at].value == kNone || places_[at].value != value) return;
    close_gap(at);
    --size_;
  }

  void clear() {
    places_.clear();
    size_ = 0;
  }
  std::size_t size() const { return size_; }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Place& place : places_) {
      if (place.value != kNone) visit(place.key, place.value);
    }
  }

 private:
  struct Place {
    std::uint64_t key = 0;
    std::uint32_t value = kNone;  // kNone: empty
  };
  static constexpr std::size_t kFewest = 64;

  std::size_t home(std::uint64_t key) const { return Hash{}(key) & (places_.size() - 1); }
  std::size_t next(std::size_t at) const { return (at + 1) & (places_.size() - 1); }

  // Where the key is, or else where it would be put.
  std::size_t place_of(std::uint64_t key) const {
    std::size_t at = home(key);
    while (places_[at].value != kNone && places_[at].key != key) at = next(at);
    return at;
  }

  void grow() {
    std::vector<Place> before =
        std::exchange(places_, std::vector<Place>(places_.empty() ? kFewest : 2 * places_.size()));
    for (const Place& place : before) {
      if (place.value != kNone) places_[place_of(place.key)] = place;
    }
  }

  void close_gap(std::size_t gap) {
    for (std::size_t at = next(gap); places_[at].value != kNone; at = next(at)) {
      // Moves up unless its home lies behind the gap (both counted around the end of the table).
      const std::size_t from_home = (at - home(places_[at].key)) & (places_.size() - 1);
      const std::size_t from_gap = (at - gap) & (places_.size() - 1);
      if (from_home < from_gap) continue;
      places_[gap] = places_[at];
      gap = at;
    }
    places_[gap].value = kNone;
  }

  std::vector<Place> places_;
  std::size_t size_ = 0;
};

}  // namespace tcptwin::tracker
