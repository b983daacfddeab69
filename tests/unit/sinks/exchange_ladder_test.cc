// SPDX-License-Identifier: MIT
#include "sinks/exchange_ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sinks/ladder_svg.h"
#include "sinks/segment_story.h"
#include "unit/sinks/captured_output.h"
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

class ExchangeLadder : public testing::Test {
 protected:
  sinks::Exchange exchange() {
    collector.advance(at(milliseconds{90000}));
    collector.finish();
    EXPECT_EQ(kept.all.size(), 1u);
    return kept.all.empty() ? sinks::Exchange{} : kept.all.front();
  }
  std::string drawn(std::size_t columns = 80,
                    system::Repertoire repertoire = system::Repertoire::Ascii) {
    return sinks::ladder_text(sinks::ladder_of(exchange()),
                              {repertoire, sinks::Colour::Never, columns});
  }

  KeptExchanges kept;
  sinks::LadderCollector collector{kept};
  PlayedConnection connection{collector};
};

std::vector<Fate> fates(const sinks::Exchange& exchange) {
  std::vector<Fate> result;
  const auto stories = sinks::segment_stories(exchange);
  for (std::size_t i = 0; i < stories.size(); ++i) {
    if (std::holds_alternative<sinks::ExchangeSegment>(exchange.events[i].what)) {
      result.push_back(stories[i].fate);
    }
  }
  return result;
}

TEST_F(ExchangeLadder, a_whole_life_is_the_golden_one) {
  connection.handshake(1000);
  connection.close(1100, 700, 52104);
  const sinks::Exchange whole = exchange();
  std::string text;
  for (const std::size_t columns : {80u, 120u}) {
    for (const auto repertoire : {system::Repertoire::Unicode, system::Repertoire::Ascii}) {
      const sinks::LadderLook look{repertoire, sinks::Colour::Never, columns};
      text += sinks::heading_of(whole, test_clock()) + "\n";
      text += sinks::ladder_text(sinks::ladder_of(whole), look) + "\n";
    }
  }
  expect_golden("terminal/ladder.txt", text);
  expect_golden(
      "terminal/ladder.svg",
      sinks::ladder_svg({{sinks::heading_of(whole, test_clock()), sinks::ladder_of(whole)}}));
}

TEST_F(ExchangeLadder, a_life_with_its_data_is_the_golden_one) {
  connection.handshake(1000);
  connection.sent(At::Client, 1001, data(1, 700));
  connection.passes(At::Client, 1210, data(1, 700));
  connection.passes(At::Server, 1210, pure_ack(1, 701));
  for (unsigned i = 0; i < 37; ++i) {
    connection.passes(At::Server, 1211, data(1 + 1400 * i, 1400, 701));
    if (i % 4 == 3) connection.passes(At::Client, 1211, pure_ack(701, 1 + 1400 * i));
  }
  connection.passes(At::Client, 1212, pure_ack(701, 51801));
  connection.close(1213, 700, 51800);
  const sinks::Exchange whole = exchange();
  std::string text;
  for (const std::size_t columns : {80u, 120u}) {
    const sinks::LadderLook look{system::Repertoire::Unicode, sinks::Colour::Never, columns};
    text += sinks::ladder_text(sinks::ladder_of(whole), look) + "\n";
  }
  expect_golden("terminal/ladder_data.txt", text);
}

TEST_F(ExchangeLadder, what_is_sent_again_after_a_loss_is_marked_and_the_first_one_is_lost) {
  connection.step(At::Client, 1000, State::Closed, State::SynSent, Cause::ActiveOpen);
  connection.sent(At::Client, 1000, {"S"});
  connection.passes(At::Client, 2000, {"S"});
  connection.step(At::Server, 2000, State::Listen, State::SynReceived, Cause::SynReceived);
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("SYN seq 0 (lost) -----X"));
  EXPECT_THAT(text, HasSubstr("SYN seq 0 (sent again) ---"));
  EXPECT_THAT(text, HasSubstr("1.0s later"));
  EXPECT_EQ(fates(kept.all.front()),
            (std::vector<Fate>{Fate::Lost, Fate::Arrived, Fate::IsArrival}));
}

