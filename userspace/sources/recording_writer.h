// SPDX-License-Identifier: MIT
// Writes a recording in a thread of its own, so that a slow or full disk never holds up tracing:
// what the bounded queue cannot take is refused at once, and the recorder counts it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "sources/recording_format.h"
#include "system/unique_fd.h"

namespace tcptwin::sources {

struct WriterOptions {
  Compression compression = Compression::Zstd;
  std::size_t queue_bytes = std::size_t{16} << 20;
  bool owns_file = true;  // and may cut it off; stdout may hold what others wrote
  // How long finish() waits for a reader (of a pipe) that takes nothing.
  std::chrono::milliseconds patience{3000};
};

// How it stands with the file.
struct WriterHealth {
  int error = 0;                 // errno of the write that fails now; 0: it writes
  bool is_gone = false;          // nobody will ever read it: the pipe's other end was closed
  std::uint64_t files = 0;       // begun; the queue may hold the beginning of another
  std::uint64_t file_bytes = 0;  // written to the latest of them
};

// What became of all files together.
struct WriterOutcome {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;   // stored
  std::uint64_t given_up = 0;  // records that were in the queue when it ended, and had no room
  int error = 0;               // errno that the end met: the last file lacks something
};

class RecordingWriter {
 public:
  // Opens or creates; "-" is stdout. What was in a file is replaced by begin_file().
  static Result<system::UniqueFd> open_target(const std::string& path);

  RecordingWriter(system::UniqueFd target, const WriterOptions& options);
  ~RecordingWriter();
  RecordingWriter(const RecordingWriter&) = delete;
  RecordingWriter& operator=(const RecordingWriter&) = delete;

  // `path` "": the target handed in. Else the file before has ended, and this one follows.
  void begin_file(std::string path, Bytes header);
  // False: the queue is full, and the payload is dropped.
  bool write(Bytes payload, std::uint32_t records);
  // The end block. `lost`: records of this file that write() refused.
  void end_file(tcptwin_recording_end end, std::uint64_t lost);
  // Deletes a file, in the order of the others.
  void remove_file(std::string path);

  WriterHealth health() const;
  // Waits until everything is written, or cannot be.
  WriterOutcome finish();

 private:
  enum class Task { BeginFile, Write, EndFile, RemoveFile };
  struct Job {
    Task task = Task::Write;
    Bytes bytes{};
    std::string path{};
    std::uint32_t records = 0;
    tcptwin_recording_totals totals{};
  };

  void add(Job job);
  void work();
  void carry_out(Job& job);
  bool open_file(const Job& job);
  bool put(std::span<const std::byte> bytes);
  bool put_block(std::span<const std::byte> block);
  bool put_end(Job& job);
  bool may_try_again(int error);
  void cut_back_to(std::uint64_t size);
  bool await_reader();
  void give_up(const Job& job);

  const WriterOptions options_;
  BlockMaker maker_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;
  std::size_t queued_bytes_ = 0;
  bool is_finishing_ = false;
  WriterHealth health_;

  // Of the thread alone.
  system::UniqueFd file_;
  bool is_regular_ = false;
  bool is_cut_off_ = false;  // something of this file was given up
  std::uint64_t size_ = 0;
  std::uint64_t last_block_at_ = 0;
  std::uint32_t last_block_records_ = 0;
  std::uint64_t blocks_ = 0;
  std::uint64_t file_records_ = 0;
  std::uint64_t file_payload_ = 0;
  std::uint64_t file_given_up_ = 0;
  WriterOutcome outcome_;

  std::thread thread_;  // last: everything else is there when it begins
};

}  // namespace tcptwin::sources
