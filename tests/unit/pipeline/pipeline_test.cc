// SPDX-License-Identifier: MIT
// What the way from bytes to findings keeps, whatever the bytes are: a record is judged or counted,
// and never both, never neither.
#include "pipeline.h"

#include <gtest/gtest.h>

#include <random>
#include <variant>

#include "sources/decode.h"
#include "unit/sources/golden_record.h"

namespace tcptwin {
namespace {

using Bytes = std::vector<std::byte>;

class Losses final : public tracker::FindingHandler {
 public:
  void on_step(const tracker::Step&) override {}
  void on_divergence(const tracker::Divergence&) override {}
  void on_call_path(const tracker::CallPath&) override {}
  void on_loss(const tracker::Loss& loss) override {
    if (loss.where == tracker::LossPlace::Malformed) malformed += loss.lost;
  }
  std::uint64_t malformed = 0;
};

// Takes in strings of bytes, and knows by decode() alone which of them are no records.
class Feed {
 public:
  void take(const Bytes& bytes) {
    const auto decoded = sources::decode(bytes);
    if (std::holds_alternative<sources::DecodeError>(decoded)) {
      ++malformed_;
    } else {
      ++valid_;
    }
    pipeline_.on_record(bytes);
  }

  void end_and_check() {
    pipeline_.end();
    tracker_.finish(losses_);
    EXPECT_EQ(pipeline_.status().malformed, malformed_);
    EXPECT_EQ(losses_.malformed, malformed_);
  }

  std::uint64_t valid() const { return valid_; }
  std::uint64_t malformed() const { return malformed_; }

 private:
  tracker::Tracker tracker_{{}};
  Losses losses_;
  Pipeline pipeline_{tracker_, losses_};
  std::uint64_t malformed_ = 0;
  std::uint64_t valid_ = 0;
};

Bytes random_bytes(std::mt19937& random) {
  Bytes bytes(random() % 700);
  for (std::byte& octet : bytes) octet = static_cast<std::byte>(random());
  return bytes;
}

// A real record with a few bytes changed, or cut, or followed by something.
Bytes damaged(Bytes bytes, std::mt19937& random) {
  for (std::uint32_t changes = random() % 4; changes > 0; --changes) {
    bytes[random() % bytes.size()] = static_cast<std::byte>(random());
  }
  if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 16));
  return bytes;
}

TEST(Pipeline, every_byte_string_is_a_record_or_a_counted_error) {
  std::mt19937 random{20260101};
  Feed feed;
  std::vector<Bytes> real;
  for (const std::string& name : testing::golden_record_names()) {
    if (name != "status") real.push_back(testing::read_golden_record(name));  // it brings counts
  }
  for (int round = 0; round < 20'000; ++round) {
    feed.take(round % 4 == 0 ? random_bytes(random)
                             : damaged(real[random() % real.size()], random));
  }
  feed.end_and_check();
  EXPECT_GT(feed.valid(), 1'000u);
  EXPECT_GT(feed.malformed(), 1'000u);
}

TEST(Pipeline, what_is_malformed_between_two_statuses_is_counted_once) {
  Feed feed;
  const Bytes status = testing::read_golden_record("status");
  const Bytes nonsense(3);
  for (int round = 0; round < 3; ++round) {
    feed.take(nonsense);
    feed.take(status);
  }
  feed.take(nonsense);
  feed.end_and_check();
  EXPECT_EQ(feed.malformed(), 4u);
}

}  // namespace
}  // namespace tcptwin
