// SPDX-License-Identifier: MIT
// Any bytes as a configuration file: entries, or an error that names its line.
#include <cstdint>
#include <string>
#include <string_view>

#include "recorded_stream.h"
#include "system/config_file.h"

namespace {

void read(std::string_view text, tcptwin::system::ConfigShape shape) {
  using tcptwin::fuzz::demand;
  const auto file = tcptwin::system::parse_config(text, "config", shape);
  if (!file) {
    demand(file.error().what.starts_with("config:"), "an error names its place");
    demand(file.error().code == tcptwin::ErrorCode::Usage, "a bad file is the user's error");
    return;
  }
  for (const auto& entry : file.value().entries) {
    demand(!entry.values.empty(), "an entry has a value");
    demand(entry.line > 0, "an entry has a line");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  read(text, tcptwin::system::ConfigShape::Flat);
  read(text, tcptwin::system::ConfigShape::Sections);
  return 0;
}
