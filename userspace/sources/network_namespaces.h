// SPDX-License-Identifier: MIT
// The network namespaces of this host: how the census and doctor find them, go there and come back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "system/unique_fd.h"

namespace tcptwin::sources {

struct NamespaceSearch {
  std::optional<std::uint32_t> only;  // inode number; nothing else is looked for
  std::vector<int> descriptors;       // handed in; they stay the caller's
  std::vector<std::string> paths;     // handed in, as a user names them
  std::vector<std::string> folders = {"/run/netns", "/run/docker/netns"};
  std::string processes = "/proc";  // every process' and every thread's namespace
  std::size_t most = 4096;          // namespaces; beyond, ENOBUFS is reported instead
};

// One network namespace, or something in the way of one.
struct FoundNamespace {
  std::uint32_t inode = 0;  // 0: not known, because processes or files hide it
  int descriptor = -1;      // open for as long as the visit lasts; -1: see error
  int error = 0;            // errno: why it cannot be opened
  bool is_own = false;      // the calling thread is in it
  std::size_t hiding = 0;   // with inode 0: how many processes, threads and files hide it
};

// What an Error of the visitor ends, and nothing else.
using NamespaceVisitor = std::function<Status(const FoundNamespace&)>;

// Shows each network namespace once, the own one first. Nothing stays open behind it: a descriptor
// keeps a namespace alive long after its last process. A namespace that nothing but a descriptor or
// a socket of another process holds is not found. Processes may come and go meanwhile.
Status for_each_network_namespace(const NamespaceSearch& search, const NamespaceVisitor& visitor);

// The calling thread's network namespace, as the place to come back to.
class HomeNamespace {
 public:
  static Result<HomeNamespace> open();

  // Does the work in that namespace. Gives the errno if it cannot be entered (then nothing was
  // done). An Error is fatal: the thread could not come back and is in the wrong place.
  Result<int> work_in(const FoundNamespace& there, const std::function<void()>& work) const;

 private:
  explicit HomeNamespace(system::UniqueFd descriptor) : descriptor_(std::move(descriptor)) {}

  system::UniqueFd descriptor_;
};

}  // namespace tcptwin::sources