TEST_F(ExchangeLadder, nothing_is_lost_if_the_other_end_is_elsewhere) {
  connection.names_the_other_end = false;
  connection.step(At::Client, 1000, State::Closed, State::SynSent, Cause::ActiveOpen);
  connection.sent(At::Client, 1000, {"S"});
  connection.sent(At::Client, 2000, {"S"});
  const std::string text = drawn();
  EXPECT_THAT(text, Not(HasSubstr("lost")));
  EXPECT_THAT(text, HasSubstr("(sent again)"));
  EXPECT_THAT(text, HasSubstr("The right end was not seen"));
}

TEST_F(ExchangeLadder, nothing_is_lost_if_events_were_lost) {
  connection.step(At::Client, 1000, State::Closed, State::SynSent, Cause::ActiveOpen);
  connection.sent(At::Client, 1000, {"S"});
  collector.on_loss(ring_loss());
  connection.passes(At::Client, 2000, {"S"});
  const std::string text = drawn();
  EXPECT_THAT(text, Not(HasSubstr("(lost)")));
  EXPECT_THAT(text, HasSubstr("events of this host were lost meanwhile"));
}

TEST_F(ExchangeLadder, what_is_still_on_its_way_is_not_lost) {
  connection.handshake(1000);
  connection.sent(At::Client, 1100, {"FA", 1, 1});
  collector.finish();
  const auto all = fates(kept.all.front());
  EXPECT_EQ(all.back(), Fate::Unknown);
}

TEST_F(ExchangeLadder, what_arrives_before_it_is_sent_is_not_lost) {
  connection.step(At::Client, 1000, State::Closed, State::SynSent, Cause::ActiveOpen);
  connection.received(At::Server, 1000, {"S"});
  connection.sent(At::Client, 1000, {"S"});
  EXPECT_THAT(fates(exchange()), (std::vector<Fate>{Fate::Unsent, Fate::Unknown}));
}

TEST_F(ExchangeLadder, crossing_segments_leave_and_arrive_apart) {
  connection.handshake(1000);
  connection.sent(At::Client, 1100, {"FA", 1, 1});
  connection.sent(At::Server, 1100, {"FA", 1, 1});
  connection.received(At::Server, 1101, {"FA", 1, 1});
  connection.received(At::Client, 1101, {"FA", 1, 1});
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("|-- FIN ACK seq 1 ack 1 ....."));
  EXPECT_THAT(text, HasSubstr("|.. FIN ACK seq 1 ack 1 ---"));
}

TEST_F(ExchangeLadder, data_is_told_by_the_numbers_once) {
  connection.handshake(1000);
  connection.close(1100, 700, 52104);
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("|.. 700 bytes of data ..."));
  EXPECT_THAT(text, HasSubstr(" 52,104 bytes of data ..|"));
  EXPECT_EQ(text.find("52,104 bytes"), text.rfind("52,104 bytes"));
}

TEST_F(ExchangeLadder, steps_alone_say_that_no_segments_were_recorded) {
  connection.step(At::Client, 1000, State::Closed, State::SynSent, Cause::ActiveOpen);
  connection.step(At::Client, 1001, State::SynSent, State::Established, Cause::SynackAccepted,
                  model::Verdict::Divergence);
  const std::string text = drawn();
  EXPECT_THAT(text, HasSubstr("synack_accepted (divergence)"));
  EXPECT_THAT(text, HasSubstr("No segments were recorded"));
  EXPECT_THAT(text, Not(HasSubstr("--")));
}

TEST_F(ExchangeLadder, no_line_is_wider_than_asked) {
  connection.handshake(1000);
  connection.sent(At::Client, 61'000, {"FA", 1'073'741'825, 1'073'741'825, 60'000});
  connection.passes(At::Client, 62'000, {"FA", 1'073'741'825, 1'073'741'825, 60'000});
  for (const std::size_t columns : {80u, 99u, 100u, 120u, 200u}) {
    kept.all.resize(std::min<std::size_t>(kept.all.size(), 1));
    const std::string text = drawn(columns);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      EXPECT_LE(end - begin, columns) << text.substr(begin, end - begin);
      begin = end + 1;
    }
  }
}

}  // namespace
}  // namespace tcptwin::test
