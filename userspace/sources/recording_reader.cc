// SPDX-License-Identifier: MIT
#include "sources/recording_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tcptwin::sources {
namespace {

// One read asks for so much; a block's room is only made once its bytes are there.
constexpr std::size_t kReadBytes = 64 * 1024;

}  // namespace

// Reads until `bytes` of the file are in the buffer.
RecordingReader::Fill RecordingReader::fill(std::size_t bytes) {
  while (buffer_.size() < bytes) {
    const std::size_t before = buffer_.size();
    buffer_.resize(before + std::min(bytes - before, kReadBytes));
    const std::ptrdiff_t size = read_(std::span{buffer_}.subspan(before));
    buffer_.resize(before + static_cast<std::size_t>(std::max<std::ptrdiff_t>(size, 0)));
    if (size == 0) return Fill::CutShort;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return Fill::NothingNow;
    if (size < 0) {
      error_ = errno;
      return Fill::Failed;
    }
  }
  return Fill::Whole;
}

Result<RecordingFacts> RecordingReader::open(const std::string& name) {
  Fill filled = Fill::NothingNow;
  const auto wait_for = [&](std::size_t bytes) {
    do {
      filled = fill(bytes);
    } while (filled == Fill::NothingNow);
  };
  wait_for(sizeof(tcptwin_recording_header));
  if (filled == Fill::Failed) {
    return Error{ErrorCode::Failed, "cannot read " + name + ": " + std::strerror(error_), ""};
  }
  const Status checked = check_header(buffer_, name);
  if (!checked) return checked.error();
  wait_for(header_size(buffer_));
  auto facts = read_header(buffer_, name);
  offset_ = buffer_.size();
  buffer_.clear();
  return facts;
}

RecordingReader::Found RecordingReader::set_damage(std::uint64_t offset, std::string what) {
  damage_ = Damage{offset, std::move(what)};
  return Found::Damage;
}

RecordingReader::Found RecordingReader::cut_short() {
  if (buffer_.empty()) {
    return set_damage(offset_, "the recording was not finished: its end block is missing");
  }
  return set_damage(offset_,
                    "the recording is cut short in the middle of block " + std::to_string(blocks_));
}

RecordingReader::Found RecordingReader::next() {
  if (damage_) return Found::Damage;
  if (totals_) return Found::End;
  tcptwin_block_header header;
  std::size_t wanted = sizeof header;
  for (;;) {
    switch (fill(wanted)) {
      case Fill::NothingNow:
        return Found::NothingNow;
      case Fill::CutShort:
        return cut_short();
      case Fill::Failed:
        return set_damage(offset_, std::string{"reading failed: "} + std::strerror(error_));
      case Fill::Whole:
        break;
    }
    if (wanted > sizeof header) return take_block();
    std::memcpy(&header, buffer_.data(), sizeof header);
    std::string wrong = check_block_header(header, blocks_);
    if (!wrong.empty()) return set_damage(offset_, std::move(wrong));
    if (header.stored_bytes == 0) return take_block();
    wanted += header.stored_bytes;
  }
}

RecordingReader::Found RecordingReader::take_block() {
  tcptwin_block_header header;
  std::memcpy(&header, buffer_.data(), sizeof header);
  auto payload = block_payload(header, std::span{buffer_}.subspan(sizeof header));
  if (!payload) {
    return set_damage(offset_,
                      "block " + std::to_string(blocks_) + " is damaged: " + payload.error().what);
  }
  payload_ = std::move(payload.value());
  block_offset_ = offset_;
  offset_ += buffer_.size();
  buffer_.clear();
  ++blocks_;
  if (header.kind == TCPTWIN_BLOCK_ITEMS) return Found::Block;
  if (header.kind == TCPTWIN_BLOCK_END) return take_end();
  return set_damage(block_offset_, "a block of a kind that this version does not know");
}

RecordingReader::Found RecordingReader::take_end() {
  tcptwin_recording_totals totals{};
  if (payload_.size() < sizeof totals) return set_damage(block_offset_, "its end block is damaged");
  std::memcpy(&totals, payload_.data(), sizeof totals);
  totals_ = totals;
  Fill behind = Fill::NothingNow;
  do {
    behind = fill(1);
  } while (behind == Fill::NothingNow);
  if (behind != Fill::Whole) return Found::End;
  return set_damage(offset_, "something follows the end of the recording");
}

}  // namespace tcptwin::sources
