// SPDX-License-Identifier: MIT
// tcptwin_reference FOLDER DATE: a program of the build. Writes what packages install beside the
// program and what its tables know: man pages, completions of the shells, the commented settings.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "commands/completions.h"
#include "commands/manual_pages.h"
#include "commands/serve_settings.h"

namespace tcptwin::commands {
namespace {

bool write(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file{path, std::ios::binary};
  file << text;
  file.close();
  if (!file) fmt::print(stderr, "tcptwin_reference: {} could not be written\n", path.string());
  return !file.fail();
}

bool write_all(const std::filesystem::path& folder, std::string_view date) {
  bool is_written = write(folder / "man/tcptwin.1", program_page(date)) &&
                    write(folder / "man/tcptwin.yaml.5", settings_page(date)) &&
                    write(folder / "completions/bash/tcptwin", bash_completion()) &&
                    write(folder / "completions/zsh/_tcptwin", zsh_completion()) &&
                    write(folder / "completions/fish/tcptwin.fish", fish_completion()) &&
                    write(folder / "tcptwin.yaml", settings_template());
  for (const CommandRow& command : command_table()) {
    const std::string name = fmt::format("man/tcptwin-{}.1", command.name);
    is_written = is_written && write(folder / name, command_page(command, date));
  }
  return is_written;
}

}  // namespace
}  // namespace tcptwin::commands

int main(int count, char** words) {
  if (count != 3) {
    fmt::print(stderr, "usage: tcptwin_reference FOLDER DATE\n");
    return tcptwin::commands::kExitUsage;
  }
  return tcptwin::commands::write_all(words[1], words[2]) ? tcptwin::commands::kExitOk
                                                          : tcptwin::commands::kExitFailed;
}
