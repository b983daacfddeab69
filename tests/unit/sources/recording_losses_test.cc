// SPDX-License-Identifier: MIT
// Recording to a disk that is full or slow: the recorder never waits, what is missing is counted,
// and what is there can be read.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <thread>

#include "unit/sources/recording_bytes.h"

namespace tcptwin::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// The kernel's own way to say "the disk is full" to one process: EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    set(bytes);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  void set(rlim_t bytes) const {
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  void lift() const { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

// Uncompressed, so that sizes are what they seem; a queue of four blocks.
sources::RecorderOptions small_queue(const std::string& path) {
  sources::RecorderOptions options;
  options.path = path;
  options.writer.compression = sources::Compression::None;
  options.writer.queue_bytes = 300'000;
  options.writer.patience = milliseconds{50};
  return options;
}

struct Replayed {
  Delivered delivered;
  std::uint64_t lost = 0;
  std::string damage;
};

Replayed replay_file(const std::string& path) {
  Replayed replayed;
  const auto source = sources::RecordingSource::open(path);
  if (!source) {
    replayed.damage = source.error().what;
    return replayed;
  }
  replay(*source.value(), replayed.delivered);
  replayed.lost = source.value()->lost();
  if (source.value()->damage()) replayed.damage = source.value()->damage()->what;
  return replayed;
}

TEST(RecordingLosses, a_full_disk_ends_in_a_whole_file_that_says_what_it_lacks) {
  const Folder folder;
  const FileSizeLimit limit{200'000};  // less than the queue holds: the disk is full in any case
  const auto stream = golden_stream(500);
  const auto report = record(stream, small_queue(folder.file("a")));
  EXPECT_EQ(report.error, EFBIG);
  EXPECT_GT(report.records, 0u);
  EXPECT_GT(report.lost, 0u);
  EXPECT_EQ(report.records + report.lost, stream.size());

  const Replayed replayed = replay_file(folder.file("a"));
  EXPECT_EQ(replayed.damage, "");
  EXPECT_EQ(replayed.delivered.records.size(), report.records);
  EXPECT_EQ(replayed.lost, report.lost);
  EXPECT_EQ(replayed.delivered.lost, report.lost);
}

TEST(RecordingLosses, a_disk_with_room_again_goes_on_after_the_gap) {
  const Folder folder;
  const FileSizeLimit limit{200'000};
  const auto stream = golden_stream(100);
  auto opened = sources::Recorder::open(small_queue(folder.file("a")), some_facts());
  ASSERT_TRUE(opened);
  sources::Recorder& recorder = *opened.value();
  KernelTime now = some_facts().start;
  std::uint64_t given = 0;
  std::string messages;
  const auto give_until = [&](const auto& satisfied) {
    for (; !satisfied(); std::this_thread::yield()) {
      for (const Bytes& one : stream) recorder.on_record(one);
      given += stream.size();
      recorder.end_turn(now += seconds{2});
      messages += recorder.take_message();
    }
  };
  const auto has_said = [&](const char* what) { return messages.find(what) != std::string::npos; };
  give_until([&] { return has_said("cannot be written: ") && has_said("loses records: "); });
  EXPECT_FALSE(recorder.wants_census());
  limit.lift();
  messages.clear();
  give_until([&] { return has_said("is written again") && has_said("goes on; "); });
  recorder.begin_finish(now);
  const auto report = recorder.finish(now, 0);
  EXPECT_EQ(report.error, 0);
  EXPECT_EQ(report.records + report.lost, given);

  const Replayed replayed = replay_file(folder.file("a"));
  EXPECT_EQ(replayed.damage, "");
  EXPECT_EQ(replayed.delivered.records.size(), report.records);
  EXPECT_EQ(replayed.delivered.lost, report.lost);
}

TEST(RecordingLosses, a_pipe_nobody_empties_holds_nobody_up) {
  const Folder folder;
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const system::UniqueFd reader{::open(pipe.c_str(), O_RDONLY | O_NONBLOCK)};
  const auto stream = golden_stream(500);
  const auto report = record(stream, small_queue(pipe));
  EXPECT_EQ(report.error, ETIMEDOUT);
  EXPECT_EQ(report.records + report.lost, stream.size());
  EXPECT_GT(report.lost, stream.size() / 2);
}

TEST(RecordingLosses, a_slow_reader_gets_whole_blocks_and_learns_what_is_missing) {
  const Folder folder;
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  // The reader begins to read only when records have been lost.
  const system::UniqueFd held{::open(pipe.c_str(), O_RDONLY | O_NONBLOCK)};
  sources::RecorderOptions options = small_queue(pipe);
  options.writer.patience = seconds{60};
  auto opened = sources::Recorder::open(std::move(options), some_facts());
  ASSERT_TRUE(opened);
  sources::Recorder& recorder = *opened.value();
  const auto stream = golden_stream(50);
  std::uint64_t given = 0;
  KernelTime now = some_facts().start;
  while (recorder.lost() == 0) {
    for (const Bytes& one : stream) recorder.on_record(one);
    given += stream.size();
  }
  Replayed replayed;
  std::thread reader{[&] { replayed = replay_file(pipe); }};
  while (recorder.take_message().find("goes on; ") == std::string::npos) {
    for (const Bytes& one : stream) recorder.on_record(one);
    given += stream.size();
  }
  recorder.begin_finish(now);
  const auto report = recorder.finish(now, 0);
  opened.value().reset();
  reader.join();
  EXPECT_EQ(report.error, 0);
  EXPECT_EQ(report.records + report.lost, given);
  EXPECT_EQ(replayed.damage, "");
  EXPECT_EQ(replayed.delivered.records.size(), report.records);
  EXPECT_EQ(replayed.delivered.lost, report.lost);
}

TEST(RecordingLosses, a_reader_that_goes_away_is_noticed) {
  const Folder folder;
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ::signal(SIGPIPE, SIG_IGN);
  system::UniqueFd reader{::open(pipe.c_str(), O_RDONLY | O_NONBLOCK)};
  auto opened = sources::Recorder::open(small_queue(pipe), some_facts());
  ASSERT_TRUE(opened);
  sources::Recorder& recorder = *opened.value();
  reader.reset();
  const auto stream = golden_stream(50);
  while (!recorder.is_gone()) {
    for (const Bytes& one : stream) recorder.on_record(one);
  }
  EXPECT_EQ(recorder.finish(some_facts().start, 0).error, 0);
}

TEST(RecordingLosses, a_pipe_without_a_reader_is_refused) {
  const Folder folder;
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  const auto opened = sources::Recorder::open(small_queue(folder.file("pipe")), some_facts());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().hint, HasSubstr("start its reader first"));
}

}  // namespace
}  // namespace tcptwin::testing
