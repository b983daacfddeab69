// SPDX-License-Identifier: MIT
// Connections as fast as the machine makes them, between processes in one namespace.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "support/network_namespace.h"
#include "support/process.h"

namespace tcptwin::testing {

// How many connections a test makes: the usual number, unless the environment names another, as
// ./dev kernels does for its emulated machines.
std::uint64_t scaled(const char* variable, std::uint64_t usual);

// Servers and clients, each a process; all are gone with the object. Both ends close at once, so
// that every order of the FINs occurs; one connection in sixteen is aborted.
class Load {
 public:
  Load(const NetworkNamespace& network, std::uint64_t connections);

  bool is_done() const;    // the clients have ended
  bool succeeded() const;  // waits for them

 private:
  std::vector<std::unique_ptr<Process>> servers_;
  std::vector<std::unique_ptr<Process>> clients_;
};

}  // namespace tcptwin::testing
