// SPDX-License-Identifier: MIT
#include "system/cgroup_names.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace tcptwin::test {
namespace {

using system::CgroupName;
using system::parse_cgroup_path;

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct Expected {
  std::string path;
  std::string unit;
  std::string slice;
  std::string container;
  std::string runtime;
};

TEST(CgroupPath, tells_unit_slice_and_container) {
  const Expected cases[] = {
      {"/", "", "", "", ""},
      {"", "", "", "", ""},
      {"/init.scope", "init.scope", "", "", ""},
      {"/system.slice/ssh.service", "ssh.service", "system.slice", "", ""},
      {"/system.slice/system-postgresql.slice/postgresql@15-main.service",
       "postgresql@15-main.service", "system-postgresql.slice", "", ""},
      {"/system.slice/apache2.service/worker", "apache2.service", "system.slice", "", ""},
      {"/user.slice/user-1000.slice/session-3.scope", "session-3.scope", "user-1000.slice", "", ""},
      {"/user.slice/user-1000.slice/user@1000.service/app.slice/firefox.service", "firefox.service",
       "app.slice", "", ""},
      {"/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope", "user-1000.slice",
       "", ""},
      {"/system.slice/docker-" + kId + ".scope", "docker-" + kId + ".scope", "system.slice", kId,
       "docker"},
      {"/docker/" + kId, "", "", kId, "docker"},
      {"/docker/" + kId + "/system.slice/nginx.service", "", "", kId, "docker"},
      {"/machine.slice/libpod-" + kId + ".scope/container", "libpod-" + kId + ".scope",
       "machine.slice", kId, "podman"},
      {"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope",
       "libpod-" + kId + ".scope", "user.slice", kId, "podman"},
      {"/machine.slice/libpod-conmon-" + kId + ".scope", "libpod-conmon-" + kId + ".scope",
       "machine.slice", "", ""},
      {"/libpod_parent/libpod-" + kId, "", "", kId, "podman"},
      {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12ab_34.slice/"
       "cri-containerd-" +
           kId + ".scope",
       "cri-containerd-" + kId + ".scope", "kubepods-burstable-pod12ab_34.slice", kId,
       "containerd"},
      {"/kubepods.slice/kubepods-pod12ab.slice/crio-" + kId + ".scope", "crio-" + kId + ".scope",
       "kubepods-pod12ab.slice", kId, "cri-o"},
      {"/kubepods/besteffort/pod0a1b2c3d-1111-2222-3333-444455556666/" + kId, "", "", kId,
       "kubernetes"},
      {"/system.slice/nerdctl-" + kId + ".scope", "nerdctl-" + kId + ".scope", "system.slice", kId,
       "containerd"},
      {"/lxc.payload.web1/system.slice/nginx.service", "", "", "web1", "lxc"},
      {"/lxc/web1", "", "", "web1", "lxc"},
      {"/lxc.monitor.web1", "", "", "", ""},
      {"/machine.slice/systemd-nspawn@build\\x2dbox.service/payload",
       "systemd-nspawn@build\\x2dbox.service", "machine.slice", "build-box", "nspawn"},
      {"/machine.slice/machine-debian.scope", "machine-debian.scope", "machine.slice", "debian",
       "nspawn"},
      {"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt", "machine-qemu\\x2d1\\x2dvm.scope",
       "machine.slice", "qemu-1-vm", "qemu"},
      {"/_lxc/x", "", "", "x", "lxc"},
  };
  for (const Expected& expected : cases) {
    const CgroupName name = parse_cgroup_path(expected.path);
    EXPECT_EQ(name.unit, expected.unit) << expected.path;
    EXPECT_EQ(name.slice, expected.slice) << expected.path;
    EXPECT_EQ(name.container, expected.container) << expected.path;
    EXPECT_EQ(name.runtime, expected.runtime) << expected.path;
    EXPECT_EQ(name.path, expected.path);
  }
}

TEST(CgroupPath, what_only_looks_like_a_container_is_none) {
  for (const std::string& path :
       {std::string{"/system.slice/docker.service"}, std::string{"/system.slice/docker-.scope"},
        "/system.slice/docker-" + kId.substr(1) + ".scope",
        "/system.slice/docker-" + kId.substr(1) + "g.scope", "/elsewhere/" + kId,
        std::string{"/machine-.scope"}, std::string{"//.scope/"}, std::string{"\\x"},
        std::string{"/systemd-nspawn@.service"}}) {
    EXPECT_EQ(parse_cgroup_path(path).container, "") << path;
  }
}

TEST(CgroupMount, is_found_among_others_and_unescaped) {
  EXPECT_EQ(system::cgroup2_mount("24 1 0:22 / /sys rw - sysfs sysfs rw\n"
                                  "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"),
            "/sys/fs/cgroup/unified");
  EXPECT_EQ(system::cgroup2_mount("41 31 0:38 / /a\\040b rw shared:9 - cgroup2 none rw\n"), "/a b");
  EXPECT_EQ(system::cgroup2_mount("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"),
            std::nullopt);
  for (const char* broken : {"", "\n\n", " - cgroup2 ", "41 31 - cgroup2 ", "a b c d"}) {
    EXPECT_NO_FATAL_FAILURE(static_cast<void>(system::cgroup2_mount(broken)));
  }
}

class CgroupTree : public testing::Test {
 protected:
  CgroupTree() {
    std::string pattern = testing::TempDir() + "cgroups-XXXXXX";
    root = ::mkdtemp(pattern.data());
    elsewhere = root + "-elsewhere";
  }
  ~CgroupTree() override {
    std::filesystem::remove_all(root);
    std::filesystem::remove_all(elsewhere);
  }

