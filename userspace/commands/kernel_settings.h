// SPDX-License-Identifier: MIT
// The settings of the kernel and the sections of RFC 9293 that pages of `explain` name. Each is
// described here once.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace tcptwin::commands {

struct KernelVersion {
  int major = 0;
  int minor = 0;
};

struct KernelSetting {
  std::string_view name;           // "net.ipv4.tcp_fin_timeout"
  std::string_view default_value;  // as Linux comes
  std::string_view meaning;
  KernelVersion since;     // 0.0: on every kernel that tcptwin runs on
  bool host_only = false;  // not in other network namespaces
};

struct RfcSection {
  std::string_view number;  // "3.10.4"
  std::string_view title;
};

std::span<const KernelSetting> kernel_settings();
std::span<const RfcSection> rfc_sections();
// Those that a text names, in the order of the table.
std::vector<const KernelSetting*> settings_in(std::string_view text);

}  // namespace tcptwin::commands
