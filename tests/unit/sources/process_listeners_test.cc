// SPDX-License-Identifier: MIT
#include "sources/process_listeners.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "system/unique_fd.h"

namespace tcptwin::sources {
namespace {

constexpr char kTable[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:1770 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "111 1 0000000000000000 100 0 0 10 0\n"
    "   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "222 1 0000000000000000 100 0 0 10 0\n"
    "   2: 0100007F:1770 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 "
    "333 1 0000000000000000 100 0 0 10 0\n";

TEST(ProcessListenersTest, only_listening_sockets_of_the_process_count) {
  std::istringstream table{kTable};
  EXPECT_EQ(listening_ports(table, {111, 333}), std::set<std::uint16_t>{6000});
}

TEST(ProcessListenersTest, broken_table_yields_what_can_be_read) {
  std::istringstream table{"headings\nnonsense\n   0: 0100007F 00000000:0000 0A\n\n"};
  EXPECT_TRUE(listening_ports(table, {111}).empty());
}

TEST(ProcessListenersTest, own_listener_is_found) {
  const system::UniqueFd listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  sockaddr_in address{};
  socklen_t length = sizeof address;
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  const auto places = listening_places(static_cast<std::uint32_t>(::getpid()));
  EXPECT_TRUE(std::any_of(places.begin(), places.end(), [&](const ListeningPlace& place) {
    return place.port == ntohs(address.sin_port) && place.netns != 0;
  }));
}

TEST(ProcessListenersTest, process_that_does_not_exist_listens_nowhere) {
  EXPECT_TRUE(listening_places(0x7fffffff).empty());
}

}  // namespace
}  // namespace tcptwin::sources
