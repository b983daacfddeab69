// SPDX-License-Identifier: MIT
// The recordings that `tcptwin demo` shows without root, between the text that is kept beside the
// sources and the file that is shipped. Run when tcptwin is built, and by hand when they are made
// anew:
//   write_demo_recordings FOLDER NAME.txt...      makes FOLDER/NAME.twin
//   write_demo_recordings FOLDER NAME.twin...     makes FOLDER/NAME.txt
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "sources/recording_text.h"

namespace {

using namespace tcptwin;

Result<std::string> converted(const std::filesystem::path& path) {
  if (path.extension() == ".twin") return sources::recording_as_text(path.string());
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file) return Error{ErrorCode::Failed, "cannot read " + path.string(), ""};
  const auto bytes = sources::recording_from_text(text, path.string());
  if (!bytes) return bytes.error();
  std::string contents(bytes.value().size(), '\0');
  std::ranges::transform(bytes.value(), contents.begin(),
                         [](std::byte octet) { return std::to_integer<char>(octet); });
  return contents;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    std::cerr << "usage: write_demo_recordings FOLDER FILE...\n";
    return 2;
  }
  for (int i = 2; i < count; ++i) {
    const std::filesystem::path from{words[i]};
    const auto contents = converted(from);
    if (!contents) {
      std::cerr << contents.error().what << '\n';
      return 1;
    }
    const std::string other = from.extension() == ".twin" ? ".txt" : ".twin";
    const auto to = std::filesystem::path{words[1]} / from.filename().replace_extension(other);
    std::ofstream file(to, std::ios::binary);
    if (!(file << contents.value()).flush()) {
      std::cerr << "cannot write " << to.string() << '\n';
      return 1;
    }
  }
  return 0;
}
