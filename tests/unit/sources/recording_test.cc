// SPDX-License-Identifier: MIT
// Recordings: what goes in comes out; whatever is wrong with a file is said with its place.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "unit/sources/recording_bytes.h"

namespace tcptwin::testing {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& path) {
  const auto opened = sources::RecordingSource::open(path);
  EXPECT_FALSE(opened) << path;
  return opened ? "" : opened.error().what;
}

std::string error_of_bytes(const Folder& folder, std::span<const std::byte> bytes) {
  write_file(folder.file("given"), bytes);
  return error_of(folder.file("given"));
}

Bytes text(std::string_view characters) {
  const auto bytes = std::as_bytes(std::span{characters});
  return {bytes.begin(), bytes.end()};
}

TEST(Recording, what_is_replayed_is_what_was_recorded) {
  const Folder folder;
  const auto stream = golden_stream(40);
  const auto report = record(stream, folder.file("a"));
  EXPECT_EQ(report.records, stream.size());
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.error, 0);
  const auto opened = sources::RecordingSource::open(folder.file("a"));
  ASSERT_TRUE(opened) << opened.error().what;
  sources::RecordingSource& source = *opened.value();
  Delivered delivered;
  replay(source, delivered);
  EXPECT_EQ(delivered.records, stream);
  EXPECT_FALSE(source.damage());
  EXPECT_EQ(source.lost(), 0u);
  // The end of the run, not of its last turn.
  EXPECT_EQ(source.time(),
            KernelTime{std::chrono::seconds{101} + std::chrono::milliseconds{stream.size()}});
}

TEST(Recording, turns_are_the_turns_of_the_live_run) {
  const Folder folder;
  record(golden_stream(1), folder.file("a"));
  const auto source = sources::RecordingSource::open(folder.file("a"));
  ASSERT_TRUE(source);
  Delivered delivered;
  for (std::size_t turn = 1; turn <= golden_stream(1).size() / 10; ++turn) {
    EXPECT_EQ(source.value()->poll({}, delivered).value(), 10u);
    EXPECT_EQ(delivered.records.size(), 10 * turn);
    EXPECT_FALSE(source.value()->is_finishing());
  }
}

// A megabyte of facts could ask for 17 GB of ports.
TEST(Recording, ports_that_are_listed_twice_are_no_filter) {
  for (const char* text : {"filter.local_ports=1-65535,1-65535\n", "filter.local_ports=80,22\n",
                           "filter.local_ports=80\nfilter.local_ports=80\n"}) {
    sources::RecordingFacts facts;
    read_facts_text(text, facts);
    EXPECT_EQ(facts.notes.size(), 1u) << text;
    EXPECT_LE(facts.filter.local_ports.size(), 1u) << text;
  }
}

