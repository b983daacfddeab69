// SPDX-License-Identifier: MIT
#include "system/process_facts.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <time.h>

#include "system/unique_fd.h"

namespace tcptwin::system {
namespace {

TEST(ProcessFactsTest, tell_plausible_things_of_this_process) {
  const ProcessFacts before = read_process_facts();
  EXPECT_GT(before.cpu_seconds, 0);
  EXPECT_GT(before.resident_bytes, 1u << 20);
  EXPECT_GE(before.virtual_bytes, before.resident_bytes);
  EXPECT_GE(before.most_descriptors, before.open_descriptors);
  const double now = static_cast<double>(::time(nullptr));
  EXPECT_LT(before.start_seconds, now + 1);
  EXPECT_GT(before.start_seconds, now - 3600);
}

TEST(ProcessFactsTest, do_not_move_the_start) {
  const double start = read_process_facts().start_seconds;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(read_process_facts().start_seconds, start);
}

TEST(ProcessFactsTest, count_one_descriptor_more_when_one_more_is_open) {
  const std::uint64_t before = read_process_facts().open_descriptors;
  const UniqueFd file{::open("/dev/null", O_RDONLY)};
  EXPECT_EQ(read_process_facts().open_descriptors, before + 1);
}

}  // namespace
}  // namespace tcptwin::system
