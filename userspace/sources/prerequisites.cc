// SPDX-License-Identifier: MIT
#include "sources/prerequisites.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "system/privileges.h"

namespace tcptwin::sources {

namespace {

using system::Privileges;
using system::Right;

constexpr char kCapabilityHint[] =
    "run it as root (sudo), or grant the rights once: "
    "sudo setcap cap_bpf,cap_perfmon=ep \"$(command -v tcptwin)\"";

Error not_permitted(std::string what, std::string hint) {
  return {ErrorCode::NotPermitted, std::move(what), std::move(hint)};
}

std::string missing_rights() {
  const Privileges privileges = Privileges::read();
  std::string missing;
  for (const Right right : {Right::Bpf, Right::Perfmon}) {
    if (privileges.has(right)) continue;
    missing += missing.empty() ? "" : " and ";
    missing += label(right);
  }
  return missing;
}

}  // namespace

KernelRelease parse_release(const std::string& text) {
  KernelRelease release;
  release.text = text;
  if (std::sscanf(text.c_str(), "%d.%d", &release.major, &release.minor) != 2) {
    release.major = release.minor = 0;
  }
  return release;
}

KernelRelease running_kernel() {
  utsname names{};
  if (::uname(&names) != 0) return {};
  return parse_release(names.release);
}

bool has_btf() {
  return ::access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

bool is_locked_down() {
  std::ifstream file{"/sys/kernel/security/lockdown"};
  std::string modes;
  std::getline(file, modes);
  return modes.find("[confidentiality]") != std::string::npos;
}

std::optional<Error> missing_prerequisite() {
  const KernelRelease release = running_kernel();
  if (!release.is_at_least(5, 8)) {
    return not_permitted("Linux " + release.text + " is too old: tcptwin needs 5.8 or newer",
                         "ring buffers and CAP_BPF came with 5.8; boot a newer kernel");
  }
  if (const std::string missing = missing_rights(); !missing.empty()) {
    return not_permitted("missing " + missing +
                             ": the kernel only lets a process with CAP_BPF and "
                             "CAP_PERFMON trace it",
                         kCapabilityHint);
  }
  if (!has_btf()) {
    return not_permitted("this kernel offers no BTF (/sys/kernel/btf/vmlinux cannot be read)",
                         "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y, or mount /sys");
  }
  if (is_locked_down()) {
    return not_permitted("kernel lockdown is in confidentiality mode, which forbids tracing",
                         "boot with lockdown=integrity or without lockdown=");
  }
  return std::nullopt;
}

Error load_refused(int error, const std::string& log) {
  std::string what = std::string{"the kernel refused the BPF programs: "} + strerror(error);
  if (!log.empty()) what += " (" + log + ")";
  if (error == EPERM || error == EACCES) {
    return not_permitted(std::move(what),
                         "in a container the rights must be those of the host (not of a user "
                         "namespace), and its seccomp profile must let bpf() through; `tcptwin "
                         "doctor` shows what is allowed");
  }
  if (error == ENOMEM) return {ErrorCode::Failed, std::move(what), "free some memory"};
  return not_permitted(std::move(what), "`tcptwin doctor` shows what this kernel allows");
}

}  // namespace tcptwin::sources
