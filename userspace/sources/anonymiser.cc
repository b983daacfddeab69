// SPDX-License-Identifier: MIT
#include "sources/anonymiser.h"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

namespace tcptwin::sources {
namespace {

constexpr std::uint16_t kInet6 = 10;

// Prefixes whose addresses say something about the kind of a connection and nothing about a host.
// On the way to them no bit changes, so that they map to themselves and nothing else maps to them.
struct Kept {
  std::array<std::uint8_t, 16> prefix;
  std::size_t bits;
};
constexpr std::array<Kept, 2> kKeptIpv4 = {{
    {{}, 32},    // 0.0.0.0
    {{127}, 8},  // loopback
}};
constexpr std::array<Kept, 4> kKeptIpv6 = {{
    {{}, 128},                                                     // ::
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128},       // ::1
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0}, 96},  // IPv4-mapped
    {{0xfe, 0x80}, 10},                                            // link-local
}};

bool bit_of(std::span<const std::byte> bytes, std::size_t bit) {
  return (std::to_integer<unsigned>(bytes[bit / 8]) >> (7 - bit % 8) & 1u) != 0;
}

// `bits` bits of the address are those of the prefix, as far as that goes.
bool leads_to(const Kept& kept, std::span<const std::byte> address, std::size_t bits) {
  const auto prefix = std::as_bytes(std::span{kept.prefix});
  for (std::size_t bit = 0; bit < std::min(bits, kept.bits); ++bit) {
    if (bit_of(prefix, bit) != bit_of(address, bit)) return false;
  }
  return true;
}

// Each bit is flipped, or not, by a hash of the bits before it.
void permute(const HashKey& key, std::uint8_t family, std::span<std::byte> address,
             std::span<const Kept> kept) {
  std::array<std::byte, 18> seen{};  // the bits so far, how many, and of what
  std::array<std::byte, 16> result{};
  seen[17] = std::byte{family};
  for (std::size_t bit = 0; bit < address.size() * 8; ++bit) {
    seen[16] = static_cast<std::byte>(bit);
    const bool stays = std::any_of(kept.begin(), kept.end(), [&](const Kept& prefix) {
      return leads_to(prefix, address, bit);
    });
    const bool flips = !stays && (keyed_hash(key, seen) & 1u) != 0;
    const auto mask = static_cast<std::byte>(0x80u >> (bit % 8));
    if (bit_of(address, bit)) seen[bit / 8] |= mask;
    if (bit_of(address, bit) != flips) result[bit / 8] |= mask;
  }
  std::copy_n(result.begin(), address.size(), address.begin());
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

}  // namespace

std::uint64_t keyed_hash(const HashKey& key, std::span<const std::byte> bytes) {
  std::uint64_t v0 = key[0] ^ 0x736f6d6570736575u;
  std::uint64_t v1 = key[1] ^ 0x646f72616e646f6du;
  std::uint64_t v2 = key[0] ^ 0x6c7967656e657261u;
  std::uint64_t v3 = key[1] ^ 0x7465646279746573u;
  const auto rounds = [&](int count) {
    for (; count > 0; --count) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  };
  const auto take = [&](std::uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  };
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8; ++i) word |= std::to_integer<std::uint64_t>(bytes[i]) << 8 * i;
    take(word);
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    last |= std::to_integer<std::uint64_t>(bytes[i]) << 8 * i;
  }
  take(last);
  v2 ^= 0xff;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

Anonymiser::Anonymiser(Anonymity anonymity) : anonymity_(anonymity) {
  std::size_t got = 0;
  while (got < sizeof key_) {
    const ssize_t size =
        ::getrandom(reinterpret_cast<std::byte*>(key_.data()) + got, sizeof key_ - got, 0);
    if (size > 0) got += static_cast<std::size_t>(size);
  }
}

void Anonymiser::apply_to_ipv4(std::span<std::byte, 4> address) const {
  permute(key_, 4, address, kKeptIpv4);
}

void Anonymiser::apply_to_ipv6(std::span<std::byte, 16> address) const {
  if (leads_to(kKeptIpv6[2], address, kKeptIpv6[2].bits)) {
    // The same host as the IPv4 address, so the same name.
    apply_to_ipv4(address.last<4>());
    return;
  }
  permute(key_, 6, address, kKeptIpv6);
}

std::uint64_t Anonymiser::pointer(std::uint64_t address) const {
  if (address == 0) return 0;
  return keyed_hash(key_, std::as_bytes(std::span{&address, 1}));
}

std::string Anonymiser::name(std::string_view text) const {
  return hexadecimal(keyed_hash(key_, std::as_bytes(std::span{text}))).substr(0, 12);
}

void Anonymiser::apply_to(tcptwin_socket& socket) const {
  socket.address = pointer(socket.address);
  for (auto* address : {&socket.local_address, &socket.remote_address}) {
    const auto bytes = std::as_writable_bytes(std::span{*address});
    if (socket.family == kInet6) {
      apply_to_ipv6(bytes);
    } else {
      apply_to_ipv4(bytes.first<4>());
      std::fill(bytes.begin() + 4, bytes.end(), std::byte{0});
    }
  }
}

