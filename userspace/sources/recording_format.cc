// SPDX-License-Identifier: MIT
#include "sources/recording_format.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

namespace tcptwin::sources {
namespace {

// The fastest level: a record differs so little from those before that it is enough.
constexpr int kZstdLevel = 1;

static_assert(sizeof(tcptwin_recording_header::magic) == TCPTWIN_RECORDING_MAGIC_LENGTH);

std::uint32_t checksum_of(std::span<const std::byte> first, std::span<const std::byte> second) {
  const auto add = [](uLong sum, std::span<const std::byte> bytes) {
    return ::crc32_z(sum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  };
  return static_cast<std::uint32_t>(add(add(::crc32_z(0, nullptr, 0), first), second));
}

template <typename Header>
std::uint32_t checksum_of(Header header, std::span<const std::byte> rest) {
  header.checksum = 0;
  return checksum_of(bytes_of(header), rest);
}

void append(Bytes& bytes, std::span<const std::byte> more) {
  if (more.empty()) return;
  const std::size_t end = bytes.size();
  bytes.resize(end + more.size());
  std::memcpy(bytes.data() + end, more.data(), more.size());
}

std::uint64_t ns_of(KernelTime time) {
  return static_cast<std::uint64_t>(to_ns(time));
}

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// What else a file may be that somebody takes for a recording.
std::string_view guess(std::span<const std::byte> bytes) {
  if (bytes.empty()) return "it is empty";
  if (begins_with(bytes, "\x0a\x0d\x0d\x0a")) return "it is a packet capture (pcapng)";
  for (const std::string_view magic :
       {"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d"}) {
    if (begins_with(bytes, magic)) return "it is a packet capture (pcap)";
  }
  if (begins_with(bytes, "\x1f\x8b")) return "it is compressed (gzip): unpack it first";
  if (begins_with(bytes, "\x28\xb5\x2f\xfd")) return "it is compressed (zstd): unpack it first";
  if (begins_with(bytes, "{\"schema\"")) return "it is tcptwin's JSON output";
  constexpr std::string_view kMagic{TCPTWIN_RECORDING_MAGIC, TCPTWIN_RECORDING_MAGIC_LENGTH};
  if (begins_with(bytes, kMagic.substr(0, 5))) return "a transfer in text mode has changed it";
  if (begins_with(bytes, kMagic.substr(0, std::min(bytes.size(), kMagic.size())))) {
    return "it is cut short in its first bytes";
  }
  return "it does not begin like one";
}

Error no_recording(const std::string& name, std::string_view why) {
  return {ErrorCode::Failed, name + " is no recording: " + std::string{why},
          "recordings are made by `tcptwin record FILE`"};
}

}  // namespace

tcptwin_header note_header(tcptwin_note_kind kind, KernelTime time, std::size_t size) {
  tcptwin_header header{};
  header.time_ns = ns_of(time);
  header.kind = static_cast<std::uint16_t>(kind);
  header.size = static_cast<std::uint16_t>(size);
  header.version = TCPTWIN_WIRE_VERSION;
  return header;
}

Bytes header_bytes(const RecordingFacts& facts) {
  std::string text = facts_text(facts);
  if (text.size() > TCPTWIN_RECORDING_FACTS_LIMIT) {
    text.resize(text.rfind('\n', TCPTWIN_RECORDING_FACTS_LIMIT - 1) + 1);
  }
  tcptwin_recording_header header{};
  std::memcpy(header.magic, TCPTWIN_RECORDING_MAGIC, TCPTWIN_RECORDING_MAGIC_LENGTH);
  header.byte_order = TCPTWIN_RECORDING_BYTE_ORDER;
  header.version = TCPTWIN_RECORDING_VERSION;
  header.wire_version = TCPTWIN_WIRE_VERSION;
  header.facts_bytes = static_cast<std::uint32_t>(text.size());
  std::memcpy(header.recording_id, &facts.recording_id, sizeof header.recording_id);
  header.file_number = facts.file_number;
  header.utc_offset_s = static_cast<std::int32_t>(facts.utc_offset.count());
  header.start_ns = ns_of(facts.start);
  header.opened_ns = ns_of(facts.opened);
  header.realtime_minus_monotonic_ns = facts.realtime_minus_monotonic.count();
  header.opened_realtime_minus_monotonic_ns = facts.opened_realtime_minus_monotonic.count();
  const auto fact_bytes = std::as_bytes(std::span{text});
  header.checksum = checksum_of(header, fact_bytes);
  Bytes bytes;
  append(bytes, bytes_of(header));
  append(bytes, fact_bytes);
  return bytes;
}

Status check_header(std::span<const std::byte> bytes, const std::string& name) {
  tcptwin_recording_header header;
  const std::string_view magic{TCPTWIN_RECORDING_MAGIC, TCPTWIN_RECORDING_MAGIC_LENGTH};
  if (!begins_with(bytes, magic)) return no_recording(name, guess(bytes));
  if (bytes.size() < sizeof header) return no_recording(name, "it is cut short in its header");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.byte_order != TCPTWIN_RECORDING_BYTE_ORDER) {
    return Error{ErrorCode::Failed, name + " was made on a machine with another byte order",
                 "replay it on a machine of the same kind"};
  }
  const auto is_newer = [&](std::string_view what, int theirs, int ours) {
    return Error{ErrorCode::Failed,
                 name + " needs a newer tcptwin: its " + std::string{what} + " is version " +
                     std::to_string(theirs) + ", this program reads up to " + std::to_string(ours),
                 "replay it with the version that made it, or a later one"};
  };
  if (header.version > TCPTWIN_RECORDING_VERSION) {
    return is_newer("file format", header.version, TCPTWIN_RECORDING_VERSION);
  }
  if (header.wire_version > TCPTWIN_WIRE_VERSION) {
    return is_newer("record format", header.wire_version, TCPTWIN_WIRE_VERSION);
  }
  if (header.version == 0 || header.wire_version != TCPTWIN_WIRE_VERSION) {
    return no_recording(name, "its header names a version that never was");
  }
  if (header.facts_bytes > TCPTWIN_RECORDING_FACTS_LIMIT) {
    return no_recording(name, "its header is damaged");
  }
  return Done{};
}

std::size_t header_size(std::span<const std::byte> bytes) {
  tcptwin_recording_header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return sizeof header + header.facts_bytes;
}

Result<RecordingFacts> read_header(std::span<const std::byte> bytes, const std::string& name) {
  if (const Status checked = check_header(bytes, name); !checked) return checked.error();
  if (bytes.size() < header_size(bytes)) return no_recording(name, "it is cut short in its header");
  tcptwin_recording_header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto fact_bytes = bytes.subspan(sizeof header, header.facts_bytes);
  if (header.checksum != checksum_of(header, fact_bytes)) {
    return no_recording(name, "its header is damaged (the checksum differs)");
  }
  constexpr std::uint64_t kLatest = std::uint64_t{1} << 62;  // no difference of times overflows
  const auto duration_of = [](std::int64_t ns) {
    constexpr std::int64_t kBound = std::int64_t{1} << 61;
    return Duration{std::clamp(ns, -kBound, kBound)};
  };
  RecordingFacts facts;
  std::memcpy(&facts.recording_id, header.recording_id, sizeof facts.recording_id);
  facts.file_number = header.file_number;
  facts.start = kernel_time_from_ns(std::min(header.start_ns, kLatest));
  facts.opened = kernel_time_from_ns(std::min(header.opened_ns, kLatest));
  facts.realtime_minus_monotonic = duration_of(header.realtime_minus_monotonic_ns);
  facts.opened_realtime_minus_monotonic = duration_of(header.opened_realtime_minus_monotonic_ns);
  facts.utc_offset = std::chrono::seconds{header.utc_offset_s};
  read_facts_text({reinterpret_cast<const char*>(fact_bytes.data()), fact_bytes.size()}, facts);
  return facts;
}

BlockMaker::BlockMaker(Compression compression)
    : context_(compression == Compression::Zstd ? ::ZSTD_createCCtx() : nullptr) {}

BlockMaker::~BlockMaker() {
  ::ZSTD_freeCCtx(static_cast<ZSTD_CCtx*>(context_));
}

std::span<const std::byte> BlockMaker::make(tcptwin_block_kind kind, std::uint64_t number,
                                            std::uint32_t records,
                                            std::span<const std::byte> payload) {
  tcptwin_block_header header{};
  header.magic = TCPTWIN_BLOCK_MAGIC;
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  header.number = number;
  header.records = records;
  header.kind = static_cast<std::uint8_t>(kind);
  header.codec = TCPTWIN_CODEC_NONE;
  block_.resize(sizeof header + std::max(::ZSTD_compressBound(payload.size()), payload.size()));
  const std::span<std::byte> room = std::span{block_}.subspan(sizeof header);
  std::size_t stored = payload.size();
  if (context_ != nullptr && !payload.empty()) {
    stored = ::ZSTD_compressCCtx(static_cast<ZSTD_CCtx*>(context_), room.data(), room.size(),
                                 payload.data(), payload.size(), kZstdLevel);
    header.codec = TCPTWIN_CODEC_ZSTD;
  }
  if (::ZSTD_isError(stored) != 0 || stored >= payload.size()) {
    std::copy(payload.begin(), payload.end(), room.begin());
    stored = payload.size();
    header.codec = TCPTWIN_CODEC_NONE;
  }
  header.stored_bytes = static_cast<std::uint32_t>(stored);
  block_.resize(sizeof header + stored);
  header.checksum = checksum_of(header, std::span{block_}.subspan(sizeof header));
  std::memcpy(block_.data(), &header, sizeof header);
  return block_;
}

std::string check_block_header(const tcptwin_block_header& header, std::uint64_t number) {
  if (header.magic != TCPTWIN_BLOCK_MAGIC) return "no block begins here";
  if (header.stored_bytes > TCPTWIN_RECORDING_BLOCK_LIMIT ||
      header.payload_bytes > TCPTWIN_RECORDING_BLOCK_LIMIT) {
    return "a block of impossible size";
  }
  if (header.number != number) {
    return "block " + std::to_string(number) + " is missing, block " +
           std::to_string(header.number) + " stands in its place";
  }
  return "";
}

Result<Bytes> block_payload(const tcptwin_block_header& header, std::span<const std::byte> stored) {
  const auto damaged = [](std::string what) { return Error{ErrorCode::Failed, what, ""}; };
  if (header.checksum != checksum_of(header, stored)) return damaged("its checksum differs");
  Bytes payload;
  switch (header.codec) {
    case TCPTWIN_CODEC_NONE:
      payload.assign(stored.begin(), stored.end());
      break;
    case TCPTWIN_CODEC_ZSTD: {
      payload.resize(header.payload_bytes);
      const std::size_t size =
          ::ZSTD_decompress(payload.data(), payload.size(), stored.data(), stored.size());
      if (::ZSTD_isError(size) != 0) return damaged("it cannot be decompressed");
      payload.resize(size);
      break;
    }
    default:
      return damaged("it is packed in a way this version does not know");
  }
  if (payload.size() != header.payload_bytes) return damaged("it has another size than it says");
  return payload;
}

}  // namespace tcptwin::sources
