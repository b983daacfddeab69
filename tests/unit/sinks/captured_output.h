// SPDX-License-Identifier: MIT
// An Output whose bytes a test can read back, and golden files.
#pragma once

#include <string>
#include <string_view>

#include "sinks/output.h"
#include "system/unique_fd.h"

namespace tcptwin::test {

class CapturedOutput {
 public:
  CapturedOutput();
  sinks::Output& output() { return output_; }
  // Everything written so far.
  std::string text();

 private:
  system::UniqueFd file_;
  sinks::Output output_;
};

// Compares with tests/golden/<path>. TCPTWIN_UPDATE_GOLDEN=1 in the environment writes the file
// instead; the diff is then to be reviewed.
void expect_golden(std::string_view path, const std::string& text);

}  // namespace tcptwin::test
