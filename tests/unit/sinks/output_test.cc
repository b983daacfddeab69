// SPDX-License-Identifier: MIT
#include "sinks/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

#include "unit/sinks/captured_output.h"

namespace tcptwin::test {
namespace {

TEST(Output, lines_arrive_in_order_and_whole) {
  CapturedOutput captured;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    captured.output().write(line);
    expected += line;
  }
  EXPECT_EQ(captured.text(), expected);
}

TEST(Output, a_reader_that_went_away_is_no_error) {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const system::UniqueFd writing{ends[1]};
  ::close(ends[0]);
  sinks::Output output{writing.get()};
  output.write("line\n");
  output.flush();
  EXPECT_TRUE(output.reader_is_gone());
  EXPECT_EQ(output.error(), 0);
  EXPECT_FALSE(output.is_usable());
}

TEST(Output, a_full_disk_is_an_error) {
  const system::UniqueFd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
  ASSERT_TRUE(full.is_open());
  sinks::Output output{full.get()};
  output.write("line\n");
  output.flush();
  EXPECT_EQ(output.error(), ENOSPC);
  EXPECT_FALSE(output.reader_is_gone());
}

TEST(Output, a_slow_reader_of_a_non_blocking_pipe_loses_nothing) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
  const system::UniqueFd reading{ends[0]};
  const std::string line(1000, 'x');
  constexpr int kLines = 1000;  // fifteen times what the pipe holds
  std::thread writer{[&] {
    const system::UniqueFd writing{ends[1]};
    sinks::Output output{writing.get()};
    for (int i = 0; i < kLines; ++i) output.write(line);
  }};
  std::size_t received = 0;
  std::array<char, 8192> part{};
  while (true) {
    const ssize_t count = ::read(reading.get(), part.data(), part.size());
    if (count == 0) break;
    if (count > 0) received += static_cast<std::size_t>(count);
  }
  writer.join();
  EXPECT_EQ(received, line.size() * kLines);
}

}  // namespace
}  // namespace tcptwin::test
