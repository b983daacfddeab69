// SPDX-License-Identifier: MIT
#include "sources/network_namespaces.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

namespace tcptwin::sources {

namespace {

namespace fs = std::filesystem;
using system::UniqueFd;

constexpr char kOwn[] = "/proc/thread-self/ns/net";

std::optional<std::uint32_t> inode_of(int descriptor) {
  struct statfs system {};
  struct stat file {};
  if (::fstatfs(descriptor, &system) != 0 || system.f_type != NSFS_MAGIC) return std::nullopt;
  if (::fstat(descriptor, &file) != 0) return std::nullopt;
  return static_cast<std::uint32_t>(file.st_ino);
}

// O_NONBLOCK: a name may stand for anything, even a pipe.
UniqueFd open_file(const fs::path& path) {
  return UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
}

bool is_number(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char digit) { return digit >= '0' && digit <= '9'; });
}

bool has_vanished(int error) {
  return error == ENOENT || error == ESRCH || error == ENOTDIR;
}

// Calls `each` with the entries of a folder until it says that it has enough. A folder that is not
// there, or goes meanwhile, is empty.
void for_each_entry(const fs::path& folder, const std::function<bool(const fs::path&)>& each) {
  std::error_code error;
  for (fs::directory_iterator entry{folder, error}, end; !error && entry != end;
       entry.increment(error)) {
    if (!each(entry->path())) return;
  }
}

// One walk over everything that can lead to a network namespace.
class Walk {
 public:
  Walk(const NamespaceSearch& search, const NamespaceVisitor& visitor)
      : search_(search), visitor_(visitor) {}

  Status run() {
    visit_own();
    for (const int descriptor : search_.descriptors) visit_handed_in(descriptor);
    for (const std::string& path : search_.paths) visit_handed_in(open_file(path).get());
    for (const std::string& folder : search_.folders) {
      // A name that was left behind and stands for no namespace any more is no obstacle.
      for_each_entry(folder, [this](const fs::path& path) { return visit_file(path); });
    }
    for_each_entry(search_.processes, [this](const fs::path& path) {
      return !is_number(path.filename().string()) || visit_process(path);
    });
    report_obstacles();
    return outcome_;
  }

 private:
  void visit_own() {
    const UniqueFd descriptor = open_file(kOwn);
    own_ = inode_of(descriptor.get()).value_or(0);
    visit_handed_in(descriptor.get());
  }

  // The caller counts on it.
  void visit_handed_in(int descriptor) {
    const int error = descriptor < 0 ? errno : EINVAL;
    if (const auto inode = inode_of(descriptor)) {
      visit(*inode, descriptor);
    } else {
      ++hidden_[error];
    }
  }

  bool visit_file(const fs::path& path) {
    const UniqueFd descriptor = open_file(path);
    const int error = errno;
    if (const auto inode = inode_of(descriptor.get())) {
      visit(*inode, descriptor.get());
    } else if (!descriptor.is_open() && !has_vanished(error)) {
      ++hidden_[error];
    }
    return !is_over();
  }

  bool visit_process(const fs::path& process) {
    visit_task(process);
    // One task has three links: ".", ".." and itself.
    struct stat tasks {};
    if (is_over() || ::stat((process / "task").c_str(), &tasks) != 0 || tasks.st_nlink == 3) {
      return !is_over();
    }
    for_each_entry(process / "task", [this](const fs::path& task) { return visit_task(task); });
    return !is_over();
  }

  // Most tasks live where others do: asking for the number is cheap, opening is not.
  bool visit_task(const fs::path& task) {
    struct stat file {};
    const fs::path path = task / "ns/net";
    if (::stat(path.c_str(), &file) != 0) {
      if (!has_vanished(errno)) ++hidden_[errno];
      return true;
    }
    const auto inode = static_cast<std::uint32_t>(file.st_ino);
    if (!is_wanted(inode)) return true;
    return visit_file(path);
  }

  bool is_wanted(std::uint32_t inode) const {
    return (!search_.only || *search_.only == inode) && !seen_.contains(inode);
  }

  bool is_over() const {
    return !outcome_ || is_full_ || (search_.only && seen_.contains(*search_.only));
  }

  void visit(std::uint32_t inode, int descriptor) {
    if (is_over() || !is_wanted(inode)) return;
    if (seen_.size() >= search_.most) {
      is_full_ = true;
      return;
    }
    seen_.insert(inode);
    outcome_ = visitor_({inode, descriptor, 0, inode == own_, 0});
  }

  // What stood in the way of some namespace, once a reason.
  void report_obstacles() {
    if (is_full_) report({0, -1, ENOBUFS, false, 0});
    if (search_.only) {
      report_missing(*search_.only);
      return;
    }
    for (const auto& [error, times] : hidden_) report({0, -1, error, false, times});
  }

  void report_missing(std::uint32_t inode) {
    if (seen_.contains(inode)) return;
    report({inode, -1, hidden_.empty() ? ENOENT : hidden_.begin()->first, false, 0});
  }

  void report(const FoundNamespace& obstacle) {
    if (outcome_) outcome_ = visitor_(obstacle);
  }

  const NamespaceSearch& search_;
  const NamespaceVisitor& visitor_;
  Status outcome_ = Done{};
  std::uint32_t own_ = 0;
  bool is_full_ = false;
  std::set<std::uint32_t> seen_;
  std::map<int, std::size_t> hidden_;  // by errno: how many processes or files
};

}  // namespace

Status for_each_network_namespace(const NamespaceSearch& search, const NamespaceVisitor& visitor) {
  return Walk{search, visitor}.run();
}

Result<HomeNamespace> HomeNamespace::open() {
  UniqueFd descriptor{::open(kOwn, O_RDONLY | O_CLOEXEC)};
  if (descriptor.is_open()) return HomeNamespace{std::move(descriptor)};
  return Error{
      ErrorCode::Failed,
      std::string{"cannot open the own network namespace "} + kOwn + ": " + std::strerror(errno),
      "/proc must be mounted"};
}

Result<int> HomeNamespace::work_in(const FoundNamespace& there,
                                   const std::function<void()>& work) const {
  if (there.descriptor < 0) return there.error;
  if (there.is_own) {
    work();
    return 0;
  }
  // Who may not enter the own namespace could not come back either.
  if (::setns(descriptor_.get(), CLONE_NEWNET) != 0) return errno;
  if (::setns(there.descriptor, CLONE_NEWNET) != 0) return errno;
  work();
  if (::setns(descriptor_.get(), CLONE_NEWNET) == 0) return 0;
  return Error{ErrorCode::Failed,
               "cannot come back from network namespace " + std::to_string(there.inode) +
                   " to the own one: " + std::strerror(errno),
               "this must not happen; to stay out of other namespaces, name one with --netns"};
}

}  // namespace tcptwin::sources
