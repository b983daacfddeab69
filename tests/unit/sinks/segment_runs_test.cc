// SPDX-License-Identifier: MIT
// Data in a ladder: what flows is one line, what is lost or sent again never is.
#include "sinks/segment_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "sinks/exchange_ladder.h"
#include "unit/sinks/synthetic_exchange.h"
#include "unit/sinks/synthetic_findings.h"
#include "unit/sinks/synthetic_parts.h"

namespace tcptwin::test {
namespace {

using model::Cause;
using model::State;
using sinks::Fate;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

class DataInLadders : public testing::Test {
 protected:
  DataInLadders() { connection.handshake(1000); }

  const sinks::Exchange& exchange() {
    if (kept.all.empty()) {
      collector.advance(at(milliseconds{90000}));
      collector.finish();
    }
    EXPECT_EQ(kept.all.size(), 1u);
    return kept.all.front();
  }
  std::string drawn(std::size_t columns = 120) {
    return sinks::ladder_text(sinks::ladder_of(exchange()),
                              {system::Repertoire::Ascii, sinks::Colour::Never, columns});
  }
  // Of data and pure ACKs alone.
  std::vector<Fate> fates() {
    std::vector<Fate> result;
    const auto stories = sinks::segment_stories(exchange());
    for (std::size_t i = 0; i < stories.size(); ++i) {
      const auto* seen = std::get_if<sinks::ExchangeSegment>(&exchange().events[i].what);
      if (seen != nullptr && seen->segment.is_traffic()) result.push_back(stories[i].fate);
    }
    return result;
  }

