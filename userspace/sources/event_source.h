// SPDX-License-Identifier: MIT
// Where records come from: the live kernel, a recording, a test. Raw bytes only; decode.h gives
// them meaning, so that a recording can store exactly what arrived.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"

namespace tcptwin::sources {

class RecordHandler {
 public:
  virtual ~RecordHandler() = default;
  // One wire record (include/tcptwin/wire.h). The bytes are the source's until the call returns.
  virtual void on_record(std::span<const std::byte> record) = 0;
  // So many records are missing here: whoever recorded them could not store them.
  virtual void on_lost(std::uint64_t) {}
};

class EventSource {
 public:
  virtual ~EventSource() = default;

  // Waits up to `timeout` for records, delivers all that are there, and ends every delivery with a
  // TCPTWIN_STATUS record whose time is before the drain began: all that was emitted earlier has
  // been delivered. Returns the number of records, the status not counted; 0 when none came.
  virtual Result<std::size_t> poll(std::chrono::milliseconds timeout, RecordHandler& handler) = 0;

  // No record will ever come again (the end of a recording).
  virtual bool is_exhausted() const = 0;
};

}  // namespace tcptwin::sources
