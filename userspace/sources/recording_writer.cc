// SPDX-License-Identifier: MIT
#include "sources/recording_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace tcptwin::sources {
namespace {

// After a write has failed.
constexpr std::chrono::milliseconds kBetweenAttempts{200};
// One wait for the reader of a pipe: what the end of the run may be late by.
constexpr int kReaderWaitMs = 100;

// A pipe on stdout is opened once more, so that it can be written without being held up and without
// changing it for those who share it.
system::UniqueFd open_stdout() {
  struct stat status {};
  if (::fstat(STDOUT_FILENO, &status) == 0 && S_ISFIFO(status.st_mode)) {
    system::UniqueFd own{::open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NONBLOCK)};
    if (own.is_open()) return own;
  }
  return system::UniqueFd{::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)};
}

}  // namespace

Result<system::UniqueFd> RecordingWriter::open_target(const std::string& path) {
  // O_NONBLOCK: a FIFO without a reader must not hold us, nor one that reads slowly.
  constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  constexpr mode_t kOwnerOnly = 0600;  // it tells who talks to whom
  system::UniqueFd file =
      path == "-" ? open_stdout() : system::UniqueFd{::open(path.c_str(), kFlags, kOwnerOnly)};
  if (file.is_open()) return file;
  const int error = errno;
  std::string hint;
  if (error == ENXIO) hint = "nobody reads from this pipe yet: start its reader first";
  return Error{ErrorCode::Failed,
               "cannot write the recording " + path + ": " + std::strerror(error), hint};
}

RecordingWriter::RecordingWriter(system::UniqueFd target, const WriterOptions& options)
    : options_(options),
      maker_(options.compression),
      file_(std::move(target)),
      thread_([this] { work(); }) {}

RecordingWriter::~RecordingWriter() {
  finish();
}

void RecordingWriter::add(Job job) {
  const std::lock_guard lock{mutex_};
  queued_bytes_ += job.bytes.size();
  queue_.push_back(std::move(job));
  changed_.notify_all();
}

void RecordingWriter::begin_file(std::string path, Bytes header) {
  add({.task = Task::BeginFile, .bytes = std::move(header), .path = std::move(path)});
}

bool RecordingWriter::write(Bytes payload, std::uint32_t records) {
  const std::lock_guard lock{mutex_};
  if (queued_bytes_ + payload.size() > options_.queue_bytes || health_.is_gone) return false;
  queued_bytes_ += payload.size();
  queue_.push_back({.task = Task::Write, .bytes = std::move(payload), .records = records});
  changed_.notify_all();
  return true;
}

void RecordingWriter::end_file(tcptwin_recording_end end, std::uint64_t lost) {
  Job job{.task = Task::EndFile};
  job.totals.lost = lost;
  job.totals.end = static_cast<std::uint32_t>(end);
  add(std::move(job));
}

void RecordingWriter::remove_file(std::string path) {
  add({.task = Task::RemoveFile, .path = std::move(path)});
}

WriterHealth RecordingWriter::health() const {
  const std::lock_guard lock{mutex_};
  return health_;
}

WriterOutcome RecordingWriter::finish() {
  {
    const std::lock_guard lock{mutex_};
    is_finishing_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

void RecordingWriter::work() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return !queue_.empty() || is_finishing_; });
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    const std::size_t bytes = job.bytes.size();
    carry_out(job);
    const std::lock_guard lock{mutex_};
    queued_bytes_ -= bytes;  // only now: what is being written fills the queue too
    health_.file_bytes = size_;
    health_.files = outcome_.files;
  }
}

void RecordingWriter::carry_out(Job& job) {
  switch (job.task) {
    case Task::BeginFile:
      while (!open_file(job)) {
        if (!may_try_again(errno)) return;
      }
      is_cut_off_ = !put(job.bytes);
      return;
    case Task::Write:
      // After a gap that no note tells of, nothing may follow.
      if (is_cut_off_ ||
          !put_block(maker_.make(TCPTWIN_BLOCK_ITEMS, blocks_, job.records, job.bytes))) {
        give_up(job);
        return;
      }
      last_block_records_ = job.records;
      file_records_ += job.records;
      file_payload_ += job.bytes.size();
      outcome_.records += job.records;
      return;
    case Task::EndFile:
      put_end(job);
      return;
    case Task::RemoveFile:
      ::unlink(job.path.c_str());
      return;
  }
}

