// SPDX-License-Identifier: MIT
// A network namespace without a name, whose two hosts talk over a wire that this program is: every
// packet between 10.0.0.1 and 10.0.0.2 leaves the kernel through a TUN device and comes back only
// if it is written into it again. It lasts as long as its descriptors: nothing is left behind,
// however the program ends. For `demo`.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "system/unique_fd.h"

namespace tcptwin::system {

// Both belong to this one kernel; routing rules send what passes between them over the wire.
inline constexpr std::string_view kClientAddress = "10.0.0.1";
inline constexpr std::string_view kServerAddress = "10.0.0.2";

class PrivateNetwork {
 public:
  // NotPermitted if rights, /dev/net/tun or policy routing are missing.
  static Result<PrivateNetwork> open();

  // While it lives, the calling thread is in the namespace: sockets that it makes stay there.
  class Visit {
   public:
    explicit Visit(UniqueFd home) : home_(std::move(home)) {}
    Visit(Visit&&) = default;
    Visit& operator=(Visit&&) = delete;
    ~Visit();

   private:
    UniqueFd home_;
  };
  Result<Visit> enter() const;

  std::uint32_t inode() const { return inode_; }
  int descriptor() const { return namespace_.get(); }
  // The wire: a packet a read, a packet a write. Does not block.
  int wire() const { return wire_.get(); }

 private:
  Status build();

  UniqueFd namespace_;
  UniqueFd wire_;
  std::uint32_t inode_ = 0;
};

}  // namespace tcptwin::system
