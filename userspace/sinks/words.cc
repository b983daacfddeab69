// SPDX-License-Identifier: MIT
#include "sinks/words.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace tcptwin::sinks {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 21> kErrorNames = {{
    {EPERM, "EPERM"},
    {ENOENT, "ENOENT"},
    {EINVAL, "EINVAL"},
    {ECONNRESET, "ECONNRESET"},
    {ECONNREFUSED, "ECONNREFUSED"},
    {EPIPE, "EPIPE"},
    {ETIMEDOUT, "ETIMEDOUT"},
    {ECONNABORTED, "ECONNABORTED"},
    {EHOSTUNREACH, "EHOSTUNREACH"},
    {ENETUNREACH, "ENETUNREACH"},
    {EHOSTDOWN, "EHOSTDOWN"},
    {ENETDOWN, "ENETDOWN"},
    {ENONET, "ENONET"},
    {EPROTO, "EPROTO"},
    {ENOPROTOOPT, "ENOPROTOOPT"},
    {EACCES, "EACCES"},
    {EMSGSIZE, "EMSGSIZE"},
    {EOPNOTSUPP, "EOPNOTSUPP"},
    {ENOBUFS, "ENOBUFS"},
    {ENOMEM, "ENOMEM"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
}};

std::string_view shutdown_word(const model::Snapshot& snapshot) {
  if (snapshot.receive_shutdown && snapshot.send_shutdown) return "rw";
  if (snapshot.receive_shutdown) return "r";
  if (snapshot.send_shutdown) return "w";
  return "";
}

std::string_view reset_word(model::ResetSent reset) {
  switch (reset) {
    case model::ResetSent::None:
      return "";
    case model::ResetSent::Active:
      return "active";
    case model::ResetSent::AnsweringSegment:
      return "answer";
  }
  return "";
}

std::string_view minisocket_word(model::MinisocketStarted minisocket) {
  switch (minisocket) {
    case model::MinisocketStarted::None:
      return "";
    case model::MinisocketStarted::FinWait2:
      return "fin_wait2";
    case model::MinisocketStarted::TimeWait:
      return "time_wait";
  }
  return "";
}

// Collects the words; a word whose value is empty or zero is left out.
class Words {
 public:
  explicit Words(EvidenceZeros zeros) : least_core_(zeros == EvidenceZeros::Core ? 0 : 1) {}

  void value(std::string_view key, std::string_view text) {
    if (!text.empty()) fmt::format_to(std::back_inserter(line_), "{}={} ", key, text);
  }
  // What is not known to be ahead may read as negative before the fields are set: left out.
  void core(std::string_view key, std::int64_t count) {
    if (count >= least_core_) fmt::format_to(std::back_inserter(line_), "{}={} ", key, count);
  }
  void positive(std::string_view key, std::int64_t count) {
    if (count > 0) fmt::format_to(std::back_inserter(line_), "{}={} ", key, count);
  }
  void flag(std::string_view key, bool is_set) {
    if (is_set) fmt::format_to(std::back_inserter(line_), "{} ", key);
  }
  std::string take() {
    if (!line_.empty()) line_.pop_back();
    return std::move(line_);
  }

 private:
  std::int64_t least_core_;
  std::string line_;
};

void add_counters(Words& words, const model::Snapshot& snapshot) {
  words.core("unacked", snapshot.write_seq.distance_from(snapshot.snd_una));
  words.positive("unsent", snapshot.write_seq.distance_from(snapshot.snd_nxt));
  words.core("segs_in", snapshot.segs_in);
  words.core("segs_out", snapshot.segs_out);
  words.positive("bytes_acked", static_cast<std::int64_t>(snapshot.bytes_acked));
  words.positive("bytes_received", static_cast<std::int64_t>(snapshot.bytes_received));
  words.positive("retransmitted", snapshot.total_retrans);
  words.positive("retries", snapshot.retransmits);
  words.positive("probes", snapshot.probes_out);
  words.positive("srtt_us", snapshot.srtt_us);
  words.positive("mss", snapshot.mss);
}

void add_options(Words& words, const model::Snapshot& snapshot) {
  words.flag("repair", snapshot.repair);
  words.flag("keepalive", snapshot.keepopen);
  words.flag("linger0", snapshot.linger_zero);
  words.flag("linger2_negative", snapshot.linger2_negative);
  words.flag("user_timeout", snapshot.user_timeout);
  words.flag("fastopen_connect", snapshot.fastopen_connect);
  words.flag("fastopen_child", snapshot.fastopen_child || snapshot.fastopen_request);
  words.flag("syn_data_acked", snapshot.syn_data_acked);
  words.flag("mptcp", snapshot.mptcp);
}

}  // namespace

