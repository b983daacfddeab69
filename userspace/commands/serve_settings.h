// SPDX-License-Identifier: MIT
// Where the settings of `serve` come from: flags, before the environment, before the file. The
// table of its options is also the table of keys (close-wait) and variables (TCPTWIN_CLOSE_WAIT).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "commands/command.h"
#include "commands/serve_options.h"

namespace tcptwin::commands {

inline constexpr std::string_view kDefaultConfig = "/etc/tcptwin/tcptwin.yaml";

// Null if there is no such variable.
using Environment = std::function<const char*(const char* name)>;

// What one run goes by.
struct ServeSettings {
  Arguments arguments;                                      // as if all were flags
  std::map<std::string, std::string, std::less<>> origins;  // by option; absent: the default
  std::string file;                                         // that was read; "": none
};

// Flags, variables and the file together. A Usage error names the flag, the variable or the line.
Result<ServeSettings> gather_settings(const Arguments& flags, const Environment& environment);

// The options that may stand in the file, in the table's order.
std::vector<const OptionRow*> serve_settings();
// Their variables: "TCPTWIN_CLOSE_WAIT".
std::string variable_of(std::string_view option);
// What holds if nothing is said; "" where that depends on the host.
std::string_view default_of(std::string_view option);
// SIGHUP is enough to change it.
bool takes_effect_at_reload(std::string_view option);

// All settings as a file that says the same, each with where it comes from.
std::string settings_text(const ServeSettings& settings);

// The file that a package installs: every setting with its meaning and default, all commented out.
std::string settings_template();

// The settings that differ and that only a restart can change.
std::vector<std::string> changes_for_restart(const ServeSettings& before,
                                             const ServeSettings& after);

}  // namespace tcptwin::commands
