// SPDX-License-Identifier: MIT
// Connections that this host ends without a FIN: unread data, SO_LINGER, TCP_LINGER2, data that
// comes after close(), connect(AF_UNSPEC).
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include "kernel/kernels_differ.h"
#include "kernel/stage.h"
#include "support/process.h"

namespace tcptwin::testing {
namespace {

constexpr std::chrono::milliseconds kLittleWhile{50};
constexpr std::chrono::milliseconds kOrphanCount{250};  // the kernel counts orphans every 100 ms

const Path kCloseWait = {"ESTABLISHED -> CLOSE_WAIT fin_received conformant"};
const Path kFinWait1 = {"ESTABLISHED -> FIN_WAIT1 local_close conformant"};
const Path kFinWait2 = kFinWait1 + Path{"FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant"};
const Path kShutDownFinWait1 = {"ESTABLISHED -> FIN_WAIT1 local_shutdown conformant"};
const Path kShutDownFinWait2 =
    kShutDownFinWait1 + Path{"FIN_WAIT1 -> FIN_WAIT2 fin_acked conformant"};

TEST(UnreadData, makes_close_a_reset) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(PshAck, {.text = "unread"});
    peer.expects(Ack);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE close_unread_abort conformant"});
  });
}

TEST(UnreadData, makes_close_a_reset_after_the_peers_fin) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(PshAck, {.text = "unread"});
    peer.sends(FinAck);
    peer.expects(Ack);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + kCloseWait + Path{"CLOSE_WAIT -> CLOSE close_unread_abort conformant"});
  });
}

TEST(UnreadData, makes_close_a_reset_after_shutdown) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    peer.sends(PshAck, {.text = "unread"});
    peer.expects(Ack);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001), opened() + kShutDownFinWait2 +
                                   Path{"FIN_WAIT2 -> CLOSE close_unread_abort conformant"});
  });
}

TEST(UnreadData, makes_close_a_reset_before_the_fin_is_acknowledged) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    peer.sends(PshAck, {.text = "unread", .ack_offset = -1});
    peer.expects(Ack);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001), opened() + kShutDownFinWait1 +
                                   Path{"FIN_WAIT1 -> CLOSE close_unread_abort conformant"});
  });
}

TEST(UnreadData, with_the_peers_fin_makes_close_a_reset_in_last_ack) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(PshAck, {.text = "unread"});
    peer.sends(FinAck);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001), opened() + kCloseWait +
                                   Path{"CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                        "LAST_ACK -> CLOSE close_unread_abort conformant"});
  });
}

TEST(UnreadData, behind_a_shutdown_for_reading_still_counts) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Read);
    peer.sends(PshAck, {.text = "unread"});
    peer.expects(Ack);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE close_unread_abort conformant"});
  });
}

TEST(UnreadData, of_a_killed_process_makes_a_reset) {
  scenario([](Stage& stage) {
    Process victim("victim", [&](const Process::Ready& ready) {
      Socket client(stage.network);
      client.connect(kPeerAddress, 5001);
      ready();
      pause();
    });
    auto peer = stage.peer_at(5001);
    peer.accepts_open();
    peer.sends(PshAck, {.text = "unread"});
    peer.expects(Ack);
    victim.kill();
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE close_unread_abort conformant"});
  });
}

TEST(Linger0, aborts_an_established_connection) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.set_linger(0);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001), opened() + Path{"ESTABLISHED -> CLOSE linger0_abort conformant"});
  });
}

TEST(Linger0, aborts_an_open_without_a_segment) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    client.set_linger(0);
    client.close();
    peer.expects_no(Rst, kLittleWhile);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE linger0_abort conformant"});
  });
}

TEST(Linger0, aborts_after_the_peers_fin) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(FinAck);
    peer.expects(Ack);
    EXPECT_EQ(client.receive(), "");
    client.set_linger(0);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + kCloseWait + Path{"CLOSE_WAIT -> CLOSE linger0_abort conformant"});
  });
}

TEST(Linger0, aborts_in_fin_wait2) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    client.set_linger(0);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001), opened() + kShutDownFinWait2 +
                                   Path{"FIN_WAIT2 -> CLOSE linger0_abort conformant"});
  });
}

TEST(Linger0, deletes_in_closing_without_a_reset) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    peer.sends(FinAck, {.ack_offset = -1});
    peer.expects(Ack);
    client.set_linger(0);
    client.close();
    peer.expects_no(Rst, kLittleWhile);
    stage.expect(active(5001), opened() + kShutDownFinWait1 +
                                   Path{"FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                                        "CLOSING -> CLOSE linger0_abort conformant"});
  });
}

