// SPDX-License-Identifier: MIT
// The frame of a census round listings that the test wrote, in the own network namespace.
#include "sources/census.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace tcptwin::sources {
namespace {

using system::UniqueFd;
using Bytes = std::vector<std::byte>;

// "BEGAN", "socket", "REFUSED 12" ... in the order of delivery.
class Words final : public RecordHandler {
 public:
  void on_record(std::span<const std::byte> record) override {
    tcptwin_header header;
    std::memcpy(&header, record.data(), sizeof header);
    EXPECT_EQ(header.size, record.size());
    EXPECT_EQ(header.version, TCPTWIN_WIRE_VERSION);
    if (header.kind == TCPTWIN_EXISTING_SOCKET) words.emplace_back("socket");
    if (header.kind == TCPTWIN_SOCKET_HOLDER) words.emplace_back("holder");
    if (header.kind != TCPTWIN_CENSUS) return;
    std::memcpy(&mark, record.data(), sizeof mark);
    EXPECT_GE(mark.header.time_ns, time_);
    time_ = mark.header.time_ns;
    words.push_back(word(mark));
  }
  std::vector<std::string> words;
  tcptwin_census mark{};  // the last one

 private:
  static std::string word(const tcptwin_census& mark) {
    switch (mark.phase) {
      case TCPTWIN_CENSUS_BEGAN:
        return "BEGAN";
      case TCPTWIN_CENSUS_NAMESPACE:
        return "NAMESPACE";
      case TCPTWIN_CENSUS_REFUSED:
        return std::string{"REFUSED "} + std::strerror(static_cast<int>(mark.error));
      case TCPTWIN_CENSUS_HOLDERS:
        return "HOLDERS";
      case TCPTWIN_CENSUS_ENDED:
        return "ENDED";
    }
    return "?";
  }
  std::uint64_t time_ = 0;
};

template <typename Record>
Bytes records(tcptwin_record_kind kind, std::size_t count) {
  Record record{};
  record.header.kind = static_cast<std::uint16_t>(kind);
  record.header.size = sizeof record;
  record.header.version = TCPTWIN_WIRE_VERSION;
  Bytes bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto one = std::as_bytes(std::span{&record, 1});
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

Bytes sockets(std::size_t count) {
  return records<tcptwin_existing_socket>(TCPTWIN_EXISTING_SOCKET, count);
}
Bytes holders(std::size_t count) {
  return records<tcptwin_socket_holder>(TCPTWIN_SOCKET_HOLDER, count);
}

OpenListing listing(const Bytes& content) {
  return [content] {
    UniqueFd file{::memfd_create("listing", MFD_CLOEXEC)};
    EXPECT_EQ(::write(file.get(), content.data(), content.size()),
              static_cast<ssize_t>(content.size()));
    ::lseek(file.get(), 0, SEEK_SET);
    return file;
  };
}

OpenListing refused_listing(int error) {
  return [error] {
    errno = error;
    return UniqueFd{};
  };
}

CensusPlan plan(OpenListing sockets, OpenListing holders) {
  CensusPlan plan;
  plan.number = 7;
  plan.sockets = std::move(sockets);
  plan.holders = std::move(holders);
  plan.search.folders = {};
  plan.search.processes = "/nonexistent";
  return plan;
}

using Expected = std::vector<std::string>;

std::vector<std::string> delivered(const CensusPlan& plan) {
  Census census{plan};
  EXPECT_TRUE(census.walk());
  Words words;
  census.deliver(words);
  EXPECT_EQ(words.mark.number, plan.number);
  EXPECT_EQ(words.mark.header.time_ns, static_cast<std::uint64_t>(to_ns(census.ended())));
  return words.words;
}

TEST(CensusTest, sockets_and_holders_come_before_their_marks) {
  EXPECT_EQ(delivered(plan(listing(sockets(2)), listing(holders(1)))),
            (Expected{"BEGAN", "socket", "socket", "NAMESPACE", "holder", "HOLDERS", "ENDED"}));
}

TEST(CensusTest, empty_namespace_is_listed_all_the_same) {
  EXPECT_EQ(delivered(plan(listing({}), listing({}))),
            (Expected{"BEGAN", "NAMESPACE", "HOLDERS", "ENDED"}));
}

TEST(CensusTest, long_listing_is_read_to_its_end) {
  const auto words = delivered(plan(listing(sockets(5000)), {}));
  EXPECT_EQ(std::count(words.begin(), words.end(), "socket"), 5000);
}

TEST(CensusTest, holders_that_cannot_be_listed_have_no_mark) {
  const Expected without = {"BEGAN", "socket", "NAMESPACE", "ENDED"};
  EXPECT_EQ(delivered(plan(listing(sockets(1)), {})), without);
  EXPECT_EQ(delivered(plan(listing(sockets(1)), refused_listing(EPERM))), without);
}

TEST(CensusTest, namespace_that_refuses_says_why) {
  EXPECT_EQ(delivered(plan(refused_listing(ENOMEM), listing(holders(1)))),
            (Expected{"BEGAN", std::string{"REFUSED "} + std::strerror(ENOMEM), "holder", "HOLDERS",
                      "ENDED"}));
}

TEST(CensusTest, kernel_without_the_iterator_refuses_all) {
  EXPECT_EQ(delivered(plan({}, listing(holders(1)))),
            (Expected{"BEGAN", std::string{"REFUSED "} + std::strerror(ENOSYS), "ENDED"}));
}

TEST(CensusTest, obstacle_on_the_way_to_a_namespace_is_told) {
  CensusPlan lost = plan(listing(sockets(1)), {});
  lost.search.paths = {"/nonexistent"};
  EXPECT_EQ(delivered(lost), (Expected{"BEGAN", "socket", "NAMESPACE",
                                       std::string{"REFUSED "} + std::strerror(ENOENT), "ENDED"}));
}

TEST(CensusTest, too_many_sockets_end_in_a_refusal) {
  CensusPlan small = plan(listing(sockets(10)), listing(holders(1)));
  small.most_bytes = 5 * sizeof(tcptwin_existing_socket);
  EXPECT_EQ(delivered(small), (Expected{"BEGAN", std::string{"REFUSED "} + std::strerror(ENOBUFS),
                                        "holder", "HOLDERS", "ENDED"}));
}

TEST(CensusTest, bytes_that_are_no_records_are_refused) {
  const std::string refused = std::string{"REFUSED "} + std::strerror(EPROTO);
  Bytes cut = sockets(2);
  cut.pop_back();
  EXPECT_EQ(delivered(plan(listing(cut), {})), (Expected{"BEGAN", "socket", refused, "ENDED"}));
  EXPECT_EQ(delivered(plan(listing(Bytes(64)), {})), (Expected{"BEGAN", refused, "ENDED"}));
  EXPECT_EQ(delivered(plan(listing(Bytes(1 << 20)), {})), (Expected{"BEGAN", refused, "ENDED"}));
}

TEST(CensusTest, refusal_keeps_the_frame_and_no_socket) {
  Census census{plan(listing(sockets(2)), listing(holders(1)))};
  ASSERT_TRUE(census.walk());
  Words words;
  census.deliver_refusal(EAGAIN, words);
  EXPECT_EQ(words.words,
            (Expected{"BEGAN", std::string{"REFUSED "} + std::strerror(EAGAIN), "ENDED"}));
}

TEST(CensusTest, selecting_holders_are_asked_before_the_sockets) {
  std::string order;
  CensusPlan selecting = plan(
      [&, open = listing(sockets(1))] {
        order += "sockets ";
        return open();
      },
      [&, open = listing(holders(2))] {
        order += "holders ";
        return open();
      });
  selecting.holders_select = true;
  EXPECT_EQ(delivered(selecting),
            (Expected{"BEGAN", "socket", "NAMESPACE", "holder", "holder", "HOLDERS", "ENDED"}));
  EXPECT_EQ(order, "holders sockets holders ");
}

TEST(CensusTest, filter_shows_in_every_mark) {
  for (const bool is_filtered : {false, true}) {
    CensusPlan filtered = plan(listing({}), {});
    filtered.is_filtered = is_filtered;
    Census census{filtered};
    ASSERT_TRUE(census.walk());
    Words words;
    census.deliver(words);
    EXPECT_EQ(words.mark.is_filtered, is_filtered ? 1 : 0);
  }
}

TEST(CensusTest, pauses_while_it_reads) {
  int pauses = 0;
  CensusPlan paused = plan(listing(sockets(1)), listing(holders(1)));
  paused.pause = [&] { ++pauses; };
  delivered(paused);
  EXPECT_EQ(pauses, 2);
}

}  // namespace
}  // namespace tcptwin::sources
