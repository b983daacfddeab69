// SPDX-License-Identifier: MIT
// A recording as a source of records: what decode saw live, in the same portions. No rights, no
// waiting for the clock. The files of a recording that was rotated are read as one.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "sources/event_source.h"
#include "sources/recording_facts.h"
#include "sources/recording_parts.h"
#include "sources/recording_reader.h"
#include "system/cgroup_names.h"
#include "system/unique_fd.h"

namespace tcptwin::sources {

class RecordingSource final : public EventSource {
 public:
  // "-" is stdin.
  static Result<std::unique_ptr<RecordingSource>> open(const std::string& path);
  // The parts of one recording, in any order. A part that is not there is a loss.
  static Result<std::unique_ptr<RecordingSource>> open(const std::vector<std::string>& paths);
  // Of bytes that come from anywhere. `name` is for messages.
  static Result<std::unique_ptr<RecordingSource>> open(ReadBytes read, const std::string& name);

  // One turn of the live run: everything up to where it looked up. `timeout` is how long to wait
  // where a recording comes through a pipe.
  Result<std::size_t> poll(std::chrono::milliseconds timeout, RecordHandler& handler) override;
  // The end, or the damage, has been reached.
  bool is_exhausted() const override { return is_exhausted_; }

  // The live run was over here; what follows is what it did to come to its end.
  bool is_finishing() const { return is_finishing_; }
  // The rest, if the live run finished here as well.
  void finish(RecordHandler& handler);

  const RecordingFacts& facts() const { return facts_; }
  // When the last turn was, or the run's end once it was reached.
  KernelTime time() const { return time_; }
  std::uint64_t failed_censuses() const { return failed_censuses_; }
  // Known once they have been read. The answer lives until the next poll.
  const system::CgroupName* find_cgroup(std::uint64_t id) const;

  const std::optional<Damage>& damage() const { return reader_.damage(); }
  // Of all files so far, each with its name.
  struct DamagedPart {
    std::string path;
    Damage damage;
  };
  const std::vector<DamagedPart>& damages() const { return damages_; }
  std::uint64_t lost() const { return lost_; }
  // The file ends where the next one of its --rotate goes on.
  bool is_continued() const;

  // "1, 3 to 5": the parts between the first and the last that were not given; "" if none.
  const std::string& missing_parts() const { return missing_parts_; }
  std::size_t parts() const { return parts_; }
  std::uint64_t bytes_read() const { return bytes_before_ + reader_.bytes_read(); }
  std::uint64_t file_bytes() const { return file_bytes_; }  // of all; 0: not known

 private:
  enum class Until { Turn, End };
  RecordingSource(ReadBytes read, system::UniqueFd file);

  bool read_block(RecordHandler& handler);
  std::size_t deliver(Until until, RecordHandler& handler);
  bool deliver_note(std::span<const std::byte> item, RecordHandler& handler);
  void deliver_record(std::span<const std::byte> item, RecordHandler& handler);
  void keep_cgroup(std::span<const std::byte> item);
  bool next_is_finish();
  void deliver_losses_of_end(RecordHandler& handler);
  void deliver_gap(std::uint64_t known, RecordHandler& handler);
  bool pass_end(RecordHandler& handler);
  Status begin(const std::string& name);
  ReadBytes reading_file();
  bool go_on(RecordHandler& handler);
  Status begin_file(const std::string& path);
  void begin_part(const tcptwin_status& base, RecordHandler& handler);

  system::UniqueFd file_;
  int wait_ms_ = 0;  // of the present poll
  RecordingReader reader_;
  std::string path_;
  std::uint32_t number_ = 1;             // of the present file
  std::deque<RecordingPart> following_;  // parts
  std::size_t parts_ = 1;
  std::string missing_parts_;
  std::vector<DamagedPart> damages_;
  std::uint64_t bytes_before_ = 0;  // of the parts before
  bool is_behind_gap_ = false;      // something is missing before this part
  std::uint64_t received_ = 0;      // records, by the latest status
  RecordingFacts facts_;
  std::uint64_t file_bytes_ = 0;
  std::size_t at_ = 0;  // in the payload of the reader's block
  bool has_block_ = false;
  bool is_exhausted_ = false;
  bool is_finishing_ = false;
  KernelTime time_;
  std::uint64_t failed_censuses_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t lost_before_ = 0;  // of it, in the parts before
  std::optional<tcptwin_status> base_;
  std::unordered_map<std::uint64_t, system::CgroupName> cgroups_;
};

}  // namespace tcptwin::sources
