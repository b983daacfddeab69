// SPDX-License-Identifier: MIT
#include "sources/recording_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tcptwin::sources {
namespace {

// How long to look for the header of a recording that comes through a pipe before looking again.
constexpr int kHeaderWaitMs = 200;

// Names of cgroups that a file may bring along.
constexpr std::size_t kCgroupsLimit = 200'000;

// No difference of times may overflow, whatever a file says (decode has the same bound).
KernelTime time_of(const tcptwin_header& header) {
  return kernel_time_from_ns(std::min(header.time_ns, std::uint64_t{1} << 62));
}

template <typename Note>
std::optional<Note> note_as(std::span<const std::byte> item) {
  Note note;
  if (item.size() < sizeof note) return std::nullopt;
  std::memcpy(&note, item.data(), sizeof note);
  return note;
}

// The item at the front; empty if what is there cannot be one.
std::span<const std::byte> first_item(std::span<const std::byte> bytes) {
  tcptwin_header header;
  if (bytes.size() < sizeof header) return {};
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.size < sizeof header || header.size % 8 != 0 || header.size > bytes.size()) return {};
  return bytes.first(header.size);
}

std::uint16_t kind_of(std::span<const std::byte> item) {
  return note_as<tcptwin_header>(item)->kind;
}

}  // namespace

Result<std::unique_ptr<RecordingSource>> RecordingSource::open(const std::string& path) {
  auto opened = open_recording(path);
  if (!opened) return opened.error();
  std::unique_ptr<RecordingSource> source{new RecordingSource{{}, std::move(opened.value().file)}};
  source->path_ = path;
  source->file_bytes_ = opened.value().bytes;
  const Status begun = source->begin(path == "-" ? "the input" : path);
  if (!begun) return begun.error();
  return source;
}

Result<std::unique_ptr<RecordingSource>> RecordingSource::open(
    const std::vector<std::string>& paths) {
  if (paths.size() == 1) return open(paths.front());
  const auto parts = order_parts(paths);
  if (!parts) return parts.error();
  auto opened = open(parts.value().front().path);
  if (!opened) return opened.error();
  RecordingSource& source = *opened.value();
  source.following_.assign(parts.value().begin() + 1, parts.value().end());
  source.parts_ = parts.value().size();
  std::uint32_t before = source.facts_.file_number;
  for (const RecordingPart& part : source.following_) {
    source.file_bytes_ += part.bytes;
    if (part.number - before > 1) {
      source.missing_parts_ +=
          (source.missing_parts_.empty() ? "" : ", ") + std::to_string(before + 1) +
          (part.number - before > 2 ? " to " + std::to_string(part.number - 1) : std::string{});
    }
    before = part.number;
  }
  return opened;
}

Result<std::unique_ptr<RecordingSource>> RecordingSource::open(ReadBytes read,
                                                               const std::string& name) {
  std::unique_ptr<RecordingSource> source{new RecordingSource{std::move(read), {}}};
  const Status begun = source->begin(name);
  if (!begun) return begun.error();
  return source;
}

Status RecordingSource::begin(const std::string& name) {
  auto facts = reader_.open(name);
  if (!facts) return facts.error();
  facts_ = std::move(facts.value());
  time_ = facts_.start;
  number_ = facts_.file_number;
  return Done{};
}

RecordingSource::RecordingSource(ReadBytes read, system::UniqueFd file)
    : file_(std::move(file)),
      wait_ms_(kHeaderWaitMs),
      reader_(read ? std::move(read) : reading_file()) {}

ReadBytes RecordingSource::reading_file() {
  return [this](std::span<std::byte> room) -> std::ptrdiff_t {
    pollfd waiting{file_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, wait_ms_) == 0) {
      errno = EAGAIN;
      return -1;
    }
    return ::read(file_.get(), room.data(), room.size());
  };
}

bool RecordingSource::is_continued() const {
  const auto& totals = reader_.totals();
  return totals && totals->end == TCPTWIN_END_ROTATED;
}

