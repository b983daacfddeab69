// SPDX-License-Identifier: MIT
// Segments as a pcapng file, for Wireshark and its kin: the headers as they were, without data, and
// with each segment what the twin made of it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "sinks/clock_mapping.h"
#include "sinks/diagnostics.h"
#include "sinks/output.h"
#include "sinks/sink.h"

namespace tcptwin::sinks {

// Blocks of the format (draft-ietf-opsawg-pcapng), in the byte order of this machine.
std::string pcapng_section(std::string_view os, std::string_view program);
std::string pcapng_interface(std::uint32_t netns);  // raw IP, nanoseconds
std::string pcapng_packet(std::uint32_t interface, std::uint64_t unix_ns,
                          const tracker::SegmentFound& found, std::string_view comment);

// IP and TCP header of a segment. IPv4's checksum is made anew; TCP's is as the device saw it,
// often not yet filled in.
std::string segment_bytes(const tracker::SegmentFound& found);

struct PcapngOptions {
  ClockMapping clock;
  std::string os;       // of the host that was traced
  std::string program;  // that wrote this
};

class PcapngSink final : public Sink {
 public:
  PcapngSink(Output& out, Output& diagnostics, PcapngOptions options)
      : out_(out), diagnostics_(diagnostics, diagnostics), options_(std::move(options)) {}

  void on_start() override;
  void on_segment(const tracker::SegmentFound& found) override;
  void on_step(const tracker::Step& step) override;
  void on_divergence(const tracker::Divergence& divergence) override;
  void on_loss(const tracker::Loss& loss) override { diagnostics_.loss(loss); }
  void on_call_path(const tracker::CallPath&) override {}
  void on_end(const Summary& summary) override;

  std::uint64_t written() const { return written_; }

 private:
  struct Packet {
    tracker::SegmentFound found;
    std::string before;  // what a process had done
    std::string then;    // what the segment led to
  };
  Packet* latest_of(const tracker::ConnectionIdentity& connection);
  void write_until(KernelTime time);
  void write_oldest();
  std::uint32_t interface_of(std::uint32_t netns);

  Output& out_;
  Diagnostics diagnostics_;
  PcapngOptions options_;
  std::deque<Packet> packets_;                     // what they lead to may still come
  std::uint64_t written_ = 0;                      // also the number of the first of `packets_`
  std::map<ConnectionId, std::uint64_t> latest_;   // number of a connection's latest packet
  std::map<ConnectionId, std::string> announced_;  // what processes did since then
  std::unordered_map<std::uint32_t, std::uint32_t> interfaces_;  // by namespace
};

}  // namespace tcptwin::sinks