TEST(Recording, fact_that_nobody_can_read_leaves_the_others_alone) {
  sources::RecordingFacts facts;
  read_facts_text("filter.pid=7\nfilter.pid=x\nfilter.uids=1\nfilter.uids=2,x\n", facts);
  EXPECT_EQ(facts.filter.pid, 7u);
  EXPECT_EQ(facts.uids, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(facts.notes.size(), 2u);
}

TEST(Recording, ports_in_any_order_survive) {
  sources::RecordingFacts facts;
  facts.filter.local_ports = {443, 80, 81, 80};
  sources::RecordingFacts found;
  read_facts_text(facts_text(facts), found);
  EXPECT_EQ(found.filter.local_ports, (std::vector<std::uint16_t>{80, 81, 443}));
}

TEST(Recording, facts_survive) {
  sources::RecordingFacts facts = some_facts();
  facts.filter.local_ports = {22, 80, 81, 82, 65535};
  facts.filter.family = Family::Inet6;
  facts.filter.cgroup = ~std::uint64_t{0};
  facts.filter.pid = 1;
  facts.comms = {"a,b", "c\nd\\n=e"};
  facts.uids = {0, 4294967295u};
  facts.given = {{"localport", " 22,80-82 65535"}};
  facts.shows_all_evidence = false;
  facts.notes = {{"sysctl.net.ipv4.tcp_fin_timeout", "60"}};
  const auto bytes = sources::header_bytes(facts);
  const auto read = sources::read_header(bytes, "x");
  ASSERT_TRUE(read) << read.error().what;
  const sources::RecordingFacts& found = read.value();
  EXPECT_EQ(found.start, facts.start);
  EXPECT_EQ(found.realtime_minus_monotonic, facts.realtime_minus_monotonic);
  EXPECT_EQ(found.utc_offset, facts.utc_offset);
  EXPECT_EQ(found.host, "web1");
  EXPECT_EQ(found.filter.local_ports, facts.filter.local_ports);
  EXPECT_TRUE(found.filter.remote_ports.empty());
  EXPECT_EQ(found.filter.family, facts.filter.family);
  EXPECT_EQ(found.filter.cgroup, facts.filter.cgroup);
  EXPECT_EQ(found.filter.pid, facts.filter.pid);
  EXPECT_EQ(found.comms, facts.comms);
  EXPECT_EQ(found.uids, facts.uids);
  EXPECT_EQ(found.given, facts.given);
  EXPECT_FALSE(found.shows_all_evidence);
  EXPECT_TRUE(found.shows_minisocket_segments);
  EXPECT_EQ(found.notes, facts.notes);
}

TEST(Recording, facts_that_nobody_knows_are_kept_as_notes) {
  sources::RecordingFacts facts;
  sources::read_facts_text("filter.local_ports=80-\nnonsense\nfilter.family=ipx\n=\nx=1", facts);
  EXPECT_EQ(facts.notes.size(), 4u);
  EXPECT_FALSE(facts.filter.family);
}

TEST(Recording, what_is_no_recording_is_named) {
  const Folder folder;
  EXPECT_THAT(error_of(folder.file("missing")), HasSubstr("No such file"));
  EXPECT_THAT(error_of(folder.file("")), HasSubstr("Is a directory"));
  EXPECT_THAT(error_of_bytes(folder, {}), HasSubstr("it is empty"));
  EXPECT_THAT(error_of_bytes(folder, text("\xd4\xc3\xb2\xa1 and so on")), HasSubstr("(pcap)"));
  EXPECT_THAT(error_of_bytes(folder, text("\x0a\x0d\x0d\x0a...")), HasSubstr("(pcapng)"));
  EXPECT_THAT(error_of_bytes(folder, text("\x1f\x8b...")), HasSubstr("gzip"));
  EXPECT_THAT(error_of_bytes(folder, text("{\"schema\":1}")), HasSubstr("JSON"));
  EXPECT_THAT(error_of_bytes(folder, text("TIME PID COMM")), HasSubstr("does not begin like one"));
  EXPECT_THAT(error_of_bytes(folder, text("\211twin\n\032")), HasSubstr("text mode"));
}

// The header of a recording with one field changed.
template <typename Change>
Bytes header_with(Change change) {
  Bytes bytes = sources::header_bytes(some_facts());
  tcptwin_recording_header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  change(header);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

TEST(Recording, newer_versions_are_refused) {
  const Folder folder;
  EXPECT_THAT(error_of_bytes(folder, header_with([](auto& header) { ++header.version; })),
              HasSubstr("needs a newer tcptwin: its file format is version 2"));
  EXPECT_THAT(error_of_bytes(folder, header_with([](auto& header) { ++header.wire_version; })),
              HasSubstr("its record format is version 2"));
  EXPECT_THAT(
      error_of_bytes(folder, header_with([](auto& header) { header.byte_order = 0x04030201; })),
      HasSubstr("another byte order"));
  EXPECT_THAT(error_of_bytes(folder, header_with([](auto& header) { header.facts_bytes = ~0u; })),
              HasSubstr("header is damaged"));
  EXPECT_THAT(error_of_bytes(folder, header_with([](auto& header) { ++header.start_ns; })),
              HasSubstr("checksum"));
}

// Replays bytes; whatever they are, what comes out is the beginning of `stream`, and what is
// missing is accounted for.
void expect_a_beginning(const Bytes& bytes, const std::vector<Bytes>& stream,
                        const std::string& what) {
  auto opened = sources::RecordingSource::open(reader_of(bytes), "x");
  if (!opened) {
    EXPECT_FALSE(opened.error().what.empty()) << what;
    return;
  }
  sources::RecordingSource& source = *opened.value();
  Delivered delivered;
  replay(source, delivered);
  ASSERT_LE(delivered.records.size(), stream.size()) << what;
  EXPECT_TRUE(std::equal(delivered.records.begin(), delivered.records.end(), stream.begin()))
      << what;
  if (delivered.records.size() < stream.size()) {
    ASSERT_TRUE(source.damage()) << what << ": lost in silence";
    EXPECT_LE(source.damage()->offset, bytes.size()) << what;
    EXPECT_FALSE(source.damage()->what.empty()) << what;
  }
}

TEST(Recording, cut_short_anywhere_it_is_read_up_to_there_and_says_so) {
  const Folder folder;
  const auto stream = golden_stream(14);  // more than a block
  record(stream, folder.file("a"));
  const Bytes whole = read_file(folder.file("a"));
  for (std::size_t size = 0; size < whole.size(); size += size < 2000 ? 1 : 61) {
    const Bytes cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
    expect_a_beginning(cut, stream, "cut to " + std::to_string(size));
  }
}

TEST(Recording, a_byte_that_changed_is_found) {
  const Folder folder;
  const auto stream = golden_stream(2);
  record(stream, folder.file("a"));
  Bytes bytes = read_file(folder.file("a"));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::byte before = bytes[at];
    bytes[at] ^= std::byte{0x10};
    const auto opened = sources::RecordingSource::open(reader_of(bytes), "x");
    if (opened) {
      Delivered delivered;
      replay(*opened.value(), delivered);
      EXPECT_TRUE(opened.value()->damage()) << "byte " << at;
    }
    expect_a_beginning(bytes, stream, "byte " + std::to_string(at));
    bytes[at] = before;
  }
}

TEST(Recording, a_missing_block_ends_it) {
  const Folder folder;
  record(golden_stream(60), folder.file("a"));
  Bytes bytes = read_file(folder.file("a"));
  // Take the first block out.
  const auto begin = static_cast<std::ptrdiff_t>(sources::header_size(bytes));
  tcptwin_block_header header;
  std::memcpy(&header, bytes.data() + begin, sizeof header);
  bytes.erase(
      bytes.begin() + begin,
      bytes.begin() + begin + static_cast<std::ptrdiff_t>(sizeof header + header.stored_bytes));
  const auto source = sources::RecordingSource::open(reader_of(bytes), "x");
  ASSERT_TRUE(source);
  Delivered delivered;
  replay(*source.value(), delivered);
  EXPECT_TRUE(delivered.records.empty());
  ASSERT_TRUE(source.value()->damage());
  EXPECT_THAT(source.value()->damage()->what, HasSubstr("block 0 is missing"));
  EXPECT_EQ(source.value()->damage()->offset, static_cast<std::uint64_t>(begin));
}

TEST(Recording, what_follows_the_end_is_said) {
  const Folder folder;
  record(golden_stream(1), folder.file("a"));
  Bytes bytes = read_file(folder.file("a"));
  bytes.push_back(std::byte{0});
  const auto source = sources::RecordingSource::open(reader_of(bytes), "x");
  ASSERT_TRUE(source);
  Delivered delivered;
  replay(*source.value(), delivered);
  EXPECT_EQ(delivered.records.size(), golden_stream(1).size());
  ASSERT_TRUE(source.value()->damage());
  EXPECT_EQ(source.value()->damage()->offset, bytes.size() - 1);
}

TEST(Recording, bytes_that_are_no_record_come_out_as_they_went_in) {
  const Folder folder;
  std::vector<Bytes> stream = {Bytes(3, std::byte{1}), Bytes(17, std::byte{0xff}),
                               read_golden_record("status"), Bytes(104, std::byte{8})};
  Bytes short_of_its_size = read_golden_record("status");
  short_of_its_size.erase(short_of_its_size.end() - 4,
                          short_of_its_size.end());  // filled up it would be whole again
  stream.push_back(short_of_its_size);
  record(stream, folder.file("a"));
  const auto source = sources::RecordingSource::open(folder.file("a"));
  ASSERT_TRUE(source);
  Delivered delivered;
  replay(*source.value(), delivered);
  EXPECT_EQ(delivered.records, stream);
}

TEST(Recording, a_file_is_for_its_owner_alone_and_replaces_what_was_there) {
  const Folder folder;
  write_file(folder.file("a"), Bytes(1'000'000, std::byte{7}));
  std::filesystem::remove(folder.file("b"));
  record(golden_stream(1), folder.file("a"));
  record(golden_stream(1), folder.file("b"));
  EXPECT_LT(std::filesystem::file_size(folder.file("a")), 100'000u);
  struct stat status {};
  ASSERT_EQ(::stat(folder.file("b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace tcptwin::testing
