// SPDX-License-Identifier: MIT
// The records as the BPF compiler laid them out (BTF of the linked object) against the same records
// as this compiler lays them out: every member, its offset and its size.
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tcptwin/wire.h"

namespace {

struct Member {
  std::string name;
  std::size_t offset;
  std::size_t size;

  friend bool operator==(const Member&, const Member&) = default;
};

void PrintTo(const Member& member, std::ostream* out) {
  *out << member.name << " at " << member.offset << ", " << member.size << " bytes";
}

#define MEMBER(type, member)                              \
  Member {                                                \
#member, offsetof(type, member), sizeof(type::member) \
  }

struct FreeBtf {
  void operator()(btf* content) const { btf__free(content); }
};

class WireLayoutTest : public ::testing::Test {
 protected:
  void SetUp() override {
    object_.reset(btf__parse(TCPTWIN_BPF_OBJECT, nullptr));
    ASSERT_NE(object_, nullptr) << "no BTF in " << TCPTWIN_BPF_OBJECT;
  }

  void expect_layout(const char* name, std::size_t size, const std::vector<Member>& members) {
    const int id = btf__find_by_name_kind(object_.get(), name, BTF_KIND_STRUCT);
    ASSERT_GT(id, 0) << "the BPF object does not know struct " << name;
    const btf_type* type = btf__type_by_id(object_.get(), static_cast<unsigned>(id));
    EXPECT_EQ(type->size, size) << name;
    EXPECT_EQ(members_of(type), members) << name;
  }

  // Enumerators are part of the contract, too.
  void expect_enumerator(const char* type_name, const char* enumerator, std::int64_t value) {
    const int id = btf__find_by_name_kind(object_.get(), type_name, BTF_KIND_ENUM);
    ASSERT_GT(id, 0) << type_name;
    const btf_type* type = btf__type_by_id(object_.get(), static_cast<unsigned>(id));
    const auto* values = btf_enum(type);
    for (unsigned i = 0; i < btf_vlen(type); ++i) {
      if (std::string{btf__name_by_offset(object_.get(), values[i].name_off)} != enumerator)
        continue;
      EXPECT_EQ(values[i].val, value) << enumerator;
      return;
    }
    ADD_FAILURE() << type_name << " has no " << enumerator;
  }

 private:
  std::vector<Member> members_of(const btf_type* type) const {
    std::vector<Member> found;
    const btf_member* members = btf_members(type);
    for (unsigned i = 0; i < btf_vlen(type); ++i) {
      found.push_back(
          {btf__name_by_offset(object_.get(), members[i].name_off),
           btf_member_bit_offset(type, i) / 8u,
           static_cast<std::size_t>(btf__resolve_size(object_.get(), members[i].type))});
    }
    return found;
  }

