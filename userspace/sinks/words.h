// SPDX-License-Identifier: MIT
// Pieces of text that several sinks share: addresses, errors, evidence as words, call paths.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/endpoint.h"
#include "model/evidence.h"
#include "sinks/short_text.h"
#include "tracker/finding.h"

namespace tcptwin::sinks {

// An address as text, without allocation.
class AddressText {
 public:
  explicit AddressText(const Address& address);
  std::string_view view() const { return text_.view(); }

 private:
  ShortText text_;
};

// "ECONNRESET"; "errno 200" for what TCP is not known to report.
std::string errno_name(std::uint16_t error);

// The length of the UTF-8 sequence that begins `bytes`; 0 if none does (overlong, surrogate, cut).
std::size_t utf8_length(std::string_view bytes);

// The process name for a terminal: what is not printable UTF-8 becomes '?', so that a process
// cannot send control sequences through its name.
std::string printable(std::string_view bytes);
// Whether all of it is printable ASCII, as names of processes nearly always are.
bool is_plain(std::string_view bytes);
// Columns it takes: code points.
std::size_t display_width(std::string_view text);

// "10.0.0.1:443" or "[2001:db8::1]:443".
std::string endpoint_text(const Endpoint& endpoint);

// Which counters are named although they are zero.
enum class EvidenceZeros {
  Omit,
  Core,  // segments and unacknowledged bytes: in a divergence their absence is the point
};

// "shutdown=rw unread=120 rst_sent=active": only what is set. "" if nothing is.
std::string evidence_words(const model::Evidence& evidence,
                           EvidenceZeros zeros = EvidenceZeros::Omit);

// Appends `paragraph` behind `first`, broken at blanks so that no line exceeds `columns` unless a
// single word does; every line after the first begins with `hanging`.
void append_wrapped(std::string& text, std::string_view first, std::string_view hanging,
                    std::string_view paragraph, std::size_t columns);

// "process", "softirq", "unknown".
std::string_view context_word(model::Context context);

// The call paths that became known, by id. Bounded by the kernel side's map of paths.
class CallPaths {
 public:
  void add(const tracker::CallPath& path) { paths_[path.id] = path; }
  const tracker::CallPath* find(std::uint32_t id) const;

 private:
  std::unordered_map<std::uint32_t, tracker::CallPath> paths_;
};

// "tcp_reset", or "0xffffffff81234567" where the frame has no name.
std::string frame_text(const tracker::CallPath& path, std::size_t frame);
// All frames, innermost first: "tcp_done < tcp_reset < tcp_validate_incoming".
std::string call_path_text(const tracker::CallPath& path);

}  // namespace tcptwin::sinks
