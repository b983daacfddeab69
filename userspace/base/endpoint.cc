// SPDX-License-Identifier: MIT
#include "base/endpoint.h"

#include <charconv>
#include <cstring>
#include <string_view>

namespace tcptwin {
namespace {

constexpr std::size_t kGroups = 8;

std::size_t mix(std::size_t hash, std::uint64_t value) {
  // The multiplier is 2^64 divided by the golden ratio: it spreads neighbouring ports and
  // addresses.
  hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
  return hash * 0x9e3779b97f4a7c15ULL;
}

std::size_t mix(std::size_t hash, const Endpoint& endpoint) {
  std::array<std::uint64_t, 2> halves{};
  std::memcpy(halves.data(), endpoint.address.bytes.data(), sizeof halves);
  return mix(mix(mix(hash, halves[0]), halves[1]), endpoint.port);
}

void append_number(std::string& text, unsigned value, int base) {
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  text.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

std::string inet_text(const Address& address) {
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) text += '.';
    append_number(text, address.bytes[i], 10);
  }
  return text;
}

struct Run {
  std::size_t begin = 0;
  std::size_t length = 0;
};

Run longest_zero_run(const std::array<unsigned, kGroups>& groups) {
  Run best;
  Run current;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (groups[i] != 0) {
      current = {};
      continue;
    }
    if (current.length == 0) current.begin = i;
    ++current.length;
    if (current.length > best.length) best = current;
  }
  return best;
}

std::string inet6_text(const Address& address) {
  std::array<unsigned, kGroups> groups{};
  for (std::size_t i = 0; i < kGroups; ++i) {
    groups[i] = address.bytes[2 * i] * 256u + address.bytes[2 * i + 1];
  }
  // RFC 5952 4.2: the longest run of at least two zero groups becomes "::".
  const Run run = longest_zero_run(groups);
  const bool compressed = run.length >= 2;
  std::string text;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (compressed && i == run.begin) {
      text += "::";
      i += run.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    append_number(text, groups[i], 16);
  }
  return text;
}

}  // namespace

std::size_t TupleHash::operator()(const Tuple& tuple) const noexcept {
  return mix(mix(mix(0, tuple.netns), tuple.local), tuple.remote);
}

std::string to_string(const Address& address) {
  return address.family == Family::Inet ? inet_text(address) : inet6_text(address);
}

}  // namespace tcptwin
