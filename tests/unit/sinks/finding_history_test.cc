// SPDX-License-Identifier: MIT
// Findings as bytes, and the history of them that a service keeps.
#include "sinks/finding_history.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "sinks/finding_bytes.h"
#include "sinks/json_lines.h"
#include "unit/sinks/captured_output.h"
#include "unit/sinks/synthetic_findings.h"

namespace tcptwin::test {
namespace {

using namespace sinks;

template <typename T>
T there_and_back(const T& value) {
  std::string bytes;
  EXPECT_TRUE(append_frame(bytes, ServiceMessage{value}));
  // As a socket may deliver it: byte by byte.
  static FrameReader reader;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    reader.add(bytes.substr(i, 1));
    EXPECT_FALSE(reader.next());
  }
  reader.add(bytes.substr(bytes.size() - 1));
  const auto message = reader.next();
  EXPECT_TRUE(message && std::holds_alternative<T>(*message));
  return message ? std::get<T>(*message) : T{};
}

template <typename Play>
std::string json_of(Play play) {
  CapturedOutput out;
  CapturedOutput diagnostics;
  SyntheticCgroups cgroups;
  JsonLinesSink sink{out.output(), diagnostics.output(),
                     JsonOptions{test_clock(), true, false, &cgroups}};
  play(sink);
  return out.text();
}

// What is not sent (evidence, call paths) is taken away before both are printed.
tracker::Step plain(tracker::Step step) {
  step.evidence.reset();
  step.call_path = 0;
  return step;
}
tracker::Divergence plain(tracker::Divergence divergence) {
  divergence.evidence.reset();
  divergence.call_path = 0;
  return divergence;
}

TEST(FindingBytes, every_finding_prints_the_same_behind_them) {
  for (const tracker::Step& step : {synack_step(), child_step(), time_wait_step(), refused_step(),
                                    adopted_step(), gap_step(), ipv6_step()}) {
    const tracker::Step before = plain(step);
    EXPECT_EQ(json_of([&](auto& sink) { sink.on_step(before); }),
              json_of([&](auto& sink) { sink.on_step(there_and_back(before)); }));
  }
  for (const auto& divergence : {unjustified(), timer_violation(), bare_divergence()}) {
    const tracker::Divergence before = plain(divergence);
    EXPECT_EQ(json_of([&](auto& sink) { sink.on_divergence(before); }),
              json_of([&](auto& sink) { sink.on_divergence(there_and_back(before)); }));
  }
  for (const LifeRecord& life : life_records()) {
    EXPECT_EQ(json_of([&](auto& sink) {
                sink.on_life_record({life.life, std::nullopt});
              }),
              json_of([&](auto& sink) {
                sink.on_life_record({there_and_back(life.life), std::nullopt});
              }));
  }
  for (const tracker::Stuck& stuck : {close_wait_stuck(), half_open_stuck(), last_ack_stuck()}) {
    EXPECT_EQ(json_of([&](auto& sink) { sink.on_stuck(stuck); }),
              json_of([&](auto& sink) { sink.on_stuck(there_and_back(stuck)); }));
  }
  for (const auto& census : {first_census(), quiet_census(), healing_census()}) {
    EXPECT_EQ(json_of([&](auto& sink) { sink.on_reconciliation(census); }),
              json_of([&](auto& sink) { sink.on_reconciliation(there_and_back(census)); }));
  }
  EXPECT_EQ(json_of([&](auto& sink) { sink.on_loss(ring_loss()); }),
            json_of([&](auto& sink) { sink.on_loss(there_and_back(ring_loss())); }));
}

TEST(FindingBytes, a_row_of_the_mirror_is_the_same_socket_behind_them) {
  for (const SocketRow& socket : socket_rows()) {
    TableRow row;
    row.connection = socket.connection;
    row.state = socket.state;
    row.known_since = socket.age_at_least ? socket.time - *socket.age_at_least : socket.time;
    if (socket.age) row.entered = socket.time - *socket.age;
    row.owners = socket.owners;
    row.last = socket.last;
    row.kernel = socket.kernel;
    row.listener = socket.listener;
    row.other_end = socket.other_end;
    row.synack_retransmits = socket.synack_retransmits;
    row.is_orphan = socket.is_orphan;
    row.holders = socket.holders;
    row.history = {{socket.time, socket.state, model::Cause::FinReceived, model::Verdict::Deviation,
                    model::dialect(12)}};
    const TableRow after = there_and_back(row);
    SocketRow printed = socket_row(view_of(after), socket.time);
    printed.holders = after.holders;
    // A row knows at least since when it is known.
    SocketRow expected = socket;
    if (!expected.age && !expected.age_at_least) expected.age_at_least = Duration{};
    EXPECT_EQ(json_of([&](auto& sink) { sink.on_socket(expected); }),
              json_of([&](auto& sink) { sink.on_socket(printed); }));
    ASSERT_EQ(after.history.size(), 1u);
    EXPECT_EQ(after.history[0].dialect, model::dialect(12));
    EXPECT_EQ(after.history[0].verdict, model::Verdict::Deviation);
  }
}

TEST(FindingBytes, a_room_that_is_too_small_is_told_and_not_overrun) {
  const tracker::Life life = life_records().front().life;
  std::string whole;
  ASSERT_TRUE(append_frame(whole, ServiceMessage{life}));
  constexpr std::size_t kSpare = 16;  // what the greatest number could take
  for (std::size_t size = 0; size <= whole.size() + kSpare; ++size) {
    const auto room = std::make_unique<char[]>(size);  // so that a sanitizer sees its end
    const std::size_t written = write_frame({room.get(), size}, life);
    const bool fits = size >= whole.size() + kSpare;
    ASSERT_TRUE(size >= whole.size() || written == 0) << size;
    if (fits) {
      EXPECT_EQ((std::string{room.get(), written}), whole);
    }
  }
}

TEST(FindingBytes, what_stands_at_the_head_arrives) {
  ServiceHead head;
  head.pid = 812;
  head.netns = 4026531840u;
  head.counts = busy_summary().counts;
  head.stream = busy_summary().stream;
  head.refused = {{7, 13}};
  head.missed = {1, 2, 3};
  const ServiceHead after = there_and_back(head);
  EXPECT_EQ(after.pid, 812u);
  EXPECT_EQ(after.netns, head.netns);
  EXPECT_EQ(after.counts.causes, head.counts.causes);
  EXPECT_EQ(after.stream.emitted, head.stream.emitted);
  ASSERT_EQ(after.refused.size(), 1u);
  EXPECT_EQ(after.refused[0].error, 13u);
  EXPECT_EQ(after.missed.sum(), 6u);
  EXPECT_TRUE(there_and_back(ServiceEnd{true}).is_complete);
  EXPECT_EQ(there_and_back(ServiceRefusal{"what", "hint"}).hint, "hint");
}

TEST(FindingBytes, damage_is_noticed_and_ends_the_reading) {
  std::string bytes;
  append_frame(bytes, ServiceMessage{served_life()});
  // A value beyond its enumeration, a frame that is too long, one that ends early, a kind of
  // nothing.
  for (const auto& [place, value] : std::vector<std::pair<std::size_t, char>>{
           {3, '\x7f'}, {0, '\x05'}, {kFrameLength, '\x63'}}) {
    std::string damaged = bytes;
    damaged[place] = value;
    FrameReader reader;
    reader.add(damaged);
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.is_damaged());
    reader.add(bytes);
    EXPECT_FALSE(reader.next());
  }
}