const system::CgroupName* RecordingSource::find_cgroup(std::uint64_t id) const {
  const auto found = cgroups_.find(id);
  return found == cgroups_.end() ? nullptr : &found->second;
}

void RecordingSource::keep_cgroup(std::span<const std::byte> item) {
  const auto note = note_as<tcptwin_cgroup_note>(item);
  if (!note || note->path_bytes > item.size() - sizeof *note ||
      note->path_bytes > TCPTWIN_RECORDING_PATH_LIMIT || cgroups_.size() >= kCgroupsLimit) {
    return;
  }
  const auto path = item.subspan(sizeof *note, note->path_bytes);
  cgroups_.insert_or_assign(
      note->id,
      system::parse_cgroup_path({reinterpret_cast<const char*>(path.data()), path.size()}));
}

// A file that continues another counts from its own beginning on, unless that other one was read,
// too.
void RecordingSource::deliver_record(std::span<const std::byte> item, RecordHandler& handler) {
  if (is_behind_gap_) deliver_gap(0, handler);
  auto status = note_as<tcptwin_status>(item);
  if (!status || status->header.kind != TCPTWIN_STATUS || item.size() != sizeof *status) {
    handler.on_record(item);
    return;
  }
  received_ = status->counters[TCPTWIN_RECEIVED];
  if (!base_) {
    handler.on_record(item);
    return;
  }
  for (std::size_t i = 0; i < TCPTWIN_COUNTERS; ++i) {
    if (i != TCPTWIN_COUNTED_AT) status->counters[i] -= base_->counters[i];
  }
  handler.on_record(bytes_of(*status));
}

// False where a turn ends.
bool RecordingSource::deliver_note(std::span<const std::byte> item, RecordHandler& handler) {
  const tcptwin_header header = *note_as<tcptwin_header>(item);
  switch (header.kind) {
    case TCPTWIN_NOTE_TURN:
      time_ = std::max(time_, time_of(header));
      return false;
    case TCPTWIN_NOTE_FINISH:
      is_finishing_ = true;
      return false;
    case TCPTWIN_NOTE_CGROUP:
      keep_cgroup(item);
      return true;
    case TCPTWIN_NOTE_LOST:
      if (const auto note = note_as<tcptwin_lost_note>(item)) {
        lost_ += note->records;
        handler.on_lost(note->records);
      }
      return true;
    case TCPTWIN_NOTE_END:
      if (const auto note = note_as<tcptwin_end_note>(item)) {
        time_ = std::max(time_, time_of(header));
        failed_censuses_ = note->failed_censuses;
      }
      return true;
    case TCPTWIN_NOTE_BASE:
      if (const auto note = note_as<tcptwin_base_note>(item)) begin_part(note->status, handler);
      return true;
    case TCPTWIN_NOTE_MALFORMED:
      if (const auto note = note_as<tcptwin_malformed_note>(item);
          note && note->bytes <= item.size() - sizeof *note) {
        handler.on_record(item.subspan(sizeof *note, note->bytes));
      }
      return true;
    default:
      return true;
  }
}

// What was lost at the very end stands in the end block alone.
void RecordingSource::deliver_losses_of_end(RecordHandler& handler) {
  const auto& totals = reader_.totals();
  if (!totals || totals->lost <= lost_ - lost_before_) return;
  const std::uint64_t more = totals->lost - (lost_ - lost_before_);
  handler.on_lost(more);
  lost_ += more;
}

// Of the present file; false if it was the last.
bool RecordingSource::pass_end(RecordHandler& handler) {
  if (reader_.damage()) damages_.push_back({path_, *reader_.damage()});
  if (go_on(handler)) return true;
  is_exhausted_ = true;
  // Nobody knows how many records are missing behind a damage: at least one, for those who judge.
  if (is_behind_gap_) {
    deliver_gap(0, handler);
  } else if (reader_.damage()) {
    handler.on_lost(1);
  }
  return false;
}

