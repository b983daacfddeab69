// SPDX-License-Identifier: MIT
// What the lab proves of a world.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tcptwin::lab {

enum class Property : std::uint8_t {
  Answered,      // every event in every state
  Meaning,       // each state means what RFC 9293 3.3.2 says
  Agreement,     // what one end knows acknowledged, the other has accepted
  OldSyn,        // no connection from an old duplicate SYN
  OldSegment,    // no text and no FIN of an old incarnation is accepted
  OrderlyClose,  // nobody who closes in order is reset
  CanEnd,        // CLOSED/CLOSED stays reachable
  Opens,         // who crosses SYNs can still get ESTABLISHED
  Closes,        // who crosses FINs can still get to TIME-WAIT
};
inline constexpr std::size_t kPropertyCount = 9;

struct PropertyText {
  std::string_view label;
  std::string_view text;
};
inline constexpr std::array<PropertyText, kPropertyCount> kPropertyTexts = {{
    {"answered", "every event in every reachable world has an answer"},
    {"meaning", "each state means what RFC 9293 3.3.2 says of SYNs, FINs and their ACKs"},
    {"agreement", "what one end knows to be acknowledged, the other has accepted"},
    {"old-syn", "no connection comes from an old duplicate SYN"},
    {"old-segment", "no text and no FIN of an old incarnation is accepted"},
    {"orderly-close", "an orderly close is never answered by RST, whichever segment is lost"},
    {"can-end", "from everywhere, CLOSED/CLOSED can still be reached: no deadlock"},
    {"simultaneous-open", "ends whose SYNs cross can still become ESTABLISHED"},
    {"simultaneous-close", "ends whose FINs cross can still reach TIME-WAIT"},
}};

constexpr const PropertyText& text_of(Property property) {
  return kPropertyTexts[static_cast<std::size_t>(property)];
}

class PropertySet {
 public:
  constexpr PropertySet() = default;
  template <typename... Properties>
  constexpr explicit PropertySet(Properties... properties)
      : bits_(static_cast<std::uint16_t>(((1u << static_cast<unsigned>(properties)) | ... | 0u))) {}

  constexpr bool contains(Property property) const {
    return ((static_cast<unsigned>(bits_) >> static_cast<unsigned>(property)) & 1u) != 0;
  }
  constexpr bool is_empty() const { return bits_ == 0; }
  constexpr void add(Property property) {
    bits_ = static_cast<std::uint16_t>(bits_ | 1u << static_cast<unsigned>(property));
  }
  friend constexpr PropertySet operator&(PropertySet one, PropertySet other) {
    one.bits_ = static_cast<std::uint16_t>(one.bits_ & other.bits_);
    return one;
  }

 private:
  std::uint16_t bits_ = 0;
};

}  // namespace tcptwin::lab
