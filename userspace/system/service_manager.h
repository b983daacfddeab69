// SPDX-License-Identifier: MIT
// What a service tells the manager that started it (sd_notify), if one did; else nothing happens.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace tcptwin::system {

class ServiceManager {
 public:
  // Reads NOTIFY_SOCKET and WATCHDOG_USEC.
  static ServiceManager of_this_process();

  void ready(std::string_view status) const;
  void reloading(KernelTime now) const;
  void stopping() const;
  void status(std::string_view text) const;
  // Called again and again; tells the watchdog in time that all is well.
  void alive(KernelTime now);

 private:
  explicit ServiceManager(std::optional<Duration> watchdog) : watchdog_(watchdog) {}

  std::optional<Duration> watchdog_;  // how long it waits
  std::optional<KernelTime> told_;
};

}  // namespace tcptwin::system
