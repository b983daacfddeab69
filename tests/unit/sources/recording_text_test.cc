// SPDX-License-Identifier: MIT
// A recording as text and back: nothing that is judged is lost, and any text gets a recording or a
// reason.
#include "sources/recording_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "unit/sources/recording_bytes.h"

namespace tcptwin::testing {
namespace {

std::string text_of(const std::string& path) {
  const auto text = sources::recording_as_text(path);
  EXPECT_TRUE(text) << text.error().what;
  return text ? text.value() : "";
}

std::string reason_of(std::string_view text) {
  const auto bytes = sources::recording_from_text(text, "some.txt");
  return bytes ? "" : bytes.error().what;
}

class RecordingText : public ::testing::Test {
 protected:
  void SetUp() override { record(golden_stream(1), path_); }

  const Folder folder_;
  const std::string path_ = folder_.file("some.twin");
};

TEST_F(RecordingText, becomes_the_same_recording_again) {
  const std::string text = text_of(path_);
  const auto bytes = sources::recording_from_text(text, "some.txt");
  ASSERT_TRUE(bytes) << bytes.error().what;
  write_file(path_, bytes.value());
  EXPECT_EQ(text_of(path_), text);
  EXPECT_GT(std::count(text.begin(), text.end(), '\n'), 10);
}

TEST_F(RecordingText, does_not_name_the_host) {
  const std::string text = text_of(path_);
  EXPECT_NE(text.find("fact host=\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("program."), std::string::npos) << text;
}

TEST_F(RecordingText, says_which_line_is_wrong) {
  EXPECT_EQ(reason_of("# a remark\nwire 1\nzz\n"), "some.txt: line 3 is no item in hex");
  EXPECT_EQ(reason_of("012\n"), "some.txt: line 1 is no item in hex");
  EXPECT_EQ(reason_of("*70000\n"), "some.txt: line 1 is no item in hex");
  EXPECT_EQ(reason_of("00112233\n"), "some.txt: line 1 is not one whole item");
  EXPECT_EQ(reason_of("start soon\n"), "some.txt: line 1 is no number");
}

TEST_F(RecordingText, of_other_records_must_be_made_anew) {
  EXPECT_NE(reason_of("wire 99\n").find("must be recorded anew"), std::string::npos);
}

TEST_F(RecordingText, cut_short_is_no_whole_recording) {
  const Bytes whole = read_file(path_);
  write_file(path_, std::span{whole}.first(whole.size() - 8));
  const auto text = sources::recording_as_text(path_);
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().what.find("no whole recording"), std::string::npos);
}

}  // namespace
}  // namespace tcptwin::testing
