// SPDX-License-Identifier: MIT
// Takes out of a recording what tells whose it is: addresses keep only which of them share a
// prefix, kernel pointers only which are equal. The key is random and kept nowhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sources/recording_facts.h"
#include "tcptwin/wire.h"

namespace tcptwin::sources {

enum class Anonymity {
  None,
  Addresses,  // of networks and of the kernel, and the host's name
  All,        // and the names of processes and cgroups
};

// SipHash-2-4: a keyed hash that does not give away its key.
using HashKey = std::array<std::uint64_t, 2>;
std::uint64_t keyed_hash(const HashKey& key, std::span<const std::byte> bytes);

class Anonymiser {
 public:
  explicit Anonymiser(Anonymity anonymity);  // with a key of its own
  Anonymiser(Anonymity anonymity, const HashKey& key) : anonymity_(anonymity), key_(key) {}

  void apply_to(RecordingFacts& facts) const;
  // A whole wire record. What is in a kind that is not known here is wiped.
  void apply_to(std::span<std::byte> record) const;
  std::string cgroup_path(std::string_view path) const;

  // Two addresses with n bits in common have n bits in common afterwards, and no more. Unspecified,
  // loopback and link-local addresses stay what they are.
  void apply_to_ipv4(std::span<std::byte, 4> address) const;
  void apply_to_ipv6(std::span<std::byte, 16> address) const;

 private:
  void apply_to(tcptwin_socket& socket) const;
  void apply_to_comm(char (&comm)[TCPTWIN_COMM_LENGTH]) const;
  std::uint64_t pointer(std::uint64_t address) const;
  std::string name(std::string_view text) const;
  template <typename Record, typename Change>
  void change(std::span<std::byte> bytes, Change apply) const;

  Anonymity anonymity_;
  HashKey key_{};
};

}  // namespace tcptwin::sources
