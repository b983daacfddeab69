// SPDX-License-Identifier: MIT
#include "system/cgroup_names.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace tcptwin::system {
namespace {

// A large Kubernetes node has some thousand; a tree beyond this is not read to its end.
constexpr std::size_t kNamesLimit = 100'000;
constexpr int kDepthLimit = 64;
constexpr std::size_t kIdLength = 64;  // of containers, hexadecimal digits

std::vector<std::string_view> components_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty()) parts.push_back(part);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return parts;
}

bool is_container_id(std::string_view text) {
  return text.size() == kIdLength &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_unit(std::string_view part) {
  return part.ends_with(".service") || part.ends_with(".scope") || part.ends_with(".socket") ||
         part.ends_with(".mount") || part.ends_with(".swap");
}

// systemd.unit(5): "\x2d" stands for a byte.
std::string unescaped(std::string_view text) {
  const auto digit = [](char character) {
    if (character >= '0' && character <= '9') return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    return -1;
  };
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text.substr(i).starts_with("\\x") && i + 3 < text.size() &&
                           digit(text[i + 2]) >= 0 && digit(text[i + 3]) >= 0;
    if (!is_escape) {
      result += text[i];
      continue;
    }
    result += static_cast<char>(digit(text[i + 2]) * 16 + digit(text[i + 3]));
    i += 3;
  }
  return result;
}

// Takes `prefix` and `suffix` away; nullopt if the text has not both.
std::optional<std::string_view> between(std::string_view text, std::string_view prefix,
                                        std::string_view suffix) {
  if (text.size() <= prefix.size() + suffix.size()) return std::nullopt;
  if (!text.starts_with(prefix) || !text.ends_with(suffix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  text.remove_suffix(suffix.size());
  return text;
}

struct Container {
  std::string id;
  std::string_view runtime;
};

// Scopes that the runtimes ask systemd for: "docker-<id>.scope".
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kScopes = {{
    {"docker-", "docker"},
    {"libpod-", "podman"},
    {"cri-containerd-", "containerd"},
    {"nerdctl-", "containerd"},
    {"crio-", "cri-o"},
}};

// `parent` is the component before it.
std::optional<Container> container_of(std::string_view part, std::string_view parent) {
  for (const auto& [prefix, runtime] : kScopes) {
    const auto id = between(part, prefix, ".scope");
    if (id && is_container_id(*id)) return Container{std::string{*id}, runtime};
  }
  if (is_container_id(part)) {
    if (parent == "docker") return Container{std::string{part}, "docker"};
    if (parent == "libpod_parent") return Container{std::string{part}, "podman"};
    if (parent.starts_with("pod")) return Container{std::string{part}, "kubernetes"};
    return std::nullopt;
  }
  if (const auto id = between(part, "libpod-", ""); id && is_container_id(*id)) {
    return Container{std::string{*id}, "podman"};
  }
  if (const auto name = between(part, "lxc.payload.", "")) {
    return Container{std::string{*name}, "lxc"};
  }
  if (parent == "lxc" || parent == "lxc.payload") return Container{std::string{part}, "lxc"};
  if (const auto name = between(part, "systemd-nspawn@", ".service")) {
    return Container{unescaped(*name), "nspawn"};
  }
  // Also virtual machines of libvirt: "machine-qemu\x2d1\x2dname.scope".
  if (const auto name = between(part, "machine-", ".scope")) {
    return Container{unescaped(*name), name->starts_with("qemu\\x2d") ? "qemu" : "nspawn"};
  }
  return std::nullopt;
}

// A per-user manager is itself a unit, with units of the user below it: those tell more.
bool is_user_manager(std::string_view unit) {
  return unit.starts_with("user@") && unit.ends_with(".service");
}

// "\040" in mountinfo stands for a blank.
std::string without_octal(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto is_octal = [&](std::size_t at) {
      return at < text.size() && text[at] >= '0' && text[at] <= '7';
    };
    if (text[i] == '\\' && is_octal(i + 1) && is_octal(i + 2) && is_octal(i + 3)) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                  (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

CgroupName parse_cgroup_path(std::string_view path) {
  CgroupName name;
  name.path = std::string{path};
  std::string_view parent;
  for (std::string_view part : components_of(path)) {
    // systemd puts an underscore before a name the kernel could take for a file of its own.
    if (part.starts_with("_")) part.remove_prefix(1);
    if (name.container.empty()) {
      // The outermost container is the one this host's tools know; what runs in it is its own.
      if (auto container = container_of(part, parent)) {
        name.container = std::move(container->id);
        name.runtime = container->runtime;
      }
      if (part.ends_with(".slice")) name.slice = std::string{part};
      if (is_unit(part) && (name.unit.empty() || is_user_manager(name.unit))) {
        name.unit = std::string{part};
      }
    }
    parent = part;
  }
  return name;
}

std::optional<std::string> cgroup2_mount(std::string_view mountinfo) {
  while (!mountinfo.empty()) {
    const std::size_t newline = mountinfo.find('\n');
    const std::string_view line = mountinfo.substr(0, newline);
    mountinfo.remove_prefix(newline == std::string_view::npos ? mountinfo.size() : newline + 1);
    if (line.find(" - cgroup2 ") == std::string_view::npos) continue;
    // proc(5): the fifth field is the mount point.
    std::string_view rest = line;
    for (int field = 1; field < 5 && !rest.empty(); ++field) {
      const std::size_t blank = rest.find(' ');
      rest.remove_prefix(blank == std::string_view::npos ? rest.size() : blank + 1);
    }
    const std::string_view point = rest.substr(0, rest.find(' '));
    if (!point.empty()) return without_octal(point);
  }
  return std::nullopt;
}

CgroupNames CgroupNames::of_host() {
  std::ifstream file{"/proc/self/mountinfo"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  return CgroupNames{cgroup2_mount(text).value_or("")};
}

const CgroupName* CgroupNames::find(std::uint64_t id) {
  if (id == 0 || root_.empty()) return nullptr;
  if (const auto known = names_.find(id); known != names_.end()) return &known->second;
  const auto now = std::chrono::steady_clock::now();
  if (walked_ && now - *walked_ < pause_) return nullptr;
  walk();
  walked_ = std::chrono::steady_clock::now();
  const auto found = names_.find(id);
  return found == names_.end() ? nullptr : &found->second;
}

void CgroupNames::walk() {
  if (names_.size() >= kNamesLimit) names_.clear();
  struct stat status {};
  if (::stat(root_.c_str(), &status) != 0) return;
  names_[status.st_ino] = parse_cgroup_path("/");
  add_children_of(root_, "", 0);
}

void CgroupNames::add_children_of(const std::string& directory, std::string_view path, int depth) {
  const std::unique_ptr<DIR, CloseDirectory> open{::opendir(directory.c_str())};
  if (!open || depth >= kDepthLimit) return;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name{static_cast<const char*>(entry->d_name)};
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    if (names_.size() >= kNamesLimit) return;
    const std::string child = std::string{path} + '/' + std::string{name};
    names_.insert_or_assign(entry->d_ino, parse_cgroup_path(child));
    add_children_of(directory + '/' + std::string{name}, child, depth + 1);
  }
}

}  // namespace tcptwin::system