  std::unique_ptr<btf, FreeBtf> object_;
};

TEST_F(WireLayoutTest, header_is_the_same_on_both_sides) {
  using T = tcptwin_header;
  expect_layout("tcptwin_header", sizeof(T),
                {MEMBER(T, time_ns), MEMBER(T, kind), MEMBER(T, size), MEMBER(T, cpu),
                 MEMBER(T, flags), MEMBER(T, version)});
}

TEST_F(WireLayoutTest, socket_is_the_same_on_both_sides) {
  using T = tcptwin_socket;
  expect_layout("tcptwin_socket", sizeof(T),
                {MEMBER(T, cookie), MEMBER(T, address), MEMBER(T, netns_cookie), MEMBER(T, netns),
                 MEMBER(T, family), MEMBER(T, state), MEMBER(T, kind), MEMBER(T, local_port),
                 MEMBER(T, remote_port), MEMBER(T, substate), MEMBER(T, reserved),
                 MEMBER(T, local_address), MEMBER(T, remote_address)});
}

TEST_F(WireLayoutTest, actor_is_the_same_on_both_sides) {
  using T = tcptwin_actor;
  expect_layout("tcptwin_actor", sizeof(T),
                {MEMBER(T, pid), MEMBER(T, tid), MEMBER(T, uid), MEMBER(T, context),
                 MEMBER(T, socket_locked_by_user), MEMBER(T, reserved), MEMBER(T, comm)});
}

TEST_F(WireLayoutTest, evidence_is_the_same_on_both_sides) {
  using T = tcptwin_evidence;
  expect_layout("tcptwin_evidence", sizeof(T),
                {MEMBER(T, bytes_acked),   MEMBER(T, bytes_received), MEMBER(T, snd_una),
                 MEMBER(T, snd_nxt),       MEMBER(T, write_seq),      MEMBER(T, rcv_nxt),
                 MEMBER(T, copied_seq),    MEMBER(T, segs_in),        MEMBER(T, segs_out),
                 MEMBER(T, total_retrans), MEMBER(T, srtt_us),        MEMBER(T, flags),
                 MEMBER(T, error),         MEMBER(T, error_soft),     MEMBER(T, mss),
                 MEMBER(T, shutdown),      MEMBER(T, retransmits),    MEMBER(T, probes_out),
                 MEMBER(T, send_wscale),   MEMBER(T, receive_wscale), MEMBER(T, reserved)});
}

TEST_F(WireLayoutTest, records_are_the_same_on_both_sides) {
  using Change = tcptwin_state_change;
  expect_layout("tcptwin_state_change", sizeof(Change),
                {MEMBER(Change, header), MEMBER(Change, socket), MEMBER(Change, evidence),
                 MEMBER(Change, actor), MEMBER(Change, cgroup), MEMBER(Change, call_path),
                 MEMBER(Change, old_state), MEMBER(Change, new_state), MEMBER(Change, reserved)});
  using Event = tcptwin_socket_event;
  expect_layout("tcptwin_socket_event", sizeof(Event),
                {MEMBER(Event, header), MEMBER(Event, socket), MEMBER(Event, reset_reason),
                 MEMBER(Event, error), MEMBER(Event, has_segment), MEMBER(Event, segment_flags)});
  using Timer = tcptwin_timer_event;
  expect_layout("tcptwin_timer_event", sizeof(Timer),
                {MEMBER(Timer, header), MEMBER(Timer, socket), MEMBER(Timer, listener),
                 MEMBER(Timer, operation), MEMBER(Timer, timeouts), MEMBER(Timer, reserved)});
  using Accepted = tcptwin_socket_accepted;
  expect_layout("tcptwin_socket_accepted", sizeof(Accepted),
                {MEMBER(Accepted, header), MEMBER(Accepted, socket), MEMBER(Accepted, actor)});
  using Segment = tcptwin_segment;
  expect_layout(
      "tcptwin_segment", sizeof(Segment),
      {MEMBER(Segment, header), MEMBER(Segment, socket), MEMBER(Segment, interface),
       MEMBER(Segment, payload), MEMBER(Segment, ip_id), MEMBER(Segment, direction),
       MEMBER(Segment, reason), MEMBER(Segment, hop_limit), MEMBER(Segment, traffic_class),
       MEMBER(Segment, notes), MEMBER(Segment, tcp_bytes), MEMBER(Segment, tcp)});
  using Path = tcptwin_call_path;
  expect_layout("tcptwin_call_path", sizeof(Path),
                {MEMBER(Path, header), MEMBER(Path, id), MEMBER(Path, frames),
                 MEMBER(Path, addresses), MEMBER(Path, names)});
  using Counters = tcptwin_status;
  expect_layout("tcptwin_status", sizeof(Counters),
                {MEMBER(Counters, header), MEMBER(Counters, counters)});
}

TEST_F(WireLayoutTest, records_of_a_census_are_the_same_on_both_sides) {
  using Existing = tcptwin_existing_socket;
  expect_layout(
      "tcptwin_existing_socket", sizeof(Existing),
      {MEMBER(Existing, header), MEMBER(Existing, socket), MEMBER(Existing, evidence),
       MEMBER(Existing, cgroup), MEMBER(Existing, listener), MEMBER(Existing, last_segment_ns),
       MEMBER(Existing, began_ns), MEMBER(Existing, inode), MEMBER(Existing, timer_ns),
       MEMBER(Existing, uid), MEMBER(Existing, receive_queue), MEMBER(Existing, send_queue),
       MEMBER(Existing, half_open), MEMBER(Existing, young), MEMBER(Existing, drops),
       MEMBER(Existing, timer), MEMBER(Existing, timeouts), MEMBER(Existing, reserved)});
  using Holder = tcptwin_socket_holder;
  expect_layout("tcptwin_socket_holder", sizeof(Holder),
                {MEMBER(Holder, header), MEMBER(Holder, cookie), MEMBER(Holder, address),
                 MEMBER(Holder, pid), MEMBER(Holder, uid), MEMBER(Holder, descriptor),
                 MEMBER(Holder, reserved), MEMBER(Holder, comm)});
  using Mark = tcptwin_census;
  expect_layout(
      "tcptwin_census", sizeof(Mark),
      {MEMBER(Mark, header), MEMBER(Mark, number), MEMBER(Mark, netns), MEMBER(Mark, error),
       MEMBER(Mark, phase), MEMBER(Mark, is_filtered), MEMBER(Mark, reserved)});
}

TEST_F(WireLayoutTest, enumerators_have_the_same_values_on_both_sides) {
  expect_enumerator("tcptwin_record_kind", "TCPTWIN_STATE_CHANGE", TCPTWIN_STATE_CHANGE);
  expect_enumerator("tcptwin_record_kind", "TCPTWIN_MINISOCKET_SEGMENT",
                    TCPTWIN_MINISOCKET_SEGMENT);
  expect_enumerator("tcptwin_record_kind", "TCPTWIN_CENSUS", TCPTWIN_CENSUS);
  expect_enumerator("tcptwin_record_kind", "TCPTWIN_SEGMENT", TCPTWIN_SEGMENT);
  expect_enumerator("tcptwin_segment_reason", "TCPTWIN_SEGMENT_BEYOND_FIN",
                    TCPTWIN_SEGMENT_BEYOND_FIN);
  expect_enumerator("tcptwin_segment_reason", "TCPTWIN_SEGMENT_PURE_ACK", TCPTWIN_SEGMENT_PURE_ACK);
  expect_enumerator("tcptwin_segment_note", "TCPTWIN_SEGMENT_DONT_FRAGMENT",
                    TCPTWIN_SEGMENT_DONT_FRAGMENT);
  expect_enumerator("tcptwin_pending_timer", "TCPTWIN_TIMER_PROBE", TCPTWIN_TIMER_PROBE);
  expect_enumerator("tcptwin_census_phase", "TCPTWIN_CENSUS_ENDED", TCPTWIN_CENSUS_ENDED);
  expect_enumerator("tcptwin_evidence_flag", "TCPTWIN_USER_TIMEOUT", TCPTWIN_USER_TIMEOUT);
  expect_enumerator("tcptwin_counter", "TCPTWIN_EMITTED", TCPTWIN_EMITTED);
  expect_enumerator("tcptwin_counter", "TCPTWIN_SELECTION_FULL", TCPTWIN_SELECTION_FULL);
  expect_enumerator("tcptwin_counter", "TCPTWIN_COUNTERS", TCPTWIN_COUNTERS);
}

// A record's size must not depend on alignment: the ring hands them out in steps of 8 bytes.
TEST(WireSizeTest, every_record_is_a_multiple_of_eight_bytes) {
  EXPECT_EQ(sizeof(tcptwin_state_change) % 8, 0u);
  EXPECT_EQ(sizeof(tcptwin_socket_event) % 8, 0u);
  EXPECT_EQ(sizeof(tcptwin_timer_event) % 8, 0u);
  EXPECT_EQ(sizeof(tcptwin_socket_accepted) % 8, 0u);
  EXPECT_EQ(sizeof(tcptwin_segment) % 8, 0u);
  EXPECT_EQ(sizeof(tcptwin_call_path) % 8, 0u);
  EXPECT_EQ(sizeof(tcptwin_status) % 8, 0u);
  EXPECT_EQ(sizeof(tcptwin_existing_socket) % 8, 0u);
  EXPECT_EQ(sizeof(tcptwin_socket_holder) % 8, 0u);
  EXPECT_EQ(sizeof(tcptwin_census) % 8, 0u);
}

}  // namespace