TEST(Linger0, aborts_before_the_fin_is_acknowledged) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    client.set_linger(0);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001), opened() + kShutDownFinWait1 +
                                   Path{"FIN_WAIT1 -> CLOSE linger0_abort conformant"});
  });
}

TEST(Linger0, deletes_in_last_ack_without_a_reset) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(FinAck);
    peer.expects(Ack);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    client.set_linger(0);
    client.close();
    peer.expects_no(Rst, kLittleWhile);
    stage.expect(active(5001), opened() + kCloseWait +
                                   Path{"CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                        "LAST_ACK -> CLOSE linger0_abort conformant"});
  });
}

TEST(Linger0, aborts_while_syns_cross) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(Syn);
    peer.expects(SynAck);
    client.set_linger(0);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> SYN_RECV simultaneous_open conformant",
                                "SYN_RECV -> CLOSE linger0_abort conformant"});
  });
}

TEST(Linger0, unread_data_is_the_reason_when_both_apply) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(PshAck, {.text = "unread"});
    peer.expects(Ack);
    client.set_linger(0);
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + Path{"ESTABLISHED -> CLOSE close_unread_abort conformant"});
  });
}

TEST(Linger2, negative_kills_the_orphan_as_its_fin_is_acknowledged) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.set_tcp_option(TCP_LINGER2, -1);
    client.close();
    peer.acknowledges_fin();
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + kFinWait2 + Path{"FIN_WAIT2 -> CLOSE linger2_abort deviation L05"});
  });
}

TEST(Linger2, negative_resets_at_close_in_fin_wait2) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.set_tcp_option(TCP_LINGER2, -1);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    client.close();
    peer.expects(Rst);
    stage.expect(active(5001), opened() + kShutDownFinWait2 +
                                   Path{"FIN_WAIT2 -> FIN_WAIT2 close_after_shutdown deviation L32",
                                        "FIN_WAIT2 -> CLOSE linger2_abort deviation L05"});
  });
}

TEST(DataAfterClose, in_the_segment_that_acknowledges_the_fin) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.close();
    peer.expects(Fin);
    peer.sends(PshAck, {.text = "late"});
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + kFinWait2 + Path{"FIN_WAIT2 -> CLOSE data_after_close conformant"});
  });
}

TEST(DataAfterClose, before_the_fin_is_acknowledged) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.close();
    peer.expects(Fin);
    peer.sends(PshAck, {.text = "late", .ack_offset = -1});
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + kFinWait1 + Path{"FIN_WAIT1 -> CLOSE data_after_close conformant"});
  });
}

TEST(DataAfterClose, after_shutdown_of_both_directions) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Both);
    peer.acknowledges_fin();
    peer.sends(PshAck, {.text = "late"});
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + kFinWait2 + Path{"FIN_WAIT2 -> CLOSE data_after_close conformant"});
  });
}

TEST(Disconnect, resets_and_the_socket_connects_again) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.disconnect();
    peer.expects(Rst);
    client.connect(kPeerAddress, 5002);
    auto other = stage.peer_at(5002);
    other.accepts_open();
    client.set_linger(0);
    client.close();
    stage.expect(active(5001), opened() + Path{"ESTABLISHED -> CLOSE disconnect deviation L30"});
    stage.expect(active(5002), opened() + Path{"ESTABLISHED -> CLOSE linger0_abort conformant"});
  });
}

TEST(Disconnect, in_close_wait_resets) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(FinAck);
    peer.expects(Ack);
    client.disconnect();
    peer.expects(Rst);
    stage.expect(active(5001),
                 opened() + kCloseWait + Path{"CLOSE_WAIT -> CLOSE disconnect deviation L30"});
  });
}

TEST(Disconnect, in_fin_wait2_resets) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.acknowledges_fin();
    client.disconnect();
    peer.expects(Rst);
    stage.expect(active(5001), opened() + kShutDownFinWait2 +
                                   Path{"FIN_WAIT2 -> CLOSE disconnect deviation L30"});
  });
}

TEST(Disconnect, in_fin_wait1_resets) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    client.disconnect();
    peer.expects(Rst);
    stage.expect(active(5001), opened() + kShutDownFinWait1 +
                                   Path{"FIN_WAIT1 -> CLOSE disconnect deviation L30"});
  });
}