// Begins the next part; false if there is none. One that cannot be read any more is as missing as
// one that was not given.
bool RecordingSource::go_on(RecordHandler& handler) {
  const std::uint64_t lost = lost_;
  deliver_losses_of_end(handler);
  bool is_gap = reader_.damage() || !is_continued() || lost != lost_;
  while (!following_.empty()) {
    const RecordingPart part = std::move(following_.front());
    following_.pop_front();
    bytes_before_ += reader_.bytes_read();
    is_behind_gap_ = is_gap || part.number != number_ + 1;
    number_ = part.number;
    path_ = part.path;
    lost_before_ = lost_;
    const Status begun = begin_file(part.path);
    if (begun) return true;
    damages_.push_back({part.path, {0, begun.error().what}});
    is_gap = is_behind_gap_ = true;
  }
  return false;
}

Status RecordingSource::begin_file(const std::string& path) {
  auto opened = open_recording(path);
  if (!opened) return opened.error();
  file_ = std::move(opened.value().file);
  reader_ = RecordingReader{reading_file()};
  const auto facts = reader_.open(path);
  if (!facts) return facts.error();
  return Done{};
}

// Between two files; nobody counts what is no event, such as a census.
void RecordingSource::deliver_gap(std::uint64_t known, RecordHandler& handler) {
  const std::uint64_t missing = std::max<std::uint64_t>(known, 1);
  is_behind_gap_ = false;
  lost_ += missing;
  lost_before_ += missing;
  handler.on_lost(missing);
}

// What the counters were when a file was begun. After a gap they tell how much is missing; who
// judges must know that before the census that the file begins with.
void RecordingSource::begin_part(const tcptwin_status& base, RecordHandler& handler) {
  if (number_ == facts_.file_number) {
    base_ = base;
    received_ = base.counters[TCPTWIN_RECEIVED];
    return;
  }
  if (!is_behind_gap_) return;
  const std::uint64_t now = std::max(base.counters[TCPTWIN_RECEIVED], received_);
  deliver_gap(now - received_, handler);
  deliver_record(bytes_of(base), handler);
}

bool RecordingSource::read_block(RecordHandler& handler) {
  for (;;) {
    switch (reader_.next()) {
      case RecordingReader::Found::Block:
        at_ = 0;
        has_block_ = true;
        return true;
      case RecordingReader::Found::NothingNow:
        return false;
      case RecordingReader::Found::End:
      case RecordingReader::Found::Damage:
        if (!pass_end(handler)) return false;
        break;
    }
  }
}

std::size_t RecordingSource::deliver(Until until, RecordHandler& handler) {
  std::size_t records = 0;
  while (!is_exhausted_) {
    if (!has_block_ && !read_block(handler)) break;
    const auto rest = reader_.payload().subspan(at_);
    if (rest.empty()) {
      has_block_ = false;
      continue;
    }
    const auto item = first_item(rest);
    if (item.empty()) {
      reader_.refuse_block("what is in the block is no record");
      has_block_ = false;  // what comes next is another file, or nothing
      continue;
    }
    at_ += item.size();
    if (kind_of(item) < TCPTWIN_NOTE) {
      deliver_record(item, handler);
      ++records;
    } else if (!deliver_note(item, handler) && until == Until::Turn) {
      break;
    }
  }
  return records;
}

Result<std::size_t> RecordingSource::poll(std::chrono::milliseconds timeout,
                                          RecordHandler& handler) {
  wait_ms_ = static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(timeout.count(), 0, 1000));
  if (is_finishing_) return std::size_t{0};
  return deliver(Until::Turn, handler);
}

bool RecordingSource::next_is_finish() {
  if (is_finishing_) return true;
  const auto rest = has_block_ ? reader_.payload().subspan(at_) : std::span<const std::byte>{};
  const auto item = first_item(rest);
  return !item.empty() && kind_of(item) == TCPTWIN_NOTE_FINISH;
}

void RecordingSource::finish(RecordHandler& handler) {
  wait_ms_ = kHeaderWaitMs;
  if (!is_exhausted_ && next_is_finish()) deliver(Until::End, handler);
}

}  // namespace tcptwin::sources
