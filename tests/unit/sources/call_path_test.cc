// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "sources/call_path_symbols.h"

namespace tcptwin::sources {
namespace {

tcptwin_call_path path_of(const std::vector<std::string>& names) {
  tcptwin_call_path path{};
  path.frames = static_cast<std::uint32_t>(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    path.addresses[i] = 0xffffffff81000000u + i;
    std::strncpy(path.names[i], names[i].c_str(), TCPTWIN_SYMBOL_LENGTH - 1);
  }
  return path;
}

std::vector<std::string> names_of(const tcptwin_call_path& path) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < path.frames; ++i) names.emplace_back(path.names[i]);
  return names;
}

TEST(CallPathTest, tracing_frames_are_dropped_from_the_front) {
  auto path = path_of({"bpf_prog_1a2b_state_changes", "bpf_trace_run3",
                       "__bpf_trace_inet_sock_set_state", "inet_sk_state_store", "tcp_done"});
  keep_cause(path);
  EXPECT_EQ(names_of(path), (std::vector<std::string>{"inet_sk_state_store", "tcp_done"}));
  EXPECT_EQ(path.addresses[0], 0xffffffff81000003u);
  EXPECT_EQ(path.addresses[2], 0u);
}

TEST(CallPathTest, path_ends_at_the_first_softirq) {
  auto path = path_of({"tcp_done", "tcp_v4_rcv", "net_rx_action", "handle_softirqs", "do_softirq",
                       "tcp_close", "tcp_disconnect"});
  keep_cause(path);
  EXPECT_EQ(names_of(path), (std::vector<std::string>{"tcp_done", "tcp_v4_rcv", "net_rx_action"}));
}

TEST(CallPathTest, path_of_a_system_call_stays_whole) {
  const std::vector<std::string> names = {"tcp_disconnect", "__tcp_close", "tcp_close",
                                          "__x64_sys_close"};
  auto path = path_of(names);
  keep_cause(path);
  EXPECT_EQ(names_of(path), names);
}

TEST(CallPathTest, frames_without_names_stay) {
  auto path = path_of({"", "", ""});
  keep_cause(path);
  EXPECT_EQ(path.frames, 3u);
  EXPECT_EQ(path.addresses[2], 0xffffffff81000002u);
}

TEST(CallPathTest, more_frames_than_there_is_room_for_do_no_harm) {
  auto path = path_of({"tcp_done"});
  path.frames = 1000;
  keep_cause(path);
  EXPECT_LE(path.frames, static_cast<std::uint32_t>(TCPTWIN_CALL_PATH_FRAMES));
}

TEST(CallPathTest, similar_names_are_not_taken_for_machinery) {
  EXPECT_FALSE(is_tracing_frame("tcp_done"));
  EXPECT_FALSE(is_tracing_frame("bpf_sock_destroy"));
  EXPECT_TRUE(is_tracing_frame("bpf_trampoline_6442533"));
  EXPECT_TRUE(is_tracing_frame("__traceiter_inet_sock_set_state"));
  EXPECT_FALSE(is_softirq_boundary("irqentry_exit"));
  EXPECT_TRUE(is_softirq_boundary("__irq_exit_rcu"));
  EXPECT_TRUE(is_softirq_boundary("do_softirq.part.0"));
}

}  // namespace
}  // namespace tcptwin::sources
