// SPDX-License-Identifier: MIT
// A recording in several files: read as one it is what one file would have been, and what is
// missing between them is counted and told before anything is built on it.
#include <gmock/gmock.h>

#include <filesystem>

#include "unit/sources/recording_bytes.h"

namespace tcptwin::testing {
namespace {

using ::testing::HasSubstr;

std::uint16_t kind_of(const Bytes& record) {
  tcptwin_header header;
  std::memcpy(&header, record.data(), sizeof header);
  return header.kind;
}

tcptwin_status status_of(const Bytes& record) {
  tcptwin_status status;
  std::memcpy(&status, record.data(), sizeof status);
  return status;
}

// Rounds of all golden records; the status of each counts the records before it, as a source does.
std::vector<Bytes> counted_stream(std::size_t rounds) {
  std::vector<Bytes> stream = golden_stream(rounds);
  std::uint64_t received = 0;
  for (Bytes& record : stream) {
    if (kind_of(record) != TCPTWIN_STATUS) {
      ++received;
      continue;
    }
    tcptwin_status status = status_of(record);
    status.counters[TCPTWIN_RECEIVED] = received;
    const auto bytes = sources::bytes_of(status);
    record.assign(bytes.begin(), bytes.end());
  }
  return stream;
}

class RecordingParts : public ::testing::Test {
 protected:
  RecordingParts() {
    sources::RecorderOptions options;
    options.path = folder_.file("day");
    options.rotation.after = std::chrono::milliseconds{500};
    record(stream_, options, late_facts());
    for (const auto& entry : std::filesystem::directory_iterator{folder_.file("")}) {
      parts_.push_back(entry.path().string());
    }
    std::sort(parts_.begin(), parts_.end());
    sources::RecorderOptions one;
    one.path = folder_.file("whole");
    record(stream_, one, late_facts());
  }

  // Later than any golden record, so that the run's clock is what a file's age is measured by.
  static sources::RecordingFacts late_facts() {
    sources::RecordingFacts facts = some_facts();
    facts.start = facts.opened = KernelTime{std::chrono::hours{24 * 365}};
    return facts;
  }

  std::vector<std::string> without(std::size_t part) const {
    std::vector<std::string> rest = parts_;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(part));
    return rest;
  }

  // Records, but for the call paths, which every part tells again.
  static std::vector<Bytes> but_call_paths(std::vector<Bytes> records) {
    std::erase_if(records,
                  [](const Bytes& record) { return kind_of(record) == TCPTWIN_CALL_PATH; });
    return records;
  }

