// SPDX-License-Identifier: MIT
// The pcapng export: which step is told with which packet, and headers of unusual lengths. The live
// test (tests/kernel/segments_live_test.py) reads a whole file back.
#include "sinks/pcapng.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "unit/sinks/captured_output.h"
#include "unit/sinks/synthetic_findings.h"
#include "unit/sinks/synthetic_segments.h"

namespace tcptwin::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Export {
  Export() : sink(out.output(), diagnostics.output(), {test_clock(), "Linux 6.1", "tcptwin"}) {
    sink.on_start();
  }
  std::string finish() {
    sink.on_end(busy_summary());
    return out.text();
  }
  CapturedOutput out;
  CapturedOutput diagnostics;
  sinks::PcapngSink sink;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Pcapng, what_the_stack_does_belongs_to_the_segment_before) {
  Export file;
  file.sink.on_segment(syn_sent());
  file.sink.on_step(synack_step());
  const std::string text = file.finish();
  EXPECT_TRUE(contains(text,
                       "sent in SYN_SENT, curl (pid 812, last_user), conn 0x1a2b.1\n"
                       "SYN_SENT -> ESTABLISHED: synack_accepted, conformant"))
      << text;
}

TEST(Pcapng, what_a_process_does_belongs_to_the_segment_after) {
  Export file;
  tracker::Step close = synack_step();
  close.context = model::Context::Process;
  file.sink.on_segment(syn_sent());
  file.sink.on_step(close);
  tracker::SegmentFound fin = syn_sent();
  fin.time += milliseconds{1};
  file.sink.on_segment(fin);
  EXPECT_TRUE(contains(file.finish(), "conformant (RFC 9293 3.10.7.3)\nsent in SYN_SENT"));
}

TEST(Pcapng, a_step_that_comes_late_belongs_to_none) {
  Export file;
  file.sink.on_segment(syn_sent());
  tracker::Step late = synack_step();
  late.time = syn_sent().time + seconds{60};
  file.sink.on_step(late);
  EXPECT_EQ(file.sink.written(), 1u);
  EXPECT_FALSE(contains(file.finish(), "synack_accepted"));
}

TEST(Pcapng, a_divergence_is_told_with_its_segment) {
  Export file;
  file.sink.on_segment(syn_sent());
  file.sink.on_divergence(data_after_fin());
  EXPECT_TRUE(contains(file.finish(), "DIVERGENCE data_after_fin"));
}

TEST(Pcapng, a_file_without_segments_is_whole_and_said_to_be_empty) {
  Export file;
  EXPECT_EQ(file.finish().size() % 4, 0u);
  EXPECT_TRUE(contains(file.diagnostics.text(), "no segments"));
}

TEST(Pcapng, more_than_65535_bytes_have_no_length_in_their_header) {
  tracker::SegmentFound found = fin_received();
  found.segment.payload = 200'000;
  const std::string ipv6 = sinks::segment_bytes(found);
  EXPECT_EQ(ipv6.size(), 60u);
  EXPECT_EQ(ipv6.substr(4, 2), std::string(2, '\0'));
  EXPECT_TRUE(contains(sinks::pcapng_packet(0, 0, found, ""), std::string{"\x7c\x0d\x03\x00", 4}));
}

TEST(Pcapng, an_ipv4_header_is_as_reviewed) {
  const std::string bytes = sinks::segment_bytes(syn_sent());
  const std::string header{"\x45\x00\x00\x28\x12\x67\x40\x00\x40\x06", 10};
  EXPECT_EQ(bytes.substr(0, header.size()), header);
  EXPECT_EQ(bytes.substr(12, 8), std::string("\x0a\x00\x00\x01\x0a\x00\x00\x02", 8));
}

}  // namespace
}  // namespace tcptwin::test