// Only the report of the error 0 tells it from a close() that changes nothing.
std::string disconnected_quietly(std::string_view state) {
  return std::string{state} + (shows_error_reports()
                                   ? " -> CLOSE disconnect deviation L30"
                                   : " -> CLOSE close_after_shutdown unverified L32");
}

TEST(Disconnect, in_closing_deletes_without_a_reset) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    peer.sends(FinAck, {.ack_offset = -1});
    peer.expects(Ack);
    client.disconnect();
    peer.expects_no(Rst, kLittleWhile);
    stage.expect(active(5001), opened() + kShutDownFinWait1 +
                                   Path{"FIN_WAIT1 -> CLOSING fin_received_before_ack conformant",
                                        disconnected_quietly("CLOSING")});
  });
}

TEST(Disconnect, in_last_ack_deletes_without_a_reset) {
  scenario([](Stage& stage) {
    auto [client, peer] = stage.connected(5001);
    peer.sends(FinAck);
    peer.expects(Ack);
    client.shutdown(Shutdown::Write);
    peer.expects(Fin);
    client.disconnect();
    peer.expects_no(Rst, kLittleWhile);
    stage.expect(active(5001), opened() + kCloseWait +
                                   Path{"CLOSE_WAIT -> LAST_ACK local_close_after_fin conformant",
                                        disconnected_quietly("LAST_ACK")});
  });
}

TEST(Disconnect, while_syns_cross_gives_up) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    peer.sends(Syn);
    peer.expects(SynAck);
    client.disconnect();
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> SYN_RECV simultaneous_open conformant",
                                "SYN_RECV -> CLOSE disconnect deviation L30"});
  });
}

TEST(Disconnect, while_opening_gives_up) {
  scenario([](Stage& stage) {
    Socket& client = stage.socket();
    client.connect(kPeerAddress, 5001);
    auto peer = stage.peer_at(5001);
    peer.expects(Syn);
    client.disconnect();
    stage.expect(active(5001), {"CLOSE -> SYN_SENT active_open conformant",
                                "SYN_SENT -> CLOSE disconnect deviation L30"});
  });
}

// The limit of orphans is one for the whole host. The test takes it for a few milliseconds, and
// only where it is told that it may.
class OrphanLimit {
 public:
  OrphanLimit() { std::ifstream(kPath) >> before_; }
  ~OrphanLimit() { set(before_); }
  OrphanLimit(const OrphanLimit&) = delete;
  OrphanLimit& operator=(const OrphanLimit&) = delete;
  void set(long limit) const { std::ofstream(kPath) << limit; }

 private:
  static constexpr const char* kPath = "/proc/sys/net/ipv4/tcp_max_orphans";
  long before_ = 0;
};

// The timer that counts them is a deferrable one: it waits as long as its CPU has nothing to do.
void await_orphan_count() {
  std::vector<std::jthread> awake;
  for (unsigned cpu = 0; cpu < std::thread::hardware_concurrency(); ++cpu) {
    awake.emplace_back([cpu] {
      cpu_set_t only;
      CPU_ZERO(&only);
      CPU_SET(cpu, &only);
      ::sched_setaffinity(0, sizeof only, &only);  // where it is refused, some other CPU is kept up
      const auto end = std::chrono::steady_clock::now() + kOrphanCount;
      while (std::chrono::steady_clock::now() < end) continue;
    });
  }
}

TEST(OrphanLimit, close_beyond_it_is_a_reset) {
  if (std::getenv("TCPTWIN_MAY_SET_HOST_SYSCTLS") == nullptr) {
    GTEST_SKIP() << "not asked for: TCPTWIN_MAY_SET_HOST_SYSCTLS=1 lets this test set "
                    "net.ipv4.tcp_max_orphans for a moment";
  }
  scenario([](Stage& stage) {
    auto [first, first_peer] = stage.connected(5001);
    auto [second, second_peer] = stage.connected(5002);
    first.close();
    first_peer.expects(Fin);
    await_orphan_count();
    {
      const OrphanLimit limit;
      limit.set(0);
      second.close();
    }
    second_peer.expects(Rst);
    first_peer.sends(Ack);
    stage.expect(
        active(5001),
        opened() + kFinWait2 +
            Path{"FIN_WAIT2 -> FIN_WAIT2(minisocket) orphan_fin_wait2_handover deviation L03"});
    stage.expect(active(5002), opened() + kFinWait1 +
                                   Path{"FIN_WAIT1 -> CLOSE orphan_resource_abort deviation L35"});
  });
}

}  // namespace
}  // namespace tcptwin::testing
