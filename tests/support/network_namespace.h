// SPDX-License-Identifier: MIT
// A network namespace of a test's own: nothing that happens in it can touch the host's network,
// and it is gone when its object and its last socket are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tcptwin::testing {

class NetworkNamespace {
 public:
  // Anonymous, with loopback up. Throws std::system_error if the kernel refuses.
  NetworkNamespace();
  ~NetworkNamespace();
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  std::uint32_t inode() const { return inode_; }
  int descriptor() const { return descriptor_; }

  // The calling thread lives in the namespace while the returned object does. Sockets and devices
  // made meanwhile belong to the namespace for good.
  class Visit {
   public:
    explicit Visit(int descriptor);
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    int home_;
  };
  [[nodiscard]] Visit enter() const { return Visit(descriptor_); }

  // Writes net.ipv4.<name> of this namespace.
  void set_ipv4(std::string_view name, std::string_view value) const;

 private:
  int descriptor_ = -1;
  std::uint32_t inode_ = 0;
};

// Two interfaces, one in each namespace, joined like a cable; each gets an IPv4 address of a /24.
void join_with_veth(const NetworkNamespace& left, std::string_view left_address,
                    const NetworkNamespace& right, std::string_view right_address);

// Gives an interface of the calling thread's namespace an address of a /24 and brings it up.
void configure_interface(const std::string& name, std::string_view address);
void bring_up(const std::string& name);

}  // namespace tcptwin::testing