bool RecordingWriter::open_file(const Job& job) {
  if (!job.path.empty()) {
    auto opened = open_target(job.path);
    if (!opened) return false;
    file_ = std::move(opened.value());
  }
  struct stat status {};
  is_regular_ = options_.owns_file && ::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode);
  if (is_regular_ && ::ftruncate(file_.get(), 0) != 0) return false;
  size_ = blocks_ = file_records_ = file_payload_ = file_given_up_ = 0;
  last_block_at_ = 0;
  last_block_records_ = 0;
  ++outcome_.files;
  return true;
}

// After a failure: says so, and waits a little. False if it is time to give up.
bool RecordingWriter::may_try_again(int error) {
  std::unique_lock lock{mutex_};
  health_.error = error;
  if (error == EPIPE) health_.is_gone = true;
  if (health_.is_gone || is_finishing_) {
    if (error != EPIPE) outcome_.error = error;
    return false;
  }
  changed_.wait_for(lock, kBetweenAttempts, [this] { return is_finishing_; });
  return true;
}

// The reader of a pipe may take its time, but not for ever once the run is over.
bool RecordingWriter::await_reader() {
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> since;
  for (;;) {
    pollfd waiting{file_.get(), POLLOUT, 0};
    if (::poll(&waiting, 1, kReaderWaitMs) > 0) return true;
    const std::lock_guard lock{mutex_};
    if (!is_finishing_) continue;
    const auto now = Clock::now();
    if (!since) since = now;
    if (now - *since < options_.patience) continue;
    outcome_.error = ETIMEDOUT;
    health_.is_gone = true;
    return false;
  }
}

bool RecordingWriter::put(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    // A pwrite would do for files, but not for pipes and not for >>.
    const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written > 0) {
      size_ += static_cast<std::uint64_t>(written);
      outcome_.bytes += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      if (!await_reader()) return false;
      continue;
    }
    if (!may_try_again(written == 0 ? EIO : errno)) return false;
  }
  const std::lock_guard lock{mutex_};
  health_.error = 0;
  return true;
}

// What is half written would end the recording for its readers.
void RecordingWriter::cut_back_to(std::uint64_t size) {
  if (!is_regular_ || size >= size_) return;
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) return;
  ::lseek(file_.get(), static_cast<off_t>(size), SEEK_SET);
  outcome_.bytes -= size_ - size;
  size_ = size;
}

bool RecordingWriter::put_block(std::span<const std::byte> block) {
  const std::uint64_t begin = size_;
  if (!put(block)) {
    cut_back_to(begin);
    return false;
  }
  last_block_at_ = begin;
  ++blocks_;
  return true;
}

void RecordingWriter::give_up(const Job& job) {
  is_cut_off_ = true;
  file_given_up_ += job.records;
  outcome_.given_up += job.records;
}

// Where the disk is so full that not even this fits, the last block makes room: a file that says
// what it lacks is worth more than one that just stops.
bool RecordingWriter::put_end(Job& job) {
  for (int attempt = 0;; ++attempt) {
    job.totals.records = file_records_;
    job.totals.payload_bytes = file_payload_;
    const std::uint64_t lost = job.totals.lost;
    job.totals.lost += file_given_up_;
    const bool done = put_block(maker_.make(TCPTWIN_BLOCK_END, blocks_, 0, bytes_of(job.totals)));
    job.totals.lost = lost;
    const bool has_block = is_regular_ && last_block_at_ != 0 && last_block_at_ < size_;
    if (done || attempt != 0 || !has_block) return done;
    cut_back_to(last_block_at_);
    --blocks_;
    file_records_ -= last_block_records_;
    outcome_.records -= last_block_records_;
    file_given_up_ += last_block_records_;
    outcome_.given_up += last_block_records_;
  }
}

}  // namespace tcptwin::sources
