// SPDX-License-Identifier: MIT
#include "base/endpoint.h"

#include <charconv>
#include <cstring>
#include <string_view>

namespace tcptwin {
namespace {

constexpr std::size_t kGroups = 8;

// The two halves of the 128-bit product, folded: every bit of both factors reaches every bit.
std::uint64_t fold(std::uint64_t one, std::uint64_t other) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{one} * other;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// The constants, digits of pi, keep zero halves from wiping out the other factor.
std::uint64_t hash_of(const Address& local, const Address& remote) {
  std::array<std::uint64_t, 2> ours{};
  std::array<std::uint64_t, 2> theirs{};
  std::memcpy(ours.data(), local.bytes.data(), sizeof ours);
  std::memcpy(theirs.data(), remote.bytes.data(), sizeof theirs);
  return fold(ours[0] ^ 0x243f6a8885a308d3ULL, theirs[0] ^ 0x13198a2e03707344ULL) ^
         fold(ours[1] ^ 0xa4093822299f31d0ULL, theirs[1] ^ 0x082efa98ec4e6c89ULL);
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
  const std::uint64_t ports =
      std::uint64_t{tuple.netns} << 32 | std::uint64_t{tuple.local.port} << 16 | tuple.remote.port;
  return fold(hash_of(tuple.local.address, tuple.remote.address) ^ 0x452821e638d01377ULL,
              ports ^ 0xbe5466cf34e90c6cULL);
}

std::string to_string(const Address& address) {
  return address.family == Family::Inet ? inet_text(address) : inet6_text(address);
}

}  // namespace tcptwin
