// SPDX-License-Identifier: MIT
#include "sources/recording_text.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "sources/recording_reader.h"
#include "system/unique_fd.h"

namespace tcptwin::sources {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::size_t kShortestRun = 3;  // of zeros, that "*N" is shorter for
constexpr std::size_t kItemLimit = 64 * 1024;

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

template <typename Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc{} && end == text.data() + text.size();
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t zeros = 0;
    while (at + zeros < bytes.size() && bytes[at + zeros] == std::byte{0}) ++zeros;
    if (zeros >= kShortestRun) {
      text += (text.empty() ? "*" : " *") + std::to_string(zeros) + " ";
      at += zeros;
      continue;
    }
    const auto octet = std::to_integer<unsigned>(bytes[at++]);
    text += kDigits[octet >> 4];
    text += kDigits[octet & 0xf];
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

bool append_hex(std::string_view line, Bytes& bytes) {
  for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
    if (word.starts_with('*')) {
      std::size_t zeros = 0;
      if (!read_number(word.substr(1), zeros) || zeros > kItemLimit) return false;
      bytes.resize(bytes.size() + zeros);
    } else {
      if (word.size() % 2 != 0) return false;
      for (std::size_t at = 0; at < word.size(); at += 2) {
        unsigned octet = 0;
        if (!read_number(word.substr(at, 2), octet, 16)) return false;
        bytes.push_back(static_cast<std::byte>(octet));
      }
    }
    if (bytes.size() > kItemLimit) return false;
  }
  return true;
}

std::optional<tcptwin_header> header_of(std::span<const std::byte> bytes) {
  tcptwin_header header{};
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  const bool is_whole =
      header.size >= sizeof header && header.size <= bytes.size() && header.size % 8 == 0;
  return is_whole ? std::optional{header} : std::nullopt;
}

void append_facts(std::string& text, RecordingFacts facts) {
  facts.host.clear();
  facts.notes.clear();
  facts.kernel.resize(std::min(facts.kernel.find_first_not_of("0123456789."), facts.kernel.size()));
  const auto clock = [&](std::string_view name, auto value) {
    text += std::string{name} + " " + std::to_string(value.count()) + "\n";
  };
  text += "wire " + std::to_string(TCPTWIN_WIRE_VERSION) + "\n";
  clock("start", facts.start.time_since_epoch());
  clock("opened", facts.opened.time_since_epoch());
  clock("realtime", facts.realtime_minus_monotonic);
  clock("opened_realtime", facts.opened_realtime_minus_monotonic);
  std::string lines = facts_text(facts);
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    text += "fact " + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
}

Status append_items(std::string& text, std::span<const std::byte> payload) {
  while (!payload.empty()) {
    const auto header = header_of(payload);
    if (!header) return Error{ErrorCode::Failed, "an item that is none", ""};
    if (header->kind != TCPTWIN_NOTE_CGROUP) text += hex(payload.first(header->size)) + "\n";
    payload = payload.subspan(header->size);
  }
  return Done{};
}

// Puts the lines together, one after the other.
class Assembly {
 public:
  // "" or what is wrong with it.
  std::string add(std::string_view line) {
    if (line.empty() || line.starts_with('#')) return "";
    std::string_view rest = line;
    const std::string_view word = next_word(rest);
    if (word == "fact") {
      facts_text_ += std::string{rest.substr(std::min<std::size_t>(1, rest.size()))} + "\n";
      return "";
    }
    if (word == "wire") return check_version(next_word(rest));
    for (const auto& [name, number] : clock()) {
      if (word == name) return read_number(next_word(rest), *number) ? "" : "is no number";
    }
    return add_item(line);
  }

  Bytes bytes() {
    RecordingFacts facts;
    read_facts_text(facts_text_, facts);
    facts.start = KernelTime{std::chrono::nanoseconds{start_}};
    facts.opened = KernelTime{std::chrono::nanoseconds{opened_}};
    facts.realtime_minus_monotonic = std::chrono::nanoseconds{realtime_};
    facts.opened_realtime_minus_monotonic = std::chrono::nanoseconds{opened_realtime_};
    Bytes file = header_bytes(facts);
    BlockMaker maker{Compression::Zstd};
    const auto add_block = [&](auto... block) {
      const auto made = maker.make(block...);
      file.insert(file.end(), made.begin(), made.end());
    };
    add_block(TCPTWIN_BLOCK_ITEMS, 0u, records_, std::span<const std::byte>{payload_});
    tcptwin_recording_totals totals{};
    totals.records = records_;
    totals.payload_bytes = payload_.size();
    totals.end = TCPTWIN_END_FINISHED;
    add_block(TCPTWIN_BLOCK_END, 1u, 0u, bytes_of(totals));
    return file;
  }

 private:
  std::array<std::pair<std::string_view, std::int64_t*>, 4> clock() {
    return {{{"start", &start_},
             {"opened", &opened_},
             {"realtime", &realtime_},
             {"opened_realtime", &opened_realtime_}}};
  }

  static std::string check_version(std::string_view text) {
    int version = 0;
    if (read_number(text, version) && version == TCPTWIN_WIRE_VERSION) return "";
    return "is of another version of the records than " + std::to_string(TCPTWIN_WIRE_VERSION) +
           ": it must be recorded anew";
  }

  std::string add_item(std::string_view line) {
    Bytes item;
    if (!append_hex(line, item)) return "is no item in hex";
    const auto header = header_of(item);
    if (!header || header->size != item.size()) return "is not one whole item";
    if (payload_.size() + item.size() > TCPTWIN_RECORDING_BLOCK_LIMIT) return "is one too many";
    payload_.insert(payload_.end(), item.begin(), item.end());
    if (header->kind < TCPTWIN_NOTE) ++records_;
    return "";
  }

  std::string facts_text_;
  std::int64_t start_ = 0;
  std::int64_t opened_ = 0;
  std::int64_t realtime_ = 0;
  std::int64_t opened_realtime_ = 0;
  Bytes payload_;
  std::uint32_t records_ = 0;
};

}  // namespace

Result<std::string> recording_as_text(const std::string& path) {
  const system::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  RecordingReader reader{[&](std::span<std::byte> bytes) -> std::ptrdiff_t {
    return ::read(file.get(), bytes.data(), bytes.size());
  }};
  const auto facts = reader.open(path);
  if (!facts) return facts.error();
  std::string text =
      "# A recording as text (userspace/sources/recording_text.h): facts, then an item a line.\n";
  append_facts(text, facts.value());
  for (auto found = reader.next(); found != RecordingReader::Found::End; found = reader.next()) {
    if (found != RecordingReader::Found::Block) {
      return Error{ErrorCode::Failed, path + " is no whole recording", ""};
    }
    const Status appended = append_items(text, reader.payload());
    if (!appended) return Error{ErrorCode::Failed, path + ": " + appended.error().what, ""};
  }
  return text;
}

Result<Bytes> recording_from_text(std::string_view text, const std::string& name) {
  Assembly assembly;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string wrong = assembly.add(text.substr(0, end));
    if (!wrong.empty()) {
      return Error{ErrorCode::Failed, name + ": line " + std::to_string(number) + " " + wrong, ""};
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return assembly.bytes();
}

}  // namespace tcptwin::sources
