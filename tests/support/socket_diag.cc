// SPDX-License-Identifier: MIT
#include "support/socket_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace tcptwin::testing {
namespace {

constexpr std::uint16_t kSockDestroy = 21;  // SOCK_DESTROY

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

class DiagSocket {
 public:
  explicit DiagSocket(const NetworkNamespace& network) {
    const auto visit = network.enter();
    descriptor_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "sock_diag");
  }
  ~DiagSocket() { close(descriptor_); }
  DiagSocket(const DiagSocket&) = delete;
  DiagSocket& operator=(const DiagSocket&) = delete;

  std::vector<inet_diag_msg> dump() {
    std::vector<inet_diag_msg> found;
    for (const int family : {AF_INET, AF_INET6}) {
      Request request = request_of(SOCK_DIAG_BY_FAMILY, family, NLM_F_REQUEST | NLM_F_DUMP);
      request.body.idiag_states = ~0u;
      send_request(request);
      while (read_dump_part(found)) continue;
    }
    return found;
  }

  bool destroy(const inet_diag_msg& target) {
    Request request = request_of(kSockDestroy, target.idiag_family, NLM_F_REQUEST | NLM_F_ACK);
    request.body.id = target.id;
    request.body.idiag_states = 1u << target.idiag_state;
    send_request(request);
    struct {
      nlmsghdr header;
      nlmsgerr error;
      std::array<char, 256> echo;
    } reply{};
    if (recv(descriptor_, &reply, sizeof reply, 0) < 0) return false;
    return reply.header.nlmsg_type == NLMSG_ERROR && reply.error.error == 0;
  }

 private:
  static Request request_of(std::uint16_t type, int family, int flags) {
    Request request;
    request.header.nlmsg_len = sizeof request;
    request.header.nlmsg_type = type;
    request.header.nlmsg_flags = static_cast<std::uint16_t>(flags);
    request.body.sdiag_family = static_cast<std::uint8_t>(family);
    request.body.sdiag_protocol = IPPROTO_TCP;
    return request;
  }

  void send_request(const Request& request) {
    if (send(descriptor_, &request, sizeof request, 0) < 0) {
      throw std::system_error(errno, std::generic_category(), "sock_diag request");
    }
  }

  bool read_dump_part(std::vector<inet_diag_msg>& found) {
    alignas(nlmsghdr) std::array<char, 65536> buffer;
    const ssize_t size = recv(descriptor_, buffer.data(), buffer.size(), 0);
    std::size_t at = 0;
    while (size > 0 && at + sizeof(nlmsghdr) <= static_cast<std::size_t>(size)) {
      nlmsghdr header;
      std::memcpy(&header, buffer.data() + at, sizeof header);
      if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) return false;
      inet_diag_msg message;
      std::memcpy(&message, buffer.data() + at + NLMSG_HDRLEN, sizeof message);
      found.push_back(message);
      at += (header.nlmsg_len + NLMSG_ALIGNTO - 1) / NLMSG_ALIGNTO * NLMSG_ALIGNTO;
    }
    return size > 0;
  }

  int descriptor_ = -1;
};

bool matches(std::uint16_t wanted, std::uint16_t network_order) {
  return wanted == 0 || htons(wanted) == network_order;
}

}  // namespace

std::vector<KernelSocket> list_sockets(const NetworkNamespace& network) {
  std::vector<KernelSocket> sockets;
  for (const inet_diag_msg& message : DiagSocket(network).dump()) {
    sockets.push_back(
        {message.idiag_state, ntohs(message.id.idiag_sport), ntohs(message.id.idiag_dport)});
  }
  return sockets;
}

int kill_sockets(const NetworkNamespace& network, std::uint16_t local_port,
                 std::uint16_t remote_port) {
  DiagSocket diag(network);
  int killed = 0;
  for (const inet_diag_msg& message : diag.dump()) {
    if (!matches(local_port, message.id.idiag_sport)) continue;
    if (!matches(remote_port, message.id.idiag_dport)) continue;
    if (diag.destroy(message)) ++killed;
  }
  return killed;
}

int kill_listener(const NetworkNamespace& network, std::uint16_t port) {
  DiagSocket diag(network);
  int killed = 0;
  for (const inet_diag_msg& message : diag.dump()) {
    if (message.idiag_state != TCP_LISTEN || !matches(port, message.id.idiag_sport)) continue;
    if (diag.destroy(message)) ++killed;
  }
  return killed;
}

void kill_all_sockets(const NetworkNamespace& network) {
  kill_sockets(network, 0, 0);
}

}  // namespace tcptwin::testing
