// SPDX-License-Identifier: MIT
// RingReader on a ring made of plain memory, written as the kernel writes it.
#include "sources/ring_reader.h"

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace tcptwin::sources {
namespace {

class Collector final : public RecordHandler {
 public:
  void on_record(std::span<const std::byte> record) override {
    texts.emplace_back(reinterpret_cast<const char*>(record.data()), record.size());
    if (after_each) after_each();
  }
  std::vector<std::string> texts;
  std::function<void()> after_each;
};

class RingReaderTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kBytes = 64 * 1024;

  RingMemory memory() { return {&consumer_, &producer_, ring_.data(), kBytes}; }

  // Returns the place of the record's header.
  std::size_t produce(const std::string& text, std::uint32_t bits = 0) {
    const std::size_t place = producer_ & (kBytes - 1);
    write_header(place, static_cast<std::uint32_t>(text.size()) | bits);
    for (std::size_t i = 0; i < text.size(); ++i) {
      put(place + BPF_RINGBUF_HDR_SZ + i, static_cast<std::byte>(text[i]));
    }
    producer_ += (BPF_RINGBUF_HDR_SZ + text.size() + 7) & ~std::size_t{7};
    return place;
  }
  void write_header(std::size_t place, std::uint32_t length) {
    std::array<std::byte, 4> bytes{};
    std::memcpy(bytes.data(), &length, sizeof length);
    for (std::size_t i = 0; i < bytes.size(); ++i) put(place + i, bytes[i]);
  }

  std::uint64_t consumer_ = 0;
  std::uint64_t producer_ = 0;

 private:
  // The kernel maps the data twice in a row.
  void put(std::size_t place, std::byte value) {
    place &= kBytes - 1;
    ring_[place] = ring_[place + kBytes] = value;
  }

  alignas(8) std::array<std::byte, 2 * kBytes> ring_{};
};

TEST_F(RingReaderTest, records_come_in_ring_order_and_room_is_given_back) {
  RingReader reader{memory()};
  produce("first");
  produce("second");
  Collector collector;
  const Drained drained = reader.drain(collector);
  EXPECT_EQ(drained.records, 2u);
  EXPECT_TRUE(drained.is_complete);
  EXPECT_EQ(collector.texts, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(consumer_, producer_);
}

TEST_F(RingReaderTest, empty_ring_delivers_nothing) {
  RingReader reader{memory()};
  Collector collector;
  EXPECT_EQ(reader.drain(collector).records, 0u);
  EXPECT_TRUE(collector.texts.empty());
}

TEST_F(RingReaderTest, discarded_record_is_skipped) {
  RingReader reader{memory()};
  produce("gone", BPF_RINGBUF_DISCARD_BIT);
  produce("kept");
  Collector collector;
  EXPECT_EQ(reader.drain(collector).records, 1u);
  EXPECT_EQ(collector.texts, std::vector<std::string>{"kept"});
}

TEST_F(RingReaderTest, unfinished_record_holds_back_those_behind_it) {
  RingReader reader{memory()};
  produce("before");
  const std::size_t place = produce("slow", BPF_RINGBUF_BUSY_BIT);
  produce("behind");
  Collector collector;
  const Drained first = reader.drain(collector);
  EXPECT_FALSE(first.is_complete);
  EXPECT_EQ(collector.texts, std::vector<std::string>{"before"});
  write_header(place, 4);
  EXPECT_TRUE(reader.drain(collector).is_complete);
  EXPECT_EQ(collector.texts, (std::vector<std::string>{"before", "slow", "behind"}));
}

TEST_F(RingReaderTest, record_that_comes_during_the_drain_waits_for_the_next) {
  RingReader reader{memory()};
  produce("early");
  Collector collector;
  collector.after_each = [this, &collector] {
    if (collector.texts.size() == 1) produce("late");
  };
  EXPECT_EQ(reader.drain(collector).records, 1u);
  EXPECT_EQ(reader.drain(collector).records, 1u);
  EXPECT_EQ(collector.texts, (std::vector<std::string>{"early", "late"}));
}

TEST_F(RingReaderTest, record_that_wraps_around_lies_in_one_piece) {
  RingReader reader{memory()};
  const std::string text(1000, 'w');
  Collector collector;
  for (int i = 0; i < 500; ++i) {
    produce(text + std::to_string(i));
    ASSERT_EQ(reader.drain(collector).records, 1u);
    ASSERT_EQ(collector.texts.back(), text + std::to_string(i));
  }
  EXPECT_GT(producer_, 4 * kBytes);
}

TEST_F(RingReaderTest, room_is_given_back_before_a_long_drain_ends) {
  RingReader reader{memory()};
  for (int i = 0; i < 40; ++i) produce(std::string(1000, 'x'));
  Collector collector;
  std::uint64_t seen_by_kernel = 0;
  collector.after_each = [&] { seen_by_kernel = std::max(seen_by_kernel, consumer_); };
  reader.drain(collector);
  EXPECT_GT(seen_by_kernel, 0u);
}

}  // namespace
}  // namespace tcptwin::sources