  KeptExchanges kept;
  sinks::LadderCollector collector{kept};
  PlayedConnection connection{collector};
};

TEST_F(DataInLadders, one_segment_has_its_numbers_and_its_length) {
  connection.passes(At::Client, 1010, data(1, 700));
  connection.passes(At::Server, 1011, pure_ack(1, 701));
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("|-- data seq 1 ack 1 len 700 ---"));
  EXPECT_THAT(text, HasSubstr("--- ACK seq 1 ack 701 --|"));
}

TEST_F(DataInLadders, what_flows_is_one_line_with_the_acks_between) {
  for (unsigned i = 0; i < 37; ++i) {
    connection.passes(At::Server, 1010, data(1 + 1000 * i, 1000));
    if (i % 4 == 3) connection.passes(At::Client, 1010, pure_ack(1, 1 + 1000 * i));
  }
  connection.passes(At::Client, 1011, pure_ack(1, 30'001));
  connection.passes(At::Client, 1011, pure_ack(1, 37'001));
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("- 37 data segments, 37,000 bytes, 1:37001 (9 ACKs meanwhile) --|"));
  EXPECT_THAT(text, HasSubstr("|-- 2 ACKs up to ack 37001 ---"));
  EXPECT_THAT(text, Not(HasSubstr("len ")));
  EXPECT_THAT(text, Not(HasSubstr("Dashed")));
}

TEST_F(DataInLadders, what_is_lost_and_sent_again_stands_alone) {
  connection.passes(At::Client, 1010, data(1, 100));
  connection.passes(At::Client, 1010, data(101, 100));
  connection.sent(At::Client, 1010, data(201, 100));
  connection.passes(At::Client, 1010, data(301, 100));
  connection.passes(At::Client, 1010, data(401, 100));
  connection.passes(At::Client, 1300, data(201, 100));
  connection.passes(At::Server, 1300, pure_ack(1, 501));
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("2 data segments, 200 bytes, 1:201 ---"));
  EXPECT_THAT(text, HasSubstr("data seq 201 ack 1 len 100 (lost) -----X"));
  EXPECT_THAT(text, HasSubstr("2 data segments, 200 bytes, 301:501 ---"));
  EXPECT_THAT(text, HasSubstr("data seq 201 ack 1 len 100 (sent again) ---"));
}

// One end, the other elsewhere: what is missing here is no data of which numbers tell, for it
// comes.
TEST_F(DataInLadders, a_hole_that_is_filled_later_is_told_once) {
  connection.received(At::Client, 1010, data(1, 100));
  connection.received(At::Client, 1010, data(201, 100));
  connection.received(At::Client, 1011, data(101, 100));
  connection.sent(At::Client, 1011, pure_ack(1, 301));
  const std::string text = drawn();
  EXPECT_THAT(text, Not(HasSubstr("bytes of data")));
  EXPECT_THAT(text, HasSubstr("data seq 101 ack 1 len 100"));
  EXPECT_THAT(text, Not(HasSubstr("again")));
}

TEST_F(DataInLadders, cut_into_packets_on_its_way_it_is_one_arrow) {
  connection.sent(At::Client, 1010, data(1, 3000));
  for (const std::uint32_t begin : {1u, 1001u, 2001u}) {
    connection.received(At::Server, 1010, data(begin, 1000));
    connection.passes(At::Server, 1010, pure_ack(1, begin + 1000));
  }
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("|-- data seq 1 ack 1 len 3000 ----"));
  EXPECT_THAT(text, Not(HasSubstr("len 1000")));
  EXPECT_THAT(text, Not(HasSubstr("lost")));
}

TEST_F(DataInLadders, joined_on_its_way_all_of_it_has_arrived) {
  for (const std::uint32_t begin : {1u, 1001u, 2001u}) {
    connection.sent(At::Client, 1010, data(begin, 1000));
  }
  connection.received(At::Server, 1010, data(1, 3000));
  EXPECT_EQ(fates(),
            (std::vector<Fate>{Fate::Arrived, Fate::Arrived, Fate::Arrived, Fate::IsArrival}));
  EXPECT_THAT(drawn(), HasSubstr("3 data segments, 3,000 bytes, 1:3001 ---"));
}

TEST_F(DataInLadders, joined_with_what_was_sent_again_the_first_one_stays_lost) {
  connection.sent(At::Client, 1010, data(1, 1000));
  connection.sent(At::Client, 1300, data(1, 1000));
  connection.sent(At::Client, 1300, data(1001, 1000));
  connection.received(At::Server, 1300, data(1, 2000));
  EXPECT_EQ(fates(),
            (std::vector<Fate>{Fate::Lost, Fate::Arrived, Fate::Arrived, Fate::IsArrival}));
}

TEST_F(DataInLadders, what_is_acknowledged_and_was_not_seen_arriving_is_not_lost) {
  connection.sent(At::Client, 1010, data(1, 1000));
  connection.passes(At::Server, 1011, pure_ack(1, 1001));
  EXPECT_EQ(fates().front(), Fate::Unknown);
}

TEST_F(DataInLadders, a_lost_pure_ack_is_drawn_so) {
  connection.passes(At::Client, 1010, data(1, 700));
  connection.sent(At::Server, 1011, pure_ack(1, 701));
  EXPECT_THAT(drawn(), HasSubstr("X----- ACK seq 1 ack 701 (lost) --|"));
}

TEST_F(DataInLadders, nothing_is_lost_where_its_arrival_may_be_left_out) {
  for (unsigned i = 0; i < 400; ++i) connection.passes(At::Client, 1010, data(1 + i, 1));
  connection.sent(At::Client, 1015, data(401, 1));
  connection.passes(At::Client, 3000, data(402, 1));
  EXPECT_THAT(drawn(), Not(HasSubstr("(lost)")));
  EXPECT_THAT(drawn(), HasSubstr("of data and pure ACKs left out"));
}

TEST_F(DataInLadders, long_after_what_is_left_out_a_loss_is_one) {
  for (unsigned i = 0; i < 400; ++i) connection.passes(At::Client, 1010, data(1 + i, 1));
  for (unsigned i = 0; i < 130; ++i) connection.passes(At::Client, 1010, data(401 + i, 1));
  connection.sent(At::Client, 5000, data(531, 1));
  connection.passes(At::Client, 5300, data(531, 1));
  EXPECT_THAT(drawn(), HasSubstr("data seq 531 ack 1 len 1 (lost)"));
}

TEST_F(DataInLadders, a_step_ends_what_is_told_in_one_line) {
  connection.passes(At::Client, 1010, data(1, 100));
  connection.passes(At::Client, 1010, data(101, 100));
  connection.step(At::Client, 1010, State::Established, State::FinWait1, Cause::LocalClose);
  connection.passes(At::Client, 1010, data(201, 100));
  connection.passes(At::Client, 1010, data(301, 100));
  const std::string text = drawn();
  const std::size_t first = text.find("2 data segments, 200 bytes, 1:201");
  const std::size_t second = text.find("2 data segments, 200 bytes, 201:401");
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(second, std::string::npos);
  EXPECT_LT(first, text.find("local_close"));
  EXPECT_GT(second, text.find("local_close"));
}

// The receiver has closed before it came: an arrow straight across would tell another story.
TEST_F(DataInLadders, what_arrives_after_the_receiver_acted_is_told_apart) {
  connection.sent(At::Client, 1010, data(1, 100));
  connection.sent(At::Client, 1010, data(101, 100));
  connection.received(At::Server, 1011, data(1, 100));
  connection.step(At::Server, 1011, State::Established, State::FinWait1, Cause::LocalClose);
  connection.received(At::Server, 1012, data(101, 100));
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("|-- data seq 1 ack 1 len 100 ------"));
  EXPECT_THAT(text, HasSubstr("|-- data seq 101 ack 1 len 100 ....."));
  EXPECT_THAT(text, HasSubstr("|.. data seq 101 ack 1 len 100 ---"));
  EXPECT_THAT(text, Not(HasSubstr("data segments")));
}

// The times of each rail go down: an ACK that was sent while data came is told with the data.
TEST_F(DataInLadders, acks_that_are_sent_before_the_last_data_arrives_are_told_with_it) {
  connection.sent(At::Client, 1010, data(1, 100));
  connection.sent(At::Client, 1011, data(101, 100));
  connection.received(At::Server, 1012, data(1, 100));
  connection.sent(At::Server, 1013, pure_ack(1, 101));
  connection.received(At::Server, 1014, data(101, 100));
  connection.received(At::Client, 1015, pure_ack(1, 101));
  EXPECT_THAT(drawn(), HasSubstr("2 data segments, 200 bytes, 1:201 (1 ACK meanwhile) ---"));
}

TEST_F(DataInLadders, a_silence_ends_it_too) {
  connection.passes(At::Client, 1010, data(1, 100));
  connection.passes(At::Client, 1200, data(101, 100));
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("190ms later"));
  EXPECT_THAT(text, HasSubstr("data seq 101 ack 1 len 100"));
}