// Reads to the end; how many lives, and how many were missed.
struct Read {
  std::size_t lives = 0;
  std::size_t cgroups = 0;
  MissedFindings missed;
};
Read read_all(const FindingHistory& history, FindingHistory::Place& place, KindSet kinds) {
  Read all;
  FrameReader reader;
  for (;;) {
    std::string bytes;
    const auto missed = history.read(place, kinds, 1000, bytes);
    all.missed.lives += missed.lives;
    all.missed.steps += missed.steps;
    if (bytes.empty()) return all;
    reader.add(bytes);
    while (const auto message = reader.next()) {
      all.lives += std::holds_alternative<tracker::Life>(*message) ? 1u : 0u;
      all.cgroups += std::holds_alternative<NamedCgroup>(*message) ? 1u : 0u;
    }
    EXPECT_FALSE(reader.is_damaged());
  }
}

TEST(FindingHistory, readers_get_what_they_want_and_each_part_names_its_cgroups) {
  SyntheticCgroups cgroups;
  FindingHistory history{1 << 20, &cgroups};
  for (int i = 0; i < 10; ++i) {
    history.on_life(served_life());
    history.on_step(synack_step());
  }
  auto place = history.oldest();
  const Read past = read_all(history, place, kinds_of<tracker::Life>());
  EXPECT_EQ(past.lives, 10u);
  EXPECT_EQ(past.cgroups, 1u);
  EXPECT_EQ(place.passed.steps, 10u);
  history.on_life(served_life());
  EXPECT_EQ(read_all(history, place, kinds_of<tracker::Life>()).lives, 1u);

  auto now = history.newest();
  history.on_life(served_life());
  const Read later = read_all(history, now, kinds_of<tracker::Life>());
  EXPECT_EQ(later.lives, 1u);
  EXPECT_EQ(later.cgroups, 1u) << "who begins late needs the names as well";
}

TEST(FindingHistory, it_is_bounded_and_the_dropped_are_counted_exactly) {
  FindingHistory history{1 << 20, nullptr};
  auto slow = history.oldest();
  constexpr std::uint64_t kLives = 20'000;
  for (std::uint64_t i = 0; i < kLives; ++i) {
    history.on_life(served_life());
    history.on_step(synack_step());
  }
  const MissedFindings dropped = history.dropped();
  EXPECT_GT(dropped.lives, 0u);
  auto place = history.oldest();
  EXPECT_EQ(place.passed.lives, dropped.lives);
  const Read kept = read_all(history, place, kinds_of<tracker::Life>());
  EXPECT_EQ(kept.missed.sum(), 0u);
  EXPECT_EQ(kept.lives + dropped.lives, kLives);
  EXPECT_GT(kept.lives, 1000u);

  const Read late = read_all(history, slow, kinds_of<tracker::Life>());
  EXPECT_EQ(late.missed.lives, dropped.lives);
  EXPECT_EQ(late.lives, kept.lives);
}

TEST(FindingHistory, one_thread_adds_while_another_reads) {
  FindingHistory history{1 << 20, nullptr};
  constexpr std::uint64_t kLives = 30'000;
  std::atomic<bool> is_over = false;
  Read read;
  auto place = history.oldest();
  std::thread reader{[&] {
    while (!is_over) {
      const Read part = read_all(history, place, kinds_of<tracker::Life>());
      read.lives += part.lives;
      read.missed.lives += part.missed.lives;
    }
  }};
  for (std::uint64_t i = 0; i < kLives; ++i) history.on_life(client_life());
  is_over = true;
  reader.join();
  const Read rest = read_all(history, place, kinds_of<tracker::Life>());
  EXPECT_EQ(read.lives + rest.lives + read.missed.lives + rest.missed.lives, kLives);
}

}  // namespace
}  // namespace tcptwin::test