AddressText::AddressText(const Address& address) {
  if (address.family == Family::Inet) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) text_.append('.');
      text_.append_number(address.bytes[i]);
    }
    return;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, address.bytes.data(), text.data(), static_cast<socklen_t>(text.size()));
  text_.append(std::string_view{text.data()});
}

std::string errno_name(std::uint16_t error) {
  for (const auto& [value, name] : kErrorNames) {
    if (value == error) return std::string{name};
  }
  return fmt::format("errno_{}", error);
}

std::size_t utf8_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
  };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (!continues(1) || !continues(2)) return 0;
    if (lead == 0xe0 && at(1) < 0xa0) return 0;
    if (lead == 0xed && at(1) > 0x9f) return 0;
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (lead == 0xf0 && at(1) < 0x90) return 0;
    if (lead == 0xf4 && at(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

bool is_plain(std::string_view bytes) {
  bool plain = true;
  for (const char byte : bytes) plain &= byte >= 0x20 && byte < 0x7f;
  return plain;
}

std::string printable(std::string_view bytes) {
  if (is_plain(bytes)) return std::string{bytes};
  std::string text;
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    const auto lead = static_cast<unsigned char>(bytes[0]);
    const bool is_control = lead < 0x20 || lead == 0x7f ||
                            (lead == 0xc2 && static_cast<unsigned char>(bytes[1]) < 0xa0);
    if (length == 0 || is_control) {
      text += '?';
    } else {
      text += bytes.substr(0, length);
    }
    bytes.remove_prefix(std::max<std::size_t>(1, length));
  }
  return text;
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0u) != 0x80u;
  }));
}

std::string endpoint_text(const Endpoint& endpoint) {
  const AddressText address{endpoint.address};
  return endpoint.address.family == Family::Inet6
             ? fmt::format("[{}]:{}", address.view(), endpoint.port)
             : fmt::format("{}:{}", address.view(), endpoint.port);
}

std::string evidence_words(const model::Evidence& evidence, EvidenceZeros zeros) {
  const model::Snapshot& snapshot = evidence.snapshot;
  Words words{zeros};
  words.value("error", snapshot.error == 0 ? "" : errno_name(snapshot.error));
  words.value("error_soft", snapshot.error_soft == 0 ? "" : errno_name(snapshot.error_soft));
  words.flag("rst_path", evidence.reset_received);
  words.value("rst_sent_before", reset_word(evidence.reset_sent_before));
  words.value("rst_sent", reset_word(evidence.reset_sent_after));
  words.value("minisocket", minisocket_word(evidence.minisocket));
  words.value("shutdown", shutdown_word(snapshot));
  words.flag("fin_received", snapshot.done);
  words.flag("orphan", snapshot.dead);
  words.flag("unaccepted", !snapshot.has_socket && !snapshot.dead);
  words.positive("unread", evidence.unread_bytes());
  add_counters(words, snapshot);
  add_options(words, snapshot);
  return words.take();
}

void append_wrapped(std::string& text, std::string_view first, std::string_view hanging,
                    std::string_view paragraph, std::size_t columns) {
  text += first;
  std::size_t used = display_width(first);
  bool at_start = true;
  while (!paragraph.empty()) {
    const std::size_t blank = paragraph.find(' ');
    const std::string_view word = paragraph.substr(0, blank);
    paragraph.remove_prefix(blank == std::string_view::npos ? paragraph.size() : blank + 1);
    if (!at_start && used + 1 + display_width(word) > columns) {
      text += '\n';
      text += hanging;
      used = display_width(hanging);
      at_start = true;
    }
    if (!at_start) text += ' ';
    text += word;
    used += display_width(word) + (at_start ? 0 : 1);
    at_start = false;
  }
  text += '\n';
}

std::string_view context_word(model::Context context) {
  switch (context) {
    case model::Context::Unknown:
      return "unknown";
    case model::Context::Process:
      return "process";
    case model::Context::Softirq:
      return "softirq";
  }
  return "";
}

const tracker::CallPath* CallPaths::find(std::uint32_t id) const {
  const auto found = paths_.find(id);
  return found == paths_.end() ? nullptr : &found->second;
}

std::string frame_text(const tracker::CallPath& path, std::size_t frame) {
  const auto& name = path.names[frame];
  const auto end = std::find(name.begin(), name.end(), '\0');
  if (end != name.begin())
    return printable({name.data(), static_cast<std::size_t>(end - name.begin())});
  return fmt::format("{:#x}", path.addresses[frame]);
}

std::string call_path_text(const tracker::CallPath& path) {
  std::string text;
  for (std::size_t i = 0; i < path.frames && i < path.names.size(); ++i) {
    if (i > 0) text += " < ";
    text += frame_text(path, i);
  }
  return text;
}

}  // namespace tcptwin::sinks
