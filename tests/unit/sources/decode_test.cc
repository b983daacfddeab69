// SPDX-License-Identifier: MIT
// decode() on records of a real kernel (Linux 6.18), and on everything that is not a record.
#include "sources/decode.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <optional>
#include <random>
#include <span>

#include "sources/decoding.h"
#include "sources/golden_record.h"
#include "tcptwin/wire.h"

namespace tcptwin::sources {
namespace {

using model::State;
using testing::altered;
using testing::decoded;
using testing::error_of;
using testing::golden_record_names;
using testing::read_golden_record;

const std::string kReset = "state_change_established_close_by_reset";

TEST(DecodeTest, state_change_by_reset_carries_its_evidence) {
  const auto change = decoded<tracker::StateChanged>(kReset);
  EXPECT_EQ(change.from, State::Established);
  EXPECT_EQ(change.to, State::Closed);
  EXPECT_EQ(to_ns(change.time), 3439125624371);
  EXPECT_EQ(change.socket.cookie, 733013u);
  EXPECT_EQ(change.socket.address, 0xffff88812c2eef00u);
  EXPECT_EQ(change.tuple.netns, 4026532313u);
  EXPECT_EQ(to_string(change.tuple.local.address), "10.0.0.1");
  EXPECT_EQ(change.tuple.local.port, 49856);
  EXPECT_EQ(to_string(change.tuple.remote.address), "10.0.0.1");
  EXPECT_EQ(change.tuple.remote.port, 80);
  EXPECT_EQ(change.snapshot.error, 104);
  EXPECT_EQ(change.snapshot.snd_una, SequenceNumber{1183892428});
  EXPECT_EQ(change.snapshot.write_seq, SequenceNumber{1183892428});
  EXPECT_EQ(change.snapshot.rcv_nxt, SequenceNumber{2407117822});
  EXPECT_EQ(change.snapshot.bytes_acked, 3u);
  EXPECT_EQ(change.snapshot.segs_in, 3u);
  EXPECT_EQ(change.snapshot.segs_out, 3u);
  EXPECT_EQ(change.snapshot.srtt_us, 20u);
  EXPECT_EQ(change.snapshot.mss, 65495);
  EXPECT_EQ(change.snapshot.send_wscale, 10);
  EXPECT_EQ(change.snapshot.receive_wscale, 10);
  EXPECT_TRUE(change.snapshot.timestamps);
  EXPECT_TRUE(change.snapshot.sack);
  EXPECT_TRUE(change.snapshot.window_scale);
  EXPECT_TRUE(change.snapshot.has_socket);
  EXPECT_FALSE(change.snapshot.dead);
  EXPECT_FALSE(change.snapshot.receive_shutdown);
  EXPECT_EQ(change.context, model::Context::Softirq);
  EXPECT_EQ(change.actor.pid, 29212u);
  EXPECT_EQ(change.actor.comm.view(), "python3");
  EXPECT_EQ(change.cgroup, 1u);
  EXPECT_EQ(change.call_path, 0xb067575du);
  EXPECT_FALSE(change.recovered);
}

TEST(DecodeTest, close_with_unread_data_shows_both_shutdown_bits) {
  const auto change = decoded<tracker::StateChanged>("state_change_established_close_unread");
  EXPECT_TRUE(change.snapshot.receive_shutdown);
  EXPECT_TRUE(change.snapshot.send_shutdown);
  EXPECT_EQ(change.snapshot.error, 0);
  EXPECT_EQ(change.snapshot.rcv_nxt.distance_from(change.snapshot.copied_seq), 2);
  EXPECT_EQ(change.context, model::Context::Process);
}

TEST(DecodeTest, each_shutdown_bit_has_its_own_direction) {
  for (const std::uint8_t bits : std::vector<std::uint8_t>{0, 1, 2, 3}) {
    const auto change = decoded<tracker::StateChanged>(
        altered<tcptwin_state_change>(kReset, [&](auto& r) { r.evidence.shutdown = bits; }));
    EXPECT_EQ(change.snapshot.receive_shutdown, (bits & 1) != 0);
    EXPECT_EQ(change.snapshot.send_shutdown, (bits & 2) != 0);
  }
}

TEST(DecodeTest, each_evidence_flag_sets_its_own_member_and_no_other) {
  using model::Snapshot;
  const std::vector<std::pair<tcptwin_evidence_flag, bool Snapshot::*>> flags = {
      {TCPTWIN_SOCK_DEAD, &Snapshot::dead},
      {TCPTWIN_SOCK_DONE, &Snapshot::done},
      {TCPTWIN_SOCK_KEEPOPEN, &Snapshot::keepopen},
      {TCPTWIN_LINGER_ZERO, &Snapshot::linger_zero},
      {TCPTWIN_LINGER2_NEGATIVE, &Snapshot::linger2_negative},
      {TCPTWIN_REPAIR, &Snapshot::repair},
      {TCPTWIN_FASTOPEN_CONNECT, &Snapshot::fastopen_connect},
      {TCPTWIN_FASTOPEN_REQUEST, &Snapshot::fastopen_request},
      {TCPTWIN_FASTOPEN_CHILD, &Snapshot::fastopen_child},
      {TCPTWIN_SYN_DATA, &Snapshot::syn_data},
      {TCPTWIN_SYN_DATA_ACKED, &Snapshot::syn_data_acked},
      {TCPTWIN_SYN_FASTOPEN, &Snapshot::syn_fastopen},
      {TCPTWIN_MPTCP, &Snapshot::mptcp},
      {TCPTWIN_TIMESTAMPS, &Snapshot::timestamps},
      {TCPTWIN_SACK, &Snapshot::sack},
      {TCPTWIN_WINDOW_SCALE, &Snapshot::window_scale},
      {TCPTWIN_USER_TIMEOUT, &Snapshot::user_timeout},
  };
  for (const auto& [flag, member] : flags) {
    const auto change = decoded<tracker::StateChanged>(altered<tcptwin_state_change>(
        kReset,
        [flag = flag](auto& record) { record.evidence.flags = static_cast<std::uint32_t>(flag); }));
    EXPECT_TRUE(change.snapshot.has_socket) << flag;
    for (const auto& [other, other_member] : flags) {
      EXPECT_EQ(change.snapshot.*other_member, other == flag) << flag << " and " << other;
    }
  }
}

TEST(DecodeTest, cloned_child_has_no_struct_socket) {
  const auto change = decoded<tracker::StateChanged>("state_change_listen_syn_recv");
  EXPECT_EQ(change.from, State::Listen);
  EXPECT_EQ(change.to, State::SynReceived);
  EXPECT_FALSE(change.snapshot.has_socket);
}

TEST(DecodeTest, resets_tell_who_sent_and_why) {
  const auto active = decoded<tracker::ResetSentObserved>("reset_sent_active");
  EXPECT_FALSE(active.answers_segment);
  EXPECT_EQ(active.reason, 11u);  // SK_RST_REASON_TCP_ABORT_ON_CLOSE in 6.18
  EXPECT_EQ(active.holder, model::Holder::Socket);
  const auto answering = decoded<tracker::ResetSentObserved>("reset_sent_answering");
  EXPECT_TRUE(answering.answers_segment);
  EXPECT_FALSE(answering.answers_syn);
  EXPECT_EQ(decoded<tracker::ResetReceived>("reset_received").tuple.local.port, 49856);
}

TEST(DecodeTest, reset_that_answers_a_syn_says_so) {
  const auto record = altered<tcptwin_socket_event>(
      "reset_sent_answering", [](auto& event) { event.segment_flags = TCPTWIN_SEGMENT_SYN; });
  EXPECT_TRUE(decoded<tracker::ResetSentObserved>(record).answers_syn);
}

TEST(DecodeTest, other_socket_events_keep_their_kind) {
  EXPECT_EQ(decoded<tracker::ErrorReported>("error_report").error, 104);
  EXPECT_EQ(decoded<tracker::SocketDestroyed>("socket_destroyed").socket.cookie, 733011u);
  EXPECT_FALSE(decoded<tracker::SegmentRetransmitted>("retransmit").syn_ack);
  const auto syn_ack = decoded<tracker::SegmentRetransmitted>("synack_retransmit");
  EXPECT_TRUE(syn_ack.syn_ack);
  EXPECT_EQ(syn_ack.tuple.remote.port, 1000);
}

TEST(DecodeTest, minisocket_segment_shows_flags_and_substate) {
  const auto fin = decoded<tracker::MinisocketSegment>("minisocket_segment_fin");
  EXPECT_TRUE(fin.fin);
  EXPECT_FALSE(fin.rst);
  EXPECT_EQ(fin.substate, State::TimeWait);
  EXPECT_TRUE(decoded<tracker::MinisocketSegment>("minisocket_segment_rst").rst);
}

TEST(DecodeTest, timers_show_operation_and_substate) {
  const auto start = decoded<tracker::MinisocketTimer>("time_wait_timer_start_fin_wait2");
  EXPECT_EQ(start.operation, tracker::TimerOperation::Start);
  EXPECT_EQ(start.substate, State::FinWait2);
  const auto cancel = decoded<tracker::MinisocketTimer>("time_wait_timer_cancel");
  EXPECT_EQ(cancel.operation, tracker::TimerOperation::Cancel);
  EXPECT_EQ(cancel.substate, State::TimeWait);
  const auto retried = decoded<tracker::RequestTimer>("request_timer_start_retried");
  EXPECT_EQ(retried.operation, tracker::TimerOperation::Start);
  EXPECT_EQ(retried.timeouts, 1);
  EXPECT_EQ(retried.listener, 0xffff88812c2ed340u);
  const auto expired = decoded<tracker::RequestTimer>("request_timer_expire");
  EXPECT_EQ(expired.operation, tracker::TimerOperation::Expire);
}

TEST(DecodeTest, timer_from_a_function_is_exact) {
  EXPECT_FALSE(decoded<tracker::MinisocketTimer>("time_wait_timer_cancel").exact);
  EXPECT_FALSE(decoded<tracker::RequestTimer>("request_timer_expire").exact);
  const auto minisocket = decoded<tracker::MinisocketTimer>("time_wait_timer_expire_exact");
  EXPECT_TRUE(minisocket.exact);
  EXPECT_EQ(minisocket.operation, tracker::TimerOperation::Expire);
  EXPECT_EQ(minisocket.tuple.remote.port, 5001);
  EXPECT_TRUE(decoded<tracker::RequestTimer>("request_timer_expire_exact").exact);
}

TEST(DecodeTest, accept_names_the_connection_and_the_process) {
  const auto accepted = decoded<tracker::SocketAccepted>("socket_accepted");
  EXPECT_EQ(accepted.actor.comm.view(), "tcptwin_kernel_");
  EXPECT_NE(accepted.actor.pid, 0u);
  EXPECT_EQ(accepted.tuple.local.port, 80);
  EXPECT_EQ(accepted.tuple.remote.port, 5001);
  EXPECT_NE(accepted.socket.cookie, 0u);
}

TEST(DecodeTest, accept_of_anything_but_a_socket_is_refused) {
  const auto minisocket = altered<tcptwin_socket_accepted>(
      "socket_accepted", [](auto& record) { record.socket.kind = TCPTWIN_MINISOCKET; });
  EXPECT_EQ(error_of(minisocket), DecodeError::BadField);
  const auto context = altered<tcptwin_socket_accepted>(
      "socket_accepted", [](auto& record) { record.actor.context = 9; });
  EXPECT_EQ(error_of(context), DecodeError::BadField);
}

TEST(DecodeTest, call_path_keeps_order_and_names) {
  const auto path = decoded<tracker::CallPathNamed>("call_path");
  ASSERT_EQ(path.frames, 10u);
  EXPECT_STREQ(path.names[0].data(), "inet_sk_state_store");
  EXPECT_STREQ(path.names[1].data(), "tcp_disconnect");
  EXPECT_STREQ(path.names[9].data(), "entry_SYSCALL_64_after_hwframe");
  EXPECT_STREQ(path.names[10].data(), "");
  EXPECT_NE(path.id, 0u);
}

TEST(DecodeTest, status_sums_the_losses) {
  const auto record = altered<tcptwin_status>("status", [](auto& status) {
    status.counters[TCPTWIN_EMITTED] = 110;
    status.counters[TCPTWIN_RECEIVED] = 100;
    status.counters[TCPTWIN_LOST_STATE_CHANGE] = 1;
    status.counters[TCPTWIN_LOST_SOCKET_EVENT] = 2;
    status.counters[TCPTWIN_LOST_TIMER_EVENT] = 3;
    status.counters[TCPTWIN_LOST_CALL_PATH] = 4;
    status.counters[TCPTWIN_RECURSION_MISSES] = 5;
    status.counters[TCPTWIN_SIDE_RECOVERED] = 6;
    status.counters[TCPTWIN_MPTCP_SKIPPED] = 7;
    status.counters[TCPTWIN_FILTERED_OUT] = 8;
  });
  const auto status = decoded<tracker::StreamStatus>(record);
  EXPECT_EQ(status.emitted, status.received + status.lost_in_ring);
  EXPECT_EQ(status.lost_in_ring, 10u);
  EXPECT_EQ(status.lost_state_changes, 1u);
  EXPECT_EQ(status.recursion_misses, 5u);
  EXPECT_EQ(status.side_recovered, 6u);
  EXPECT_EQ(status.mptcp_skipped, 7u);
  EXPECT_EQ(status.filtered_out, 8u);
}

TEST(DecodeTest, mapped_address_becomes_inet_on_both_ends) {
  const auto record = altered<tcptwin_state_change>(kReset, [](auto& change) {
    const std::uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
    change.socket.family = 10;
    std::memcpy(change.socket.local_address, mapped, sizeof mapped);
    std::memcpy(change.socket.remote_address, mapped, sizeof mapped);
  });
  EXPECT_EQ(decoded<tracker::StateChanged>(record).tuple,
            decoded<tracker::StateChanged>(kReset).tuple);
}

TEST(DecodeTest, unspecified_end_follows_its_mapped_peer) {
  const auto record = altered<tcptwin_state_change>(kReset, [](auto& change) {
    const std::uint8_t mapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
    change.socket.family = 10;
    std::memset(change.socket.local_address, 0, sizeof mapped);
    std::memcpy(change.socket.remote_address, mapped, sizeof mapped);
  });
  const auto change = decoded<tracker::StateChanged>(record);
  EXPECT_EQ(change.tuple.local.address.family, Family::Inet);
  EXPECT_TRUE(change.tuple.local.address.is_unspecified());
}

TEST(DecodeTest, inet6_address_keeps_all_its_bytes) {
  const auto record = altered<tcptwin_state_change>(kReset, [](auto& change) {
    change.socket.family = 10;
    std::memset(change.socket.local_address, 0, 16);
    std::memset(change.socket.remote_address, 0, 16);
    change.socket.local_address[15] = 1;
    change.socket.remote_address[0] = 0xfe;
    change.socket.remote_address[1] = 0x80;
    change.socket.remote_address[15] = 2;
  });
  const auto change = decoded<tracker::StateChanged>(record);
  EXPECT_EQ(to_string(change.tuple.local.address), "::1");
  EXPECT_EQ(to_string(change.tuple.remote.address), "fe80::2");
}

TEST(DecodeTest, record_of_the_side_program_is_marked) {
  const auto record = altered<tcptwin_state_change>(
      kReset, [](auto& change) { change.header.flags = TCPTWIN_FROM_SIDE_PROGRAM; });
  EXPECT_TRUE(decoded<tracker::StateChanged>(record).recovered);
}

TEST(DecodeTest, kernel_numbers_become_the_states_they_mean) {
  const std::vector<std::pair<std::uint8_t, State>> numbers = {
      {1, State::Established}, {2, State::SynSent},  {3, State::SynReceived}, {4, State::FinWait1},
      {5, State::FinWait2},    {7, State::Closed},   {8, State::CloseWait},   {9, State::LastAck},
      {10, State::Listen},     {11, State::Closing},
  };
  for (const auto& [number, state] : numbers) {
    const auto record = altered<tcptwin_state_change>(
        kReset, [number = number](auto& change) { change.old_state = change.new_state = number; });
    const auto change = decoded<tracker::StateChanged>(record);
    EXPECT_EQ(change.from, state) << int{number};
    EXPECT_EQ(change.to, state) << int{number};
  }
}

TEST(DecodeTest, state_no_full_socket_can_be_in_is_refused) {
  for (int number = 0; number < 256; ++number) {
    const bool is_state = (number >= 1 && number <= 11) && number != 6;
    for (const bool is_old : {true, false}) {
      const auto record = altered<tcptwin_state_change>(kReset, [&](auto& change) {
        (is_old ? change.old_state : change.new_state) = static_cast<std::uint8_t>(number);
      });
      EXPECT_EQ(error_of(record), is_state ? std::nullopt : std::optional{DecodeError::BadState})
          << number;
    }
  }
}

TEST(DecodeTest, enumerated_field_out_of_range_is_refused) {
  const auto refused = [](const auto& record) {
    EXPECT_EQ(error_of(record), DecodeError::BadField);
  };
  refused(altered<tcptwin_state_change>(kReset, [](auto& r) { r.socket.family = 1; }));
  refused(altered<tcptwin_state_change>(kReset, [](auto& r) { r.socket.kind = 4; }));
  refused(altered<tcptwin_state_change>(kReset, [](auto& r) { r.socket.kind = 1; }));
  refused(altered<tcptwin_state_change>(kReset, [](auto& r) { r.actor.context = 3; }));
  refused(altered<tcptwin_state_change>(kReset, [](auto& r) { r.evidence.shutdown = 4; }));
  refused(altered<tcptwin_socket_event>("reset_sent_active", [](auto& r) { r.has_segment = 2; }));
  refused(altered<tcptwin_socket_event>("socket_destroyed", [](auto& r) { r.socket.kind = 3; }));
  refused(altered<tcptwin_timer_event>("request_timer_start", [](auto& r) { r.operation = 0; }));
  refused(altered<tcptwin_timer_event>("request_timer_start", [](auto& r) { r.operation = 4; }));
  refused(altered<tcptwin_timer_event>("request_timer_start", [](auto& r) { r.socket.kind = 1; }));
  refused(altered<tcptwin_call_path>("call_path", [](auto& r) { r.id = 0; }));
  refused(altered<tcptwin_call_path>("call_path", [](auto& r) { r.frames = 13; }));
  refused(altered<tcptwin_call_path>(
      "call_path", [](auto& r) { std::memset(r.names[2], 'x', sizeof r.names[2]); }));
}

TEST(DecodeTest, substate_that_is_none_is_refused) {
  for (const std::uint8_t substate : std::vector<std::uint8_t>{0, 1, 4, 7, 255}) {
    EXPECT_EQ(error_of(altered<tcptwin_timer_event>(
                  "time_wait_timer_cancel", [&](auto& r) { r.socket.substate = substate; })),
              DecodeError::BadState);
    EXPECT_EQ(error_of(altered<tcptwin_socket_event>(
                  "minisocket_segment_fin", [&](auto& r) { r.socket.substate = substate; })),
              DecodeError::BadState);
  }
}

TEST(DecodeTest, other_version_is_refused_before_anything_else) {
  for (const int version : {0, 2, 255}) {
    const auto record = altered<tcptwin_state_change>(kReset, [&](auto& change) {
      change.header.version = static_cast<std::uint8_t>(version);
      change.header.kind = 999;
    });
    EXPECT_EQ(error_of(record), DecodeError::UnknownVersion);
  }
}

TEST(DecodeTest, unknown_kind_is_refused) {
  for (const int kind : {0, 18, 255, 65535}) {
    const auto record = altered<tcptwin_state_change>(
        kReset, [&](auto& change) { change.header.kind = static_cast<std::uint16_t>(kind); });
    EXPECT_EQ(error_of(record), DecodeError::UnknownKind) << kind;
  }
}

TEST(DecodeTest, size_that_lies_is_refused) {
  EXPECT_EQ(error_of(altered<tcptwin_state_change>(kReset, [](auto& r) { r.header.size = 96; })),
            DecodeError::WrongSize);
  std::vector<std::byte> longer = read_golden_record(kReset);
  longer.resize(longer.size() + 8);
  EXPECT_EQ(error_of(longer), DecodeError::WrongSize);
}

TEST(DecodeTest, every_golden_record_decodes_wherever_it_lies_in_memory) {
  for (const std::string& name : golden_record_names()) {
    const std::vector<std::byte> record = read_golden_record(name);
    std::vector<std::byte> shifted(record.size() + 1);
    std::copy(record.begin(), record.end(), shifted.begin() + 1);
    EXPECT_EQ(error_of(std::span{shifted}.subspan(1)), std::nullopt) << name;
  }
}

TEST(DecodeTest, record_cut_short_anywhere_is_refused) {
  for (const std::string& name : golden_record_names()) {
    const std::vector<std::byte> record = read_golden_record(name);
    for (std::size_t length = 0; length < record.size(); ++length) {
      // A copy of exactly this length, so that a sanitizer sees any read beyond it.
      const std::vector<std::byte> cut(record.begin(),
                                       record.begin() + static_cast<std::ptrdiff_t>(length));
      EXPECT_EQ(error_of(cut), DecodeError::Truncated) << name << " cut to " << length;
    }
  }
}

TEST(DecodeTest, random_bytes_never_do_harm) {
  std::mt19937 random{20240901};
  std::uniform_int_distribution<int> byte{0, 255};
  const std::vector<std::string> names = golden_record_names();
  ASSERT_FALSE(names.empty());
  for (std::size_t round = 0; round < 20000; ++round) {
    std::vector<std::byte> record = read_golden_record(names[round % names.size()]);
    // Half of the rounds keep the header, or nearly nothing would get past it.
    const std::size_t first = round % 2 == 0 ? sizeof(tcptwin_header) : 0;
    for (std::size_t change = 0; change < 1 + round % 32; ++change) {
      const std::size_t at = first + random() % (record.size() - first);
      record[at] = static_cast<std::byte>(byte(random));
    }
    const auto result = decode(record);
    if (const auto* error = std::get_if<DecodeError>(&result)) {
      EXPECT_FALSE(label(*error).empty());
    }
  }
}

TEST(DecodeTest, comm_without_its_end_is_cut) {
  const auto record = altered<tcptwin_state_change>(
      kReset, [](auto& change) { std::memset(change.actor.comm, 'c', sizeof change.actor.comm); });
  EXPECT_EQ(decoded<tracker::StateChanged>(record).actor.comm.view(), "ccccccccccccccc");
}

}  // namespace
}  // namespace tcptwin::sources
