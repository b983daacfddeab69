// SPDX-License-Identifier: MIT
#include "support/network_namespace.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <vector>

namespace tcptwin::testing {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int open_own_namespace() {
  return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

// A descriptor that closes itself; for ioctl and netlink sockets.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

ifreq request_for(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

void set_address(const Descriptor& control, const std::string& name, unsigned long command,
                 std::string_view text) {
  ifreq request = request_for(name);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, std::string{text}.c_str(), &address.sin_addr);
  std::memcpy(&request.ifr_addr, &address, sizeof address);
  if (ioctl(control.get(), command, &request) != 0) fail("address of " + name);
}

// Builds one rtnetlink request; attributes nest.
class LinkRequest {
 public:
  LinkRequest() : bytes_(NLMSG_LENGTH(sizeof(ifinfomsg))) {}

  std::size_t open_attribute(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    const nlattr header{sizeof(nlattr), type};
    append(&header, sizeof header);
    return at;
  }
  void close_attribute(std::size_t at) {
    const auto length = static_cast<std::uint16_t>(bytes_.size() - at);
    std::memcpy(bytes_.data() + at, &length, sizeof length);
  }
  void attribute(std::uint16_t type, const void* value, std::size_t size) {
    const std::size_t at = open_attribute(type);
    append(value, size);
    close_attribute(at);
    bytes_.resize((bytes_.size() + NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO);
  }
  void append(const void* value, std::size_t size) {
    const auto* begin = static_cast<const unsigned char*>(value);
    bytes_.insert(bytes_.end(), begin, begin + size);
  }

  void send_and_confirm() {
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
    header.nlmsg_type = RTM_NEWLINK;
    header.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
    std::memcpy(bytes_.data(), &header, sizeof header);
    const Descriptor netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (send(netlink.get(), bytes_.data(), bytes_.size(), 0) < 0) fail("rtnetlink");
    struct {
      nlmsghdr header;
      nlmsgerr error;
      unsigned char echo[1024];
    } reply{};
    if (recv(netlink.get(), &reply, sizeof reply, 0) < 0) fail("rtnetlink");
    if (reply.error.error != 0) {
      errno = -reply.error.error;
      fail("creating a veth pair");
    }
  }

 private:
  std::vector<unsigned char> bytes_;
};

}  // namespace

NetworkNamespace::NetworkNamespace() {
  int error = 0;
  std::thread([&] {
    if (unshare(CLONE_NEWNET) != 0) {
      error = errno;
      return;
    }
    descriptor_ = open_own_namespace();
    error = descriptor_ < 0 ? errno : 0;
  }).join();
  if (error != 0) {
    errno = error;
    fail("a new network namespace");
  }
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) fail("inode of the network namespace");
  inode_ = static_cast<std::uint32_t>(status.st_ino);
  const auto visit = enter();
  bring_up("lo");
}

NetworkNamespace::~NetworkNamespace() {
  close(descriptor_);
}

NetworkNamespace::Visit::Visit(int descriptor) : home_(open_own_namespace()) {
  if (home_ < 0 || setns(descriptor, CLONE_NEWNET) != 0) fail("entering a network namespace");
}

NetworkNamespace::Visit::~Visit() {
  // A thread that cannot go home would run the rest of the tests in the wrong place.
  if (setns(home_, CLONE_NEWNET) != 0) std::terminate();
  close(home_);
}

void NetworkNamespace::set_ipv4(std::string_view name, std::string_view value) const {
  const auto visit = enter();
  const std::string path = "/proc/sys/net/ipv4/" + std::string{name};
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0 || write(file.get(), value.data(), value.size()) < 0) fail(path);
}

void bring_up(const std::string& name) {
  const Descriptor control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request = request_for(name);
  if (ioctl(control.get(), SIOCGIFFLAGS, &request) != 0) fail("flags of " + name);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (ioctl(control.get(), SIOCSIFFLAGS, &request) != 0) fail("bringing up " + name);
}

void configure_interface(const std::string& name, std::string_view address) {
  {
    const Descriptor control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    set_address(control, name, SIOCSIFADDR, address);
    set_address(control, name, SIOCSIFNETMASK, "255.255.255.0");
  }
  bring_up(name);
}

void join_with_veth(const NetworkNamespace& left, std::string_view left_address,
                    const NetworkNamespace& right, std::string_view right_address) {
  const std::string left_name = "left";
  const std::string right_name = "right";
  const auto visit = left.enter();
  LinkRequest request;
  request.attribute(IFLA_IFNAME, left_name.c_str(), left_name.size() + 1);
  const auto link = request.open_attribute(IFLA_LINKINFO);
  request.attribute(IFLA_INFO_KIND, "veth", 4);
  const auto details = request.open_attribute(IFLA_INFO_DATA);
  const auto peer = request.open_attribute(VETH_INFO_PEER);
  const ifinfomsg nothing{};
  request.append(&nothing, sizeof nothing);
  request.attribute(IFLA_IFNAME, right_name.c_str(), right_name.size() + 1);
  const std::uint32_t descriptor = static_cast<std::uint32_t>(right.descriptor());
  request.attribute(IFLA_NET_NS_FD, &descriptor, sizeof descriptor);
  request.close_attribute(peer);
  request.close_attribute(details);
  request.close_attribute(link);
  request.send_and_confirm();
  configure_interface(left_name, left_address);
  const auto other_side = right.enter();
  configure_interface(right_name, right_address);
}

}  // namespace tcptwin::testing
