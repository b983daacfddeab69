// SPDX-License-Identifier: MIT
// A recording, block by block, from a file or a pipe. Total: whatever the bytes are, it gives whole
// checked blocks and then an end or a damage with its offset, and never asks for more memory than a
// block may take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "sources/recording_format.h"

namespace tcptwin::sources {

// Fills the front of the bytes and says how many; 0: the end; -1 with errno, EAGAIN: none now.
using ReadBytes = std::function<std::ptrdiff_t(std::span<std::byte>)>;

// Where a recording cannot be read on.
struct Damage {
  std::uint64_t offset = 0;  // of the first byte that is not part of something whole
  std::string what;
};

class RecordingReader {
 public:
  explicit RecordingReader(ReadBytes read) : read_(std::move(read)) {}

  // To be called first; waits as long as it takes. `name` is for messages.
  Result<RecordingFacts> open(const std::string& name);

  enum class Found { Block, NothingNow, End, Damage };
  Found next();
  // Of the block that was found.
  std::span<const std::byte> payload() const { return payload_; }
  // Where that block stands in the file.
  std::uint64_t block_offset() const { return block_offset_; }

  // Once the end block was found.
  const std::optional<tcptwin_recording_totals>& totals() const { return totals_; }
  const std::optional<Damage>& damage() const { return damage_; }
  // A block's content makes no sense although its checksum is right.
  void refuse_block(std::string what) { set_damage(block_offset_, std::move(what)); }
  std::uint64_t bytes_read() const { return offset_ + buffer_.size(); }

 private:
  enum class Fill { Whole, NothingNow, CutShort, Failed };
  Fill fill(std::size_t bytes);
  Found take_block();
  Found take_end();
  Found cut_short();
  Found set_damage(std::uint64_t offset, std::string what);

  ReadBytes read_;
  Bytes buffer_;              // from offset_ on
  std::uint64_t offset_ = 0;  // of what has been taken
  std::uint64_t block_offset_ = 0;
  std::uint64_t blocks_ = 0;
  Bytes payload_;
  std::optional<tcptwin_recording_totals> totals_;
  std::optional<Damage> damage_;
  int error_ = 0;
};

}  // namespace tcptwin::sources