  const std::vector<Bytes> stream_ = counted_stream(60);
  Folder folder_;
  std::vector<std::string> parts_;
};

Delivered replayed(sources::RecordingSource& source) {
  Delivered delivered;
  replay(source, delivered);
  EXPECT_TRUE(source.is_exhausted());
  return delivered;
}

TEST_F(RecordingParts, together_are_the_whole) {
  ASSERT_GE(parts_.size(), 4u);
  const auto whole = sources::RecordingSource::open(folder_.file("whole"));
  std::vector<std::string> shuffled = parts_;
  std::swap(shuffled.front(), shuffled.back());
  const auto joined = sources::RecordingSource::open(shuffled);
  ASSERT_TRUE(whole);
  ASSERT_TRUE(joined) << joined.error().what;
  EXPECT_EQ(joined.value()->missing_parts(), "");
  std::size_t turns = 0;
  Delivered once;
  Delivered again;
  while (!whole.value()->is_finishing()) {
    ASSERT_TRUE(whole.value()->poll(std::chrono::milliseconds{0}, once));
    ASSERT_TRUE(joined.value()->poll(std::chrono::milliseconds{0}, again));
    ++turns;
    ASSERT_EQ(but_call_paths(once.records), but_call_paths(again.records)) << "turn " << turns;
    ASSERT_EQ(whole.value()->time(), joined.value()->time()) << "turn " << turns;
    once.records.clear();
    again.records.clear();
  }
  EXPECT_GT(turns, 10u);
  EXPECT_TRUE(joined.value()->is_finishing());
  joined.value()->finish(again);
  EXPECT_TRUE(joined.value()->damages().empty());
  EXPECT_EQ(again.lost, 0u);
  EXPECT_EQ(joined.value()->bytes_read(), joined.value()->file_bytes());
}

TEST_F(RecordingParts, one_that_is_missing_is_counted_before_the_next_begins) {
  const auto joined = sources::RecordingSource::open(without(1));
  ASSERT_TRUE(joined) << joined.error().what;
  EXPECT_EQ(joined.value()->missing_parts(), "2");
  struct LossThenStatus final : sources::RecordHandler {
    std::vector<std::uint16_t> after;
    std::uint64_t before = 0;  // by the last status in front of the gap
    std::uint64_t lost = 0;
    std::uint64_t behind = 0;  // by the first status behind it
    void on_record(std::span<const std::byte> record) override {
      const Bytes bytes{record.begin(), record.end()};
      if (lost != 0) after.push_back(kind_of(bytes));
      if (kind_of(bytes) != TCPTWIN_STATUS) return;
      const std::uint64_t received = status_of(bytes).counters[TCPTWIN_RECEIVED];
      if (lost == 0) before = received;
      if (lost != 0 && behind == 0) behind = received;
    }
    void on_lost(std::uint64_t count) override { lost += count; }
  } handler;
  replay(*joined.value(), handler);
  EXPECT_GT(handler.before, 0u);
  EXPECT_EQ(handler.lost, handler.behind - handler.before);
  ASSERT_FALSE(handler.after.empty());
  EXPECT_EQ(handler.after.front(), TCPTWIN_STATUS);
  EXPECT_EQ(joined.value()->lost(), handler.lost);
}

TEST_F(RecordingParts, from_the_second_on_count_from_their_own_beginning) {
  const auto joined = sources::RecordingSource::open(without(0));
  ASSERT_TRUE(joined) << joined.error().what;
  const auto second = sources::RecordingSource::open(parts_[1]);
  ASSERT_TRUE(second);
  const Delivered alone = replayed(*second.value());
  Delivered delivered = replayed(*joined.value());
  EXPECT_EQ(delivered.lost, 0u);
  ASSERT_GT(delivered.records.size(), alone.records.size());
  delivered.records.resize(alone.records.size());
  EXPECT_EQ(delivered.records, alone.records);
}

TEST_F(RecordingParts, one_that_is_cut_short_lets_the_others_be_read) {
  const Bytes bytes = read_file(parts_[1]);
  write_file(parts_[1], std::span{bytes}.first(bytes.size() * 2 / 3));
  const auto joined = sources::RecordingSource::open(parts_);
  ASSERT_TRUE(joined) << joined.error().what;
  const Delivered delivered = replayed(*joined.value());
  ASSERT_EQ(joined.value()->damages().size(), 1u);
  EXPECT_EQ(joined.value()->damages()[0].path, parts_[1]);
  EXPECT_GT(delivered.lost, 0u);
  EXPECT_EQ(delivered.records.back(), stream_.back());
}

TEST_F(RecordingParts, one_that_vanished_meanwhile_is_missing) {
  const auto joined = sources::RecordingSource::open(parts_);
  ASSERT_TRUE(joined);
  std::filesystem::remove(parts_.back());
  const Delivered delivered = replayed(*joined.value());
  ASSERT_EQ(joined.value()->damages().size(), 1u);
  EXPECT_THAT(joined.value()->damages()[0].damage.what, HasSubstr("No such file"));
  EXPECT_GT(delivered.lost, 0u);
}

TEST_F(RecordingParts, what_does_not_belong_together_is_refused) {
  const auto of_two =
      sources::RecordingSource::open(std::vector<std::string>{parts_[0], folder_.file("whole")});
  ASSERT_FALSE(of_two);
  EXPECT_THAT(of_two.error().what, HasSubstr("not of the same recording"));
  EXPECT_EQ(of_two.error().code, ErrorCode::Usage);
  const auto twice = sources::RecordingSource::open(std::vector<std::string>{parts_[0], parts_[0]});
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().what, HasSubstr("same part"));
  const auto stdin_too = sources::RecordingSource::open(std::vector<std::string>{parts_[0], "-"});
  ASSERT_FALSE(stdin_too);
  EXPECT_THAT(stdin_too.error().what, HasSubstr("stdin"));
}

}  // namespace
}  // namespace tcptwin::testing
