// SPDX-License-Identifier: MIT
#include "system/private_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace tcptwin::system {
namespace {

constexpr std::string_view kWire = "wire";
constexpr std::uint32_t kWireTable = 100;
constexpr std::uint8_t kPrefix = 24;

bool is_refusal(int error) {
  return error == EPERM || error == EACCES || error == EROFS || error == ENOENT ||
         error == ENODEV || error == EOPNOTSUPP;
}

Error failed(const std::string& what, int error, const std::string& hint = "") {
  return {is_refusal(error) ? ErrorCode::NotPermitted : ErrorCode::Failed,
          what + ": " + std::strerror(error), hint};
}

UniqueFd own_namespace() {
  return UniqueFd{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
}

// One request to the kernel's routing, with its attributes.
class RouteRequest {
 public:
  template <typename Body>
  RouteRequest(std::uint16_t type, int flags, const Body& body) {
    header_.nlmsg_type = type;
    header_.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    bytes_.resize(NLMSG_HDRLEN);
    append(&body, sizeof body);
  }

  RouteRequest& with(std::uint16_t type, const void* value, std::size_t size) {
    const rtattr attribute{static_cast<std::uint16_t>(RTA_LENGTH(size)), type};
    append(&attribute, sizeof attribute);
    append(value, size);
    return *this;
  }
  RouteRequest& with(std::uint16_t type, std::uint32_t value) {
    return with(type, &value, sizeof value);
  }
  RouteRequest& with(std::uint16_t type, std::string_view text) {
    const std::string whole{text};
    return with(type, whole.c_str(), whole.size() + 1);
  }

  // 0, or the errno of the kernel's answer.
  int ask(const UniqueFd& socket) {
    header_.nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &header_, sizeof header_);
    if (::send(socket.get(), bytes_.data(), bytes_.size(), 0) < 0) return errno;
    struct {
      nlmsghdr header;
      nlmsgerr error;
      unsigned char echo[512];
    } answer{};
    if (::recv(socket.get(), &answer, sizeof answer, 0) < 0) return errno;
    return -answer.error.error;
  }

 private:
  void append(const void* value, std::size_t size) {
    const auto* begin = static_cast<const unsigned char*>(value);
    bytes_.insert(bytes_.end(), begin, begin + size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }

  nlmsghdr header_{};
  std::vector<unsigned char> bytes_;
};

in_addr address_of(std::string_view text) {
  in_addr address{};
  ::inet_pton(AF_INET, std::string{text}.c_str(), &address);
  return address;
}

RouteRequest own_address(std::uint32_t interface, std::string_view text) {
  const ifaddrmsg body{AF_INET, kPrefix, 0, RT_SCOPE_UNIVERSE, interface};
  const in_addr address = address_of(text);
  return RouteRequest{RTM_NEWADDR, NLM_F_CREATE, body}.with(IFA_LOCAL, &address, sizeof address);
}

RouteRequest rule(std::uint16_t type, std::uint32_t priority, std::uint32_t table) {
  fib_rule_hdr body{};
  body.family = AF_INET;
  body.table = static_cast<std::uint8_t>(table);
  body.action = FR_ACT_TO_TBL;
  const int flags = type == RTM_NEWRULE ? NLM_F_CREATE : 0;
  return RouteRequest{type, flags, body}.with(FRA_PRIORITY, priority).with(FRA_TABLE, table);
}

RouteRequest route_over_wire(std::uint32_t interface) {
  rtmsg body{};
  body.rtm_family = AF_INET;
  body.rtm_dst_len = kPrefix;
  body.rtm_table = kWireTable;
  body.rtm_protocol = RTPROT_STATIC;
  body.rtm_scope = RT_SCOPE_LINK;
  body.rtm_type = RTN_UNICAST;
  const in_addr network{address_of(kClientAddress).s_addr & htonl(0xffffff00)};
  return RouteRequest{RTM_NEWROUTE, NLM_F_CREATE, body}
      .with(RTA_DST, &network, sizeof network)
      .with(RTA_OIF, interface);
}

// An address of this kernel is normally found before any device: what came in over the wire keeps
// to that, what a program sends takes the wire first.
Status lead_over_wire(std::uint32_t interface) {
  const UniqueFd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
  std::vector<RouteRequest> requests;
  requests.push_back(own_address(interface, kClientAddress));
  requests.push_back(own_address(interface, kServerAddress));
  requests.push_back(route_over_wire(interface));
  requests.push_back(rule(RTM_NEWRULE, 10, RT_TABLE_LOCAL).with(FRA_IIFNAME, kWire));
  requests.push_back(rule(RTM_NEWRULE, 20, kWireTable));
  requests.push_back(rule(RTM_NEWRULE, 30, RT_TABLE_LOCAL));
  requests.push_back(rule(RTM_DELRULE, 0, RT_TABLE_LOCAL));
  for (RouteRequest& request : requests) {
    const int error = request.ask(socket);
    if (error != 0) {
      return failed("routing in a private network namespace", error,
                    "it takes a kernel with policy routing (CONFIG_IP_MULTIPLE_TABLES)");
    }
  }
  return Done{};
}

// The two hosts are one kernel: packets from an address of its own are no forgery here.
Status accept_own_addresses() {
  constexpr std::string_view kNames[][2] = {{"accept_local", "1"}, {"rp_filter", "0"}};
  for (const auto& [name, value] : kNames) {
    for (const std::string_view device : {std::string_view{"all"}, kWire}) {
      const std::string path =
          "/proc/sys/net/ipv4/conf/" + std::string{device} + "/" + std::string{name};
      const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
      if (::write(file.get(), value.data(), value.size()) < 0) return failed(path, errno);
    }
  }
  return Done{};
}

Status bring_up(std::string_view name) {
  const UniqueFd control{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP;
  if (::ioctl(control.get(), SIOCSIFFLAGS, &request) == 0) return Done{};
  return failed("bringing up " + std::string{name}, errno);
}

Result<UniqueFd> open_wire() {
  UniqueFd device{::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)};
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  kWire.copy(request.ifr_name, IFNAMSIZ - 1);
  if (device.is_open() && ::ioctl(device.get(), TUNSETIFF, &request) == 0) return device;
  return failed("/dev/net/tun", errno, "it takes the kernel module tun: modprobe tun");
}

}  // namespace

PrivateNetwork::Visit::~Visit() {
  // A thread that cannot go home would do everything else in the wrong place.
  if (home_.is_open() && ::setns(home_.get(), CLONE_NEWNET) != 0) std::terminate();
}

Result<PrivateNetwork> PrivateNetwork::open() {
  UniqueFd home = own_namespace();
  if (!home.is_open() || ::unshare(CLONE_NEWNET) != 0) {
    return failed("a private network namespace", errno, "run as root");
  }
  const Visit visit{std::move(home)};
  PrivateNetwork network;
  const Status built = network.build();
  if (!built) return built.error();
  return network;
}

Status PrivateNetwork::build() {
  namespace_ = own_namespace();
  struct stat status {};
  if (::fstat(namespace_.get(), &status) != 0) return failed("a private network namespace", errno);
  inode_ = static_cast<std::uint32_t>(status.st_ino);
  auto wire = open_wire();
  if (!wire) return wire.error();
  wire_ = std::move(wire.value());
  for (const std::string_view device : {std::string_view{"lo"}, kWire}) {
    const Status up = bring_up(device);
    if (!up) return up;
  }
  const Status led = lead_over_wire(::if_nametoindex(std::string{kWire}.c_str()));
  return led ? accept_own_addresses() : led;
}

Result<PrivateNetwork::Visit> PrivateNetwork::enter() const {
  UniqueFd home = own_namespace();
  if (home.is_open() && ::setns(namespace_.get(), CLONE_NEWNET) == 0) return Visit{std::move(home)};
  return failed("entering a private network namespace", errno);
}

}  // namespace tcptwin::system
