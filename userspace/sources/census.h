// SPDX-License-Identifier: MIT
// One walk over the kernel's socket tables: every TCP socket of every network namespace that can be
// entered, then who holds them. live_bpf owns the iterators and says when it may be delivered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sources/event_source.h"
#include "sources/network_namespaces.h"
#include "system/unique_fd.h"
#include "tcptwin/wire.h"

namespace tcptwin::sources {

// Starts a listing in the calling thread's network namespace: a descriptor from which whole records
// are read until its end. Not open: errno says why.
using OpenListing = std::function<system::UniqueFd()>;

struct CensusPlan {
  std::uint32_t number = 1;
  OpenListing sockets;  // of the namespace; empty: this kernel cannot list them
  OpenListing holders;  // of all processes; empty: this kernel cannot list them
  NamespaceSearch search;
  bool is_filtered = false;     // the listings leave sockets out
  bool holders_select = false;  // what is held decides which sockets are listed (-p)
  std::function<void()> pause;  // called now and then; may be empty
  // 1.1 million sockets. Beyond, what was read is kept, and the rest is REFUSED with ENOBUFS.
  std::size_t most_bytes = std::size_t{256} << 20;
};

class Census {
 public:
  explicit Census(CensusPlan plan) : plan_(std::move(plan)) {}

  // Reads everything into memory. What cannot be read is said in the records; an Error means that
  // the calling thread is stuck in a foreign namespace.
  Status walk();
  KernelTime ended() const { return ended_; }

  // BEGAN, then each namespace's sockets with NAMESPACE or REFUSED behind them, the holders with
  // HOLDERS behind them if all could be read, ENDED.
  void deliver(RecordHandler& handler) const;
  // Instead: the frame alone, every namespace REFUSED.
  void deliver_refusal(int error, RecordHandler& handler) const;

 private:
  Status visit(const HomeNamespace& home, const FoundNamespace& there);
  void select_by_holders() const;
  void list_holders();
  int read_all(const system::UniqueFd& listing);
  bool keep(std::span<const std::byte> records);
  void mark(tcptwin_census_phase phase, std::uint32_t netns = 0, int error = 0);

  CensusPlan plan_;
  std::vector<std::byte> records_;
  KernelTime ended_{};
};

}  // namespace tcptwin::sources
