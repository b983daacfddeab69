// SPDX-License-Identifier: MIT
// Records that a real kernel side wrote (tests/golden/wire/*.hex), for tests of what reads them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace tcptwin::testing {

inline std::filesystem::path golden_wire_directory() {
  return std::filesystem::path{TCPTWIN_SOURCE_DIR} / "tests/golden/wire";
}

inline std::vector<std::byte> read_golden_record(const std::string& name) {
  std::ifstream file{golden_wire_directory() / (name + ".hex")};
  if (!file) throw std::runtime_error{"no golden record " + name};
  std::vector<std::byte> bytes;
  for (std::string octet; file >> octet;) {
    bytes.push_back(static_cast<std::byte>(std::stoul(octet, nullptr, 16)));
  }
  return bytes;
}

// The names of all golden records.
inline std::vector<std::string> golden_record_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{golden_wire_directory()}) {
    if (entry.path().extension() == ".hex") names.push_back(entry.path().stem().string());
  }
  return names;
}

}  // namespace tcptwin::testing