void Anonymiser::apply_to_comm(char (&comm)[TCPTWIN_COMM_LENGTH]) const {
  const std::string_view old{comm, ::strnlen(comm, sizeof comm)};
  if (anonymity_ != Anonymity::All || old.empty()) return;
  const std::string hashed = name(old);
  std::memset(comm, 0, sizeof comm);
  std::memcpy(comm, hashed.data(), std::min(hashed.size(), sizeof comm - 1));
}

// What names a kind of unit stays: "/a81c0f6e2b90.slice/0d3f6a81c2e4.service".
std::string Anonymiser::cgroup_path(std::string_view path) const {
  if (anonymity_ != Anonymity::All) return std::string{path};
  std::string result;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    const std::size_t dot = part.rfind('.');
    const std::string_view kind = dot == std::string_view::npos ? "" : part.substr(dot);
    const bool is_unit = kind == ".service" || kind == ".slice" || kind == ".scope";
    if (!part.empty()) {
      result += is_unit ? name(part.substr(0, dot)) + std::string{kind} : name(part);
    }
    if (slash == std::string_view::npos) break;
    result += '/';
    path.remove_prefix(slash + 1);
  }
  return result;
}

void Anonymiser::apply_to(RecordingFacts& facts) const {
  facts.host = "anonymous";
  std::erase_if(facts.notes, [](const auto& note) { return note.first == "boot_id"; });
  facts.notes.emplace_back("anonymised", anonymity_ == Anonymity::All ? "all" : "addresses");
  if (anonymity_ != Anonymity::All) return;
  for (std::string& comm : facts.comms) comm = name(comm);
  std::erase_if(facts.given, [](const auto& given) {
    return given.first == "comm" || given.first == "cgroup" || given.first == "netns";
  });
}

template <typename Record, typename Change>
void Anonymiser::change(std::span<std::byte> bytes, Change apply) const {
  Record record;
  if (bytes.size() != sizeof record) {
    std::fill(bytes.begin() + sizeof(tcptwin_header), bytes.end(), std::byte{0});
    return;
  }
  std::memcpy(&record, bytes.data(), sizeof record);
  apply(record);
  std::memcpy(bytes.data(), &record, sizeof record);
}

void Anonymiser::apply_to(std::span<std::byte> record) const {
  tcptwin_header header;
  if (record.size() < sizeof header) {
    std::fill(record.begin(), record.end(), std::byte{0});
    return;
  }
  std::memcpy(&header, record.data(), sizeof header);
  switch (header.kind) {
    case TCPTWIN_STATUS:
    case TCPTWIN_CENSUS:
      return;
    case TCPTWIN_STATE_CHANGE:
      return change<tcptwin_state_change>(record, [this](auto& found) {
        apply_to(found.socket);
        apply_to_comm(found.actor.comm);
      });
    case TCPTWIN_RESET_RECEIVED:
    case TCPTWIN_RESET_SENT:
    case TCPTWIN_ERROR_REPORT:
    case TCPTWIN_SOCKET_DESTROYED:
    case TCPTWIN_RETRANSMIT:
    case TCPTWIN_SYNACK_RETRANSMIT:
    case TCPTWIN_MINISOCKET_SEGMENT:
      return change<tcptwin_socket_event>(record, [this](auto& found) { apply_to(found.socket); });
    case TCPTWIN_TIME_WAIT_TIMER:
    case TCPTWIN_REQUEST_TIMER:
      return change<tcptwin_timer_event>(record, [this](auto& found) {
        apply_to(found.socket);
        found.listener = pointer(found.listener);
      });
    case TCPTWIN_SOCKET_ACCEPTED:
      return change<tcptwin_socket_accepted>(record, [this](auto& found) {
        apply_to(found.socket);
        apply_to_comm(found.actor.comm);
      });
    case TCPTWIN_SEGMENT:
      return change<tcptwin_segment>(record, [this](auto& found) {
        apply_to(found.socket);
        // The checksum is over the addresses, too.
        constexpr std::size_t kChecksum = 16;
        found.tcp[kChecksum] = found.tcp[kChecksum + 1] = 0;
      });
    case TCPTWIN_CALL_PATH:
      return change<tcptwin_call_path>(record, [this](auto& found) {
        for (std::uint64_t& address : found.addresses) address = pointer(address);
      });
    case TCPTWIN_EXISTING_SOCKET:
      return change<tcptwin_existing_socket>(record, [this](auto& found) {
        apply_to(found.socket);
        found.listener = pointer(found.listener);
      });
    case TCPTWIN_SOCKET_HOLDER:
      return change<tcptwin_socket_holder>(record, [this](auto& found) {
        found.address = pointer(found.address);
        apply_to_comm(found.comm);
      });
    default:
      std::fill(record.begin() + sizeof header, record.end(), std::byte{0});
  }
}

}  // namespace tcptwin::sources
