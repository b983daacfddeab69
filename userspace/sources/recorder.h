// SPDX-License-Identifier: MIT
// The recorder: stands between a source and decode, stores the same bytes in the same order, and
// beside them what a replay cannot look up any more (names of cgroups, call paths it has not seen).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/result.h"
#include "sources/anonymiser.h"
#include "sources/event_source.h"
#include "sources/recording_facts.h"
#include "sources/recording_format.h"
#include "sources/recording_writer.h"
#include "system/cgroup_names.h"

namespace tcptwin::sources {

// When a file is full and the next one begins: FILE.000001, FILE.000002 ...
struct Rotation {
  std::optional<std::uint64_t> bytes;
  std::optional<Duration> after;
  std::uint32_t keep = 0;  // of the files, the latest ones; 0: all

  bool is_on() const { return bytes || after; }
};

struct RecorderOptions {
  std::string path;  // "-": stdout
  Rotation rotation;
  WriterOptions writer;
  Anonymity anonymity = Anonymity::None;
};

// What a cgroup id stands for: on this host, or in the recording that is recorded anew.
using FindCgroup = std::function<const system::CgroupName*(std::uint64_t id)>;

// What became of a recording.
struct RecordingReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
  std::uint64_t lost = 0;  // records that were not stored
  int error = 0;           // errno of what went wrong with the file, 0 if nothing
};

class Recorder final : public RecordHandler {
 public:
  // `find_cgroup` empty: nothing is told about cgroups.
  static Result<std::unique_ptr<Recorder>> open(RecorderOptions options, RecordingFacts facts,
                                                FindCgroup find_cgroup = {});
  ~Recorder() override;

  // Where records go after they were stored.
  void pass_on_to(RecordHandler& next) { next_ = &next; }
  void on_record(std::span<const std::byte> record) override;
  void on_lost(std::uint64_t records) override;

  // The run has looked up; what is older than a second goes to the file.
  void end_turn(KernelTime now);
  // The run is over, its last records follow.
  void begin_finish(KernelTime now);
  RecordingReport finish(KernelTime end, std::uint64_t failed_censuses);

  // What the recording says about this cgroup so far: a replay will know no more, so a run that is
  // recorded must not either. Null if nothing. The answer lives until the next record.
  const system::CgroupName* find_cgroup(std::uint64_t id) const;

  // Records are missing from the file, or the next one is due: a census would help those who read
  // it. A new file begins with one.
  bool wants_census() const { return wants_census_ || next_file_due_; }
  // Nobody reads what is written.
  bool is_gone() const { return writer_->health().is_gone; }
  std::uint64_t lost() const { return lost_; }
  // What the user must hear, once each time it begins and ends; "" if nothing.
  std::string take_message();

 private:
  Recorder(RecorderOptions options, RecordingFacts facts, FindCgroup find_cgroup);

  void store(std::span<const std::byte> item, bool is_record);
  void store_note(tcptwin_note_kind kind, KernelTime now);
  void store_malformed(std::span<const std::byte> bytes);
  void store_what_it_needs(std::span<const std::byte> record);
  void store_cgroup(std::uint64_t id, KernelTime now);
  void store_call_path(std::uint32_t id);
  void anonymise(std::span<std::byte> item) const;
  void push_block();
  void look_at_rotation(KernelTime now);
  void rotate();
  void look_at_writer();
  void say(const std::string& what);

  const RecorderOptions options_;
  RecordingFacts facts_;
  std::unique_ptr<RecordingWriter> writer_;
  RecordHandler* next_ = nullptr;

  Bytes block_;
  std::uint32_t block_records_ = 0;
  KernelTime block_began_;
  KernelTime latest_;  // of what was stored

  FindCgroup host_cgroup_;
  std::optional<Anonymiser> anonymiser_;
  std::unordered_map<std::uint64_t, system::CgroupName> cgroups_;  // that have been stored
  std::unordered_map<std::uint32_t, Bytes> call_paths_;            // as they came
  // What a reader of the present stretch of the file knows: nothing after a loss.
  std::unordered_set<std::uint64_t> known_cgroups_;
  std::unordered_set<std::uint32_t> known_call_paths_;

  std::optional<KernelTime> next_file_due_;  // since when
  std::uint64_t lost_before_ = 0;            // in the files before
  std::optional<tcptwin_status> status_;     // the latest

  std::uint64_t lost_ = 0;            // in all
  std::uint64_t lost_unwritten_ = 0;  // since the last loss note that made it
  bool wants_census_ = false;
  bool is_losing_ = false;
  bool is_failing_ = false;  // the writer is
  std::string message_;
};

}  // namespace tcptwin::sources
