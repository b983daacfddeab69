// SPDX-License-Identifier: MIT
// The search for network namespaces, on a process directory of the test's own making. Entering
// another namespace needs rights; tests/kernel/census_reach.cc does that.
#include "sources/network_namespaces.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace tcptwin::sources {
namespace {

namespace fs = std::filesystem;
using system::UniqueFd;

struct Seen {
  std::uint32_t inode;
  int error;
  bool is_own;
  bool is_open;
  std::size_t hiding;
};

std::vector<Seen> seen_by(const NamespaceSearch& search) {
  std::vector<Seen> seen;
  const auto walked =
      for_each_network_namespace(search, [&](const FoundNamespace& found) -> Status {
        seen.push_back(
            {found.inode, found.error, found.is_own, found.descriptor >= 0, found.hiding});
        return Done{};
      });
  EXPECT_TRUE(walked);
  return seen;
}

std::uint32_t own_inode() {
  struct stat file {};
  EXPECT_EQ(::stat("/proc/self/ns/net", &file), 0);
  return static_cast<std::uint32_t>(file.st_ino);
}

class NetworkNamespacesTest : public ::testing::Test {
 protected:
  NetworkNamespacesTest() {
    std::string name = (fs::temp_directory_path() / "tcptwin_namespaces_XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    search_.folders = {};
    search_.processes = (root_ / "proc").string();
  }
  ~NetworkNamespacesTest() override { fs::remove_all(root_); }

  // A process or thread whose namespace is a link to `target`.
  void add_task(const std::string& task, const fs::path& target) {
    const fs::path folder = root_ / "proc" / task / "ns";
    fs::create_directories(folder);
    fs::create_symlink(target, folder / "net");
  }

  fs::path root_;
  NamespaceSearch search_;
};

TEST_F(NetworkNamespacesTest, own_one_comes_first_and_once) {
  add_task("100", "/proc/self/ns/net");
  add_task("200", "/proc/self/ns/net");
  add_task("200/task/200", "/proc/self/ns/net");
  add_task("200/task/201", "/proc/self/ns/net");
  const auto seen = seen_by(search_);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].inode, own_inode());
  EXPECT_TRUE(seen[0].is_own);
  EXPECT_TRUE(seen[0].is_open);
}

TEST_F(NetworkNamespacesTest, processes_that_vanished_leave_no_trace) {
  add_task("100", root_ / "gone");
  fs::create_directories(root_ / "proc" / "300");
  add_task("not_a_number", root_ / "whatever");
  EXPECT_EQ(seen_by(search_).size(), 1u);
}

TEST_F(NetworkNamespacesTest, processes_that_hide_theirs_are_reported_once) {
  for (const char* task : {"100", "200"}) {
    add_task(task, "net");  // a link to itself: ELOOP, in place of EACCES, which root never sees
  }
  const auto seen = seen_by(search_);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1].inode, 0u);
  EXPECT_EQ(seen[1].error, ELOOP);
  EXPECT_EQ(seen[1].hiding, 2u);
  EXPECT_FALSE(seen[1].is_open);
}

TEST_F(NetworkNamespacesTest, thread_is_looked_at_beside_its_process) {
  add_task("200", "/proc/self/ns/net");
  add_task("200/task/200", "/proc/self/ns/net");
  add_task("200/task/201", "net");
  EXPECT_EQ(seen_by(search_).size(), 2u);
}

TEST_F(NetworkNamespacesTest, what_is_handed_in_and_is_none_is_reported) {
  const UniqueFd other{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  search_.descriptors = {other.get()};
  search_.paths = {(root_ / "nothing_here").string()};
  const auto seen = seen_by(search_);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[1].error, ENOENT);
  EXPECT_EQ(seen[2].error, EINVAL);
}

TEST_F(NetworkNamespacesTest, name_left_behind_in_a_folder_is_no_obstacle) {
  search_.folders = {root_.string(), (root_ / "no_such_folder").string()};
  std::ofstream{root_ / "left_behind"};
  EXPECT_EQ(seen_by(search_).size(), 1u);
}

TEST_F(NetworkNamespacesTest, only_the_one_asked_for_is_shown) {
  search_.only = own_inode();
  add_task("100", "net");
  const auto own = seen_by(search_);
  ASSERT_EQ(own.size(), 1u);
  EXPECT_TRUE(own[0].is_open);
  search_.only = 1;
  search_.processes = (root_ / "empty").string();
  const auto missing = seen_by(search_);
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].inode, 1u);
  EXPECT_EQ(missing[0].error, ENOENT);
}

TEST_F(NetworkNamespacesTest, too_many_are_cut_off_in_words) {
  search_.most = 0;
  const auto seen = seen_by(search_);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].error, ENOBUFS);
}

TEST_F(NetworkNamespacesTest, error_of_the_visitor_ends_the_walk) {
  search_.paths = {(root_ / "nothing_here").string()};
  int visits = 0;
  const auto walked = for_each_network_namespace(search_, [&](const FoundNamespace&) -> Status {
    ++visits;
    return Error{ErrorCode::Failed, "enough", ""};
  });
  EXPECT_FALSE(walked);
  EXPECT_EQ(visits, 1);
}

TEST_F(NetworkNamespacesTest, nothing_stays_open) {
  const auto open_files = [] {
    return std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{});
  };
  const auto before = open_files();
  add_task("100", "/proc/self/ns/net");
  search_.paths = {"/proc/self/ns/net"};
  seen_by(search_);
  EXPECT_EQ(open_files(), before);
}

TEST(HomeNamespaceTest, own_namespace_needs_no_right) {
  const auto home = HomeNamespace::open();
  ASSERT_TRUE(home);
  bool worked = false;
  const auto there = home.value().work_in({1, 0, 0, true, 0}, [&] { worked = true; });
  ASSERT_TRUE(there);
  EXPECT_EQ(there.value(), 0);
  EXPECT_TRUE(worked);
}

TEST(HomeNamespaceTest, place_that_could_not_be_opened_keeps_its_reason) {
  const auto home = HomeNamespace::open();
  ASSERT_TRUE(home);
  bool worked = false;
  const auto there = home.value().work_in({0, -1, EACCES, false, 1}, [&] { worked = true; });
  ASSERT_TRUE(there);
  EXPECT_EQ(there.value(), EACCES);
  EXPECT_FALSE(worked);
}

TEST(HomeNamespaceTest, what_is_no_namespace_is_not_entered) {
  const auto home = HomeNamespace::open();
  ASSERT_TRUE(home);
  const UniqueFd other{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  bool worked = false;
  const auto there = home.value().work_in({1, other.get(), 0, false, 0}, [&] { worked = true; });
  ASSERT_TRUE(there);
  EXPECT_NE(there.value(), 0);  // EPERM without rights
  EXPECT_FALSE(worked);
}

}  // namespace
}  // namespace tcptwin::sources
