// SPDX-License-Identifier: MIT
#include "lab/world.h"

#include <algorithm>
#include <functional>

namespace tcptwin::lab {
namespace {

class Writer {
 public:
  void put(std::uint64_t value, unsigned width) {
    bits_ |= value << place_;
    place_ += width;
  }
  std::uint64_t bits() const { return bits_; }

 private:
  std::uint64_t bits_ = 0;
  unsigned place_ = 0;
};

class Reader {
 public:
  explicit Reader(std::uint64_t bits) : bits_(bits) {}
  std::uint8_t take(unsigned width) {
    const auto value = static_cast<std::uint8_t>(bits_ & ((1u << width) - 1u));
    bits_ >>= width;
    return value;
  }
  bool flag() { return take(1) != 0; }

 private:
  std::uint64_t bits_;
};

std::uint64_t pack(const End& end) {
  Writer out;
  out.put(model::index(end.state), 4);
  out.put(end.origin == Origin::Active ? 1 : 0, 1);
  out.put(end.incarnation, 2);
  for (const Number number : {end.una, end.nxt, end.rcv}) out.put(number, 4);
  for (const bool flag : {end.syn_received, end.fin_sent, end.fin_received, end.closed_first,
                          end.retransmission_due, end.listening}) {
    out.put(flag ? 1 : 0, 1);
  }
  out.put(end.clock, 3);
  out.put(end.opens_left, 2);
  out.put(end.texts_left, 2);
  out.put(end.incarnations, 2);
  out.put(end.peer, 2);
  out.put(end.agreed, 4);
  return out.bits();
}

End unpack_end(std::uint64_t bits, const Script& script) {
  Reader in{bits};
  End end;
  end.state = model::kAllStates[in.take(4)];
  end.origin = in.flag() ? Origin::Active : Origin::Passive;
  end.incarnation = in.take(2);
  end.iss = end.incarnation == 0 ? Number{0} : script.iss[end.incarnation - 1u];
  for (Number* number : {&end.una, &end.nxt, &end.rcv}) *number = in.take(4);
  for (bool* flag : {&end.syn_received, &end.fin_sent, &end.fin_received, &end.closed_first,
                     &end.retransmission_due, &end.listening}) {
    *flag = in.flag();
  }
  end.clock = in.take(3);
  end.opens_left = in.take(2);
  end.texts_left = in.take(2);
  end.incarnations = in.take(2);
  end.peer = in.take(2);
  end.agreed = in.take(4);
  return end;
}

std::uint64_t pack(const Channel& channel) {
  return channel[0] | std::uint64_t{channel[1]} << 16u | std::uint64_t{channel[2]} << 32u;
}

Channel unpack_channel(std::uint64_t bits) {
  return {static_cast<Code>(bits), static_cast<Code>(bits >> 16u), static_cast<Code>(bits >> 32u)};
}

}  // namespace

Packed pack(const World& world) {
  const std::uint64_t budgets = world.losses_left | std::uint64_t{world.duplicates_left} << 4u |
                                std::uint64_t{world.hardships_left} << 8u;
  return {pack(world.ends[0]), pack(world.ends[1]), pack(world.towards[0]) | budgets << 48u,
          pack(world.towards[1])};
}

World unpack(const Packed& packed, const Bounds& bounds) {
  const auto budget = [&](unsigned place) {
    return static_cast<std::uint8_t>(packed[2] >> (48u + place) & 15u);
  };
  World world;
  for (std::size_t i = 0; i < 2; ++i) {
    world.ends[i] = unpack_end(packed[i], bounds.scripts[i]);
    world.towards[i] = unpack_channel(packed[2 + i]);
  }
  world.losses_left = budget(0);
  world.duplicates_left = budget(4);
  world.hardships_left = budget(8);
  return world;
}

World initial_world(const Bounds& bounds) {
  World world;
  for (std::size_t i = 0; i < 2; ++i) {
    world.ends[i].opens_left = bounds.scripts[i].opens;
    world.ends[i].texts_left = bounds.scripts[i].texts;
  }
  world.losses_left = bounds.losses;
  world.duplicates_left = bounds.duplicates;
  world.hardships_left = bounds.hardships;
  return world;
}

World mirrored(const World& world) {
  World other = world;
  std::swap(other.ends[0], other.ends[1]);
  std::swap(other.towards[0], other.towards[1]);
  return other;
}

World representative(const World& world, const Bounds& bounds) {
  if (!bounds.symmetric) return world;
  const auto key = [](const World& one, std::size_t end) {
    return std::pair{pack(one.ends[end]), pack(one.towards[end])};
  };
  return key(world, 1) < key(world, 0) ? mirrored(world) : world;
}

std::size_t count(const Channel& channel) {
  return static_cast<std::size_t>(std::ranges::count_if(channel, [](Code c) { return c != 0; }));
}

bool contains(const Channel& channel, Code code) {
  return std::ranges::find(channel, code) != channel.end();
}

void insert(Channel& channel, Code code) {
  channel[count(channel)] = code;
  std::ranges::sort(channel, std::greater<>{});
}

void remove(Channel& channel, std::size_t place) {
  channel[place] = 0;
  std::ranges::sort(channel, std::greater<>{});
}

}  // namespace tcptwin::lab
