// SPDX-License-Identifier: MIT
#include "system/service_manager.h"

#include <systemd/sd-daemon.h>

namespace tcptwin::system {
namespace {

void tell(const std::string& state) {
  ::sd_notify(0, state.c_str());
}

}  // namespace

ServiceManager ServiceManager::of_this_process() {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return ServiceManager{std::nullopt};
  return ServiceManager{std::chrono::microseconds{microseconds}};
}

void ServiceManager::ready(std::string_view text) const {
  tell("READY=1\nSTATUS=" + std::string{text});
}

void ServiceManager::reloading(KernelTime now) const {
  const auto microseconds = std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch());
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds.count()));
}

void ServiceManager::stopping() const {
  tell("STOPPING=1\nSTATUS=ending");
}

void ServiceManager::status(std::string_view text) const {
  tell("STATUS=" + std::string{text});
}

void ServiceManager::alive(KernelTime now) {
  // A third of the time: one turn that takes long is not the end.
  if (!watchdog_ || (told_ && now - *told_ < *watchdog_ / 3)) return;
  told_ = now;
  tell("WATCHDOG=1");
}

}  // namespace tcptwin::system
