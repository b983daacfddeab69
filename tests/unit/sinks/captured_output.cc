// SPDX-License-Identifier: MIT
#include "unit/sinks/captured_output.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace tcptwin::test {

CapturedOutput::CapturedOutput()
    : file_(::memfd_create("captured", MFD_CLOEXEC)), output_(file_.get()) {}

std::string CapturedOutput::text() {
  output_.flush();
  std::string text;
  std::array<char, 4096> part{};
  off_t offset = 0;
  while (true) {
    const ssize_t count = ::pread(file_.get(), part.data(), part.size(), offset);
    if (count <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(count));
    offset += count;
  }
}

void expect_golden(std::string_view path, const std::string& text) {
  const std::string file = std::string{TCPTWIN_SOURCE_DIR "/tests/golden/"} + std::string{path};
  if (std::getenv("TCPTWIN_UPDATE_GOLDEN") != nullptr) {
    std::ofstream{file} << text;
    return;
  }
  std::ifstream stream{file};
  ASSERT_TRUE(stream.is_open()) << file << " is missing; TCPTWIN_UPDATE_GOLDEN=1 writes it";
  std::stringstream expected;
  expected << stream.rdbuf();
  EXPECT_EQ(expected.str(), text) << "differs from " << file;
}

}  // namespace tcptwin::test