  std::uint64_t add(const std::string& path) const {
    std::filesystem::create_directories(root + path);
    struct stat status {};
    EXPECT_EQ(::stat((root + path).c_str(), &status), 0);
    return status.st_ino;
  }

  std::string root;
  std::string elsewhere;
};

TEST_F(CgroupTree, an_id_is_the_inode_number_of_a_directory) {
  const std::uint64_t ssh = add("/system.slice/ssh.service");
  std::ofstream{root + "/system.slice/cgroup.procs"} << "1\n";
  system::CgroupNames names{root};
  const CgroupName* name = names.find(ssh);
  ASSERT_NE(name, nullptr);
  EXPECT_EQ(name->path, "/system.slice/ssh.service");
  EXPECT_EQ(name->unit, "ssh.service");
  EXPECT_EQ(names.size(), 3u);  // the root, the slice, the service; no file
  EXPECT_EQ(names.find(0), nullptr);
}

TEST_F(CgroupTree, a_new_cgroup_is_found_at_the_next_walk_and_an_old_name_is_kept) {
  const std::uint64_t old = add("/old.service");
  system::CgroupNames names{root, std::chrono::milliseconds{0}};
  ASSERT_NE(names.find(old), nullptr);
  // Moved away, not removed: its inode number shall not be given to the next.
  std::filesystem::create_directories(elsewhere);
  std::filesystem::rename(root + "/old.service", elsewhere + "/old.service");
  const std::uint64_t fresh = add("/fresh.service/below");
  ASSERT_NE(names.find(fresh), nullptr);
  ASSERT_NE(names.find(old), nullptr);
  EXPECT_EQ(names.find(old)->unit, "old.service");
}

TEST_F(CgroupTree, misses_do_not_walk_again_at_once) {
  system::CgroupNames names{root, std::chrono::hours{1}};
  EXPECT_EQ(names.find(1), nullptr);
  const std::uint64_t late = add("/late.service");
  EXPECT_EQ(names.find(late), nullptr);
}

TEST(CgroupNames, without_a_file_system_nothing_is_found) {
  system::CgroupNames nowhere{""};
  EXPECT_EQ(nowhere.find(42), nullptr);
  system::CgroupNames missing{"/nosuch/directory"};
  EXPECT_EQ(missing.find(42), nullptr);
}

TEST(CgroupNames, the_root_of_this_host_is_known_if_it_has_cgroup2) {
  std::ifstream file{"/proc/self/mountinfo"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto mount = system::cgroup2_mount(text);
  if (!mount) GTEST_SKIP() << "no cgroup2 mounted";
  struct stat status {};
  ASSERT_EQ(::stat(mount->c_str(), &status), 0);
  system::CgroupNames names = system::CgroupNames::of_host();
  const CgroupName* root = names.find(status.st_ino);
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->path, "/");
}

}  // namespace
}  // namespace tcptwin::test