TEST_F(DataInLadders, a_window_that_shuts_is_news) {
  Carried shut = pure_ack(1, 1);
  shut.window = 0;
  connection.passes(At::Server, 1010, shut);
  connection.passes(At::Server, 1010, pure_ack(1, 1));
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("ACK seq 1 ack 1 window 0 --|"));
  EXPECT_THAT(text, Not(HasSubstr("ACKs")));
}

TEST_F(DataInLadders, acks_without_news_are_a_count) {
  connection.passes(At::Server, 1010, pure_ack(1, 1));
  connection.passes(At::Server, 1010, pure_ack(1, 1));
  EXPECT_THAT(drawn(), HasSubstr("2 ACKs ack 1 --|"));
}

// Whatever happens: what is lost or sent again has its own line, and an arrival that is folded
// belongs to a segment that is.
TEST(FoldedSegments, whatever_passes_what_is_remarkable_is_never_folded) {
  std::minstd_rand random{9293};
  const auto any = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  std::size_t runs = 0;
  for (int round = 0; round < 200; ++round) {
    KeptExchanges kept;
    sinks::LadderCollector collector{kept, {.ends = 8, .events = 20 + any(100)}};
    PlayedConnection talk{collector};
    talk.handshake(1000);
    for (int ms = 1001; ms < 1101; ms += static_cast<int>(any(3))) {
      const At end = any(3) == 0 ? At::Server : At::Client;
      const Carried carried = any(4) == 0 ? pure_ack(1 + 10 * any(9), 1 + 10 * any(9))
                                          : data(1 + 10 * any(9), 10 * (1 + any(4)));
      if (any(8) != 0) talk.sent(end, ms, carried);
      if (any(8) != 0) talk.received(end == At::Client ? At::Server : At::Client, ms, carried);
      if (any(30) == 0) talk.step(end, ms, State::Established, State::FinWait1, Cause::LocalClose);
    }
    collector.advance(at(milliseconds{9000}));
    collector.finish();
    for (const sinks::Exchange& exchange : kept.all) {
      const auto stories = sinks::segment_stories(exchange);
      const sinks::Folding folding = sinks::folded(exchange, stories);
      for (std::size_t i = 0; i < stories.size(); ++i) {
        if (!folding.is_folded[i]) continue;
        const bool is_arrival = stories[i].fate == Fate::IsArrival;
        if (is_arrival) {
          EXPECT_TRUE(folding.is_folded[stories[i].counterpart]);
        } else {
          EXPECT_FALSE(stories[i].is_repeated);
          EXPECT_TRUE(stories[i].fate == Fate::Arrived || stories[i].fate == Fate::Unknown);
        }
      }
      runs += folding.runs.size();
      EXPECT_FALSE(sinks::ladder_of(exchange).rungs.empty());
    }
  }
  EXPECT_GT(runs, 100u);
}

TEST_F(DataInLadders, at_one_end_alone_what_flows_is_one_line_as_well) {
  KeptExchanges alone;
  sinks::LadderCollector remote{alone};
  PlayedConnection half{remote};
  half.names_the_other_end = false;
  half.step(At::Client, 1000, State::Closed, State::SynSent, Cause::ActiveOpen);
  half.sent(At::Client, 1000, {"S"});
  half.received(At::Client, 1001, {"SA", 0, 1});
  half.sent(At::Client, 1001, {"A", 1, 1});
  for (unsigned i = 0; i < 20; ++i) {
    half.received(At::Client, 1010, data(1 + 1448 * i, 1448));
    if (i % 2 == 1) half.sent(At::Client, 1010, pure_ack(1, 1 + 1448 * (i + 1)));
  }
  remote.finish();
  ASSERT_EQ(alone.all.size(), 1u);
  const std::string text = sinks::ladder_text(
      sinks::ladder_of(alone.all.front()), {system::Repertoire::Ascii, sinks::Colour::Never, 120});
  EXPECT_THAT(text, HasSubstr("20 data segments, 28,960 bytes, 1:28961 (9 ACKs meanwhile) --"));
  EXPECT_THAT(text, HasSubstr("ACK seq 1 ack 28961"));
}

}  // namespace
}  // namespace tcptwin::test
