// SPDX-License-Identifier: MIT
// A configuration file: `key: value` or `key: [value, value]`, as YAML. What the keys mean is the
// caller's business; every entry knows its line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tcptwin::system {

struct ConfigEntry {
  std::string key;
  std::vector<std::string> values;
  std::size_t line = 0;  // counts from 1
};

struct ConfigFile {
  std::string name;  // as messages call it
  std::vector<ConfigEntry> entries;
};

// "/etc/tcptwin/tcptwin.yaml:12", for messages.
std::string place(const ConfigFile& file, const ConfigEntry& entry);

// Whether a value may be a map itself: its keys are then `outer.inner`.
enum class ConfigShape { Flat, Sections };

// Total: any bytes become entries or a Usage error with its line.
Result<ConfigFile> parse_config(std::string_view text, std::string name,
                                ConfigShape shape = ConfigShape::Flat);
// Failed if the file cannot be read.
Result<ConfigFile> read_config(const std::string& path, ConfigShape shape = ConfigShape::Flat);

}  // namespace tcptwin::system
