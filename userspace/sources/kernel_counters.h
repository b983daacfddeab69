// SPDX-License-Identifier: MIT
// The kernel's own counters of one network namespace, from /proc/net/snmp and /proc/net/netstat.
// The cross-check compares them with what our steps predict (tracker/counter_ledger.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tcptwin::sources {

class KernelCounters {
 public:
  // Takes the text of either file: pairs of lines, "Tcp: name name ..." and "Tcp: 1 2 ...". An
  // error names the line; what was read before it stays.
  Status parse(std::string_view text);

  // By group and name: "Tcp.ActiveOpens". nullopt if this kernel has no such counter.
  std::optional<std::int64_t> value(std::string_view name) const;
  std::size_t size() const { return values_.size(); }
  void forget(std::string_view name);

  static constexpr std::size_t kCounters = 4096;  // more than any kernel has, by far

 private:
  Status parse_pair(std::string_view names, std::string_view values, std::size_t line);

  std::map<std::string, std::int64_t, std::less<>> values_;
};

// Of the namespace whose /proc/.../net directory this is: "/proc/1234/net", or, in the calling
// thread's namespace, "/proc/thread-self/net". What this kernel means otherwise is left out.
Result<KernelCounters> read_kernel_counters(const std::string& directory);

// Whether a kernel of this release ("6.1.0-37-amd64") counts under this name what
// docs/cross-check.md says. A stable kernel that took the change over does not tell (then: no).
bool means_the_same(std::string_view counter, std::string_view release);

}  // namespace tcptwin::sources
