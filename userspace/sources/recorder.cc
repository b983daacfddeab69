// SPDX-License-Identifier: MIT
#include "sources/recorder.h"

#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace tcptwin::sources {
namespace {

// A block is written when it is so large, or so old.
constexpr std::size_t kBlockBytes = 64 * 1024;
constexpr Duration kBlockAge = std::chrono::seconds{1};

// The kernel side names a path once; there are some dozen. Beyond this they stay numbers.
constexpr std::size_t kCallPathsLimit = 4096;
constexpr std::size_t kCgroupsLimit = 100'000;

template <typename Record>
std::optional<Record> record_as(std::span<const std::byte> bytes, tcptwin_record_kind kind) {
  Record record;
  if (bytes.size() != sizeof record) return std::nullopt;
  std::memcpy(&record, bytes.data(), sizeof record);
  if (record.header.kind != kind) return std::nullopt;
  return record;
}

std::optional<tcptwin_header> header_of(std::span<const std::byte> record) {
  tcptwin_header header;
  if (record.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, record.data(), sizeof header);
  return header;
}

// How long a file that is full waits for the census that the next one shall begin with.
constexpr Duration kCensusPatience = std::chrono::seconds{10};

Duration realtime_minus_monotonic() {
  timespec real{};
  timespec monotonic{};
  ::clock_gettime(CLOCK_REALTIME, &real);
  ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
  return std::chrono::seconds{real.tv_sec - monotonic.tv_sec} +
         std::chrono::nanoseconds{real.tv_nsec - monotonic.tv_nsec};
}

std::string numbered(const std::string& path, std::uint32_t number) {
  constexpr std::size_t kDigits = 6;
  const std::string digits = std::to_string(number);
  return path + '.' + std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

// An item can be found again by its own header.
bool is_item(const std::optional<tcptwin_header>& header, std::size_t bytes) {
  return header && header->size == bytes && header->size % 8 == 0 && header->kind < TCPTWIN_NOTE;
}

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::open(RecorderOptions options, RecordingFacts facts,
                                                 FindCgroup find_cgroup) {
  const bool rotates = options.rotation.is_on();
  auto target = RecordingWriter::open_target(rotates ? numbered(options.path, facts.file_number)
                                                     : options.path);
  if (!target) return target.error();
  if (::getrandom(&facts.recording_id, sizeof facts.recording_id, 0) < 0) facts.recording_id = 0;
  options.writer.owns_file = options.path != "-";
  std::unique_ptr<Recorder> recorder{
      new Recorder(std::move(options), std::move(facts), std::move(find_cgroup))};
  recorder->writer_ =
      std::make_unique<RecordingWriter>(std::move(target.value()), recorder->options_.writer);
  recorder->writer_->begin_file("", header_bytes(recorder->facts_));
  return recorder;
}

Recorder::Recorder(RecorderOptions options, RecordingFacts facts, FindCgroup find_cgroup)
    : options_(std::move(options)), facts_(std::move(facts)), host_cgroup_(std::move(find_cgroup)) {
  latest_ = facts_.start;
  if (options_.anonymity == Anonymity::None) return;
  anonymiser_.emplace(options_.anonymity);
  anonymiser_->apply_to(facts_);
}

Recorder::~Recorder() = default;

void Recorder::on_record(std::span<const std::byte> record) {
  const auto header = header_of(record);
  if (is_item(header, record.size())) {
    latest_ = std::max(latest_, kernel_time_from_ns(header->time_ns & (~std::uint64_t{0} >> 2)));
    store_what_it_needs(record);
    store(record, true);
  } else {
    store_malformed(record);
  }
  if (next_ != nullptr) next_->on_record(record);
}

void Recorder::store_what_it_needs(std::span<const std::byte> record) {
  if (const auto change = record_as<tcptwin_state_change>(record, TCPTWIN_STATE_CHANGE)) {
    store_cgroup(change->cgroup, latest_);
    store_call_path(change->call_path);
  } else if (const auto socket =
                 record_as<tcptwin_existing_socket>(record, TCPTWIN_EXISTING_SOCKET)) {
    store_cgroup(socket->cgroup, latest_);
  } else if (const auto path = record_as<tcptwin_call_path>(record, TCPTWIN_CALL_PATH)) {
    if (call_paths_.size() < kCallPathsLimit) {
      call_paths_.insert_or_assign(path->id, Bytes{record.begin(), record.end()});
    }
    known_call_paths_.insert(path->id);
  } else if (const auto mark = record_as<tcptwin_census>(record, TCPTWIN_CENSUS)) {
    if (mark->phase != TCPTWIN_CENSUS_BEGAN) return;
    if (next_file_due_) rotate();
    wants_census_ = false;
  } else if (const auto status = record_as<tcptwin_status>(record, TCPTWIN_STATUS)) {
    status_ = *status;
  }
}

void Recorder::store_cgroup(std::uint64_t id, KernelTime now) {
  if (id == 0 || !host_cgroup_ || known_cgroups_.contains(id)) return;
  const system::CgroupName* const name = host_cgroup_(id);
  if (name == nullptr || cgroups_.size() >= kCgroupsLimit) return;
  const std::string path = anonymiser_ ? anonymiser_->cgroup_path(name->path) : name->path;
  if (path.size() > TCPTWIN_RECORDING_PATH_LIMIT) return;
  tcptwin_cgroup_note note{};
  const std::size_t padded = (path.size() + 7) / 8 * 8;
  note.header = note_header(TCPTWIN_NOTE_CGROUP, now, sizeof note + padded);
  note.id = id;
  note.path_bytes = static_cast<std::uint32_t>(path.size());
  Bytes item(sizeof note + padded);
  std::memcpy(item.data(), &note, sizeof note);
  std::memcpy(item.data() + sizeof note, path.data(), path.size());
  known_cgroups_.insert(id);
  cgroups_.insert_or_assign(id, *name);
  store(item, false);
}

// It came long ago, in a part that this reader does not have.
void Recorder::store_call_path(std::uint32_t id) {
  if (id == 0 || known_call_paths_.contains(id)) return;
  known_call_paths_.insert(id);
  if (const auto path = call_paths_.find(id); path != call_paths_.end()) store(path->second, true);
}

const system::CgroupName* Recorder::find_cgroup(std::uint64_t id) const {
  const auto found = cgroups_.find(id);
  return found == cgroups_.end() ? nullptr : &found->second;
}

void Recorder::store_malformed(std::span<const std::byte> bytes) {
  constexpr std::size_t kMost = 0x8000;
  bytes = bytes.first(std::min(bytes.size(), kMost));
  tcptwin_malformed_note note{};
  Bytes item(sizeof note + (bytes.size() + 7) / 8 * 8);
  note.header = note_header(TCPTWIN_NOTE_MALFORMED, latest_, item.size());
  note.bytes = static_cast<std::uint32_t>(bytes.size());
  std::memcpy(item.data(), &note, sizeof note);
  std::copy(bytes.begin(), bytes.end(), item.begin() + sizeof note);
  store(item, true);
}

void Recorder::store_note(tcptwin_note_kind kind, KernelTime now) {
  const tcptwin_header header = note_header(kind, now, sizeof header);
  store(bytes_of(header), false);
}

void Recorder::store(std::span<const std::byte> item, bool is_record) {
  if (block_.empty()) block_began_ = latest_;
  block_.insert(block_.end(), item.begin(), item.end());
  if (is_record) ++block_records_;
  if (is_record && anonymiser_) anonymise(std::span{block_}.last(item.size()));
  if (block_.size() >= kBlockBytes) push_block();
}

void Recorder::anonymise(std::span<std::byte> item) const {
  tcptwin_header header;
  std::memcpy(&header, item.data(), sizeof header);
  if (header.kind != TCPTWIN_NOTE_MALFORMED) {
    anonymiser_->apply_to(item);
    return;
  }
  // Whatever it is, it is as malformed without its content.
  const auto content = item.subspan(sizeof(tcptwin_malformed_note));
  std::fill(content.begin(), content.end(), std::byte{0});
}

// The source itself knows of a gap: a recording that is recorded anew.
void Recorder::on_lost(std::uint64_t records) {
  tcptwin_lost_note note{};
  note.header = note_header(TCPTWIN_NOTE_LOST, latest_, sizeof note);
  note.records = records;
  store(bytes_of(note), false);
  lost_ += records;
  if (next_ != nullptr) next_->on_lost(records);
}

void Recorder::push_block() {
  if (block_.empty()) return;
  Bytes payload;
  if (lost_unwritten_ != 0) {
    tcptwin_lost_note note{};
    note.header = note_header(TCPTWIN_NOTE_LOST, block_began_, sizeof note);
    note.records = lost_unwritten_;
    const auto bytes = bytes_of(note);
    payload.assign(bytes.begin(), bytes.end());
  }
  payload.insert(payload.end(), block_.begin(), block_.end());
  if (writer_->write(std::move(payload), block_records_)) {
    is_losing_ = false;
    if (lost_unwritten_ != 0) {
      wants_census_ = true;
      say("goes on; " + std::to_string(lost_) + " records are missing so far");
    }
    lost_unwritten_ = 0;
  } else {
    lost_ += block_records_;
    lost_unwritten_ += block_records_;
    known_cgroups_.clear();
    known_call_paths_.clear();
    if (!is_losing_) {
      say("loses records: " + std::string{is_failing_ ? "what waits for it has no more room"
                                                      : "it is written too slowly"});
    }
    is_losing_ = true;
  }
  block_.clear();
  block_records_ = 0;
}

void Recorder::say(const std::string& what) {
  message_ += "tcptwin: the recording " + options_.path + ' ' + what + '\n';
}

// A write that fails now may succeed later: until then blocks wait, as many as there is room for.
void Recorder::look_at_writer() {
  const WriterHealth health = writer_->health();
  const bool is_failing = health.error != 0;
  if (is_failing == is_failing_) return;
  is_failing_ = is_failing;
  if (health.is_gone) {
    say("ends here: its reader has gone away");
  } else if (is_failing) {
    say(std::string{"cannot be written: "} + std::strerror(health.error) + "; tracing goes on");
  } else {
    say("is written again");
  }
}

void Recorder::end_turn(KernelTime now) {
  look_at_writer();
  latest_ = std::max(latest_, now);
  store_note(TCPTWIN_NOTE_TURN, now);
  if (!block_.empty() && latest_ - block_began_ >= kBlockAge) push_block();
  look_at_rotation(now);
}

void Recorder::look_at_rotation(KernelTime now) {
  const Rotation& rotation = options_.rotation;
  if (next_file_due_) {
    if (now - *next_file_due_ >= kCensusPatience) rotate();
    return;
  }
  const WriterHealth health = writer_->health();
  const bool is_full =
      rotation.bytes && health.files == facts_.file_number && health.file_bytes >= *rotation.bytes;
  const bool is_due = is_full || (rotation.after && now - facts_.opened >= *rotation.after);
  if (is_due) next_file_due_ = now;
}

// Each file can be read alone: it begins with the facts, and what it refers to is told again.
void Recorder::rotate() {
  next_file_due_.reset();
  push_block();
  writer_->end_file(TCPTWIN_END_ROTATED, lost_ - lost_before_);
  lost_before_ = lost_;
  lost_unwritten_ = 0;
  is_losing_ = false;
  known_cgroups_.clear();
  known_call_paths_.clear();
  ++facts_.file_number;
  facts_.opened = latest_;
  facts_.opened_realtime_minus_monotonic = realtime_minus_monotonic();
  writer_->begin_file(numbered(options_.path, facts_.file_number), header_bytes(facts_));
  const std::uint32_t keep = options_.rotation.keep;
  if (keep != 0 && facts_.file_number > keep) {
    writer_->remove_file(numbered(options_.path, facts_.file_number - keep));
  }
  if (!status_) return;
  tcptwin_base_note note{};
  note.header = note_header(TCPTWIN_NOTE_BASE, latest_, sizeof note);
  note.status = *status_;
  store(bytes_of(note), false);
}

void Recorder::begin_finish(KernelTime now) {
  latest_ = std::max(latest_, now);
  store_note(TCPTWIN_NOTE_FINISH, now);
}

RecordingReport Recorder::finish(KernelTime end, std::uint64_t failed_censuses) {
  tcptwin_end_note note{};
  note.header = note_header(TCPTWIN_NOTE_END, end, sizeof note);
  note.failed_censuses = failed_censuses;
  store(bytes_of(note), false);
  push_block();
  writer_->end_file(TCPTWIN_END_FINISHED, lost_ - lost_before_);
  const WriterOutcome outcome = writer_->finish();
  lost_ += outcome.given_up;
  return {outcome.files, outcome.bytes, outcome.records, lost_, outcome.error};
}

std::string Recorder::take_message() {
  return std::exchange(message_, {});
}

}  // namespace tcptwin::sources
