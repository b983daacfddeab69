// SPDX-License-Identifier: MIT
// The bytes of a recording (include/tcptwin/recording.h): header and blocks made, and checked when
// they are read. Total: bytes are never trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sources/recording_facts.h"
#include "tcptwin/recording.h"

namespace tcptwin::sources {

using Bytes = std::vector<std::byte>;

template <typename Structure>
std::span<const std::byte> bytes_of(const Structure& structure) {
  return std::as_bytes(std::span{&structure, 1});
}

// A note's header.
tcptwin_header note_header(tcptwin_note_kind kind, KernelTime time, std::size_t size);

// Header and facts of a new file. Facts beyond the limit are cut off at a line's end.
Bytes header_bytes(const RecordingFacts& facts);

// What begins with this header is a recording that this program can read. The Error says what it is
// instead, where that can be told.
Status check_header(std::span<const std::byte> bytes, const std::string& name);
// Bytes of header and facts together; `header` has passed check_header.
std::size_t header_size(std::span<const std::byte> header);
Result<RecordingFacts> read_header(std::span<const std::byte> bytes, const std::string& name);

enum class Compression { None, Zstd };

// A whole block, ready to be written. Incompressible payloads are stored as they are.
class BlockMaker {
 public:
  explicit BlockMaker(Compression compression);
  ~BlockMaker();
  BlockMaker(const BlockMaker&) = delete;
  BlockMaker& operator=(const BlockMaker&) = delete;

  // The answer lives until the next call.
  std::span<const std::byte> make(tcptwin_block_kind kind, std::uint64_t number,
                                  std::uint32_t records, std::span<const std::byte> payload);

 private:
  void* context_ = nullptr;  // of zstd
  Bytes block_;
};

// "" if the header may stand in front of a block with this number; else what is wrong.
std::string check_block_header(const tcptwin_block_header& header, std::uint64_t number);
// Gives the payload of a stored block; an Error if checksum or codec say no.
Result<Bytes> block_payload(const tcptwin_block_header& header, std::span<const std::byte> stored);

}  // namespace tcptwin::sources
